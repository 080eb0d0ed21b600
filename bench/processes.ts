/** Processes under measurement: started, watched, ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Linux counts in hundredths of a second on every machine that Node runs on. */
const TICKS_PER_SECOND = 100;
const READY_MS = 20_000;
const LOOK_MS = 5;

/** A port that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a command whose output nobody reads; what it says on standard error comes when it fails. */
export function start(command: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(command, args, { stdio: ["ignore", "ignore", "ignore"], env: { ...process.env, ...env } });
}

/** Ends a process and waits until it has gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

/** Milliseconds until `isReady` holds. @throws Error when the process ends before, or takes more than 20 s. */
export async function untilReady(child: ChildProcess, isReady: () => Promise<boolean>): Promise<number> {
  const started = performance.now();
  while (!(await isReady().catch(() => false))) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(" ")} ended with ${child.exitCode}`);
    if (performance.now() - started > READY_MS) throw new Error(`${child.spawnargs.join(" ")} is not ready in time`);
    await sleep(LOOK_MS);
  }
  return performance.now() - started;
}

/**
 * Megabytes (10^6 bytes) of proportional set size of a process and all its descendants: memory that several processes
 * share is counted once in all. Linux only.
 */
export function proportionalMemory(pid: number): number {
  return descendants(pid).reduce((sum, id) => sum + proportionalSize(id), 0) / 1e6;
}

/** Megabytes (10^6 bytes) that the largest descendant of a process has had resident at most so far. Linux only. */
export function largestResident(pid: number): number {
  const peaks = descendants(pid)
    .filter((id) => id !== pid)
    .map((id) => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? 0));
  return (Math.max(0, ...peaks) * 1024) / 1e6;
}

/** Seconds of processor time that these processes and all their descendants, ended ones too, have used so far. Linux only. */
export function processorSeconds(pids: readonly number[]): number {
  const used = pids.flatMap(descendants).map((pid) => {
    // Its own in programs and in the system, and the same of the children that it has waited for.
    const [user, system, children, systemOfChildren] = statOf(pid).slice(11, 15).map(Number);
    return user! + system! + children! + systemOfChildren!;
  });
  return used.reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SECOND;
}

/** Fields of `/proc/<pid>/stat` from the third on. The name of the program, in parentheses, may hold anything. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function proportionalSize(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1024;
}

function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(statOf(Number(name))[1]));
    } catch {
      // It ended meanwhile.
    }
  }
  const found = [pid];
  for (let i = 0; i < found.length; i++) {
    for (const [child, parent] of parents) if (parent === found[i]) found.push(child);
  }
  return found;
}

/**
 * Waits for a quiet second on the machine, for at most `patienceMs`.
 * @returns the share of all processors that was busy in the last second looked at, 0 to 1.
 */
export async function quiet(patienceMs: number): Promise<number> {
  const deadline = performance.now() + patienceMs;
  while (true) {
    const before = processorTimes();
    await sleep(1000);
    const after = processorTimes();
    const busy = 1 - (after.idle - before.idle) / (after.total - before.total);
    if (busy < 0.1 || performance.now() > deadline) return busy;
  }
}

function processorTimes(): { idle: number; total: number } {
  const times = readFileSync("/proc/stat", "utf8").split("\n")[0]!.trim().split(/\s+/).slice(1, 9).map(Number);
  return { idle: times[3]! + times[4]!, total: times.reduce((sum, time) => sum + time, 0) };
}
