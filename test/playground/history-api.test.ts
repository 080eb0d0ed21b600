/** What the history and usage pages ask of the server: filters, pages, deletion, sums. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { RequestsReply, RequestView, UsageReply } from "../../src/playground/api.ts";
import { startTestServer, type TestServer } from "../end-to-end/server.ts";
import { writePast } from "./past.ts";

const HOUR = 3_600_000;
const OTHER = "fal-ai/video-upscaler";

describe("the history's API", () => {
  let server: TestServer;
  let data: string;
  before(async () => {
    server = await startTestServer();
    data = join(server.folder, "data");
  });
  after(() => server.close());

  const ask = async <T>(path: string, method = "GET"): Promise<{ status: number; body: T }> => {
    const response = await fetch(`${server.origin}/playground/api${path}`, { method });
    return { status: response.status, body: (await response.json()) as T };
  };
  const list = async (query: string): Promise<RequestsReply> => (await ask<RequestsReply>(`/requests?${query}`)).body;

  test("filters by endpoint, status and time", async () => {
    const written = await writePast(data, "local", [
      { end: "succeeded", ago: 50 * HOUR, file: "one.png", prompt: "x".repeat(300) },
      { end: "failed", ago: 30 * HOUR, prompt: "<b>" },
      { end: "cancelled", ago: 20 * HOUR, endpoint: OTHER },
      { end: "queued", ago: HOUR, endpoint: OTHER },
    ]);
    const [done, failed, cancelled, queued] = written.map(({ id }) => id);
    const ids = async (query: string) => (await list(query)).items.map(({ id }) => id);
    assert.deepEqual(await ids(""), [queued, cancelled, failed, done]);
    assert.deepEqual(await ids(`endpoint=${OTHER}`), [queued, cancelled]);
    assert.deepEqual(await ids("status=failed"), [failed]);
    assert.deepEqual(await ids(`status=queued&endpoint=${OTHER}`), [queued]);
    assert.deepEqual(await ids(`since=${Date.now() - 40 * HOUR}&until=${Date.now() - 10 * HOUR}`), [cancelled, failed]);

    const { items } = await list("");
    const [first, second] = [items.at(-1)!, items.at(-2)!];
    assert.equal(first.words.length, 200);
    assert.match(first.words, /^x+…$/);
    assert.equal(first.preview?.kind, "image");
    assert.equal(first.preview?.of, "result");
    assert.equal((await fetch(first.preview!.url)).status, 200);
    assert.deepEqual([second.failure, second.preview], ["no video in <b>", null]);
    for (const query of ["status=done", "since=yesterday", "cursor=x", "until=-1"]) {
      assert.equal((await ask(`/requests?${query}`)).status, 400, query);
    }
  });

  test("pages lose nothing and repeat nothing, also among requests of one moment", async () => {
    const past = Array.from(
      { length: 60 },
      () => ({ end: "cancelled", ago: 100 * HOUR, endpoint: "one/moment" }) as const,
    );
    const written = await writePast(data, "local", past);
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: RequestsReply = await list(`endpoint=one/moment&cursor=${cursor}`);
      assert.ok(page.items.length > 0);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.cursor;
    }
    assert.deepEqual(seen.sort(), written.map(({ id }) => id).sort());
  });

  test("deletes a request with its file, and leaves its usage and others' requests", async () => {
    const [mine] = await writePast(data, "local", [
      { end: "succeeded", file: "gone.png", price: 0.5, endpoint: "to/delete" },
    ]);
    const [theirs] = await writePast(data, "somebody", [{ end: "succeeded", file: "stays.png" }]);
    const url = `${server.origin}/cdn/files/${mine!.file!.id}/gone.png`;
    assert.equal((await fetch(url)).status, 200);
    assert.deepEqual((await ask(`/requests/${mine!.id}`, "DELETE")).body, { deleted: mine!.id });
    assert.equal((await fetch(url)).status, 404);
    assert.equal((await ask(`/requests/${mine!.id}`)).status, 404);
    assert.equal((await ask(`/requests/${mine!.id}`, "DELETE")).status, 404);
    assert.deepEqual((await list("endpoint=to/delete")).items, []);

    for (const method of ["GET", "DELETE"]) assert.equal((await ask(`/requests/${theirs!.id}`, method)).status, 404);
    assert.equal((await fetch(`${server.origin}/cdn/files/${theirs!.file!.id}/x`)).status, 200);
    const { body } = await ask<UsageReply>(`/usage?edges=${Date.now() - HOUR},${Date.now() + HOUR}`);
    assert.equal(body.points.find(({ endpoint }) => endpoint === "to/delete")?.price, 0.5);
  });

  test("a result whose file has expired says so", async () => {
    const [past] = await writePast(data, "local", [{ end: "succeeded", file: "old.png", endpoint: "with/file" }]);
    const before = (await ask<RequestView>(`/requests/${past!.id}`)).body;
    assert.deepEqual([before.files[0]?.fileName, before.expiredFiles], ["old.png", 0]);
    const { openSqliteStore } = await import("../../src/requests/sqlite.ts");
    const store = await openSqliteStore(join(data, "reshoot.db"));
    await store.files.delete(past!.file!.id);
    await store.close();
    const after = (await ask<RequestView>(`/requests/${past!.id}`)).body;
    assert.deepEqual([after.files, after.expiredFiles], [[], 1]);
    assert.equal((await list("endpoint=with/file")).items[0]?.preview, null);
  });

  test("sums usage by the caller's own periods", async () => {
    const past = [
      { end: "succeeded", ago: 25 * HOUR, price: 0.1, endpoint: "sum/a" },
      { end: "succeeded", ago: HOUR, price: 0.2, endpoint: "sum/a" },
      { end: "failed", ago: HOUR, endpoint: "sum/a" },
    ] as const;
    await writePast(data, "local", past);
    const now = Date.now();
    const { body } = await ask<UsageReply>(`/usage?edges=${now - 26 * HOUR},${now - 2 * HOUR},${now}`);
    const sums = body.points.filter(({ endpoint }) => endpoint === "sum/a");
    const point = { endpoint: "sum/a", charge: 0 };
    assert.deepEqual(sums, [
      { ...point, period: 0, succeeded: 1, failed: 0, computeSeconds: 2, price: 0.1 },
      { ...point, period: 1, succeeded: 1, failed: 1, computeSeconds: 4, price: 0.2 },
    ]);
    const many = Array.from({ length: 400 }, (_, index) => index).join(",");
    for (const edges of ["", "1", "2,1", "1,1", "1,x", "1,2e3", many]) {
      assert.equal((await ask(`/usage?edges=${edges}`)).status, 400, edges.slice(0, 20));
    }
  });
});
