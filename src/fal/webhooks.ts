/** Webhooks in the fal dialect: body, signature, and the log of deliveries (PROTOCOL A12). */
import { createHash, sign } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { ReshootError, toReshootError } from "../errors.ts";
import { failureOf } from "../requests/failure.ts";
import type { RequestRecord, WebhookAttempt, WebhookDelivery } from "../requests/store.ts";
import type { WebhookDialect } from "../requests/webhooks.ts";
import type { Services } from "../services.ts";
import { keyHolder } from "./auth.ts";
import { errorReply } from "./errors.ts";
import { isVendorHost, type Origins } from "./origin.ts";
import { resultBody } from "./result.ts";
import { webhookSigningKey } from "./webhook-keys.ts";

/** The dialect's part of the webhook deliverer. */
export function createFalWebhooks(services: Services): WebhookDialect {
  const key = webhookSigningKey(services.secret);
  return {
    async body(record) {
      return Buffer.from(await webhookText(record, services));
    },
    headers(record, body, at) {
      const requestId = record.id;
      const userId = headerText(record.accountId);
      const timestamp = String(Math.floor(at / 1000));
      const digest = createHash("sha256").update(body).digest("hex");
      const message = Buffer.from([requestId, userId, timestamp, digest].join("\n"));
      return {
        "X-Fal-Webhook-Request-Id": requestId,
        "X-Fal-Webhook-User-Id": userId,
        "X-Fal-Webhook-Timestamp": timestamp,
        "X-Fal-Webhook-Signature": sign(null, message, key).toString("hex"),
      };
    },
  };
}

/**
 * Adds `GET /requests/{request_id}/webhook-deliveries` to a scope that authenticates: what was sent about a request of the
 * caller's own. The list is empty while the request is open and when it has no webhook.
 */
export function registerWebhookDeliveries(scope: FastifyInstance, { store }: Services): void {
  scope.get<{ Params: { requestId: string } }>("/requests/:requestId/webhook-deliveries", async (request, reply) => {
    const { accountId } = keyHolder(request);
    const record = await store.get(request.params.requestId);
    if (record?.accountId !== accountId) throw new ReshootError("not_found", "Request not found");
    const found = await store.webhooks.get(record.id);
    return reply.send({
      request_id: record.id,
      deliveries: found ? [deliveryBody(found.delivery, found.attempts)] : [],
    });
  });
}

async function webhookText(record: RequestRecord, services: Services): Promise<string> {
  const ids = { request_id: record.id, gateway_request_id: record.id };
  const failure = failureOf(record);
  if (failure) {
    const { status, body } = errorReply(failure);
    return JSON.stringify({ ...ids, status: "ERROR", error: `Invalid status code: ${status}`, payload: body });
  }
  try {
    const payload = await resultBody(record, services, originsFor(record, services));
    return JSON.stringify({ ...ids, status: "OK", error: null, payload });
  } catch (thrown) {
    const error = toReshootError(thrown);
    // The store is closing or busy: not the result's fault.
    if (error.code === "unavailable") throw error;
    services.log.error({ err: thrown, requestId: record.id }, "a result could not be written into its webhook");
    const reason = `The result could not be written: ${error.message}`;
    return JSON.stringify({ ...ids, status: "OK", payload: null, payload_error: reason });
  }
}

/** There is no request to answer: URLs are for wherever the caller was when it submitted. */
function originsFor({ options }: RequestRecord, { config, ownOrigins }: Services): Origins {
  const submitted = typeof options.origin === "string" && URL.canParse(options.origin) ? options.origin : undefined;
  const origin = config.publicUrl ?? submitted ?? ownOrigins()[0] ?? "";
  const cdn = submitted === origin && isVendorHost(new URL(origin).host) ? origin : `${origin}/cdn`;
  return { origin, run: `${origin}/run`, queue: `${origin}/queue`, rest: `${origin}/rest`, cdn };
}

/** Account ids come from the operator's settings and may hold what no header can. */
function headerText(text: string): string {
  return /^[\x21-\x7e]+$/.test(text) ? text : encodeURIComponent(text);
}

function deliveryBody(delivery: WebhookDelivery, attempts: readonly WebhookAttempt[]): object {
  const { url, state, createdAt, nextAttemptAt } = delivery;
  return {
    url,
    state,
    created_at: new Date(createdAt).toISOString(),
    next_attempt_at: nextAttemptAt === null ? null : new Date(nextAttemptAt).toISOString(),
    attempts: attempts.map(({ attempt, at, durationMs, status, error }) => ({
      attempt,
      at: new Date(at).toISOString(),
      duration_ms: durationMs,
      status_code: status,
      error,
    })),
  };
}
