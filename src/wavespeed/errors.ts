/** Failures in the WaveSpeed dialect: the envelope `{ code, message }`, and the codes of predictions (PROTOCOL B7). */
import type { FastifyError, FastifyReply } from "fastify";
import { ERRORS, type ErrorCode, ReshootError, toReshootError } from "../errors.ts";

/** HTTP statuses of fal's that this vendor has no use for. */
const STATUSES: Readonly<Record<number, number>> = { 422: 400, 499: 400 };

/**
 * The clients choose their exception by words in the message, whoever wrote them: these would turn an invalid parameter
 * into a broken connection, and have it tried again.
 */
const MISLEADING: readonly (readonly [RegExp, string])[] = [
  [/\bsync mode timed out\b/gi, "synchronous wait ended"],
  [/\btimed out\b/gi, "took too long"],
  [/\btimeout\b/gi, "time limit"],
  [/\bconnection\b/gi, "link"],
  [/\bfetch(?=ed\b|ing\b)/gi, "download"],
  [/\bfetch\b/gi, "download"],
];

/** What goes wrong because time ran out is meant to be read as that. */
const LATE: ReadonlySet<ErrorCode> = new Set(["generation_timeout", "request_timeout"]);

/** The number a prediction carries as its `code`. */
export function predictionCode(error: ReshootError): number {
  return ERRORS[error.code].wavespeed;
}

/** What went wrong in one line that names the fields, in words no client misreads. */
export function errorText(error: ReshootError): string {
  const text =
    error.issues.map(({ loc, msg }) => [loc.slice(1).join("."), msg].filter(Boolean).join(": ")).join("; ") ||
    error.message;
  if (LATE.has(error.code)) return text;
  return MISLEADING.reduce((message, [words, instead]) => message.replace(words, instead), text);
}

/** Sends a failure as the vendor's envelope. Where a parameter is at fault, `error_code` is the code of predictions. */
export function sendError(reply: FastifyReply, thrown: unknown): FastifyReply {
  const error = fromThrown(thrown);
  const { status: ours } = ERRORS[error.code];
  const status = STATUSES[ours] ?? ours;
  const message = errorText(error);
  const code = predictionCode(error);
  const issues = error.issues.map(({ loc, msg, type }) => ({ loc, msg, type }));
  return reply
    .code(status)
    .type("application/json")
    .send({
      code: status,
      message,
      error: message,
      ...(status === 400 && { error_code: String(code), data: { status: "failed", code, error: message, issues } }),
    });
}

/** 404 for a path that leads nowhere. */
export function pathNotFound(path: string): ReshootError {
  return new ReshootError("not_found", `${path} not found`);
}

/** Anything thrown while a request was handled, Fastify's own errors among it. */
function fromThrown(thrown: unknown): ReshootError {
  if (thrown instanceof Error && "statusCode" in thrown) {
    const { code, statusCode, message } = thrown as FastifyError;
    if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
      return new ReshootError("payload_too_large", "The request body is larger than this server accepts");
    }
    if (statusCode && statusCode >= 400 && statusCode < 500) return new ReshootError("bad_request", message);
  }
  return toReshootError(thrown);
}
