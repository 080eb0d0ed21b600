/** Money and secrets of whoever calls: balance, billings, usage, webhook secret (PROTOCOL B6). */
import type { FastifyInstance } from "fastify";
import { fieldError } from "../errors.ts";
import { requestIdOf } from "../requests/ids.ts";
import type { UsageRecord } from "../requests/store.ts";
import type { Services } from "../services.ts";
import { sendData } from "./area.ts";
import { callerOf } from "./auth.ts";
import { fieldsOf, optionalText, page, texts, time } from "./fields.ts";
import { modelName } from "./models.ts";
import { predictionId } from "./prediction.ts";
import { webhookSecret } from "./webhooks.ts";

/** What a key without a budget may still spend, in dollars: tools compare it with a price. */
const UNLIMITED = 1_000_000;
const MAX_IDS = 100;
const USAGE_MS = 30 * 24 * 3600 * 1000;
/** The one kind of billing there is: nothing can be topped up here. */
const DEDUCTION = "deduct";

/** Adds the account's routes below `/api/v3`. */
export function registerAccount(scope: FastifyInstance, services: Services): void {
  const { store } = services;

  /** Dollars that a key has been charged or may yet be for what is open. */
  const spent = async (keyId: string): Promise<number> =>
    (await store.usage.charged(keyId)) + (await store.usage.reserved(keyId));

  scope.get("/balance", async (request, reply) => {
    const { key } = callerOf(request);
    const budget = key?.budget ?? null;
    const balance = key && budget !== null ? Math.max(0, budget - (await spent(key.id))) : UNLIMITED;
    return sendData(reply, { balance: money(balance) });
  });

  scope.post("/billings/search", async (request, reply) => {
    const fields = fieldsOf(request.body);
    const { page: number, size } = page(fields);
    const ids = fields.prediction_uuids == null ? undefined : texts(fields, "prediction_uuids", MAX_IDS);
    const query = {
      ...(ids && ids.length > 0 && { requestIds: ids.map(requestIdOf) }),
      since: time(fields, "start_time") ?? 0,
      until: time(fields, "end_time") ?? Number.MAX_SAFE_INTEGER,
      oldestFirst: isAscending(optionalText(fields, "sort")),
      limit: size,
      offset: (number - 1) * size,
    };
    const type = optionalText(fields, "billing_type") || DEDUCTION;
    const { total, items } =
      type === DEDUCTION ? await store.usage.search(callerOf(request).accountId, query) : { total: 0, items: [] };
    return sendData(reply, { page: number, total, items: items.map((usage) => billing(usage, services)) });
  });

  scope.get("/account/usage", async (request, reply) => {
    const until = Date.now();
    const since = until - USAGE_MS;
    const sums = await store.usage.summary(callerOf(request).accountId, { since, until });
    return sendData(reply, {
      period: { start: new Date(since).toISOString(), end: new Date(until).toISOString() },
      total_requests: sums.reduce((total, { requests }) => total + requests, 0),
      total_cost: money(sums.reduce((total, { charge }) => total + charge, 0)),
      by_model: sums.map(({ endpoint, requestedAs, requests, charge }) => ({
        model: modelName({ endpoint, requestedAs }, services),
        requests,
        cost: money(charge),
      })),
    });
  });

  scope.get("/webhook/secret", async (request, reply) =>
    sendData(reply, { secret: webhookSecret(services.secret, callerOf(request).key?.id ?? null) }),
  );
}

function billing(usage: UsageRecord, services: Services): object {
  const id = predictionId(usage.requestId);
  const at = new Date(usage.finishedAt).toISOString();
  return {
    uuid: id,
    billing_type: DEDUCTION,
    price: money(usage.charge),
    created_at: at,
    updated_at: at,
    order: {
      uuid: id,
      state: "finished",
      price: money(usage.charge),
      origin_price: money(usage.price),
      status: usage.status === "succeeded" ? "completed" : "failed",
      ak_id: usage.keyId ?? "",
    },
    prediction: {
      uuid: id,
      model_uuid: modelName(usage, services),
      status: usage.status === "succeeded" ? "completed" : "failed",
    },
    access_key_name: usage.keyId ?? "",
  };
}

/** Newest first unless asked otherwise; the vendor does not document the words. @throws `literal_error`. */
function isAscending(sort: string | undefined): boolean {
  if (!sort || /\bdesc\b|^-/i.test(sort)) return false;
  if (/\basc\b|^\+?created_at$/i.test(sort)) return true;
  throw fieldError("literal_error", ["body", "sort"], "Input should be created_at asc or created_at desc");
}

/** Dollars without the noise of floating point. */
function money(dollars: number): number {
  return Math.round(dollars * 1e6) / 1e6;
}
