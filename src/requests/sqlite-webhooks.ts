/** Webhook deliveries and their log in the request database. */
import { randomUUID } from "node:crypto";
import type { Value } from "./sqlite-rows.ts";
import type { TableAccess } from "./sqlite-tables.ts";
import type { WebhookAttempt, WebhookDelivery, WebhookState, WebhookTable } from "./store.ts";

/** Longest pause before a retry, milliseconds. */
const MAX_PAUSE_MS = 2 * 3600_000;
/** Characters of an error that are kept. */
const MAX_ERROR = 500;

type DeliveryRow = {
  readonly request_id: string;
  readonly url: string;
  readonly state: WebhookState;
  readonly attempts: number;
  readonly created_at: number;
  readonly next_attempt_at: number | null;
  readonly last_status: number | null;
  readonly last_error: string | null;
};

type AttemptRow = {
  readonly attempt: number;
  readonly at: number;
  readonly duration_ms: number;
  readonly status: number | null;
  readonly error: string | null;
};

/** Values of a delivery that a request's end brings about. */
export function newWebhookValues(requestId: string, url: string, now: number): Record<string, Value> {
  return { request_id: requestId, url, host: URL.canParse(url) ? new URL(url).host : "", now };
}

/** The delivery table. */
export function webhookTable({ sql, writes, read, now: clock }: TableAccess): WebhookTable {
  return {
    claimDue: (owner, leaseMs, room) =>
      writes.write(() => {
        const now = clock();
        sql.freeLapsedWebhooks.run({ now });
        sql.rebaseWebhooks.run({ now, horizon: now + MAX_PAUSE_MS });
        const claims = [];
        let { retries } = room;
        while (claims.length < room.limit) {
          const due = sql.dueWebhook.get({ now, retries, per_host: room.perHost }) as
            | Pick<DeliveryRow, "request_id">
            | undefined;
          if (!due) break;
          const lease = randomUUID();
          const values = { request_id: due.request_id, owner, lease, lease_ms: leaseMs, now };
          const delivery = toDelivery(sql.takeWebhook.get(values) as DeliveryRow);
          if (delivery.attempts > 1) retries--;
          claims.push({ delivery, lease });
        }
        return claims;
      }),

    recordAttempt: ({ delivery, lease }, { at, durationMs, status, error }, outcome) =>
      writes.write(() => {
        const ended = typeof outcome === "string";
        const short = error === null ? null : printable(error);
        const { changes } = sql.settleWebhook.run({
          request_id: delivery.requestId,
          lease,
          state: ended ? outcome : "pending",
          next_attempt_at: ended ? null : clock() + Math.min(MAX_PAUSE_MS, Math.round(outcome.retryAfterMs)),
          status,
          error: short,
        });
        if (changes === 0) return false;
        sql.insertWebhookAttempt.run({
          request_id: delivery.requestId,
          attempt: delivery.attempts,
          at,
          duration_ms: Math.round(durationMs),
          status,
          error: short,
        });
        return true;
      }),

    release: ({ delivery, lease }) =>
      writes.write(() => sql.releaseWebhook.run({ request_id: delivery.requestId, lease }).changes === 1),

    reclaimAll: () => writes.write(() => Number(sql.freeAllWebhooks.run().changes)),

    get: (requestId) =>
      read(() => {
        const row = sql.webhook.get({ request_id: requestId }) as DeliveryRow | undefined;
        if (!row) return undefined;
        const attempts = sql.webhookAttempts.all({ request_id: requestId }) as AttemptRow[];
        return { delivery: toDelivery(row), attempts: attempts.map(toAttempt) };
      }),
  };
}

/** SQLite's text ends at the first NUL when read back. */
function printable(error: string): string {
  return error.replaceAll("\0", "\ufffd").slice(0, MAX_ERROR);
}

function toDelivery(row: DeliveryRow): WebhookDelivery {
  return {
    requestId: row.request_id,
    url: row.url,
    state: row.state,
    attempts: row.attempts,
    createdAt: row.created_at,
    nextAttemptAt: row.next_attempt_at,
    lastStatus: row.last_status,
    lastError: row.last_error,
  };
}

function toAttempt(row: AttemptRow): WebhookAttempt {
  const { attempt, at, duration_ms: durationMs, status, error } = row;
  return { attempt, at, durationMs, status, error };
}
