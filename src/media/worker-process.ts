/** One forked media worker, seen from its parent. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deserializeError, fieldError, ReshootError } from "../errors.ts";
import type { Metrics, WorkerEnd } from "../observability/metrics.ts";
import type { OperationOptions } from "../operations/operations.ts";
import { FOLDER_VARIABLE, type FromWorker, type ToWorker } from "./messages.ts";
import { createFolders, type Sandbox } from "./sandbox.ts";
import { watchMemory } from "./watchdog.ts";

/** What a worker may use. */
export type WorkerLimits = {
  /** Bytes of resident memory, children included. */
  readonly workerBytes: number;
  /** Seconds one task may take. */
  readonly jobSeconds: number;
};

/** Where problems are told. */
export type PoolLog = {
  info(message: string): void;
  warn(message: string, details?: { readonly request: string }): void;
};

/** A forked process that does one task at a time. */
export type WorkerProcess = {
  readonly pid: number;
  readonly inFolder: string;
  readonly outFolder: string;
  /** Tasks begun. */
  readonly taskCount: number;
  readonly isAlive: boolean;
  /** Resolves when the self-test has passed; rejects with the reason when the process ends before. */
  readonly ready: Promise<void>;
  /** @param request the id of the request it is for, for the log. */
  run<T>(task: string, args: unknown, options: OperationOptions, request?: string): Promise<T>;
  /** Empties the folders for the next user. */
  clear(): Promise<void>;
  /** Ends the process and all its children, and removes its folder. The first reason given is the one that counts. */
  kill(reason: WorkerEnd): Promise<void>;
};

const STDERR_KEPT = 4096;

/** Forks a worker. Its environment holds only what Node needs: no key and no setting of ours. */
export async function forkWorker(
  entry: URL,
  folder: string,
  sandbox: Sandbox,
  limits: WorkerLimits,
  log: PoolLog | undefined,
  metrics?: Pick<Metrics, "workerSpawned" | "workerEnded">,
): Promise<WorkerProcess> {
  await createFolders(folder);
  const tmp = join(folder, "tmp");
  const env: Record<string, string> = { PATH: process.env.PATH ?? "", TMPDIR: tmp, [FOLDER_VARIABLE]: folder };
  if (process.platform === "win32") Object.assign(env, { SystemRoot: process.env.SystemRoot, TEMP: tmp, TMP: tmp });
  const [command, ...args] = sandbox([process.execPath, fileURLToPath(entry)], folder);
  const child = spawn(command, args, {
    cwd: folder,
    env,
    // A group of its own, so that whatever it starts can be ended with it.
    detached: process.platform !== "win32",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
  });
  metrics?.workerSpawned();
  let endReason: WorkerEnd | undefined;
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_KEPT);
  });

  let death: ReshootError | undefined;
  let taskCount = 0;
  const listeners = new Set<(message: FromWorker) => void>();
  const gone = new Promise<void>((resolve) => {
    const end = (how: string): void => {
      death ??= new ReshootError("internal_server_error", "The media worker ended unexpectedly", {
        cause: new Error(`media worker ${how} ${stderr}`.trim()),
      });
      metrics?.workerEnded(endReason ?? "crash");
      resolve();
    };
    child.once("error", (error) => end(error.message));
    child.once("exit", (code, signal) => end(`ended with ${signal ?? code}`));
  });
  child.on("message", (message) => {
    for (const listener of listeners) listener(message as FromWorker);
  });
  // Node reports a channel that breaks while the process is being killed; its end is what counts.
  child.on("error", () => {});

  const kill = async (reason: WorkerEnd): Promise<void> => {
    endReason ??= reason;
    killGroup(child);
    await gone;
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };

  const ready = new Promise<void>((resolve, reject) => {
    const listener = (message: FromWorker): void => {
      if (message.type === "ready") resolve();
      else if (message.type === "unfit") reject(new Error(`the media worker failed its self-test: ${message.reason}`));
      if (message.type === "ready" || message.type === "unfit") listeners.delete(listener);
    };
    listeners.add(listener);
    void gone.then(() => reject(death?.cause));
  });
  ready.catch(() => {});

  const run = <T>(
    task: string,
    args: unknown,
    { signal, onProgress, onLog }: OperationOptions,
    request?: string,
  ): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const warn = (message: string): void => log?.warn(message, request === undefined ? undefined : { request });
      if (signal.aborted) return reject(signal.reason);
      if (death) return reject(death);
      const id = ++taskCount;
      let settled = false;
      const settle = (): boolean => {
        if (settled) return false;
        settled = true;
        clearTimeout(timer);
        watchdog.stop();
        listeners.delete(listener);
        signal.removeEventListener("abort", onAbort);
        return true;
      };
      const end = (error: unknown, reason: WorkerEnd): void => {
        if (settle()) void kill(reason).then(() => reject(error), reject);
      };
      const onAbort = (): void => end(signal.reason, "cancelled");
      const watchdog = watchMemory(child.pid ?? 0, limits.workerBytes, (bytes) => {
        warn(`media worker ${child.pid} stopped: ${megabytes(bytes)} MB of memory in ${task}`);
        const allowed = megabytes(limits.workerBytes);
        end(
          fieldError("value_error", ["body"], `The input needs more memory than the ${allowed} MB allowed`),
          "memory",
        );
      });
      const timer = setTimeout(() => {
        end(
          new ReshootError("generation_timeout", `The operation took longer than ${limits.jobSeconds} seconds`),
          "timeout",
        );
      }, limits.jobSeconds * 1000);
      const listener = (message: FromWorker): void => {
        if (message.type === "memory") watchdog.report(message.bytes);
        if (!("id" in message) || message.id !== id) return;
        if (message.type === "progress") onProgress(message.fraction, message.stage);
        else if (message.type === "log") onLog(message.level, message.message);
        else if (!settle()) return;
        else if (message.type === "done") resolve(message.result as T);
        else {
          if (message.trace) warn(`media worker task ${task} failed: ${message.trace}`);
          reject(deserializeError(message.error));
        }
      };
      listeners.add(listener);
      signal.addEventListener("abort", onAbort);
      void gone.then(() => {
        if (death?.cause instanceof Error && !settled) warn(`${death.cause.message} in ${task}`);
        end(death, "crash");
      });
      child.send({ type: "run", id, task, args } satisfies ToWorker, (error) => {
        if (error)
          end(
            death ?? new ReshootError("internal_server_error", "The media worker is gone", { cause: error }),
            "crash",
          );
      });
    });

  return {
    pid: child.pid ?? 0,
    inFolder: join(folder, "in"),
    outFolder: join(folder, "out"),
    get taskCount() {
      return taskCount;
    },
    get isAlive() {
      return death === undefined && !child.killed && child.connected;
    },
    ready,
    run,
    async clear() {
      for (const name of ["in", "out", "tmp"]) {
        for (const left of await readdir(join(folder, name))) {
          await rm(join(folder, name, left), { recursive: true, force: true });
        }
      }
    },
    kill,
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (process.platform !== "win32") process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group is gone, or the process has not made it yet.
  }
  child.kill("SIGKILL");
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
