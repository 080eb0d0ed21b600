/** What rides beside a request's body: platform headers and query parameters (PROTOCOL A6, A8). */
import type { FastifyRequest } from "fastify";
import { fieldError, ReshootError } from "../errors.ts";
import { parseLifecycle } from "../files/expiry.ts";
import type { Call } from "../services.ts";

/** The vendor's queue tries a request up to ten times. */
const QUEUE_ATTEMPTS = 10;
const MAX_DEADLINE_SECONDS = 30 * 24 * 3600;

/** The part of a call that both queued and direct requests take from headers. */
export function readHeaders(
  request: FastifyRequest,
): Pick<Call, "startBy" | "priority" | "idempotencyKey" | "options"> {
  const tags = header(request, "x-fal-tags");
  const hint = header(request, "x-fal-runner-hint");
  const lifecycle = readLifecycle(request);
  return {
    startBy: readDeadline(request),
    priority: readPriority(request),
    idempotencyKey: header(request, "idempotency-key") ?? null,
    options: {
      ...(lifecycle && { lifecycle }),
      ...(isNo(header(request, "x-fal-store-io")) && { storeIo: false }),
      ...(tags && { tags }),
      ...(hint && { runnerHint: hint }),
    },
  };
}

/** The part of a call that only the queue knows. */
export function readQueueOptions(request: FastifyRequest): Pick<Call, "webhook" | "maxQueued" | "maxAttempts"> {
  const { fal_webhook, fal_max_queue_length } = request.query as Record<string, string | string[] | undefined>;
  return {
    webhook: readWebhook(fal_webhook),
    ...(fal_max_queue_length !== undefined && { maxQueued: readQueueLength(fal_max_queue_length) }),
    maxAttempts: isYes(header(request, "x-fal-no-retry")) ? 1 : QUEUE_ATTEMPTS,
  };
}

/**
 * The object lifecycle in a header, checked but as it was given; undefined without one.
 * @throws `bad_request` when it is no JSON object or has values that do not fit.
 */
function readLifecycle(request: FastifyRequest): string | undefined {
  const name = "x-fal-object-lifecycle-preference";
  const value = header(request, name);
  parseLifecycle({ name, value }, { now: Date.now(), keepMs: null });
  return value;
}

/** The one value of a header; an empty one is none. */
export function header(request: Pick<FastifyRequest, "headers">, name: string): string | undefined {
  const value = request.headers[name];
  return (Array.isArray(value) ? value[0] : value) || undefined;
}

function readDeadline(request: FastifyRequest): number | null {
  const text = header(request, "x-fal-request-timeout");
  if (text === undefined) return null;
  const seconds = Number(text);
  if (!(seconds > 0.1)) {
    throw new ReshootError("bad_request", "Invalid x-fal-request-timeout header: it must be a number above 0.1");
  }
  return Date.now() + Math.round(Math.min(seconds, MAX_DEADLINE_SECONDS) * 1000);
}

function readPriority(request: FastifyRequest): "normal" | "low" {
  const text = header(request, "x-fal-queue-priority")?.toLowerCase() ?? "normal";
  if (text === "normal" || text === "low") return text;
  throw new ReshootError("bad_request", "Invalid x-fal-queue-priority header: it must be normal or low");
}

function readQueueLength(value: string | string[]): number {
  if (typeof value === "string" && /^\d{1,9}$/.test(value)) return Number(value);
  throw new ReshootError("bad_request", "Invalid fal_max_queue_length: it must be a whole number");
}

function readWebhook(value: string | string[] | undefined): string | null {
  if (value === undefined || value === "") return null;
  const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url.href;
  throw fieldError("url_parsing", ["query", "fal_webhook"], "Input should be a valid http or https URL", {
    input: value,
  });
}

function isYes(value: string | undefined): boolean {
  return /^(1|true|yes)$/i.test(value ?? "");
}

function isNo(value: string | undefined): boolean {
  return /^(0|false|no)$/i.test(value ?? "");
}
