/**
 * `npm run bench -- removal-size`: speed and memory of removal by picture size and length, one request each through a real server
 * and the official client, on scenes rendered here. Linux only.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createFalClient } from "@fal-ai/client";
import { connect } from "../src/client/index.ts";
import { readConfig } from "../src/config.ts";
import { renderSceneFiles } from "../src/samples/render.ts";
import { DEMO_SCENE } from "../src/samples/scene.ts";
import { startServer } from "../src/server.ts";
import { largestResident, processorSeconds, quiet } from "./processes.ts";

/** Width, height and frames. */
const CLIPS: readonly (readonly [number, number, number])[] = [
  [640, 360, 60],
  [854, 480, 60],
  [1280, 720, 99],
  [1280, 720, 197],
];

/** See the top of the file. `--patience 60 --only 1280x720x197` */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { patience: { type: "string", default: "60" }, only: { type: "string", default: "" } },
  });
  const only = values.only.split(",").filter(Boolean);
  console.log("| size | frames | frames/s | processor seconds a frame | largest process, MB |");
  console.log("|---|---|---|---|---|");
  for (const [width, height, frames] of CLIPS) {
    if (only.length > 0 && !only.includes(`${width}x${height}x${frames}`)) continue;
    const { seconds, processor, peak } = await once(width, height, frames, Number(values.patience) * 1000);
    const figures = [(frames / seconds).toFixed(1), (processor / frames).toFixed(3), peak.toFixed(0)];
    console.log(`| ${width}x${height} | ${frames} | ${figures.join(" | ")} |`);
  }
}

/** One request on a server of its own, so that its processes' peak is this clip's. */
async function once(
  width: number,
  height: number,
  frames: number,
  patience: number,
): Promise<{ seconds: number; processor: number; peak: number }> {
  const folder = await mkdtemp(join(tmpdir(), "reshoot-bench-"));
  try {
    const files = await renderSceneFiles({ ...DEMO_SCENE, width, height, frames }, folder);
    const server = await startServer(readConfig(["--port", "0", "--data", join(folder, "data")], {}), {
      logLevel: "error",
    });
    try {
      const fal = createFalClient(connect(server.origin));
      const file = async (path: string): Promise<File> =>
        new File([new Uint8Array(await readFile(path))], "clip.mp4", { type: "video/mp4" });
      const input = {
        video_url: await file(files.source),
        quad_mask_video_url: await file(files.mask),
        prompt: "",
        num_frames: 197,
      };
      await quiet(patience);
      const [started, used] = [performance.now(), processorSeconds([process.pid])];
      await fal.subscribe("fal-ai/void-video-inpainting", { input, pollInterval: 50 } as never);
      return {
        seconds: (performance.now() - started) / 1000,
        processor: processorSeconds([process.pid]) - used,
        peak: largestResident(process.pid),
      };
    } finally {
      await server.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
