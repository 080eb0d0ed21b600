/** Failures in the fal dialect: the model's list of issues, or the platform's text with an `error_type`. */
import type { FastifyError, FastifyReply } from "fastify";
import { ERRORS, type ErrorCode, type Issue, ReshootError, toReshootError } from "../errors.ts";

/** A failure as it goes on the wire. */
export type ErrorReply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly detail: string | readonly object[]; readonly error_type?: string };
};

/** Codes that are plain HTTP in the vendor's dialect: `{"detail": "…"}` and no type. */
const PLAIN: ReadonlySet<ErrorCode> = new Set([
  "unauthorized",
  "forbidden",
  "budget_exhausted",
  "not_found",
  "method_not_allowed",
  "payload_too_large",
  "range_not_satisfiable",
]);

/** An echoed input longer than this is left out: data URIs are megabytes. */
const MAX_ECHO = 1024;

/** Status, headers and body for an error. */
export function errorReply(error: ReshootError): ErrorReply {
  const { status, shape } = ERRORS[error.code];
  const headers: Record<string, string> = {};
  if (!PLAIN.has(error.code)) headers["x-fal-error-type"] = error.code;
  if (shape === "platform") {
    // Tells the client that its own deadline passed, so that it does not try again.
    if (error.code === "request_timeout") headers["x-fal-request-timeout-type"] = "user";
    if (error.code === "not_found") headers["x-fal-billable-units"] = "0";
    return {
      status,
      headers,
      body: { detail: error.message, ...(!PLAIN.has(error.code) && { error_type: error.code }) },
    };
  }
  headers["x-fal-retryable"] = String(error.retryable);
  if (status === 422) headers["x-fal-billable-units"] = "0";
  const issues: readonly Issue[] =
    error.issues.length > 0 ? error.issues : [{ loc: ["body"], msg: error.message, type: error.code }];
  return { status, headers, body: { detail: issues.map(issueBody) } };
}

/** Sends an error. */
export function sendError(reply: FastifyReply, thrown: unknown): FastifyReply {
  const { status, headers, body } = errorReply(fromThrown(thrown));
  return reply.code(status).headers(headers).type("application/json").send(body);
}

/** Anything thrown while a request was handled, Fastify's own errors among it. */
export function fromThrown(thrown: unknown): ReshootError {
  if (thrown instanceof Error && "statusCode" in thrown) {
    const { code, statusCode, message } = thrown as FastifyError;
    if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
      return new ReshootError("payload_too_large", "The request body is larger than this server accepts");
    }
    if (statusCode && statusCode >= 400 && statusCode < 500) return new ReshootError("bad_request", message);
  }
  return toReshootError(thrown);
}

/** 404 for a path that leads nowhere. */
export function pathNotFound(path: string): ReshootError {
  return new ReshootError("not_found", `Path ${path} not found`);
}

function issueBody(issue: Issue): object {
  const { loc, msg, type, ctx, input } = issue;
  const echo = input !== undefined && (JSON.stringify(input)?.length ?? 0) <= MAX_ECHO;
  return {
    loc,
    msg,
    type,
    url: `https://docs.fal.ai/errors/#${type}`,
    ...(ctx && { ctx }),
    ...(echo && { input }),
  };
}
