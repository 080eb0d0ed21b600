import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRORS, type ErrorCode, fieldError, ReshootError } from "../errors.ts";
import { errorReply, fromThrown } from "./errors.ts";

test("every code has a reply in one of the two shapes", () => {
  for (const [code, { status, shape }] of Object.entries(ERRORS)) {
    const reply = errorReply(new ReshootError(code as ErrorCode, "why"));
    assert.equal(reply.status, status, code);
    assert.equal(Array.isArray(reply.body.detail), shape === "model", code);
    if (shape === "platform") assert.equal(reply.body.detail, "why", code);
  }
});

test("an issue keeps its context and a short input, not a data URI", () => {
  const short = errorReply(fieldError("less_than_equal", ["body", "n"], "Too many", { ctx: { le: 5 }, input: 9 }));
  assert.deepEqual(short.body.detail, [
    {
      loc: ["body", "n"],
      msg: "Too many",
      type: "less_than_equal",
      url: "https://docs.fal.ai/errors/#less_than_equal",
      ctx: { le: 5 },
      input: 9,
    },
  ]);
  const long = errorReply(fieldError("image_load_error", ["body", "u"], "Bad", { input: "x".repeat(5000) }));
  assert.ok(!JSON.stringify(long.body).includes("xxx"));
});

test("Fastify's errors and defects", () => {
  const fastify = (code: string, statusCode: number) => Object.assign(new Error("said Fastify"), { code, statusCode });
  assert.equal(fromThrown(fastify("FST_ERR_CTP_BODY_TOO_LARGE", 413)).code, "payload_too_large");
  assert.equal(fromThrown(fastify("FST_ERR_CTP_INVALID_CONTENT_LENGTH", 400)).code, "bad_request");
  const defect = fromThrown(new TypeError("secret detail"));
  assert.equal(defect.code, "internal_server_error");
  assert.ok(!JSON.stringify(errorReply(defect).body).includes("secret"));
});
