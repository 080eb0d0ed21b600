/**
 * What the rooms report about their work, in terms that name no metrics system. A room takes the part it needs as an
 * option (`Pick<Metrics, "storeRead">`) and reports nothing when it is given none. No method ever throws or waits.
 */

/** How a request of the queue ended. */
export type Outcome = "succeeded" | "failed" | "cancelled";

/** Why a media worker's process ended: `worn` after its share of tasks, `crash` by itself, `shutdown` with the pool. */
export type WorkerEnd = "worn" | "cancelled" | "memory" | "timeout" | "crash" | "unfit" | "shutdown";

/** Where stored bytes came from: a caller, or a job's result. */
export type FileOrigin = "input" | "output";

/** Measurements of one process. Durations are seconds. */
export type Metrics = {
  /** A request was accepted and is durable. */
  submitted(endpoint: string): void;
  /** A request was claimed for the first time, this long after its submit. */
  started(endpoint: string, waitSeconds: number): void;
  /** An attempt failed and the request waits again. */
  retried(endpoint: string): void;
  finished(request: {
    readonly endpoint: string;
    readonly engine: string;
    readonly outcome: Outcome;
    /** Row of the table of errors; null on success. */
    readonly code: string | null;
    /** Of the last attempt; null when there was none. */
    readonly runSeconds: number | null;
  }): void;
  /** Stage timings that an operation reports with its result. */
  stages(endpoint: string, timings: Readonly<Record<string, number>>): void;
  /** Media workers that live, and those of them that a job holds. */
  workers(live: number, busy: number): void;
  workerSpawned(): void;
  workerEnded(reason: WorkerEnd): void;
  /** One transaction of the request database: how many writes shared it, and how long it held the thread. */
  storeCommit(writes: number, seconds: number): void;
  storeRead(seconds: number): void;
  /** @param route the template, never the URL; undefined when no route matched. */
  http(request: {
    readonly method: string;
    readonly route: string | undefined;
    readonly status: number;
    readonly seconds: number;
  }): void;
  fileStored(origin: FileOrigin, bytes: number): void;
};
