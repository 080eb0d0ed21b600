/** The inside of a media worker: runs one task at a time for its parent, and ends when the parent is gone. */
import "./polyfill.ts";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { AV_LOG_QUIET } from "node-av/constants";
import { Log } from "node-av/lib";
import { ReshootError, toReshootError } from "../errors.ts";
import type { LogLevel } from "../operations/operations.ts";
import { FOLDER_VARIABLE, type FromWorker, type ToWorker } from "./messages.ts";

/** What a task may use besides its arguments. */
export type TaskContext = {
  /** Aborts when the parent is gone. A parent that wants a task to stop kills the process. */
  readonly signal: AbortSignal;
  /** 0 to 1; sent at most twice a second, and the last one always. */
  progress(fraction: number, stage?: string): void;
  log(level: LogLevel, message: string): void;
  /** Where the parent puts inputs; read-only in a sandbox. */
  readonly inFolder: string;
  /** Where results are left. */
  readonly outFolder: string;
};

/** Work that a worker does, by name. */
export type Tasks = Readonly<Record<string, (args: unknown, context: TaskContext) => Promise<unknown>>>;

const PROGRESS_INTERVAL_MS = 500;
const MEMORY_INTERVAL_MS = 100;
const PARENT_INTERVAL_MS = 500;

/**
 * Serves tasks to the process that forked this one.
 * @param options.selfTest must resolve before the first task is taken; its failure ends the process.
 */
export async function serveTasks(tasks: Tasks, { selfTest }: { selfTest: () => Promise<void> }): Promise<void> {
  const folder = process.env[FOLDER_VARIABLE];
  if (!process.send || !folder) throw new Error("a media worker is started by its pool");
  // FFmpeg's complaints about hostile files are no news; failures arrive as errors.
  Log.setLevel(AV_LOG_QUIET);
  const gone = new AbortController();
  process.on("disconnect", () => {
    gone.abort();
    process.exit(0);
  });
  watchParent();
  try {
    await selfTest();
  } catch (error) {
    await send({ type: "unfit", reason: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
  process.on("message", (message: ToWorker) => {
    void perform(message, tasks, { signal: gone.signal, inFolder: join(folder, "in"), outFolder: join(folder, "out") });
  });
  await send({ type: "ready" });
}

/** A task that never yields hears no `disconnect`: a thread of its own ends the process when its parent has changed. */
function watchParent(): void {
  const watch = `const parent = process.ppid;
    setInterval(() => process.ppid !== parent && process.kill(process.pid, "SIGKILL"), ${PARENT_INTERVAL_MS});`;
  new Worker(watch, { eval: true }).unref();
}

async function perform(
  { id, task, args }: ToWorker,
  tasks: Tasks,
  place: Pick<TaskContext, "signal" | "inFolder" | "outFolder">,
): Promise<void> {
  const progress = createCoalescer((fraction, stage) => void send({ type: "progress", id, fraction, stage }));
  const memory = setInterval(() => void send({ type: "memory", bytes: process.memoryUsage.rss() }), MEMORY_INTERVAL_MS);
  try {
    const work = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
    if (!work) throw new ReshootError("internal_server_error", `This worker knows no task ${task}`);
    const log = (level: LogLevel, message: string): void => void send({ type: "log", id, level, message });
    const result = await work(args, { ...place, progress: progress.update, log });
    progress.flush();
    await send({ type: "done", id, result });
  } catch (error) {
    progress.flush();
    const trace = error instanceof ReshootError ? undefined : error instanceof Error ? error.stack : String(error);
    await send({ type: "failed", id, error: toReshootError(error).toJSON(), trace });
  } finally {
    clearInterval(memory);
  }
}

/** Lets an update through at once, then at most one each half second; `flush` sends the last one held back. */
export function createCoalescer(emit: (fraction: number, stage: string | undefined) => void): {
  update(fraction: number, stage?: string): void;
  flush(): void;
} {
  let held: { fraction: number; stage: string | undefined } | undefined;
  let sentAt = Number.NEGATIVE_INFINITY;
  const flush = (): void => {
    if (!held) return;
    sentAt = performance.now();
    emit(held.fraction, held.stage);
    held = undefined;
  };
  return {
    update(fraction, stage) {
      held = { fraction, stage };
      if (performance.now() - sentAt >= PROGRESS_INTERVAL_MS) flush();
    },
    flush,
  };
}

/** Resolves when the message is on its way; a parent that is gone is noticed by `disconnect`. */
function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}
