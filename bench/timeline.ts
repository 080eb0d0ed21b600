/**
 * `npm run bench -- timeline`: whole requests to fal's FFmpeg endpoints through a real server and the official client, beside
 * Debian's `ffmpeg` doing the same work from one command line. Rounds of both alternate. Linux; needs `ffmpeg` and the real
 * clips of `../shared/media`.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { createFalClient, type FalClient } from "@fal-ai/client";
import { connect } from "../src/client/index.ts";
import { readConfig } from "../src/config.ts";
import { startServer } from "../src/server.ts";
import { sharedMedia, withoutSharedMedia } from "../test/shared-media.ts";
import { processorSeconds } from "./processes.ts";
import { median, quantile } from "./statistics.ts";
import { type Job, timelineJobs } from "./timeline-jobs.ts";

const run = promisify(execFile);

type Spent = { readonly wall: number; readonly processor: number };

/** See the top of the file. `--rounds 9 --only compose,loudnorm` */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { rounds: { type: "string", default: "9" }, only: { type: "string", default: "" } },
  });
  if (withoutSharedMedia) throw new Error(withoutSharedMedia);
  const only = values.only.split(",").filter(Boolean);
  const folder = await mkdtemp(join(tmpdir(), "reshoot-bench-"));
  const config = readConfig(["--port", "0", "--data", join(folder, "data")], {});
  const server = await startServer(config, { logLevel: "error" });
  const fal = createFalClient(connect(server.origin));
  const uploaded = new Map<string, Promise<string>>();
  const url = (name: string): Promise<string> => {
    const found = uploaded.get(name) ?? upload(fal, name, folder);
    uploaded.set(name, found);
    return found;
  };
  try {
    console.log("| request | ffmpeg, s | Reshoot, s | speed (range) | processor time, ffmpeg / Reshoot, s |");
    console.log("|---|---|---|---|---|");
    for (const job of timelineJobs(folder)) {
      if (only.length > 0 && !only.some((name) => job.name.startsWith(name))) continue;
      await job.prepare?.();
      const input = await job.input(url);
      print(job, await compare(fal, job, input, Number(values.rounds)));
    }
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

type Round = { readonly ours: Spent; readonly theirs: Spent };

async function compare(fal: FalClient, job: Job, input: object, rounds: number): Promise<Round[]> {
  const request = async (): Promise<void> => {
    // Told of the end when it comes: by polling, a client hears of it half a second later.
    await fal.subscribe(`fal-ai/ffmpeg-api/${job.endpoint}`, { input: input as never, mode: "streaming" });
  };
  const commands = async (): Promise<void> => {
    for (const args of job.commands) await run("ffmpeg", ["-v", "error", "-y", ...args], { maxBuffer: 2 ** 28 });
  };
  // The first of each finds cold caches.
  await request();
  await commands();
  const found: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const isFirst = round % 2 === 0;
    const before = isFirst ? await timed(request) : undefined;
    const theirs = await timed(commands);
    found.push({ ours: before ?? (await timed(request)), theirs });
  }
  return found;
}

async function timed(work: () => Promise<void>): Promise<Spent> {
  const [started, used] = [performance.now(), processorSeconds([process.pid])];
  await work();
  return { wall: (performance.now() - started) / 1000, processor: processorSeconds([process.pid]) - used };
}

function print({ name }: Job, rounds: readonly Round[]): void {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const speeds = rounds.map(({ ours, theirs }) => theirs.wall / ours.wall);
  const range = `${quantile(speeds, 0).toFixed(2)} to ${quantile(speeds, 1).toFixed(2)}`;
  const [theirs, ours] = [middle((round) => round.theirs.wall), middle((round) => round.ours.wall)];
  const used = [middle((round) => round.theirs.processor), middle((round) => round.ours.processor)];
  const speed = `${median(speeds).toFixed(2)} (${range})`;
  console.log(
    `| ${name} | ${theirs.toFixed(2)} | ${ours.toFixed(2)} | ${speed} | ${used.map((value) => value.toFixed(2)).join(" / ")} |`,
  );
}

/** @param name of a real clip, or the absolute path of a file. */
async function upload(fal: FalClient, name: string, folder: string): Promise<string> {
  const path = name.startsWith(folder) ? name : sharedMedia(name);
  const type = { wav: "audio/wav", mp3: "audio/mpeg", png: "image/png" }[name.split(".").at(-1)!] ?? "video/mp4";
  return fal.storage.upload(new File([new Uint8Array(await readFile(path))], basename(path), { type }));
}
