/**
 * `npm run bench -- segmentation`: masks from clicks and words through a real server and the official client, against the
 * true masks of real clips (where `../shared/media` lies beside the checkout) and of scenes rendered here. Needs `ffmpeg`.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createFalClient, type FalClient } from "@fal-ai/client";
import { connect } from "../src/client/index.ts";
import { readConfig } from "../src/config.ts";
import { renderSceneFiles } from "../src/samples/render.ts";
import { DEMO_SCENE } from "../src/samples/scene.ts";
import { startServer } from "../src/server.ts";
import { decode, ffprobe } from "../test/ffmpeg.ts";
import { sharedMedia, withoutSharedMedia } from "../test/shared-media.ts";
import { clicksOn } from "./segmentation-clicks.ts";

type Case = {
  readonly clip: string;
  readonly source: string;
  readonly mask: string;
  readonly words?: string;
  readonly at: number;
};

const CLIPS: readonly (readonly [clip: string, words?: string])[] = [
  ["or_tennis"],
  ["or_lime"],
  ["or_gt_pan"],
  ["or_gt_handheld"],
  ["or_gt_largehead"],
  ["or_pillow"],
  ["or_bmxtrees"],
  ["or_tennis", "the tennis player"],
  ["or_gt_largehead", "the man"],
  ["or_bmxtrees", "the cyclist"],
];

/** See the top of the file. `--only or_tennis,demo` */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options: { only: { type: "string", default: "" } } });
  const only = values.only.split(",").filter(Boolean);
  const folder = await mkdtemp(join(tmpdir(), "reshoot-bench-"));
  const config = readConfig(["--port", "0", "--data", join(folder, "data")], {});
  const server = await startServer(config, { logLevel: "error" });
  const fal = createFalClient(connect(server.origin));
  try {
    console.log("| clip | from | mean IoU | least IoU | found | frames/s |\n|---|---|---|---|---|---|");
    for (const one of await cases(folder, only)) {
      const { overlaps, found, rate } = await measure(fal, one, folder);
      const mean = overlaps.reduce((a, b) => a + b, 0) / overlaps.length;
      const least = Math.min(...overlaps);
      const from = one.words ? `"${one.words}"` : "4 clicks";
      const columns = [one.clip, from, mean.toFixed(3), least.toFixed(3), found.toFixed(3), rate.toFixed(1)];
      console.log(`| ${columns.join(" | ")} |`);
    }
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function cases(folder: string, only: readonly string[]): Promise<Case[]> {
  const wanted = (clip: string): boolean => only.length === 0 || only.includes(clip);
  const found: Case[] = [];
  if (wanted("demo")) {
    const files = await renderSceneFiles(DEMO_SCENE, folder);
    // The ball comes in from the left: it is clicked once it is whole.
    found.push({ clip: "demo", source: files.source, mask: files.mask, at: 20 });
  }
  if (withoutSharedMedia) return found;
  for (const [clip, words] of CLIPS) {
    if (!wanted(clip)) continue;
    const path = (part: string): string => sharedMedia(`removal/${clip}${part}.mp4`);
    found.push({ clip, source: path(""), mask: path("_mask"), at: 0, ...(words && { words }) });
  }
  return found;
}

async function measure(fal: FalClient, { clip, source, mask, words, at }: Case, folder: string) {
  const { video } = await ffprobe(source);
  const [width, height] = [video!.width, video!.height];
  const levels = await decode(mask, "gray");
  // VOID's levels mark the object by 0 and 63; the others by white.
  const truth = clip === "demo" ? levels.map((level) => (level < 96 ? 255 : 0)) : levels;
  const size = width * height;
  const points = clicksOn(truth.subarray(at * size, (at + 1) * size), width, height).map((click) => ({
    ...click,
    frame: at,
  }));
  const url = await fal.storage.upload(new Blob([await readFile(source)], { type: "video/mp4" }));
  const started = performance.now();
  const input = { video_url: url, ...(words ? { prompt: words } : { points }) };
  const { data } = await fal.subscribe("reshoot/segment-video", { input: input as never });
  const seconds = (performance.now() - started) / 1000;
  const path = join(folder, "result.mp4");
  const response = await fetch((data as { mask_video: { url: string } }).mask_video.url);
  await writeFile(path, Buffer.from(await response.arrayBuffer()));
  const result = await decode(path, "gray");
  const frames = Array.from({ length: truth.length / size }, (_, frame) => frame * size);
  const overlaps = frames.map((from) => overlap(result, truth, from, size));
  const shares = frames.map((from) => recall(result, truth, from, width, height));
  const found = shares.reduce((a, b) => a + b, 0) / shares.length;
  return { overlaps, found, rate: overlaps.length / seconds };
}

/** Intersection over union of two masks of one frame; 1 when both are empty. */
function overlap(a: Uint8Array, b: Uint8Array, from: number, size: number): number {
  let [both, either] = [0, 0];
  for (let i = from; i < from + size; i++) {
    const [own, other] = [a[i]! >= 128, b[i]! >= 128];
    if (own && other) both++;
    if (own || other) either++;
  }
  return either === 0 ? 1 : both / either;
}

/** Pixels by which a mask grows before something is removed with it, at least. */
const GROWN = 2;

/** Share of one frame's true pixels that a mask has on it or {@link GROWN} pixels beside it, along and across; 1 without any. */
function recall(mask: Uint8Array, truth: Uint8Array, from: number, width: number, height: number): number {
  let [found, all] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (truth[from + y * width + x]! < 128) continue;
      all++;
      if (isNear(mask, from, x, y, width, height)) found++;
    }
  }
  return all === 0 ? 1 : found / all;
}

function isNear(mask: Uint8Array, from: number, x: number, y: number, width: number, height: number): boolean {
  const [x0, x1] = [Math.max(0, x - GROWN), Math.min(width - 1, x + GROWN)];
  for (let row = Math.max(0, y - GROWN); row <= Math.min(height - 1, y + GROWN); row++) {
    for (let i = from + row * width + x0; i <= from + row * width + x1; i++) if (mask[i]! >= 128) return true;
  }
  return false;
}
