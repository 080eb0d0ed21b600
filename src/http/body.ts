/** Request bodies: JSON whatever the Content-Type says, and nothing at all counts as `{}`. */
import type { FastifyInstance } from "fastify";
import { fieldError } from "../errors.ts";

/** Schemas need less than ten levels; recursion downstream must not run out of stack. */
const MAX_DEPTH = 64;
/** Objects, arrays and their members in all: a hostile body of the largest size would else fill the memory. */
const MAX_VALUES = 200_000;

/** Makes `request.body` the parsed JSON of every request in this scope. */
export function parseJsonBodies(scope: FastifyInstance, bodyLimit: number): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit }, (_request, bytes, done) => {
    try {
      done(null, parseJson(bytes as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** Leaves the body of every request in this scope unread: the handler takes it from `request.raw`. */
export function leaveBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
}

/**
 * Parses a body. Clients send an empty one with a JSON content type (PUT cancel, POST without input).
 * @throws ReshootError `json_invalid`, with the character position in `loc`, as FastAPI gives it, where the engine says it.
 */
export function parseJson(bytes: Buffer): unknown {
  refuseUnreasonable(bytes);
  const text = bytes.toString("utf8");
  if (text.trim() === "") return {};
  try {
    // A key named __proto__, in letters or in escapes, would become a prototype when the object is copied.
    if (!text.includes("__proto__") && !text.includes("\\u")) return JSON.parse(text);
    return JSON.parse(text, (key, value) => (key === "__proto__" ? undefined : value));
  } catch (error) {
    const message = (error as Error).message;
    const position = /position (\d+)/.exec(message)?.[1];
    const loc = position === undefined ? ["body"] : ["body", Number(position)];
    throw fieldError("json_invalid", loc, "JSON decode error", { ctx: { error: message }, input: {} });
  }
}

/** Looks at the structure only, before anything is allocated for it; strings, however long, are skipped. */
function refuseUnreasonable(bytes: Buffer): void {
  let depth = 0;
  let values = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) i = endOfString(bytes, i);
    else if (byte === COMMA) values++;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
      values++;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    if (depth > MAX_DEPTH) throw unreasonable(`nested deeper than ${MAX_DEPTH} levels`);
    if (values > MAX_VALUES) throw unreasonable(`with more than ${MAX_VALUES} values`);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Index of the quote that ends the string begun at `start`; the last index when none does. */
function endOfString(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end !== -1; end = bytes.indexOf(QUOTE, end + 1)) {
    let escapes = 0;
    while (bytes[end - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return bytes.length;
}

function unreasonable(what: string) {
  return fieldError("json_invalid", ["body"], `JSON ${what} is not accepted`);
}
