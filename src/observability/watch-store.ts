/** A request store whose requests are counted and, when they end, logged: whoever ends them, and however. */
import type { RequestRecord, RequestStore } from "../requests/store.ts";
import type { Metrics, Outcome } from "./metrics.ts";

/** What a store is watched with. */
export type StoreObservation = {
  readonly metrics: Pick<Metrics, "submitted" | "started" | "retried" | "finished">;
  readonly log: { info(details: object, message: string): void; warn(details: object, message: string): void };
};

/**
 * The same store, watched. Each ending is told once, by the process whose call brought it about; what is told never
 * changes what a call returns.
 */
export function watchStore(store: RequestStore, { metrics, log }: StoreObservation): RequestStore {
  const watched: Partial<RequestStore> = {
    async submit(request, limit) {
      const result = await store.submit(request, limit);
      if (result.created) metrics.submitted(request.endpoint);
      return result;
    },
    async claim(owner, lanes, leaseMs) {
      const claim = await store.claim(owner, lanes, leaseMs);
      if (claim?.request.attempt === 1) metrics.started(claim.request.endpoint, waitMs(claim.request) / 1000);
      return claim;
    },
    async succeed(claim, result) {
      const done = await store.succeed(claim, result);
      if (done) tellEnd(claim.request.id);
      return done;
    },
    async fail(claim, error, attemptMetrics) {
      const done = await store.fail(claim, error, attemptMetrics);
      if (done === "requeued") metrics.retried(claim.request.endpoint);
      if (done === "failed") tellEnd(claim.request.id);
      return done;
    },
    async release(claim) {
      const done = await store.release(claim);
      if (done) tellEnd(claim.request.id);
      return done;
    },
    async confirmCancelled(claim, attemptMetrics) {
      const done = await store.confirmCancelled(claim, attemptMetrics);
      if (done) tellEnd(claim.request.id);
      return done;
    },
    async cancel(id) {
      const outcome = await store.cancel(id);
      if (outcome === "cancelled") tellEnd(id);
      return outcome;
    },
    async reap() {
      const ids = await store.reap();
      ids.forEach(tellEnd);
      return ids;
    },
    async reclaimAll() {
      const ids = await store.reclaimAll();
      ids.forEach(tellEnd);
      return ids;
    },
  };

  /** Tells of a request whose status changed, when it has ended. */
  function tellEnd(id: string): void {
    store.get(id).then(
      (record) => record && isEnded(record) && report(record),
      (error) => log.warn({ err: error, request: id }, "a finished request could not be read"),
    );
  }

  function report(record: RequestRecord & { status: Outcome }): void {
    const { id, accountId, endpoint, lane, status: outcome, error, attempt, startedAt } = record;
    const engine = record.engine ?? lane;
    const code = error?.code ?? null;
    const runMs = startedAt === null ? null : runMilliseconds(record);
    metrics.finished({ endpoint, engine, outcome, code, runSeconds: runMs === null ? null : runMs / 1000 });
    log.info(
      {
        request: id,
        account: accountId,
        endpoint,
        engine,
        outcome,
        ...(code && { code }),
        waitMs: waitMs(record),
        ...(runMs !== null && { runMs: Math.round(runMs) }),
        attempts: attempt,
      },
      "request finished",
    );
  }

  return new Proxy(store, {
    get(target, name) {
      const own = watched[name as keyof RequestStore];
      if (own) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function isEnded(record: RequestRecord): record is RequestRecord & { status: Outcome } {
  return record.finishedAt !== null;
}

/** From submit to the first start, or to the end of what never started. */
function waitMs({ createdAt, startedAt, finishedAt }: RequestRecord): number {
  return Math.max(0, (startedAt ?? finishedAt ?? createdAt) - createdAt);
}

function runMilliseconds({ metrics, startedAt, finishedAt }: RequestRecord): number {
  return metrics ? metrics.inferenceSeconds * 1000 : Math.max(0, (finishedAt ?? 0) - (startedAt ?? 0));
}
