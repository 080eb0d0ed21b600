/**
 * The main job from nothing: render a clip of our own, start the server, remove the ball from the clip with the official
 * fal client, measure the result against the truth, and leave pictures to look at.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fal } from "@fal-ai/client";
import { connect } from "../src/client/index.ts";
import { readConfig } from "../src/config.ts";
import { renderSceneFiles } from "../src/samples/render.ts";
import { DEMO_SCENE } from "../src/samples/scene.ts";
import { startServer } from "../src/server.ts";
import { compare } from "./compare.ts";

type Removal = { video: { url: string; file_size: number }; seed: number; timings: Record<string, number> };

const folder = resolve("demo-out");
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });

console.log("Rendering a clip: a beach ball rolls past a house, filmed by hand");
const scene = await renderSceneFiles(DEMO_SCENE, folder);

const config = readConfig(["--port", "0", "--data", join(folder, "data")], {});
const server = await startServer(config, { logLevel: "warn" });
console.log(`Reshoot listens on ${server.origin}`);

try {
  fal.config(connect(server.origin));
  const file = async (path: string, name: string): Promise<File> =>
    new File([new Uint8Array(await readFile(path))], name, { type: "video/mp4" });

  const started = performance.now();
  let seen = 0;
  const { data } = await fal.subscribe("fal-ai/void-video-inpainting", {
    input: {
      video_url: await file(scene.source, "source.mp4"),
      quad_mask_video_url: await file(scene.mask, "mask.mp4"),
      prompt: "A brick house and an empty pavement.",
    },
    logs: true,
    onQueueUpdate: (update) => {
      if (update.status !== "IN_PROGRESS") return;
      for (const { message } of update.logs.slice(seen)) console.log(`  ${message}`);
      seen = update.logs.length;
    },
  });
  const removal = data as Removal;
  const seconds = (performance.now() - started) / 1000;
  console.log(`Removed the ball from ${DEMO_SCENE.frames} frames in ${seconds.toFixed(1)} s, upload to result`);

  const result = join(folder, "removed.mp4");
  await writeFile(result, new Uint8Array(await (await fetch(removal.video.url)).arrayBuffer()));
  const { psnrBefore, psnrAfter } = await compare({ ...scene, result }, folder);
  console.log(
    `Inside the mask, against the truth: ${psnrBefore.toFixed(1)} dB before, ${psnrAfter.toFixed(1)} dB after`,
  );
  console.log(`\nLook at ${join(folder, "before-after.png")} and ${result}`);
} finally {
  await server.close();
}
