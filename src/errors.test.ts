import assert from "node:assert/strict";
import { test } from "node:test";
import { deserializeError, fieldError, invalidInput, ReshootError, toReshootError } from "./errors.ts";

test("an error survives JSON", () => {
  const error = fieldError("greater_than", ["body", "fps"], "Input should be greater than 0", {
    ctx: { gt: 0 },
    input: -1,
  });
  const again = deserializeError(JSON.parse(JSON.stringify(error)));
  assert.deepEqual(again.toJSON(), error.toJSON());
  assert.equal(again.status, 422);
});

test("several issues make one error that names every field", () => {
  const error = invalidInput([
    { loc: ["body", "prompt"], msg: "Field required", type: "missing" },
    { loc: ["body", "images", 0, "url"], msg: "Input should be a valid string", type: "string_type" },
  ]);
  assert.equal(error.code, "missing");
  assert.equal(error.message, "prompt: Field required; images.0.url: Input should be a valid string");
});

test("a defect keeps its cause but not its text", () => {
  const error = toReshootError(new Error("password in here"));
  assert.equal(error.code, "internal_server_error");
  assert.ok(!JSON.stringify(error).includes("password"));
  assert.ok(error.cause instanceof Error);
});

test("a full and a failing disk are told apart, and a ReshootError is left alone", () => {
  const systemError = (code: string) => toReshootError(Object.assign(new Error("x"), { code })).code;
  for (const code of ["ENOSPC", "EDQUOT"]) assert.equal(systemError(code), "storage_full");
  for (const code of ["EIO", "EROFS", "EACCES", "EMFILE"]) assert.equal(systemError(code), "unavailable");
  assert.equal(systemError("ENOENT"), "internal_server_error");
  const own = new ReshootError("not_found", "no such request");
  assert.equal(toReshootError(own), own);
});
