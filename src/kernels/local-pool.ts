/** Jobs on the calling thread, for work so small that handing it to another thread would take longer. */
import { loadKernels } from "./kernels.ts";
import type { Job, JobContext, JobRunner } from "./pool.ts";

/** What {@link LocalPool} works with. */
export type LocalPoolOptions = {
  readonly memory: WebAssembly.Memory;
  readonly jobs: Readonly<Record<string, Job>>;
  readonly scratch: JobContext["scratch"];
};

/** Runs each job when it is asked for. */
export class LocalPool implements JobRunner {
  readonly #context: JobContext;
  readonly #jobs: LocalPoolOptions["jobs"];
  #closed: Error | undefined;

  constructor({ memory, jobs, scratch }: LocalPoolOptions) {
    this.#context = { kernels: loadKernels(memory), memory, scratch };
    this.#jobs = jobs;
  }

  /** @throws whatever the job throws; any error once the pool is closed. */
  async run<Result>(job: string, input: unknown): Promise<Result> {
    if (this.#closed) throw this.#closed;
    const work = this.#jobs[job];
    if (!work) throw new Error(`no job ${job}`);
    return work(this.#context, input as never) as Result;
  }

  /** Refuses what comes later, with `reason`. */
  async close(reason: Error = new Error("the kernel pool is closed")): Promise<void> {
    this.#closed ??= reason;
  }
}
