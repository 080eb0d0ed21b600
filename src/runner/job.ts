/** One claimed request from start to end: heartbeat, cancel, progress, logs, result. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { Catalog } from "../endpoints/catalog.ts";
import { ReshootError, toReshootError } from "../errors.ts";
import { parseLifecycle } from "../files/expiry.ts";
import type { Fetcher } from "../files/fetch-guard.ts";
import type { FileStore } from "../files/store.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { LogLevel } from "../operations/operations.ts";
import type { RequestEvents } from "../requests/events.ts";
import type { Claim, LogLine, RequestMetrics, RequestStore } from "../requests/store.ts";
import { createContext } from "./context.ts";
import { storeOutput } from "./output.ts";
import { priceFacts } from "./price-facts.ts";
import type { Router } from "./router.ts";

/** A lease outlives three missed heartbeats. */
export const LEASE_MS = 15_000;
const HEARTBEAT_MS = 3_000;
const LOG_FLUSH_MS = 200;
const PROGRESS_MS = 500;
const DAY = 24 * 3600 * 1000;

/** What a job needs of the other rooms. */
export type JobParts = {
  readonly catalog: Catalog;
  readonly store: RequestStore;
  readonly files: FileStore;
  readonly events: RequestEvents;
  readonly router: Router;
  readonly fetcher: Fetcher;
  /** Folder under which each job gets its own. */
  readonly workFolder: string;
  readonly limits: { readonly uploadBytes: number; readonly outputDays: number };
  /** What a request is charged. @defaultValue none */
  readonly prices?: Config["prices"];
  readonly log: { error(details: object, message: string): void };
  readonly metrics?: Pick<Metrics, "stages">;
};

/** Why a job was told to stop. */
type StopReason = "cancel" | "lost" | "shutdown";

/** A running job. */
export type Job = {
  readonly id: string;
  /** Settles when the request's new state is durable and nothing of the work is left. Never rejects. */
  readonly done: Promise<void>;
  stop(reason: StopReason): void;
};

/** Starts work on a claim. */
export function startJob(claim: Claim, parts: JobParts): Job {
  const abort = new AbortController();
  const stop = (reason: StopReason): void => abort.abort(reason);
  return { id: claim.request.id, done: work(claim, parts, abort), stop };
}

async function work(claim: Claim, parts: JobParts, abort: AbortController): Promise<void> {
  const { store, events } = parts;
  const { request } = claim;
  const folder = join(parts.workFolder, `${request.id}-${request.attempt}`);
  const startedAt = performance.now();
  const metrics = (): RequestMetrics => ({ inferenceSeconds: (performance.now() - startedAt) / 1000 });
  const logs = createLogBuffer(claim, store, events);
  const progress = createProgress(request.id, events);
  const heart = setInterval(() => void beat(), HEARTBEAT_MS);
  events.publish({ type: "changed", id: request.id });
  try {
    const result = await run();
    const discard = () => Promise.allSettled(result.files.map(({ id }) => parts.files.delete(id)));
    await logs.flush();
    const done = await store.succeed(claim, { ...result, metrics: metrics() }).catch(async (error: unknown) => {
      // A disk too full for the row must not keep the bytes: each further attempt would add to them.
      await discard();
      throw error;
    });
    if (!done) await discard();
  } catch (thrown) {
    await end(thrown).catch((error) =>
      parts.log.error({ err: error, request: request.id }, "could not record the end"),
    );
  } finally {
    clearInterval(heart);
    events.publish({ type: "changed", id: request.id });
  }

  async function run() {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const context = createContext({
      request,
      router: parts.router,
      files: parts.files,
      fetcher: parts.fetcher,
      maxInputBytes: parts.limits.uploadBytes,
      folder,
      signal: abort.signal,
      onLog: logs.add,
      onProgress: progress,
      onTimings: (timings) => parts.metrics?.stages(request.endpoint, timings),
    });
    try {
      const endpoint = parts.catalog.find(request.endpoint);
      if (!endpoint?.run) throw new ReshootError("feature_not_supported", `${request.endpoint} is served no more`);
      for (const field of unknownFields(request.options)) logs.add("WARN", `Ignored unknown parameter ${field}`);
      await store.recordEngine(claim, request.lane, null);
      const output = await endpoint.run(request.input as never, context);
      abort.signal.throwIfAborted();
      const { expiresAt, access } = parseLifecycle(
        { name: "x-fal-object-lifecycle-preference", value: text(request.options.lifecycle) },
        { now: Date.now(), keepMs: parts.limits.outputDays * DAY },
      );
      const stored = await storeOutput(output, folder, parts.files, {
        accountId: request.accountId,
        requestId: request.id,
        access,
        expiresAt,
      });
      const facts = await priceFacts(endpoint, request.input, context);
      const billableUnits = endpoint.price.units(request.input, facts);
      const price = billableUnits * endpoint.price.unitPrice;
      return { ...stored, billableUnits, price, charge: parts.prices === "vendor" ? price : 0 };
    } finally {
      await context.close().finally(() => rm(folder, { recursive: true, force: true }));
    }
  }

  async function end(thrown: unknown): Promise<void> {
    await logs.flush();
    if (abort.signal.aborted) {
      const reason = abort.signal.reason as StopReason;
      if (reason === "cancel") await store.confirmCancelled(claim, metrics());
      if (reason === "shutdown") await store.release(claim);
      return;
    }
    const error = toReshootError(thrown);
    if (!(thrown instanceof ReshootError))
      parts.log.error({ err: thrown, request: request.id }, "a job failed unexpectedly");
    await store.fail(claim, error.toJSON(), metrics());
  }

  async function beat(): Promise<void> {
    try {
      const state = await store.heartbeat(claim, LEASE_MS);
      if (state !== "held") abort.abort(state);
    } catch (error) {
      // The lease outlives some failed beats; when it is lost, the store says so.
      parts.log.error({ err: error, request: request.id }, "a heartbeat failed");
    }
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function unknownFields(options: { readonly [key: string]: unknown }): string[] {
  return Array.isArray(options.unknownFields) ? options.unknownFields.map(String) : [];
}

/** Log lines reach the store a few at a time. */
function createLogBuffer(claim: Claim, store: RequestStore, events: RequestEvents) {
  let lines: Omit<LogLine, "seq">[] = [];
  let timer: NodeJS.Timeout | undefined;
  let flushed: Promise<unknown> = Promise.resolve();
  const flush = (): Promise<unknown> => {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length === 0) return flushed;
    const batch = lines;
    lines = [];
    // A log line that cannot be written must not fail the work.
    flushed = flushed
      .then(() => store.appendLogs(claim, batch))
      .then(() => events.publish({ type: "logs", id: claim.request.id }))
      .catch(() => undefined);
    return flushed;
  };
  return {
    add(level: LogLevel, message: string): void {
      lines.push({ at: Date.now(), level, message });
      timer ??= setTimeout(() => void flush(), LOG_FLUSH_MS);
    },
    flush,
  };
}

/** Progress only ever grows within an attempt, and is told at most twice a second. */
function createProgress(id: string, events: RequestEvents) {
  let best = 0;
  let last = -Infinity;
  return (fraction: number, stage: string): void => {
    best = Math.max(best, fraction);
    const now = performance.now();
    if (now - last < PROGRESS_MS) return;
    last = now;
    events.publish({ type: "progress", id, fraction: best, stage });
  };
}
