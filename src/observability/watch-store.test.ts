import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { openSqliteStore } from "../requests/sqlite.ts";
import type { NewRequest, RequestStore } from "../requests/store.ts";
import { createPrometheusMetrics, renderMetrics } from "./prometheus.ts";
import { watchStore } from "./watch-store.ts";

const newRequest = (change: Partial<NewRequest> = {}): NewRequest => ({
  id: randomUUID(),
  accountId: "local",
  keyId: null,
  dialect: "fal",
  endpoint: "acme/work",
  requestedAs: "acme/work",
  lane: "cpu",
  input: { prompt: "a private matter" },
  seed: 1,
  priority: "normal",
  maxAttempts: 2,
  startBy: null,
  keepForMs: 60_000,
  webhook: null,
  idempotencyKey: null,
  options: {},
  ...change,
});

test("each ending is told once, however it comes", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "watch-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const metrics = createPrometheusMetrics({ process: "runner", endpoints: ["acme/work"], engines: ["cpu"] });
  const lines: Record<string, unknown>[] = [];
  const log = { info: (details: object) => void lines.push({ ...details }), warn: () => assert.fail("a warning") };
  const bare = await openSqliteStore(join(folder, "reshoot.db"), { metrics });
  const store: RequestStore = watchStore(bare, { metrics, log });
  t.after(() => store.close());
  await store.accounts.ensureAccount("local", "Local");
  const begin = async (change: Partial<NewRequest> = {}) => {
    const { record } = await store.submit(newRequest(change));
    const claim = await store.claim("test", ["cpu"], 60_000);
    assert.equal(claim?.request.id, record.id);
    return claim;
  };
  const result = { output: {}, files: [], metrics: { inferenceSeconds: 1.5 }, billableUnits: 1 };
  const error = (code: "value_error" | "runner_disconnected") => ({ code, message: "", issues: [] });

  const succeeded = await begin();
  assert.equal(await store.succeed(succeeded, result), true);
  assert.equal(await store.succeed(succeeded, result), false);
  const retried = await begin();
  assert.equal(await store.fail(retried, error("runner_disconnected"), { inferenceSeconds: 0 }), "requeued");
  assert.equal(await store.cancel(retried.request.id), "cancelled");
  await store.fail(await begin(), error("value_error"), { inferenceSeconds: 0.25 });
  const stopped = await begin();
  await store.cancel(stopped.request.id);
  await store.confirmCancelled(stopped, { inferenceSeconds: 0 });
  await begin({ maxAttempts: 1 });
  await store.reclaimAll();
  await store.submit(newRequest({ startBy: 1 }));
  await store.reap();
  await store.release(await begin());
  assert.deepEqual(await store.depth(), [{ lane: "cpu", status: "queued", count: 1 }]);
  await turn();

  const outcomes = lines.map(({ outcome, code, attempts }) => [outcome, code, attempts]);
  assert.deepEqual(outcomes, [
    ["succeeded", undefined, 1],
    ["cancelled", "client_cancelled", 1],
    ["failed", "value_error", 1],
    ["cancelled", "client_cancelled", 1],
    ["failed", "runner_disconnected", 1],
    ["failed", "request_timeout", 0],
  ]);
  assert.equal(lines[0]?.request, succeeded.request.id);
  assert.equal(lines[0]?.runMs, 1500);
  assert.ok(Number(lines[0]?.waitMs) >= 0);
  assert.ok(!JSON.stringify(lines).includes("private"));
  const page = await renderMetrics([await metrics.snapshot()]);
  assert.match(page, /reshoot_requests_submitted_total\{endpoint="acme\/work",process="runner"\} 7/);
  assert.match(page, /reshoot_request_retries_total\{endpoint="acme\/work",process="runner"\} 1/);
  assert.match(page, /reshoot_request_wait_seconds_count\{endpoint="acme\/work",process="runner"\} 6/);
  assert.match(page, /outcome="failed",process="runner"\} 3/);
  assert.match(page, /reshoot_store_read_seconds_count\{process="runner"\} [1-9]/);
});
