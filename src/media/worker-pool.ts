/** Warm media workers: forked, confined, watched processes in which all codec and vision code runs. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ReshootError } from "../errors.ts";
import type { Metrics, WorkerEnd } from "../observability/metrics.ts";
import type { OperationOptions } from "../operations/operations.ts";
import { bubblewrap, type Sandbox, withoutSandbox } from "./sandbox.ts";
import { forkWorker, type PoolLog, type WorkerLimits, type WorkerProcess } from "./worker-process.ts";

/** A worker that the caller holds until it is released. */
export type MediaWorker = {
  /** Absolute; inputs are put here before a task runs. The worker reads it only. */
  readonly inFolder: string;
  /** Absolute; results are left here and must be moved out before the release. */
  readonly outFolder: string;
  /**
   * Runs one task.
   * @throws the task's own ReshootError; `internal_server_error` when the process died (retryable); `generation_timeout`;
   *   `value_error` when it held too much memory; the signal's reason after an abort. In all but the first case the
   *   process and its folders are gone by then.
   */
  run<T>(task: string, args: unknown, options: OperationOptions): Promise<T>;
  /** Gives the worker back; its folders are emptied. Safe to call twice. */
  release(): Promise<void>;
};

/** A pool of media workers. */
export type WorkerPool = {
  /** Resolves when one worker has passed its self-test; rejects with the reason when none can. Every call is the same start. */
  start(): Promise<void>;
  /**
   * Waits for a free worker.
   * @param request the id of the request it is for, for the log.
   * @throws the signal's reason; `unavailable` when the pool is stopped.
   */
  acquire(signal: AbortSignal, request?: string): Promise<MediaWorker>;
  /** Ends every worker, held or not. */
  stop(): Promise<void>;
};

/** What a pool is made of. */
export type WorkerPoolOptions = {
  /** The worker's program, which calls `serveTasks`. */
  readonly entry: URL;
  /** Most workers at once. */
  readonly size: number;
  /** Folder for the workers' private folders; what an earlier run left there is removed. */
  readonly folder: string;
  readonly limits: WorkerLimits;
  /** `never`: without bubblewrap even where it works. */
  readonly sandbox?: "auto" | "never";
  readonly log?: PoolLog;
  readonly metrics?: Pick<Metrics, "workers" | "workerSpawned" | "workerEnded">;
};

/** A worker is replaced after this many tasks, so that nothing small can pile up in it. */
const TASKS_PER_WORKER = 200;

/** @returns a pool that has started nothing yet. */
export function createWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const { entry, size, limits, log, metrics } = options;
  const root = resolve(options.folder);
  let sandbox: Sandbox = withoutSandbox;
  let count = 0;
  let stopped = false;
  let started: Promise<void> | undefined;
  const live = new Set<WorkerProcess>();
  const idle: WorkerProcess[] = [];
  const waiters: { give(worker: WorkerProcess): void; fail(error: unknown): void }[] = [];
  /** Processes that exist or are being made, and those of them that are not ready yet. */
  let total = 0;
  let starting = 0;

  const tellCount = (): void => metrics?.workers(live.size, live.size - idle.length);

  const discard = async (worker: WorkerProcess, reason: WorkerEnd): Promise<void> => {
    if (live.delete(worker)) total--;
    const at = idle.indexOf(worker);
    if (at >= 0) idle.splice(at, 1);
    tellCount();
    await worker.kill(reason);
  };

  const fork = async (): Promise<WorkerProcess> => {
    starting++;
    total++;
    try {
      // Named after this process: one that is slow to die removes only what is its own.
      const folder = join(root, `w-${process.pid}-${count++}`);
      const worker = await forkWorker(entry, folder, sandbox, limits, log, metrics).catch((error) => {
        total--;
        throw error;
      });
      live.add(worker);
      try {
        await worker.ready;
      } catch (error) {
        await discard(worker, "unfit");
        throw error;
      }
      if (stopped) {
        await discard(worker, "shutdown");
        throw unavailable();
      }
      return worker;
    } finally {
      starting--;
    }
  };

  const offer = (worker: WorkerProcess): void => {
    const waiter = waiters.shift();
    if (waiter) waiter.give(worker);
    else idle.push(worker);
    tellCount();
  };

  /** Keeps one more worker warm than is in use, up to the pool's size. */
  const replenish = (): void => {
    if (stopped || total >= size || idle.length + starting >= Math.max(waiters.length, 1)) return;
    void fork().then(offer, (error: unknown) => {
      if (stopped) return;
      log?.warn(`a media worker could not be started: ${error instanceof Error ? error.message : String(error)}`);
      waiters
        .shift()
        ?.fail(new ReshootError("runner_scheduling_failure", "No media worker can be started", { cause: error }));
    });
  };

  const hold = (worker: WorkerProcess, request: string | undefined): MediaWorker => {
    tellCount();
    let released: Promise<void> | undefined;
    const giveBack = async (): Promise<void> => {
      const isWorn = worker.taskCount >= TASKS_PER_WORKER;
      if (stopped || !worker.isAlive || isWorn) await discard(worker, stopped ? "shutdown" : isWorn ? "worn" : "crash");
      else {
        try {
          await worker.clear();
          offer(worker);
        } catch {
          await discard(worker, "unfit");
        }
      }
      replenish();
    };
    return {
      inFolder: worker.inFolder,
      outFolder: worker.outFolder,
      run: (task, args, runOptions) => worker.run(task, args, runOptions, request),
      release: () => {
        released ??= giveBack();
        return released;
      },
    };
  };

  async function start(): Promise<void> {
    await mkdir(root, { recursive: true });
    for (const name of await readdir(root)) {
      if (/^w-\d+-\d+$/.test(name)) await rm(join(root, name), { recursive: true, force: true });
    }
    if (options.sandbox !== "never") {
      if (process.platform === "linux") sandbox = bubblewrap(entry);
      else log?.warn("media workers run without a sandbox: bubblewrap exists on Linux only");
    }
    const first = await fork().catch((error: unknown) => {
      if (sandbox === withoutSandbox) throw error;
      log?.warn(`media workers run without a sandbox: they do not start in bubblewrap (${String(error)})`);
      sandbox = withoutSandbox;
      return fork();
    });
    offer(first);
  }

  return {
    start: () => (started ??= start()),
    async acquire(signal, request) {
      signal.throwIfAborted();
      if (stopped) throw unavailable();
      for (let worker = idle.shift(); worker; worker = idle.shift()) {
        if (worker.isAlive) {
          replenish();
          return hold(worker, request);
        }
        await discard(worker, "crash");
      }
      return new Promise<MediaWorker>((resolve, reject) => {
        const leave = (): void => {
          signal.removeEventListener("abort", onAbort);
          const at = waiters.indexOf(waiter);
          if (at >= 0) waiters.splice(at, 1);
        };
        const onAbort = (): void => {
          leave();
          reject(signal.reason);
        };
        const waiter = {
          give(worker: WorkerProcess) {
            leave();
            resolve(hold(worker, request));
            replenish();
          },
          fail(error: unknown) {
            leave();
            reject(error);
          },
        };
        signal.addEventListener("abort", onAbort);
        waiters.push(waiter);
        replenish();
      });
    },
    async stop() {
      stopped = true;
      for (const waiter of waiters.splice(0)) waiter.fail(unavailable());
      await Promise.all([...live].map((worker) => discard(worker, "shutdown")));
    },
  };
}

function unavailable(): ReshootError {
  return new ReshootError("unavailable", "The media workers are stopped");
}
