/** Watches how much memory a worker and its children hold. */
import { readFileSync } from "node:fs";

const INTERVAL_MS = 75;

/** A running watch. */
export type Watchdog = {
  /** What the worker says of itself, for systems without `/proc`. */
  report(bytes: number): void;
  stop(): void;
};

/** Calls `onBreach` once, with the bytes held, when a process tree holds more than `limit` bytes. */
export function watchMemory(pid: number, limit: number, onBreach: (bytes: number) => void): Watchdog {
  const stop = (): void => clearInterval(timer);
  const judge = (bytes: number): void => {
    if (bytes <= limit) return;
    stop();
    onBreach(bytes);
  };
  const timer = setInterval(() => judge(residentBytes(pid)), INTERVAL_MS);
  timer.unref();
  return { report: judge, stop };
}

/** Resident bytes of a process and everything below it; 0 where the system has no `/proc` or the process is gone. */
export function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const own = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    return children.reduce((sum, child) => sum + residentBytes(Number(child)), own);
  } catch {
    return 0;
  }
}
