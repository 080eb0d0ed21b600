/** What an engine is: something that can do whole endpoints, single operations, or both. */
import type { OperationName, Operations } from "../operations/operations.ts";

/** Whether an engine can serve something at all. Support is a property of the input, never of the moment. */
export type Support = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** One request as an engine sees it. */
export type EngineRequest = {
  readonly id: string;
  readonly endpoint: string;
  readonly attempt: number;
};

/** An engine's hold on one request: opened before work, closed whatever happens. */
export type EngineJob = {
  /** The operations this engine offers, bound to this job. */
  readonly operations: Partial<Operations>;
  /** Stops what still runs (processes are killed, temporary files removed) and gives resources back. */
  close(): Promise<void>;
};

/** A source of operations or whole endpoints. Cheap to construct; heavy parts start with {@link Engine.start}. */
export type Engine = {
  readonly name: string;
  /** Requests it works on at once. */
  readonly slots: number;
  /** One line for the docs and for errors that say what is configured. */
  readonly summary: string;
  /** The operations it offers. */
  readonly operations: readonly OperationName[];
  /** Whole endpoints it serves by itself (relay, ComfyUI graphs); none when absent. */
  supportsEndpoint?(endpoint: string, input: Readonly<Record<string, unknown>>): Support;
  /**
   * Starts processes and runs the self-test; rejects with the reason when the engine cannot work here. Whoever calls it
   * again waits for the same start.
   */
  start(): Promise<void>;
  /** @param folder the job's private folder: outputs are left in it. */
  openJob(request: EngineRequest, folder: string, signal: AbortSignal): Promise<EngineJob>;
  stop(): Promise<void>;
};
