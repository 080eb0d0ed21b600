import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint } from "../endpoints/endpoint.ts";
import type { Engine } from "../engines/engine.ts";
import { ReshootError } from "../errors.ts";
import type { OperationName } from "../operations/operations.ts";
import { createRouter } from "./router.ts";

const engine = (name: string, operations: OperationName[], whole: string[] = []): Engine => ({
  name,
  slots: 1,
  summary: name,
  operations,
  supportsEndpoint: (id) => (whole.includes(id) ? { ok: true } : { ok: false, reason: "not this one" }),
  start: async () => {},
  stop: async () => {},
  openJob: async () => ({ operations: {}, close: async () => {} }),
});

const endpoint = (needs: OperationName[], runs = true): Endpoint =>
  ({
    id: "acme/erase",
    needs: () => needs.map((operation) => ({ operation, loc: ["body", "video_url"], why: "Give a mask instead." })),
    ...(runs ? { run: async () => ({}) } : {}),
  }) as unknown as Endpoint;

test("an engine that serves the whole endpoint comes first", () => {
  const router = createRouter([engine("cpu", ["removeObject"]), engine("relay", [], ["acme/erase"])]);
  assert.equal(router.route(endpoint(["removeObject"]), {}).name, "relay");
});

test("else the engine of the first operation", () => {
  const router = createRouter([engine("a", ["probe"]), engine("b", ["removeObject"])]);
  assert.equal(router.route(endpoint(["removeObject", "probe"]), {}).name, "b");
});

test("what no engine offers is refused at the field, in words that say what is configured and what it takes", () => {
  const router = createRouter([engine("cpu", ["removeObject"])]);
  assert.throws(
    () => router.route(endpoint(["segment", "removeObject"]), {}),
    (error: unknown) => {
      assert.ok(error instanceof ReshootError);
      assert.equal(error.code, "feature_not_supported");
      assert.equal(error.issues.length, 1);
      const [issue] = error.issues;
      assert.deepEqual(issue?.loc, ["body", "video_url"]);
      assert.match(issue!.msg, /acme\/erase needs to .*cpu \(removeObject\).*It takes .*Give a mask instead\./s);
      assert.equal(issue?.ctx?.operation, "segment");
      return true;
    },
  );
});

test("an endpoint that nothing composes is refused without claiming that an operation is missing", () => {
  const router = createRouter([engine("cpu", ["removeObject"])]);
  assert.throws(
    () => router.route(endpoint(["removeObject"], false), {}),
    (error: unknown) => {
      assert.ok(error instanceof ReshootError);
      assert.equal(error.code, "feature_not_supported");
      assert.match(error.message, /acme\/erase is not served by the configured engines \(cpu\)/);
      return true;
    },
  );
});
