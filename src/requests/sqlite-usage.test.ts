import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { openSqliteStore } from "./sqlite.ts";
import { sampleFile, sampleRequest } from "./store.conformance.ts";
import type { NewRequest, RequestStore } from "./store.ts";

describe("usage, and requests that are removed", () => {
  let folder: string;
  let store: RequestStore;
  let now = 1000;
  let files = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "reshoot-usage-"));
  });
  after(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await store?.close();
    now = 1000;
    store = await openSqliteStore(join(folder, `${files++}.db`), { now: () => now });
    for (const id of ["a1", "a2"]) await store.accounts.ensureAccount(id, id);
    const key = { id: "k1", accountId: "a1", scope: "API", concurrency: null, budget: 1 } as const;
    await store.accounts.putKey(key, "secret");
  });

  const submit = async (differences: Partial<NewRequest> = {}) =>
    (await store.submit(sampleRequest({ webhook: null, ...differences }))).record;
  const succeed = async (request: Partial<NewRequest>, bill: { price?: number; charge?: number } = {}) => {
    const record = await submit(request);
    const claim = (await store.claim("r", ["cpu"], 1000))!;
    const metrics = { inferenceSeconds: 1.5 };
    const file = sampleFile({ id: `out-${record.id}`, requestId: record.id, size: 30 });
    const output = { video: { $file: file.id }, frames: [{ $url: file.id }] };
    await store.recordEngine(claim, "cpu", null);
    assert.ok(await store.succeed(claim, { output, files: [file], metrics, billableUnits: 2, ...bill }));
    return record;
  };
  const all = { since: 0, until: Number.MAX_SAFE_INTEGER, oldestFirst: false, limit: 10, offset: 0 };

  test("every end leaves one record, which outlives its request", async () => {
    await store.files.insert(sampleFile({ id: "in", size: 12 }));
    const done = await succeed(
      { keyId: "k1", input: { clip: { $url: "in", file_name: "x" } } },
      { price: 0.1, charge: 0.1 },
    );
    now += 10;
    const waiting = await submit();
    await store.cancel(waiting.id);
    const { total, items } = await store.usage.search("a1", all);
    assert.equal(total, 2);
    assert.deepEqual([items[0]!.requestId, items[0]!.status, items[0]!.charge], [waiting.id, "cancelled", 0]);
    const expected = {
      requestId: done.id,
      accountId: "a1",
      keyId: "k1",
      dialect: "fal",
      endpoint: done.endpoint,
      requestedAs: done.requestedAs,
      engine: "cpu",
      status: "succeeded",
      computeSeconds: 1.5,
      inputBytes: 12,
      outputBytes: 30,
      units: 2,
      price: 0.1,
      charge: 0.1,
      createdAt: 1000,
      finishedAt: 1000,
    };
    assert.deepEqual(items[1], expected);
    assert.deepEqual((await store.remove("a1", [done.id])).fileIds, [`out-${done.id}`]);
    assert.deepEqual((await store.usage.search("a1", { ...all, requestIds: [done.id] })).items, [expected]);
    assert.equal((await store.usage.search("a2", all)).total, 0);
  });

  test("pages, periods, sums", async () => {
    for (const [requestedAs, charge] of [
      ["x", 0.1],
      ["y", 0.3],
      ["x", 0.1],
    ] as const) {
      await succeed({ requestedAs, keyId: "k1" }, { price: charge * 2, charge });
      now += 10;
    }
    const page = async (more: Partial<typeof all>) =>
      (await store.usage.search("a1", { ...all, ...more })).items.map(({ finishedAt }) => finishedAt);
    assert.deepEqual(await page({}), [1020, 1010, 1000]);
    assert.deepEqual(await page({ oldestFirst: true, limit: 2 }), [1000, 1010]);
    assert.deepEqual(await page({ offset: 2 }), [1000]);
    assert.deepEqual(await page({ since: 1010, until: 1010 }), [1010]);
    const sums = await store.usage.summary("a1", { since: 0, until: 2000 });
    assert.deepEqual(
      sums.map(({ requestedAs, requests, units }) => [requestedAs, requests, units]),
      [
        ["y", 1, 2],
        ["x", 2, 4],
      ],
    );
    assert.equal(Math.round((await store.usage.charged("k1")) * 1e6), 500_000);
    assert.equal(await store.usage.charged("nobody"), 0);
  });

  test("removing ends what waits, stops what runs, and leaves others alone", async () => {
    const waiting = await submit();
    const running = await submit({ id: "run" });
    const claim = (await store.claim("r", ["cpu"], 1000))!;
    assert.equal(claim.request.id, waiting.id);
    const others = await submit({ accountId: "a2" });
    const { deleted, stopping, fileIds } = await store.remove("a1", [waiting.id, running.id, others.id, "nobody"]);
    assert.deepEqual([deleted, stopping, fileIds], [[running.id], [waiting.id], []]);
    assert.deepEqual(await store.list("a1", { limit: 10 }), []);
    assert.equal((await store.list("a2", { limit: 10 })).length, 1);
    assert.deepEqual((await store.remove("a1", [waiting.id])).stopping, []);
    assert.equal(await store.heartbeat(claim, 1000), "cancel");
    assert.ok(await store.confirmCancelled(claim, { inferenceSeconds: 1 }));
    await store.expire(10);
    assert.equal(await store.get(waiting.id), undefined);
  });

  test("lists by page and age", async () => {
    for (let i = 0; i < 4; i++) {
      await submit({ id: `r${i}` });
      now += 10;
    }
    const ids = async (page: Parameters<RequestStore["list"]>[1]) => (await store.list("a1", page)).map(({ id }) => id);
    assert.deepEqual(await ids({ limit: 2, offset: 1 }), ["r2", "r1"]);
    assert.deepEqual(await ids({ limit: 9, since: 1020 }), ["r3", "r2"]);
    assert.deepEqual(await ids({ limit: 9, offset: 1, endpoint: sampleRequest().endpoint }), ["r2", "r1", "r0"]);
  });
});
