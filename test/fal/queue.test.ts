/** What rides beside the body: headers, query parameters, and the words of refusals. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { RequestRecord } from "../../src/requests/store.ts";
import { forever, gate, startFalServer, type TestServer } from "./server.ts";

type Body = Record<string, unknown>;

describe("fal queue", () => {
  let server: TestServer;

  before(async () => {
    server = await startFalServer({ slots: 1 });
  });
  after(() => server.close());
  beforeEach(async () => {
    await server.idle();
    server.setWorker(async ({ request }) => ({ echo: request.input }));
  });

  const post = (path: string, headers: Record<string, string> = {}, body: object = { prompt: "x" }) =>
    fetch(server.origin + path, { method: "POST", body: JSON.stringify(body), headers });
  const json = async (response: Response): Promise<Body> => (await response.json()) as Body;
  const recordOf = async (reply: Response): Promise<RequestRecord> => {
    assert.equal(reply.status, 200);
    const record = await server.services.store.get(reply.headers.get("x-fal-request-id") ?? "");
    assert.ok(record);
    return record;
  };

  test("a submit is answered only once it is durable", async () => {
    const { submit } = server.services.intake;
    let stored = false;
    server.services.intake.submit = async (call) => {
      const result = await submit(call);
      await new Promise((resolve) => setTimeout(resolve, 50));
      stored = true;
      return result;
    };
    await post("/queue/test-owner/edit");
    assert.ok(stored);
    server.services.intake.submit = submit;
  });

  test("headers reach the request", async () => {
    const lifecycle = '{"expiration_duration_seconds":3600,"initial_acl":{"default":"hide"}}';
    const record = await recordOf(
      await post("/queue/test-owner/edit", {
        "x-fal-no-retry": "1",
        "x-fal-store-io": "0",
        "x-fal-object-lifecycle-preference": lifecycle,
        "x-fal-runner-hint": "warm",
        "x-fal-queue-priority": "low",
        "x-fal-request-timeout": "60",
        "idempotency-key": "abc",
      }),
    );
    const { origin, ...options } = record.options;
    assert.match(String(origin), /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.deepEqual(options, { lifecycle, storeIo: false, runnerHint: "warm" });
    assert.deepEqual(
      [record.maxAttempts, record.priority, record.idempotencyKey, record.dialect],
      [1, "low", "abc", "fal"],
    );
    assert.ok(Math.abs((record.startBy ?? 0) - Date.now() - 60_000) < 5000);
    assert.equal((await recordOf(await post("/queue/test-owner/edit"))).maxAttempts, 10);
    assert.equal((await recordOf(await post("/run/test-owner/edit"))).maxAttempts, 1);
    const bad = await post("/queue/test-owner/edit", { "x-fal-object-lifecycle-preference": "[]" });
    assert.deepEqual([bad.status, (await json(bad)).error_type], [400, "bad_request"]);
  });

  test("an alias keeps its name", async () => {
    const reply = await post("/queue/test-owner/edit-alias");
    const body = await json(reply);
    assert.match(String(body.status_url), /\/queue\/test-owner\/edit-alias\/requests\//);
    const record = await server.services.store.get(String(body.request_id));
    assert.deepEqual([record?.endpoint, record?.requestedAs], ["test-owner/edit", "test-owner/edit-alias"]);
  });

  test("fal_max_queue_length and the position in the queue", async () => {
    const begun = gate();
    server.setWorker((work) => {
      begun.open();
      return forever(work);
    });
    const urls: string[] = [];
    for (let i = 0; i < 3; i++) urls.push(String((await json(await post("/queue/test-owner/edit"))).cancel_url));
    await begun.opened;
    const full = await post("/queue/test-owner/edit?fal_max_queue_length=1");
    assert.equal(full.status, 429);
    assert.equal((await json(full)).error_type, "queue_full");
    const last = await post("/queue/test-owner/edit?fal_max_queue_length=50");
    const body = await json(last);
    assert.equal(body.queue_position, 2);
    assert.equal((await post("/queue/test-owner/edit?fal_max_queue_length=many")).status, 400);
    for (const url of [...urls, String(body.cancel_url)]) await fetch(url, { method: "PUT" });
  });

  test("unknown apps, unknown paths, other vendors, realtime endpoints and wrong methods", async () => {
    const detail = async (reply: Response | Promise<Response>) => {
      const answer = await reply;
      return [answer.status, (await json(answer)).detail];
    };
    for (const area of ["/run", "/queue"]) {
      assert.deepEqual(await detail(post(`${area}/nobody/nothing`)), [404, "Application 'nobody/nothing' not found"]);
      assert.deepEqual(await detail(post(`${area}/test-owner/edit/slow`)), [404, "Path /slow not found"]);
      assert.deepEqual((await detail(post(`${area}/other-vendor/edit`)))[0], 404);
      assert.match(String((await detail(post(`${area}/test-owner/live/realtime`)))[1]), /WebSocket/);
      assert.deepEqual(await detail(fetch(`${server.origin}${area}/test-owner/edit`)), [405, "Method Not Allowed"]);
    }
  });

  test("sync_mode gives the media itself", async () => {
    server.setWorker(async ({ file }) => ({ video: await file(Buffer.from("abc"), "video/mp4", "v.mp4") }));
    const run = async (input: object): Promise<string> => {
      const { video } = (await json(await post("/run/test-owner/edit", {}, input))) as { video: { url: string } };
      return video.url;
    };
    assert.equal(await run({ prompt: "x", sync_mode: true }), "data:video/mp4;base64,YWJj");
    assert.match(await run({ prompt: "x" }), /^http/);
  });

  test("cancel: POST and DELETE too, and words for every outcome", async () => {
    server.setWorker(forever);
    const { cancel_url: url } = await json(await post("/queue/test-owner/edit"));
    const cancel = async (method: string, where = String(url)) => {
      const reply = await fetch(where, { method });
      return [reply.status, (await json(reply)).status];
    };
    assert.deepEqual(await cancel("DELETE"), [202, "CANCELLATION_REQUESTED"]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(await cancel("POST"), [400, "ALREADY_COMPLETED"]);
    assert.deepEqual(await cancel("PUT", String(url).replace(/requests\/[^/]+/, "requests/none")), [404, "NOT_FOUND"]);
  });
});
