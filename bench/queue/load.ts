/** Callers of one server under measurement. */
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { processorSeconds } from "../processes.ts";
import { INPUT, wallClock } from "./abilities.ts";

/** How a server is called. */
export type Target = {
  readonly name: string;
  readonly origin: string;
  /** Path that takes a submit whose request waits for ever. */
  readonly wait: string;
  /** Path that takes a submit whose request is worked on. */
  readonly work: string;
  /** Path of the result of a request of the latter; it answers 200 once there is one. */
  result(id: string): string;
  /** Processes that serve it. */
  readonly pids: readonly number[];
};

/** What one round came to. */
export type Round = {
  /** Submits a second from all callers at once. */
  readonly throughput: number;
  /** Milliseconds of processor time that one of these cost the processes that serve it. */
  readonly processor: number;
  /** Milliseconds of one submit when nobody else calls. */
  readonly sequentialP50: number;
  readonly sequentialP99: number;
  /** Milliseconds from before the submit is sent to the first line of work. */
  readonly startP50: number;
  readonly startP99: number;
};

/** How much one round asks. */
export type Effort = {
  readonly callers: number;
  readonly seconds: number;
  readonly sequential: number;
  readonly starts: number;
};

const BODY = JSON.stringify(INPUT);
const POLL_MS = 2;
const GIVE_UP_MS = 5_000;

/** Client connections to a target, opened once and kept. */
export function openCallers(target: Target, callers: number): Pool {
  return new Pool(target.origin, { connections: callers, pipelining: 1 });
}

/** One round. @throws Error when the server answers anything but success. */
export async function measure(target: Target, pool: Pool, effort: Effort, quantile: Quantile): Promise<Round> {
  const sequential: number[] = [];
  for (let i = 0; i < effort.sequential; i++) {
    const before = performance.now();
    await submit(pool, target.wait);
    sequential.push(performance.now() - before);
  }
  const crowded = await crowd(target, pool, effort);
  const starts: number[] = [];
  for (let i = 0; i < effort.starts; i++) starts.push(await untilStart(target, pool));
  return {
    ...crowded,
    sequentialP50: quantile(sequential, 0.5),
    sequentialP99: quantile(sequential, 0.99),
    startP50: quantile(starts, 0.5),
    startP99: quantile(starts, 0.99),
  };
}

type Quantile = (values: readonly number[], share: number) => number;

async function crowd(
  target: Target,
  pool: Pool,
  { callers, seconds }: Effort,
): Promise<Pick<Round, "throughput" | "processor">> {
  const used = processorSeconds(target.pids);
  const started = performance.now();
  const until = started + seconds * 1000;
  let count = 0;
  const call = async (): Promise<void> => {
    while (performance.now() < until) {
      await submit(pool, target.wait);
      count++;
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return {
    throughput: count / ((performance.now() - started) / 1000),
    processor: ((processorSeconds(target.pids) - used) * 1000) / count,
  };
}

async function submit(pool: Pool, path: string): Promise<string> {
  const headers = { "content-type": "application/json" };
  const { statusCode, body } = await pool.request({ path, method: "POST", headers, body: BODY });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`a submit was answered ${statusCode}: ${text}`);
  return text;
}

async function untilStart(target: Target, pool: Pool): Promise<number> {
  // Not in step with any timer of the servers.
  await sleep(2 + Math.random() * 6);
  const before = wallClock();
  const { request_id: id } = JSON.parse(await submit(pool, target.work)) as { request_id: string };
  while (wallClock() - before < GIVE_UP_MS) {
    const { statusCode, body } = await pool.request({ path: target.result(id), method: "GET" });
    const text = await body.text();
    if (statusCode === 200) return (JSON.parse(text) as { started_at: number }).started_at - before;
    await sleep(POLL_MS);
  }
  throw new Error(`${target.name} did not start a request in ${GIVE_UP_MS} ms`);
}
