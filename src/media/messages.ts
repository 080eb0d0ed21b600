/** What a media worker and its parent say to each other. */
import type { SerializedError } from "../errors.ts";
import type { LogLevel } from "../operations/operations.ts";

/** To the worker. */
export type ToWorker =
  /** Do this; nothing else runs meanwhile. */
  { readonly type: "run"; readonly id: number; readonly task: string; readonly args: unknown };

/** To the parent. */
export type FromWorker =
  /** The self-test has passed. */
  | { readonly type: "ready" }
  | { readonly type: "unfit"; readonly reason: string }
  | { readonly type: "progress"; readonly id: number; readonly fraction: number; readonly stage: string | undefined }
  | { readonly type: "log"; readonly id: number; readonly level: LogLevel; readonly message: string }
  /** Bytes of resident memory, a few times a second while a task runs. */
  | { readonly type: "memory"; readonly bytes: number }
  | { readonly type: "done"; readonly id: number; readonly result: unknown }
  /** `trace` is for the log only. */
  | {
      readonly type: "failed";
      readonly id: number;
      readonly error: SerializedError;
      readonly trace: string | undefined;
    };

/** Variable of the worker's environment that names its private folder. */
export const FOLDER_VARIABLE = "WORKER_FOLDER";
