/**
 * `npm run bench -- outpainting`: the sides of clips are cut off and made again, beside what ffmpeg has for that: the edge
 * drawn out, and the clip itself enlarged and blurred behind. Measured where another frame shows the truth, and where none
 * does: there only how much texture there is, and how much it boils. Scenes are rendered here; a real clip is taken where it lies beside the checkout.
 * Needs `ffmpeg`.
 */
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { withMediaWorker } from "../src/media/one-worker.ts";
import type { Operations } from "../src/operations/operations.ts";
import { renderSceneFiles } from "../src/samples/render.ts";
import { DEMO_SCENE, type SceneOptions } from "../src/samples/scene.ts";
import { decode } from "../test/ffmpeg.ts";
import { sharedMedia, withoutSharedMedia } from "../test/shared-media.ts";
import { boiling, qualityAt, seenElsewhere, textureAt } from "./outpainting-measure.ts";
import { motionsOf, type Reference } from "./removal-measure.ts";

const run = promisify(execFile);
const [WIDTH, HEIGHT] = [640, 360];
/** Columns that are kept, in the middle. */
const KEPT = 360;
const FIRST = (WIDTH - KEPT) / 2;

const SCENES: Readonly<Record<string, SceneOptions>> = {
  pan: { ...DEMO_SCENE, frames: 60, shake: 1, pan: 240 },
  handheld: { ...DEMO_SCENE, frames: 60, shake: 6, pan: 0 },
};
const RIVALS: Readonly<Record<string, string>> = {
  "edge drawn out": `pad=${WIDTH}:${HEIGHT}:${FIRST}:0,fillborders=left=${FIRST}:right=${FIRST}:mode=smear`,
  "enlarged and blurred behind": `split[a][b];[a]scale=${WIDTH}:-2,crop=${WIDTH}:${HEIGHT},boxblur=20[c];[c][b]overlay=${FIRST}:0`,
};

/** See the top of the file. `--only pan,or_gt_pan` */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options: { only: { type: "string", default: "" } } });
  const only = values.only.split(",").filter(Boolean);
  const wanted = (name: string): boolean => only.length === 0 || only.includes(name);
  const folder = await mkdtemp(join(tmpdir(), "reshoot-bench-"));
  console.log(
    "| clip | method | seen elsewhere: share, PSNR, dB | not seen: PSNR, dB; texture; change from frame to frame | processor time, s a frame |",
  );
  console.log("|---|---|---|---|---|");
  try {
    for (const [name, scene] of Object.entries(SCENES)) {
      if (wanted(name)) await compare(name, (await renderSceneFiles(scene, folder)).truth, folder);
    }
    if (!withoutSharedMedia && wanted("or_gt_pan")) {
      await compare("or_gt_pan", sharedMedia("removal/or_gt_pan_gt.mp4"), folder);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(name: string, clip: string, folder: string): Promise<void> {
  const truth = await decode(clip, "yuv420p");
  const reference: Reference = { width: WIDTH, height: HEIGHT, truth, mask: new Uint8Array(0) };
  const motions = motionsOf(reference);
  const seen = seenElsewhere(reference, motions, { first: FIRST, last: FIRST + KEPT });
  const cut = join(folder, "cut.mp4");
  await run("ffmpeg", ["-v", "error", "-y", "-i", clip, "-vf", `crop=${KEPT}:${HEIGHT}:${FIRST}:0`, "-qp", "0", cut]);
  const report = async (method: string, path: string, seconds?: number): Promise<void> => {
    const result = await decode(path, "yuv420p");
    const unseen = seen.map((map) => map.map((one) => (one === 1 ? 0 : 1)));
    const at = qualityAt(reference, result, seen, FIRST, FIRST + KEPT);
    const elsewhere = qualityAt(reference, result, unseen, FIRST, FIRST + KEPT);
    const moves = boiling(reference, result, motions, unseen, FIRST, FIRST + KEPT);
    const share = `${Math.round(at.share * 100)} %, ${at.psnr.toFixed(2)}`;
    const texture = textureAt(reference, result, unseen, FIRST, FIRST + KEPT);
    const rest = `${elsewhere.psnr.toFixed(2)}; ${Math.round(texture * 100)} %; ${moves.toFixed(2)} levels`;
    console.log(`| ${name} | ${method} | ${share} | ${rest} | ${seconds === undefined ? "" : seconds.toFixed(2)} |`);
  };
  const frames = truth.length / ((WIDTH * HEIGHT * 3) / 2);
  const made = join(folder, "made.mp4");
  await report("Reshoot", made, (await outpaint(cut, made)) / frames);
  for (const [method, filter] of Object.entries(RIVALS)) {
    await run("ffmpeg", ["-v", "error", "-y", "-i", cut, "-filter_complex", filter, "-qp", "0", made]);
    await report(method, made);
  }
}

/** @returns seconds of processor time. */
function outpaint(source: string, target: string): Promise<number> {
  const entry = new URL("../src/engines/cpu/worker.js", import.meta.url);
  return withMediaWorker(entry, async ({ inFolder }, task) => {
    const path = join(inFolder, "cut.mp4");
    await copyFile(source, path);
    const params: Parameters<Operations["reframe"]>[0] = {
      video: { path, loc: ["body", "video_url"], contentType: "video/mp4", fileName: "cut.mp4" },
      canvas: { width: WIDTH, height: HEIGHT },
      placement: { kind: "fit", zoom: 0 },
      trimBorders: false,
      window: 101,
      seed: 1,
      delivery: "lossless",
      keepSound: false,
    };
    const limits = { inputSeconds: 60, inputPixels: 1e8, outputSeconds: 60 };
    const { video, timings } = await task<Awaited<ReturnType<Operations["reframe"]>>>("reframe", { params, limits });
    await copyFile(video.path, target);
    return timings.processor!;
  });
}
