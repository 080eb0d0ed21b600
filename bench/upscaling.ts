/**
 * `npm run bench -- upscaling`: clips are made smaller by averaging and enlarged again, beside ffmpeg's Lanczos, and measured
 * against what they were: as they are, and after strong compression, where ffmpeg may clean them first. Scenes are rendered
 * here; real clips are taken where they lie beside the checkout. Needs `ffmpeg` with libx264.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { chromaSite } from "../src/media/chroma-site.ts";
import type { FrameFormat } from "../src/media/frame.ts";
import { ALREADY_CHECKED } from "../src/media/limits.ts";
import { openVideo } from "../src/media/video-source.ts";
import { renderSceneFiles } from "../src/samples/render.ts";
import { DEMO_SCENE } from "../src/samples/scene.ts";
import { upscale } from "../src/vision/upscaling/upscale.ts";
import { sharedMedia, withoutSharedMedia } from "../test/shared-media.ts";
import { compareLuma, type Luma, type Quality } from "./upscaling-measure.ts";

const run = promisify(execFile);

type Clip = { readonly name: string; readonly path: string; readonly width: number; readonly height: number };
type Setting = { readonly frames: number; readonly threads: number; readonly folder: string };

const CLIPS: Readonly<Record<string, readonly [number, number]>> = {
  bigbuckbunny_25_audio: [1280, 720],
  cups_29_97_audio: [1280, 720],
  juggle_24: [1280, 720],
  pan60: [640, 360],
};
const LOSSLESS = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast"];
const CODINGS: Readonly<Record<string, readonly string[]>> = {
  "x264, crf 23": ["-c:v", "libx264", "-crf", "23"],
  "x264, crf 28": ["-c:v", "libx264", "-crf", "28"],
  "x264, crf 34": ["-c:v", "libx264", "-crf", "34"],
  "mpeg4, q 8": ["-c:v", "mpeg4", "-q:v", "8"],
};
const RIVALS: Readonly<Record<string, string>> = { Lanczos: "", deblock: "deblock,", hqdn3d: "hqdn3d," };

/** See the top of the file. `--frames 10 --threads 2 --clip pan60` */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      frames: { type: "string", default: "30" },
      threads: { type: "string", default: "2" },
      clip: { type: "string" },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), "reshoot-bench-"));
  const setting = { frames: Number(values.frames), threads: Number(values.threads), folder };
  try {
    const { truth } = await renderSceneFiles({ ...DEMO_SCENE, frames: setting.frames, noise: 0 }, folder);
    const { width, height } = DEMO_SCENE;
    const clips: Clip[] = [{ name: "house", path: truth, width, height }];
    if (!withoutSharedMedia) {
      for (const [name, [width, height]] of Object.entries(CLIPS)) {
        clips.push({ name, path: sharedMedia(`motion/${name}.mp4`), width, height });
      }
    }
    const chosen = clips.filter(({ name }) => values.clip === undefined || name === values.clip);
    await clean(chosen, setting);
    await compressed(chosen, setting);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function clean(clips: readonly Clip[], setting: Setting): Promise<void> {
  console.log(
    "| clip | scale | Lanczos, dB | Reshoot, dB | gain | flicker of both, levels | processor time, ms a frame |",
  );
  console.log("|---|---|---|---|---|---|---|");
  for (const clip of clips) {
    for (const scale of [2, 4, 8]) {
      const [width, height] = [clip.width, clip.height].map((side) => side - (side % (2 * scale))) as [number, number];
      const truth = await luma(clip.path, setting, { width, height }, `crop=${width}:${height}:0:0`);
      const small = join(setting.folder, "small.mp4");
      await shrink(clip.path, setting, { width, height }, scale, LOSSLESS, small);
      const rival = compareLuma(await luma(small, setting, truth, lanczos(truth)), truth);
      const { result, milliseconds } = await enlarge(small, scale, setting);
      const own = compareLuma(result, truth);
      const flicker = `${rival.flicker.toFixed(2)}, ${own.flicker.toFixed(2)}`;
      const figures = [rival.psnr.toFixed(2), own.psnr.toFixed(2), signed(own.psnr - rival.psnr), flicker];
      console.log(
        `| ${scale === 2 ? clip.name : ""} | ${scale} | ${figures.join(" | ")} | ${milliseconds.toFixed(0)} |`,
      );
    }
  }
}

async function compressed(clips: readonly Clip[], setting: Setting): Promise<void> {
  console.log(`\n| clip | coded | ${Object.keys(RIVALS).join(" | ")} | Reshoot | against Lanczos |`);
  console.log(`|---|---|${"---|".repeat(Object.keys(RIVALS).length)}---|---|`);
  const figures = ({ psnr, ssim }: Quality) => `${psnr.toFixed(2)}, ${ssim.toFixed(4)}`;
  for (const clip of clips) {
    const truth = await luma(clip.path, setting, clip);
    for (const [index, [coding, options]] of Object.entries(CODINGS).entries()) {
      const small = join(setting.folder, "small.mp4");
      await shrink(clip.path, setting, clip, 2, options, small);
      const rivals: Quality[] = [];
      for (const before of Object.values(RIVALS)) {
        rivals.push(compareLuma(await luma(small, setting, truth, before + lanczos(truth)), truth));
      }
      const own = compareLuma((await enlarge(small, 2, setting)).result, truth);
      const cells = [...rivals, own].map(figures).join(" | ");
      const gain = signed(own.psnr - rivals[0]!.psnr);
      console.log(`| ${index === 0 ? clip.name : ""} | ${coding} | ${cells} | ${gain} |`);
    }
  }
}

type Size = { readonly width: number; readonly height: number };

const lanczos = ({ width, height }: Size): string => `scale=${width}:${height}:flags=lanczos`;
const signed = (value: number): string => `${value < 0 ? "" : "+"}${value.toFixed(2)}`;

/** The first frames of a clip, cut to `size`, averaged `scale` x `scale` and coded. */
async function shrink(
  path: string,
  { frames }: Setting,
  { width, height }: Size,
  scale: number,
  coding: readonly string[],
  target: string,
): Promise<void> {
  const filter = `crop=${width}:${height}:0:0,scale=${width / scale}:${height / scale}:flags=area`;
  const input = ["-v", "error", "-y", "-i", path, "-frames:v", String(frames), "-an", "-vf", filter];
  await run("ffmpeg", [...input, "-pix_fmt", "yuv420p", ...coding, target]);
}

/** The first frames of a clip after a filter that makes them `size`. */
async function luma(path: string, { frames }: Setting, { width, height }: Size, filter = "null"): Promise<Luma> {
  const args = ["-v", "error", "-i", path, "-frames:v", String(frames), "-vf", filter, "-pix_fmt", "yuv420p"];
  const { stdout } = await run("ffmpeg", [...args, "-f", "rawvideo", "-"], { encoding: "buffer", maxBuffer: 2 ** 31 });
  const bytes = width * height * 1.5;
  const count = stdout.length / bytes;
  const frame = (i: number): Buffer => stdout.subarray(i * bytes, i * bytes + width * height);
  return { width, height, frames: Array.from({ length: count }, (_, i) => frame(i)) };
}

/** Enlarges a clip as the engine does. Time: of all threads, decoding included, from the second result on. */
async function enlarge(
  path: string,
  scale: number,
  { threads }: Setting,
): Promise<{ result: Luma; milliseconds: number }> {
  const media = { path, loc: ["video"], contentType: "video/mp4", fileName: "small.mp4" };
  const source = await openVideo(media, ALREADY_CHECKED);
  const format: FrameFormat = source.format;
  const options = { scale, threads, chromaSite: chromaSite(source.color, format) };
  const frames: Uint8Array[] = [];
  let [size, before]: [Size, NodeJS.CpuUsage | undefined] = [format, undefined];
  for await (const { frame } of upscale(source.frames(), format, options)) {
    const { width, height, data } = frame.planes[0];
    size = { width, height };
    before ??= process.cpuUsage();
    frames.push(Uint8Array.from(data));
  }
  const { user, system } = process.cpuUsage(before);
  await source.close();
  return { result: { ...size, frames }, milliseconds: (user + system) / 1000 / Math.max(1, frames.length - 1) };
}
