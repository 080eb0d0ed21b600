/** What an endpoint's `run` is given: inputs staged into the job's folder, operations bound to engines, progress, logs. */
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { EndpointContext } from "../endpoints/endpoint.ts";
import type { EngineJob, EngineRequest } from "../engines/engine.ts";
import { fieldError, type Loc, ReshootError } from "../errors.ts";
import type { Fetcher } from "../files/fetch-guard.ts";
import type { FileStore } from "../files/store.ts";
import type { LogLevel, MediaHandle, OperationName, OperationOptions } from "../operations/operations.ts";
import type { JsonObject, RequestRecord } from "../requests/store.ts";
import type { Router } from "./router.ts";

const FETCH_TIMEOUT_MS = 10 * 60_000;

/** What a context is made of. */
export type ContextParts = {
  readonly request: RequestRecord;
  readonly router: Router;
  readonly files: FileStore;
  readonly fetcher: Fetcher;
  readonly maxInputBytes: number;
  /** The job's private folder. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onLog: (level: LogLevel, message: string) => void;
  /** Seconds by stage, as an operation reports them with its result. */
  readonly onTimings: (timings: Readonly<Record<string, number>>) => void;
  /** Over the whole request, 0 to 1. */
  readonly onProgress: (fraction: number, stage: string) => void;
};

/** A context and the engine jobs it opened. */
export type RunContext = EndpointContext & { close(): Promise<void> };

/** A context for one attempt at one request. */
export function createContext(parts: ContextParts): RunContext {
  const { request, router, signal } = parts;
  const engineRequest: EngineRequest = { id: request.id, endpoint: request.endpoint, attempt: request.attempt };
  const jobs = new Map<string, Promise<EngineJob>>();
  const opened = new Map<string, Promise<MediaHandle>>();
  let range = { name: "", start: 0, end: 1 };

  const options: OperationOptions = {
    signal,
    onLog: parts.onLog,
    onProgress(fraction, stage) {
      const share = Math.min(1, Math.max(0, fraction)) * (range.end - range.start);
      parts.onProgress(range.start + share, stage ?? range.name);
    },
  };

  return {
    open(path) {
      const loc = typeof path === "string" ? ["body", path] : path;
      const key = JSON.stringify(loc);
      const handle = opened.get(key) ?? openMedia(loc, opened.size);
      opened.set(key, handle);
      return handle;
    },
    operations: new Proxy({} as EndpointContext["operations"], {
      get: (_, name) => (params: never) => call(name as OperationName, params),
    }),
    log: parts.onLog,
    stage(name, start, end) {
      range = { name, start, end };
      parts.onProgress(start, name);
    },
    signal,
    defaultSeed: request.seed,
    async close() {
      for (const job of await Promise.allSettled(jobs.values()))
        if (job.status === "fulfilled") await job.value.close();
    },
  };

  async function call(name: OperationName, params: never): Promise<unknown> {
    signal.throwIfAborted();
    const engine = router.offering(name);
    // The router refused at submit what nothing offers; the engines may have been configured differently since.
    if (!engine) throw new ReshootError("feature_not_supported", `No configured engine offers ${name} any more`);
    const job = jobs.get(engine.name) ?? engine.openJob(engineRequest, parts.folder, signal);
    jobs.set(engine.name, job);
    const operation = (await job).operations[name] as (params: never, options: OperationOptions) => Promise<unknown>;
    const result = await operation(params, options);
    if (hasTimings(result)) parts.onTimings(result.timings);
    return result;
  }

  async function openMedia(loc: Loc, index: number): Promise<MediaHandle> {
    const value = valueAt(request.input, loc);
    const inputs = join(parts.folder, "in");
    await mkdir(inputs, { recursive: true });
    if (typeof value === "object" && value !== null && "$url" in value) {
      const file = await parts.files.get(String(value.$url));
      if (file?.state !== "ready") throw fieldError("file_download_error", loc, "The stored file has expired");
      const path = await parts.files.stage(file, inputs);
      return { path, loc, contentType: file.contentType, fileName: file.fileName };
    }
    if (typeof value !== "string" || value === "") throw fieldError("missing", loc, "Field required");
    const limits = { maxBytes: parts.maxInputBytes, timeoutMs: FETCH_TIMEOUT_MS, signal, loc };
    const remote = await parts.fetcher.fetch(value, limits);
    const path = join(inputs, `remote-${index}`);
    await pipeline(remote.body, createWriteStream(path, { flags: "wx" }), { signal });
    return { path, loc, contentType: remote.contentType, fileName: remote.fileName };
  }
}

function hasTimings(result: unknown): result is { timings: Readonly<Record<string, number>> } {
  return typeof result === "object" && result !== null && "timings" in result;
}

/** The input's value at a location that starts with "body". */
function valueAt(input: JsonObject, loc: Loc): unknown {
  let value: unknown = input;
  for (const key of loc.slice(1)) value = (value as Record<string | number, unknown> | null | undefined)?.[key];
  return value;
}
