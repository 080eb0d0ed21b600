import assert from "node:assert/strict";
import { test } from "node:test";
import { newRequestId, requestIdOf } from "./ids.ts";

test("new ids are UUIDs of version 7 that begin with their time, and no two are the same", () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  const ids = Array.from({ length: 1000 }, () => newRequestId(now));
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  assert.equal(Number.parseInt(ids[0]!.replace("-", "").slice(0, 12), 16), now);
  assert.ok(newRequestId(now) < newRequestId(now + 1));
  assert.equal(requestIdOf(ids[0]!.replaceAll("-", "").toUpperCase()), ids[0]);
});
