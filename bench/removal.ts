/**
 * `npm run bench -- removal`: object removal through a real server and the official client, beside what OpenCV does by
 * itself, on scenes rendered here and, where they lie beside the checkout, on real clips with exact ground truth. Rounds of
 * all methods alternate, and each waits for a quiet machine. Needs `ffmpeg` (as a meter) and, for the rivals, Python's cv2.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { createFalClient, type FalClient } from "@fal-ai/client";
import { connect } from "../src/client/index.ts";
import { readConfig } from "../src/config.ts";
import { renderSceneFiles } from "../src/samples/render.ts";
import { startServer } from "../src/server.ts";
import { decode } from "../test/ffmpeg.ts";
import { quiet } from "./processes.ts";
import { type ClipFiles, chosen, realClips, SCENES } from "./removal-clips.ts";
import { measure, motionsOf, type Quality, type Reference } from "./removal-measure.ts";
import { median, spread } from "./statistics.ts";

const [WIDTH, HEIGHT] = [640, 360];
const PYTHON = "/usr/bin/python3";
const RIVAL = join("bench", "rivals", "registered_median.py");
const RIVALS = { telea: "OpenCV, Telea frame by frame", median: "OpenCV, registered median" } as const;

type Row = { readonly method: string; readonly quality: Quality; readonly rates: readonly number[] };

/** See the top of the file. `--rounds 3 --patience 60 --only tripod,or_gt_pan` */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: "string", default: "3" },
      patience: { type: "string", default: "60" },
      only: { type: "string", default: "" },
    },
  });
  const only = values.only.split(",").filter(Boolean);
  const folder = await mkdtemp(join(tmpdir(), "reshoot-bench-"));
  const server = await startServer(readConfig(["--port", "0", "--data", join(folder, "data")], {}), {
    logLevel: "error",
  });
  const fal = createFalClient(connect(server.origin));
  const withRivals = spawnSync(PYTHON, ["-c", "import cv2"]).status === 0;
  if (!withRivals) console.log("Python's cv2 is missing (Debian: apt-get install python3-opencv): no rivals\n");
  try {
    for (const [name, files] of await clips(folder, only)) {
      const rows = await compare(fal, files, folder, {
        rounds: Number(values.rounds),
        patience: Number(values.patience) * 1000,
        withRivals,
      });
      print(name, rows);
    }
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rendered and real clips by name, those in `only` or all. */
async function clips(folder: string, only: readonly string[]): Promise<[string, ClipFiles][]> {
  const rendered: [string, ClipFiles][] = [];
  for (const [name, scene] of chosen(SCENES, only)) {
    const into = await mkdtemp(join(folder, "scene-"));
    rendered.push([name, await renderSceneFiles(scene, into)]);
  }
  return [...rendered, ...chosen(realClips(), only)];
}

async function compare(
  fal: FalClient,
  files: ClipFiles,
  folder: string,
  { rounds, patience, withRivals }: { rounds: number; patience: number; withRivals: boolean },
): Promise<Row[]> {
  const source = await decode(files.source, "yuv420p");
  const reference: Reference = {
    width: WIDTH,
    height: HEIGHT,
    truth: await decode(files.truth, "yuv420p"),
    // The object alone and with its shadow: everything that must go.
    mask: (await decode(files.mask, "gray")).map((level) => (level < 192 ? 255 : 0)),
  };
  const motions = motionsOf(reference);
  const frames = reference.mask.length / (WIDTH * HEIGHT);
  const [planes, mask, result] = ["source.yuv", "mask.gray", "result"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(planes, source);
  await writeFile(mask, reference.mask);
  const judge = async (output: Uint8Array): Promise<Quality> => measure(reference, output, motions);

  const methods = new Map<string, { rates: number[]; run: () => Promise<number>; quality: () => Promise<Quality> }>();
  const request = (refine: boolean, output: "lossless" | "default") => removal(fal, files, result, refine, output);
  const decoded = async (): Promise<Quality> => judge(await decode(result, "yuv420p"));
  for (const refine of [true, false]) {
    methods.set(refine ? "Reshoot" : "Reshoot, without pass 2", {
      rates: [],
      run: () => request(refine, "default"),
      quality: async () => {
        await request(refine, "lossless");
        return decoded();
      },
    });
  }
  for (const [method, title] of Object.entries(withRivals ? RIVALS : {})) {
    const run = async (): Promise<number> => {
      const args = [RIVAL, method, planes, mask, String(WIDTH), String(HEIGHT), result];
      return Number((await promisify(execFile)(PYTHON, args)).stdout);
    };
    methods.set(title, {
      rates: [],
      run,
      quality: async () => judge(await readFile(result)),
    });
  }
  const rows: Row[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [method, { rates, run, quality }] of methods) {
      await quiet(patience);
      rates.push(frames / (await run()));
      if (round === rounds - 1) rows.push({ method, quality: await quality(), rates });
    }
  }
  return rows;
}

/** One request, from upload to the result's URL. @returns seconds; the result lies at `target`. */
async function removal(
  fal: FalClient,
  files: ClipFiles,
  target: string,
  refine: boolean,
  output: "lossless" | "default",
): Promise<number> {
  const file = async (path: string): Promise<File> =>
    new File([new Uint8Array(await readFile(path))], "clip.mp4", { type: "video/mp4" });
  const input = {
    video_url: await file(files.source),
    quad_mask_video_url: await file(files.mask),
    prompt: "",
    enable_pass2_refinement: refine,
    ...(output === "lossless" && { reshoot_output: output }),
  };
  const started = performance.now();
  const { data } = await fal.subscribe("fal-ai/void-video-inpainting", { input, pollInterval: 50 } as never);
  const seconds = (performance.now() - started) / 1000;
  const { url } = (data as { video: { url: string } }).video;
  await writeFile(target, new Uint8Array(await (await fetch(url)).arrayBuffer()));
  return seconds;
}

function print(name: string, rows: readonly Row[]): void {
  const best = rows.find(({ method }) => method === RIVALS.median);
  console.log(`### ${name}\n`);
  console.log("| method | PSNR, dB | SSIM | flicker | drift | frames/s | of the registered median's speed |");
  console.log("|---|---|---|---|---|---|---|");
  for (const { method, quality, rates } of rows) {
    const { psnr, ssim, flicker, drift } = quality;
    const ratio = best ? `${(median(rates) / median(best.rates)).toFixed(1)} times` : "";
    const figures = [psnr.toFixed(2), ssim.toFixed(4), flicker.toFixed(3), drift.toFixed(3), spread(rates, 1), ratio];
    console.log(`| ${method} | ${figures.join(" | ")} |`);
  }
  console.log("");
}
