/**
 * `npm run bench -- interpolation`: every second frame of a clip is left out and made anew, by whole requests through a real
 * server, by ffmpeg's `minterpolate`, and by OpenCV's DIS flow where Python's cv2 is there; measured against the frames that
 * were left out. Scenes are rendered here; real clips are taken where they lie beside the checkout. Needs `ffmpeg`.
 */
import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { createFalClient, type FalClient } from "@fal-ai/client";
import { connect } from "../src/client/index.ts";
import { readConfig } from "../src/config.ts";
import { renderSceneFiles } from "../src/samples/render.ts";
import { DEMO_SCENE } from "../src/samples/scene.ts";
import { startServer } from "../src/server.ts";
import { decode } from "../test/ffmpeg.ts";
import { sharedMedia, withoutSharedMedia } from "../test/shared-media.ts";
import { processorSeconds } from "./processes.ts";

const run = promisify(execFile);
const PYTHON = "/usr/bin/python3";
const HALF_WARPS = "bench/rivals/half_warps.py";
const CLIPS = ["bigbuckbunny_25_audio", "cups_29_97_audio", "juggle_24", "pan60"];
const WIDTH = 640;
const HEIGHT = 360;
const LOSSLESS = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast"];
const MINTERPOLATE = "mi_mode=mci:mc_mode=aobmc:me_mode=bidir:vsbmc=1";
const FPS = 20;

/** New frames a second, and processor milliseconds that each of them took in all processes. */
type Speed = { readonly rate: number; readonly spent: number };
type Row = { readonly method: string; readonly quality: number; readonly speed: Speed };

