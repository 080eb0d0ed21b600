/**
 * Worker threads over one shared memory. A job is a named function of a module that the workers import; each job runs
 * whole on one thread, so results do not depend on how many threads there are.
 */
import { Worker } from "node:worker_threads";
import { ReshootError } from "../errors.ts";
import type { Kernels } from "./kernels.ts";

/** What a job works with. */
export type JobContext = {
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  /** A range of the memory that is this thread's alone. Its content does not survive a job. */
  readonly scratch: { readonly start: number; readonly end: number };
};

/** A job: takes and returns plain data that can be cloned. */
export type Job = (context: JobContext, input: never) => unknown;

/** Who runs jobs. */
export type JobRunner = {
  run<Result>(job: string, input: unknown): Promise<Result>;
  close(reason?: Error): Promise<void>;
};

/** What {@link WorkerPool} starts its threads with. */
export type PoolOptions = {
  readonly threads: number;
  readonly memory: WebAssembly.Memory;
  /** Module that exports `jobs: Record<string, Job>`. */
  readonly jobs: URL;
  /** One range a thread. */
  readonly scratch: readonly { readonly start: number; readonly end: number }[];
  /** Milliseconds a job may take, 120 000 when absent. */
  readonly timeout?: number;
};

/** Thread start data, see pool-worker.ts. */
export type WorkerData = { memory: WebAssembly.Memory; jobs: string; scratch: { start: number; end: number } };
/** From pool to thread. */
export type JobMessage = { id: number; job: string; input: unknown };
/** From thread to pool. */
export type JobReply = { id: number; result?: unknown; error?: string };

type Waiting = JobMessage & { resolve: (result: unknown) => void; reject: (error: Error) => void };
type Thread = { worker: Worker; task?: Waiting; timer?: NodeJS.Timeout };

const TIMEOUT = 120_000;

/** Threads that run named jobs over one shared memory, one job a thread at a time. */
export class WorkerPool implements JobRunner {
  readonly #threads: Thread[];
  readonly #queue: Waiting[] = [];
  readonly #timeout: number;
  #nextId = 0;
  #broken: Error | undefined;

  constructor(options: PoolOptions) {
    this.#timeout = options.timeout ?? TIMEOUT;
    this.#threads = Array.from({ length: Math.max(1, options.threads) }, (_, index) => {
      const data: WorkerData = {
        memory: options.memory,
        jobs: options.jobs.href,
        scratch: options.scratch[index]!,
      };
      const worker = new Worker(new URL("./pool-worker.js", import.meta.url), { workerData: data });
      const thread: Thread = { worker };
      worker.on("message", (reply: JobReply) => this.#settle(thread, reply));
      worker.on("error", (error) => this.#break(error));
      worker.on("exit", () => this.#break(new Error("a kernel thread ended")));
      // A pool that nobody awaits must not keep the process alive.
      worker.unref();
      return thread;
    });
  }

  /**
   * Runs a job on the next free thread, in the order of calls.
   * @throws whatever the job throws; `generation_timeout` past the pool's limit; any error once the pool is closed.
   */
  run<Result>(job: string, input: unknown): Promise<Result> {
    return new Promise<unknown>((resolve, reject) => {
      if (this.#broken) return reject(this.#broken);
      this.#queue.push({ id: this.#nextId++, job, input, resolve, reject });
      this.#dispatch();
    }) as Promise<Result>;
  }

  /** Ends the threads at once; jobs under way reject with `reason`. */
  async close(reason: Error = new Error("the kernel pool is closed")): Promise<void> {
    this.#break(reason);
    await Promise.all(this.#threads.map((thread) => thread.worker.terminate()));
  }

  #dispatch(): void {
    for (const thread of this.#threads) {
      if (thread.task) continue;
      const task = this.#queue.shift();
      if (!task) return;
      thread.task = task;
      thread.timer = setTimeout(() => {
        void this.close(new ReshootError("generation_timeout", `The ${task.job} step took too long`));
      }, this.#timeout);
      thread.worker.ref();
      const message: JobMessage = { id: task.id, job: task.job, input: task.input };
      thread.worker.postMessage(message);
    }
  }

  #settle(thread: Thread, reply: JobReply): void {
    const task = thread.task;
    if (!task || task.id !== reply.id) return;
    clearTimeout(thread.timer);
    thread.task = undefined;
    thread.worker.unref();
    if (reply.error === undefined) task.resolve(reply.result);
    else task.reject(new Error(reply.error));
    this.#dispatch();
  }

  #break(reason: Error): void {
    if (this.#broken) return;
    this.#broken = reason;
    const lost = this.#queue.splice(0);
    for (const thread of this.#threads) {
      clearTimeout(thread.timer);
      if (thread.task) lost.push(thread.task);
      thread.task = undefined;
    }
    for (const task of lost) task.reject(reason);
  }
}
