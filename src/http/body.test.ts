import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ReshootError } from "../errors.ts";
import { parseJson } from "./body.ts";

const parse = (text: string): unknown => parseJson(Buffer.from(text));

test("nothing is an empty object", () => {
  assert.deepEqual(parse(""), {});
  assert.deepEqual(parse(" \r\n"), {});
});

test("errors say where", () => {
  assert.throws(
    () => parse(`{"a": "${"x".repeat(50)}", b}`),
    (error: ReshootError) => {
      assert.equal(error.code, "json_invalid");
      assert.deepEqual(error.issues[0]?.loc, ["body", 60]);
      return true;
    },
  );
});

test("__proto__ is dropped", () => {
  const value = parse('{"__proto__":{"admin":true},"a":{"__proto__":1,"b":2}}') as Record<string, unknown>;
  assert.deepEqual(Object.keys(value), ["a"]);
  assert.equal(Object.assign({}, value).admin, undefined);
  const escaped = parse('{"__pr\\u006fto__":{"admin":true},"b":"\\u00e9"}') as Record<string, unknown>;
  assert.deepEqual([Object.keys(escaped), escaped.b, escaped.admin], [["b"], "é", undefined]);
});

test("depth and number of values are bounded before parsing, strings are not", () => {
  for (const text of ["[".repeat(1e6), '{"a":'.repeat(1e5), `[${"1,".repeat(3e5)}1]`]) {
    assert.throws(() => parse(text), { code: "json_invalid" });
  }
  const long = `{"a":"${'[\\"{,'.repeat(1e6)}"}`;
  assert.equal((parse(long) as { a: string }).a.length, 4e6);
});

test("agrees with JSON.parse on every JSON value", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value);
      if (!text.includes("__proto__")) assert.deepEqual(parse(text), JSON.parse(text));
    }),
  );
});

test("any bytes give a value or a ReshootError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        parseJson(Buffer.from(bytes));
      } catch (error) {
        assert.ok(error instanceof ReshootError);
      }
    }),
  );
});
