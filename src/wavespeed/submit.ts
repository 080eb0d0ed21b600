/** `POST /{model}`: accepts a prediction and answers at once, or in sync mode when it is done (PROTOCOL B2, B4). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { fieldError, ReshootError } from "../errors.ts";
import { clientGone } from "../http/client-gone.ts";
import { callerOrigin } from "../http/origin.ts";
import { finished } from "../requests/wait.ts";
import type { Services } from "../services.ts";
import { sendData } from "./area.ts";
import { callerOf } from "./auth.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import { findModel } from "./models.ts";
import { predictionOf } from "./prediction.ts";

/** What is a defect or a lost runner is tried again; the table of errors says how often. */
const MAX_ATTEMPTS = 10;

/** Adds the catch-all below `/api/v3`. @param syncWaitMs how long sync mode waits. */
export function registerSubmit(scope: FastifyInstance, services: Services, syncWaitMs: number): void {
  scope.post<{ Params: { "*": string } }>("/*", async (request, reply) => {
    const { sync, base64, input } = readBody(request.body);
    const webhook = readWebhook(request.url);
    if (webhook !== null && base64) {
      throw new ReshootError("bad_request", "webhook and enable_base64_output cannot be used together");
    }
    const origin = callerOrigin(request, services.config);
    const { record } = await services.intake.submit({
      ...findModel(request.params["*"], services),
      body: input,
      caller: callerOf(request),
      dialect: "wavespeed",
      origin,
      priority: "normal",
      maxAttempts: MAX_ATTEMPTS,
      startBy: null,
      webhook,
      idempotencyKey: idempotencyKey(request),
      options: base64 ? { base64 } : {},
    });
    if (sync) return sendFinished(reply, record.id, services, origin, syncWaitMs);
    return sendData(reply, await predictionOf(record, services, origin));
  });
}

/** Waits for a prediction. It goes on when the wait ends, or whoever waits goes away: its result can be asked for later. */
async function sendFinished(
  reply: FastifyReply,
  id: string,
  services: Services,
  origin: string,
  waitMs: number,
): Promise<FastifyReply> {
  // Not AbortSignal.any with AbortSignal.timeout: Node 20 may collect the timer as garbage, and the wait never ends.
  const wait = new AbortController();
  const end = (): void => wait.abort();
  const timer = setTimeout(end, waitMs);
  clientGone(reply).addEventListener("abort", end, { once: true });
  await finished(services, id, wait.signal).finally(() => clearTimeout(timer));
  const record = await services.store.get(id);
  if (!record) throw new ReshootError("not_found", "The prediction was deleted while it was waited for");
  const prediction = await predictionOf(record, services, origin);
  if (prediction.status === "completed" || prediction.status === "failed") return sendData(reply, prediction);
  const error = `Sync mode timed out after ${waitMs / 1000} seconds; the prediction goes on. Query the result later at: ${prediction.urls.get}`;
  return sendData(reply, { ...prediction, status: "processing", code: 5004, error });
}

/** The input, and the flags that are not for the model. */
function readBody(body: unknown): { sync: boolean; base64: boolean; input: Fields } {
  const { enable_sync_mode, enable_base64_output, ...input } = fieldsOf(body);
  return {
    sync: flag("enable_sync_mode", enable_sync_mode),
    base64: flag("enable_base64_output", enable_base64_output),
    input,
  };
}

function flag(name: string, value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  if (typeof value === "boolean") return value;
  if (/^(true|1)$/i.test(String(value))) return true;
  if (/^(false|0)$/i.test(String(value))) return false;
  throw fieldError("bool_parsing", ["body", name], "Input should be a valid boolean");
}

/**
 * The `webhook` of a query. Old clients write it as it is, so that its own query looks like more of ours; there are no
 * other parameters, so all that follows belongs to it.
 */
function readWebhook(url: string): string | null {
  const raw = /[?&]webhook=(.*)$/s.exec(url)?.[1];
  const text = raw && (/^https?:\/\//i.test(raw) ? raw : new URLSearchParams(`webhook=${raw}`).get("webhook"));
  if (!text) return null;
  const target = URL.canParse(text) ? new URL(text) : undefined;
  if (target?.protocol === "http:" || target?.protocol === "https:") return target.href;
  throw fieldError("url_parsing", ["query", "webhook"], "Input should be a valid http or https URL");
}

/** Not the vendor's: for callers who want to be able to repeat a submit whose answer was lost. */
function idempotencyKey(request: FastifyRequest): string | null {
  const value = request.headers["idempotency-key"];
  return (Array.isArray(value) ? value[0] : value) || null;
}
