/**
 * `npm run bench -- queue`: durable submits over HTTP, beside Fastify + BullMQ + Redis (`appendfsync always`) in the same
 * run; time to start; time to be ready; idle memory; and our own once more over a store of finished requests. Rounds of
 * all servers alternate, and each waits for a quiet machine.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { end, freePort, proportionalMemory, quiet, start, untilReady } from "./processes.ts";
import { ENDPOINTS } from "./queue/abilities.ts";
import { fillStore } from "./queue/fill.ts";
import { measure, openCallers, type Round, type Target } from "./queue/load.ts";
import { median, quantile, spread } from "./statistics.ts";

const SETTLE_MS = 3_000;

type Child = ReturnType<typeof start>;
type Cold = { readonly ready: number; readonly memory: number };

const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const answers = async (url: string): Promise<boolean> => (await fetch(url)).status === 200;

/** See the top of the file. `--rounds 5 --callers 64 --seconds 2 --rows 100000 --patience 60` */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: "string", default: "5" },
      callers: { type: "string", default: "64" },
      seconds: { type: "string", default: "2" },
      rows: { type: "string", default: "100000" },
      patience: { type: "string", default: "60" },
    },
  });
  const rounds = Number(values.rounds);
  const rows = Number(values.rows);
  const patience = Number(values.patience) * 1000;
  const callers = Number(values.callers);
  const folder = await mkdtemp(join(tmpdir(), "reshoot-bench-"));
  const children: Child[] = [];
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      for (const child of children) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
      process.exit(1);
    });
  }
  try {
    console.log(`Filling a store with ${rows} finished requests...`);
    await fillStore(join(folder, "full"), rows);
    const cold = { empty: [] as Cold[], full: [] as Cold[] };
    for (let round = 0; round < rounds; round++) {
      await quiet(patience);
      cold.empty.push(await coldStart(join(folder, `cold-${round}`)));
      cold.full.push(await coldStart(join(folder, "full")));
    }

    const targets = [
      await startOurs("Reshoot", join(folder, "empty"), children),
      await startOurs(`Reshoot, ${rows} finished`, join(folder, "full"), children),
      ...(await startRival(folder, children)),
    ];
    const pools = targets.map((target) => openCallers(target, callers));
    const results = targets.map(() => [] as Round[]);
    const noise: number[] = [];
    const effort = { callers, seconds: Number(values.seconds), sequential: 400, starts: 100 };
    for (let round = -1; round < rounds; round++) {
      noise.push(await quiet(patience));
      // Whoever is first in one round is last in the next.
      for (let turn = 0; turn < targets.length; turn++) {
        const at = (turn + round + targets.length) % targets.length;
        const result = await measure(targets[at]!, pools[at]!, effort, quantile);
        // The first round warms up.
        if (round >= 0) results[at]!.push(result);
      }
    }
    await Promise.all(pools.map((pool) => pool.close()));
    console.log(render(targets, results, cold, rows));
    const others = noise.slice(1).map((busy) => busy * 100);
    console.log(
      `\n${rounds} rounds; ${cpus().length} cores (${cpus()[0]?.model.trim()}); Node ${process.versions.node}.`,
    );
    console.log(`Busy with other things before each round: ${spread(others, 0)} % of the machine.`);
  } finally {
    for (const child of children.reverse()) await end(child);
    await rm(folder, { recursive: true, force: true });
  }
}

/** The product as `npm start` runs it, from nothing to ready, and its memory once it has settled. */
async function coldStart(data: string): Promise<Cold> {
  const port = await freePort();
  const child = start(process.execPath, [program("../src/cli.js"), "--port", String(port), "--data", data]);
  try {
    const ready = await untilReady(child, () => answers(`http://127.0.0.1:${port}/health`));
    await sleep(SETTLE_MS);
    return { ready, memory: proportionalMemory(child.pid!) };
  } finally {
    await end(child);
  }
}

async function startOurs(name: string, data: string, children: Child[]): Promise<Target> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const child = start(process.execPath, [program("./queue/server.js"), "--port", String(port), "--data", data]);
  children.push(child);
  await untilReady(child, () => answers(`${origin}/health`));
  return {
    name,
    origin,
    pids: [child.pid!],
    wait: `/queue/${ENDPOINTS.wait}`,
    work: `/queue/${ENDPOINTS.work}`,
    result: (id) => `/queue/${ENDPOINTS.work}/requests/${id}`,
  };
}

/** Nothing when there is no Redis on this machine. */
async function startRival(folder: string, children: Child[]): Promise<Target[]> {
  if (spawnSync("redis-server", ["--version"]).status !== 0) {
    console.log("There is no redis-server on this machine (Debian: apt-get install redis-server): no rival.");
    return [];
  }
  const redis = String(await freePort());
  const port = String(await freePort());
  const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
  const database = start("redis-server", ["--bind", "127.0.0.1", "--port", redis, "--dir", folder, ...durable]);
  const rival = program("./rivals/bullmq.js");
  const server = start(process.execPath, [rival, "server", port, redis]);
  const parts = [database, server, start(process.execPath, [rival, "worker", port, redis])];
  children.push(...parts);
  const origin = `http://127.0.0.1:${port}`;
  await untilReady(server, async () => (await fetch(`${origin}/jobs/none`)).status === 404);
  const name = "Fastify + BullMQ + Redis";
  const pids = parts.map(({ pid }) => pid!);
  return [{ name, origin, pids, wait: "/wait", work: "/jobs", result: (id) => `/jobs/${id}` }];
}

function render(
  targets: readonly Target[],
  results: readonly (readonly Round[])[],
  cold: { readonly empty: readonly Cold[]; readonly full: readonly Cold[] },
  rows: number,
): string {
  const column = (at: number, key: keyof Round): number[] => (results[at] ?? []).map((round) => round[key]);
  const ratio = (key: keyof Round, at: number): string => {
    const others = column(at, key);
    return others.length === 0 ? "" : median(column(0, key).map((ours, i) => ours / others[i]!)).toFixed(2);
  };
  const line = (what: string, key: keyof Round, digits: number): string => {
    const cells = targets.map((_, at) => spread(column(at, key), digits));
    return `| ${[what, ...cells, ratio(key, 1), ratio(key, 2)].join(" | ")} |`;
  };
  const still = (what: string, key: keyof Cold, digits: number): string => {
    const of = (values: readonly Cold[]): number[] => values.map((value) => value[key]);
    const share = median(of(cold.empty).map((value, i) => value / of(cold.full)[i]!)).toFixed(2);
    const blanks = targets.slice(2).map(() => "");
    return `| ${[what, spread(of(cold.empty), digits), spread(of(cold.full), digits), ...blanks, share, ""].join(" | ")} |`;
  };
  const names = targets.map(({ name }) => name);
  return [
    `| | ${[...names, `ours / ours with ${rows}`, "ours / rival"].join(" | ")} |`,
    `|---|${"---|".repeat(names.length + 2)}`,
    line("submits/s, all callers", "throughput", 0),
    line("processor time of one of them, ms", "processor", 3),
    line("one submit alone, p50 ms", "sequentialP50", 2),
    line("one submit alone, p99 ms", "sequentialP99", 2),
    line("submit to start, p50 ms", "startP50", 2),
    line("submit to start, p99 ms", "startP99", 2),
    still("ready, ms", "ready", 0),
    still("idle memory of all processes, MB PSS", "memory", 0),
  ].join("\n");
}
