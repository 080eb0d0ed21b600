import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ReshootError } from "../errors.ts";
import { MAX_LIFETIME_SECONDS, mayRead, parseLifecycle } from "./expiry.ts";

const NAME = "X-Fal-Object-Lifecycle";
const parse = (value: string | undefined, keepMs: number | null = 7000) =>
  parseLifecycle({ name: NAME, value }, { now: 1000, keepMs });
const open = { default: "allow", rules: [] };

test("without a header the server's own lifetime holds", () => {
  for (const value of [undefined, "", "{}", '{"expiration_duration_seconds":null,"initial_acl":null,"new":1}']) {
    assert.deepEqual(parse(value), { expiresAt: 8000, access: open });
  }
  assert.equal(parse(undefined, null).expiresAt, null);
});

test("lifetime and access are read", () => {
  assert.deepEqual(parse('{"expiration_duration_seconds":60}'), { expiresAt: 61_000, access: open });
  assert.equal(parse('{"expiration_duration_seconds":0.5}').expiresAt, 1500);
  const rules = [{ user: "ann", decision: "allow" }];
  assert.deepEqual(parse(JSON.stringify({ initial_acl: { default: "forbid", rules } })).access, {
    default: "forbid",
    rules,
  });
  assert.deepEqual(parse(JSON.stringify({ initial_acl: { rules } })).access, { default: "allow", rules });
});

test("malformed headers are errors that name the header", () => {
  const values = ["x", "[]", "1", "null", '"a"', "{"].concat(
    ["-1", "0", '"60"', "1e400", String(MAX_LIFETIME_SECONDS + 1), "true", "[]"].map(
      (seconds) => `{"expiration_duration_seconds":${seconds}}`,
    ),
    ["[]", '"hide"', '{"default":"deny"}', '{"default":null}', '{"rules":{}}', '{"rules":[1]}', '{"rules":[{}]}'].map(
      (acl) => `{"initial_acl":${acl}}`,
    ),
    ['{"initial_acl":{"rules":[{"user":"","decision":"allow"}]}}', '{"initial_acl":{"rules":[{"user":"a"}]}}'],
    [
      JSON.stringify({ initial_acl: { rules: Array(101).fill({ user: "a", decision: "hide" }) } }),
      `${" ".repeat(20_000)}{}`,
    ],
  );
  for (const value of values) {
    assert.throws(
      () => parse(value),
      (thrown: unknown) =>
        thrown instanceof ReshootError && thrown.code === "bad_request" && thrown.message.includes(NAME),
      value.slice(0, 60),
    );
  }
});

test("any JSON is read or refused", () => {
  fc.assert(
    fc.property(fc.json(), (value) => {
      try {
        parse(value);
      } catch (thrown) {
        assert.ok(thrown instanceof ReshootError);
      }
    }),
  );
});

test("the owner may read, then the first rule decides, then the default", () => {
  const rules = [
    { user: "ann", decision: "allow" },
    { user: "bob", decision: "forbid" },
    { user: "ann", decision: "hide" },
    { user: "owner", decision: "forbid" },
  ] as const;
  const file = { accountId: "owner", access: { default: "hide", rules } } as const;
  assert.equal(mayRead(file, "owner"), "allow");
  assert.equal(mayRead(file, "ann"), "allow");
  assert.equal(mayRead(file, "bob"), "forbid");
  assert.equal(mayRead(file, "eve"), "hide");
  assert.equal(mayRead(file, null), "hide");
  assert.equal(mayRead({ accountId: "owner", access: { default: "allow", rules: [] } }, null), "allow");
});