/** See the top of the file. `--frames 61 --only house,pan60` */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { frames: { type: "string", default: "61" }, only: { type: "string", default: "" } },
  });
  const frames = Number(values.frames);
  const only = values.only.split(",").filter(Boolean);
  const hasOpenCv = spawnSync(PYTHON, ["-c", "import cv2, numpy"]).status === 0;
  if (!hasOpenCv) console.log("Python's cv2 is missing (Debian: apt-get install python3-opencv): without DIS\n");
  const folder = await mkdtemp(join(tmpdir(), "reshoot-bench-"));
  const config = readConfig(["--port", "0", "--data", join(folder, "data")], {});
  const server = await startServer(config, { logLevel: "error" });
  const fal = createFalClient(connect(server.origin));
  try {
    await warmUp(fal, folder);
    console.log(
      "| clip | method | luma PSNR, dB | new frames/s | against minterpolate | processor ms a new frame |\n|---|---|---|---|---|---|",
    );
    for (const [name, path] of await clips(folder, frames)) {
      if (only.length > 0 && !only.includes(name)) continue;
      print(name, await compare(fal, path, frames, folder, hasOpenCv));
    }
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function clips(folder: string, frames: number): Promise<[name: string, path: string][]> {
  const { truth } = await renderSceneFiles({ ...DEMO_SCENE, frames }, folder);
  const real = withoutSharedMedia
    ? []
    : CLIPS.map((name): [string, string] => [name, sharedMedia(`motion/${name}.mp4`)]);
  return [["house", truth], ...real];
}

/** A small request that is not counted: with its first one a server starts the workers that it keeps ready. */
async function warmUp(fal: FalClient, folder: string): Promise<void> {
  const path = join(folder, "small.mp4");
  await run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=128x72:r=10", "-frames:v", "10", path]);
  const url = await fal.storage.upload(new Blob([new Uint8Array(await readFile(path))], { type: "video/mp4" }));
  await interpolated(fal, url, "draft", "default", folder);
}

async function compare(
  fal: FalClient,
  source: string,
  count: number,
  folder: string,
  hasOpenCv: boolean,
): Promise<readonly Row[]> {
  const [truth, half] = [join(folder, "whole.mp4"), join(folder, "half.mp4")];
  const frames = ["-frames:v", String(count - 1 + (count % 2))];
  await run("ffmpeg", [
    ...["-v", "error", "-y", "-i", source, "-vf", `scale=${WIDTH}:${HEIGHT}:flags=area,setpts=N/${FPS}/TB`],
    ...["-r", String(FPS), ...frames, "-an", ...LOSSLESS, truth],
  ]);
  await run("ffmpeg", [
    ...[
      "-v",
      "error",
      "-y",
      "-i",
      truth,
      "-vf",
      `select=not(mod(n\\,2)),setpts=N/${FPS / 2}/TB`,
      "-r",
      String(FPS / 2),
    ],
    ...[...LOSSLESS, half],
  ]);
  const real = await decode(truth, "gray");
  const news = Math.floor(real.length / (WIDTH * HEIGHT) / 2);
  const rows: Row[] = [];
  const timed = async (work: () => Promise<unknown>): Promise<Speed> => {
    const [started, before] = [performance.now(), processorSeconds([process.pid])];
    await work();
    const spent = (1000 * (processorSeconds([process.pid]) - before)) / news;
    return { rate: news / ((performance.now() - started) / 1000), spent };
  };
  const rival = join(folder, "rival.mp4");
  const minterpolate = (coding: readonly string[]) =>
    run("ffmpeg", [
      ...["-v", "error", "-y", "-i", half, "-vf", `minterpolate=fps=${FPS}:${MINTERPOLATE}`, ...coding, rival],
    ]);
  // One after the other, each with the coding that viewers get; then without loss, for the samples.
  const theirs = await timed(() => minterpolate(["-c:v", "libx264", "-preset", "faster", "-crf", "16"]));
  const video = await readFile(half);
  const url = await fal.storage.upload(new Blob([new Uint8Array(video)], { type: "video/mp4" }));
  const request = (effort: string, output: string) => interpolated(fal, url, effort, output, folder);
  const best = await timed(() => request("best", "default"));
  const draft = await timed(() => request("draft", "default"));
  await minterpolate(LOSSLESS);
  rows.push({ method: "ffmpeg, minterpolate", quality: psnr(await decode(rival, "gray"), real), speed: theirs });
  if (hasOpenCv) {
    const { samples, seconds } = await halfWarps(await decode(half, "gray"));
    rows.push({
      method: "OpenCV, DIS medium, cubic half-warps",
      quality: psnr(samples, real),
      speed: { rate: news / seconds, spent: (1000 * seconds) / news },
    });
  }
  for (const [effort, speed] of [
    ["best", best],
    ["draft", draft],
  ] as const) {
    const samples = await decode(await request(effort, "lossless"), "gray");
    rows.push({ method: `Reshoot, ${effort}`, quality: psnr(samples, real), speed });
  }
  return rows;
}

function print(name: string, rows: readonly Row[]): void {
  for (const [index, { method, quality, speed }] of rows.entries()) {
    const times = (speed.rate / rows[0]!.speed.rate).toFixed(1);
    const cells = [index === 0 ? name : "", method, quality.toFixed(2), speed.rate.toFixed(1), `${times} x`];
    console.log(`| ${cells.join(" | ")} | ${speed.spent.toFixed(0)} |`);
  }
}

async function interpolated(
  fal: FalClient,
  url: string,
  effort: string,
  output: string,
  folder: string,
): Promise<string> {
  const input = {
    video_url: url,
    output_fps: FPS,
    recursive_interpolation_passes: 1,
    reshoot_effort: effort,
    reshoot_output: output,
  };
  const { data } = await fal.subscribe("fal-ai/amt-interpolation", { input: input as never, pollInterval: 100 });
  const response = await fetch((data as { video: { url: string } }).video.url);
  const path = join(folder, "own.mp4");
  await writeFile(path, new Uint8Array(await response.arrayBuffer()));
  return path;
}

/** Through the rival's own program; seconds are those of its work, without start and pipes. */
async function halfWarps(samples: Buffer): Promise<{ samples: Buffer; seconds: number }> {
  const child = spawn(PYTHON, [HALF_WARPS, String(WIDTH), String(HEIGHT)]);
  const [out, said]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (part: Buffer) => out.push(part));
  child.stderr.on("data", (part: Buffer) => said.push(part));
  child.stdin.end(samples);
  await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
  return { samples: Buffer.concat(out), seconds: Number(Buffer.concat(said)) };
}

/** Mean PSNR of the new frames: the odd ones, as far as there are any. */
function psnr(result: Buffer, truth: Buffer): number {
  const size = WIDTH * HEIGHT;
  const count = Math.min(result.length, truth.length) / size;
  let [sum, frames] = [0, 0];
  for (let k = 1; k < count - 1; k += 2, frames++) {
    let squares = 0;
    for (let i = k * size; i < (k + 1) * size; i++) squares += (result[i]! - truth[i]!) ** 2;
    sum += 10 * Math.log10(255 ** 2 / Math.max(1e-3, squares / size));
  }
  return sum / frames;
}
