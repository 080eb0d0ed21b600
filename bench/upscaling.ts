/**
 * `npm run bench -- upscaling`: clips are halved by averaging and enlarged again, beside ffmpeg's Lanczos and bicubic, and
 * measured against what they were. Scenes are rendered here; real clips are taken where they lie beside the checkout.
 * Needs `ffmpeg`.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import type { Frame, FrameFormat, TimedFrame } from "../src/media/frame.ts";
import { renderSceneFiles } from "../src/samples/render.ts";
import { DEMO_SCENE } from "../src/samples/scene.ts";
import { upscale } from "../src/vision/upscaling/upscale.ts";
import { sharedMedia, withoutSharedMedia } from "../test/shared-media.ts";

const run = promisify(execFile);
const CLIPS: Readonly<Record<string, readonly [number, number]>> = {
  bigbuckbunny_25_audio: [1280, 720],
  cups_29_97_audio: [1280, 720],
  juggle_24: [1280, 720],
  pan60: [640, 360],
};
const FLAGS = { "ffmpeg, Lanczos": "lanczos", "ffmpeg, bicubic": "bicubic" } as const;

/** See the top of the file. `--frames 30 --threads 2` */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { frames: { type: "string", default: "30" }, threads: { type: "string", default: "2" } },
  });
  const [frames, threads] = [Number(values.frames), Number(values.threads)];
  const folder = await mkdtemp(join(tmpdir(), "reshoot-bench-"));
  console.log(
    "| clip | method | luma PSNR, dB | against Lanczos | processor time, ms a frame |\n|---|---|---|---|---|",
  );
  try {
    const { truth } = await renderSceneFiles({ ...DEMO_SCENE, frames, noise: 0 }, folder);
    await compare("house", truth, [DEMO_SCENE.width, DEMO_SCENE.height], frames, threads);
    if (withoutSharedMedia) return;
    for (const [name, size] of Object.entries(CLIPS)) {
      await compare(name, sharedMedia(`motion/${name}.mp4`), size, frames, threads);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(
  name: string,
  path: string,
  [width, height]: readonly [number, number],
  frames: number,
  threads: number,
): Promise<void> {
  const truth = await planar(path, frames);
  const small = await planar(path, frames, `scale=${width / 2}:${height / 2}:flags=area`);
  const rows: [string, number, string][] = [];
  for (const [method, flags] of Object.entries(FLAGS)) {
    const filter = `scale=${width / 2}:${height / 2}:flags=area,scale=${width}:${height}:flags=${flags}`;
    rows.push([method, psnr(await planar(path, frames, filter), truth, width, height), ""]);
  }
  const format: FrameFormat = {
    width: width / 2,
    height: height / 2,
    chromaShiftX: 1,
    chromaShiftY: 1,
    bitDepth: 8,
    fullRange: false,
  };
  const result = Buffer.alloc(truth.length);
  let at = 0;
  const before = process.cpuUsage();
  for await (const { frame } of upscale(feed(small, format), format, {
    scale: 2,
    threads,
    chromaSite: { x: 0.25, y: 0.5 },
  })) {
    for (const { data } of frame.planes) {
      result.set(data, at);
      at += data.length;
    }
  }
  const { user, system } = process.cpuUsage(before);
  const spent = (user + system) / 1000 / (truth.length / (width * height * 1.5));
  rows.push(["Reshoot", psnr(result, truth, width, height), spent.toFixed(0)]);
  for (const [index, [method, quality, time]] of rows.entries()) {
    const gain = quality - rows[0]![1];
    const against = `${gain < 0 ? "" : "+"}${gain.toFixed(2)}`;
    console.log(`| ${index === 0 ? name : ""} | ${method} | ${quality.toFixed(2)} | ${against} | ${time} |`);
  }
}

/** The first frames of a clip, 4:2:0, one after the other. */
async function planar(path: string, frames: number, filter = "null"): Promise<Buffer> {
  const args = ["-v", "error", "-i", path, "-frames:v", String(frames), "-vf", filter, "-pix_fmt", "yuv420p"];
  const { stdout } = await run("ffmpeg", [...args, "-f", "rawvideo", "-"], { encoding: "buffer", maxBuffer: 2 ** 30 });
  return stdout;
}

async function* feed(bytes: Buffer, { width, height }: FrameFormat): AsyncGenerator<TimedFrame> {
  const luma = width * height;
  const part = (at: number, w: number, h: number) => ({
    data: bytes.subarray(at, at + w * h),
    width: w,
    height: h,
    stride: w,
  });
  for (let at = 0, pts = 0n; at < bytes.length; at += luma * 1.5, pts++) {
    const [w, h] = [width / 2, height / 2];
    const frame: Frame = { planes: [part(at, width, height), part(at + luma, w, h), part(at + luma * 1.25, w, h)] };
    yield { frame, pts };
  }
}

/** Mean over frames of the luma's PSNR. */
function psnr(result: Buffer, truth: Buffer, width: number, height: number): number {
  const [luma, frame] = [width * height, width * height * 1.5];
  let total = 0;
  for (let start = 0; start < truth.length; start += frame) {
    let squares = 0;
    for (let i = start; i < start + luma; i++) squares += (result[i]! - truth[i]!) ** 2;
    total += 10 * Math.log10(255 ** 2 / (squares / luma));
  }
  return total / (truth.length / frame);
}
