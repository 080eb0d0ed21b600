import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { after, before, describe, test } from "node:test";
import Fastify from "fastify";
import { startFalServer, type TestServer, type Worker } from "../../test/fal/server.ts";
import { fieldError, ReshootError } from "../errors.ts";
import { sampleRequest } from "../requests/store.conformance.ts";
import type { Json, JsonObject } from "../requests/store.ts";
import { type Received, type Receiver, startReceiver, until } from "../requests/webhooks.receiver.ts";
import { createWebhookDeliverer, type WebhookDeliverer } from "../requests/webhooks.ts";
import { authenticate } from "./auth.ts";
import { createFalWebhooks, registerWebhookDeliveries } from "./webhooks.ts";

type Body = { [key: string]: Json };

/** The recipe that the vendor documents for receivers, word for word. */
function verifies({ headers, body }: Received, jwks: { keys: { x: string }[] }, now = Date.now()): boolean {
  const part = (name: string) => String(headers[`x-fal-webhook-${name}`] ?? "");
  const [requestId, userId, timestamp, signature] = ["request-id", "user-id", "timestamp", "signature"].map(part);
  if (!requestId || !userId || !timestamp || !signature) return false;
  if (!(Math.abs(now / 1000 - Number(timestamp)) <= 300)) return false;
  const hash = createHash("sha256").update(body).digest("hex");
  const message = Buffer.from([requestId, userId, timestamp, hash].join("\n"), "utf8");
  return jwks.keys.some(({ x }) => {
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return verify(null, message, key, Buffer.from(signature, "hex"));
  });
}

const withFile: Worker = async (work) => ({
  video: await work.file(Buffer.from("not really a vidéo"), "video/mp4", "a b.mp4"),
  seed: 7,
  note: "ü 🐈",
});

describe("fal webhooks", { timeout: 30_000 }, () => {
  let server: TestServer;
  let receiver: Receiver;
  let deliverer: WebhookDeliverer;
  let jwks: { keys: { x: string }[] };

  before(async () => {
    server = await startFalServer({ env: { RESHOOT_KEYS: "mine:s1,other:s2" } });
    receiver = await startReceiver();
    const { store, events } = server.services;
    deliverer = createWebhookDeliverer({
      store,
      events,
      dialects: { fal: createFalWebhooks(server.services) },
      policy: { allowLoopback: true, allowPrivate: false },
      log: server.services.log,
      pollMs: 20,
    });
    await deliverer.start();
    jwks = (await (await fetch(`${server.origin}/.well-known/jwks.json`)).json()) as typeof jwks;
  });
  after(async () => {
    await deliverer.stop();
    await receiver.close();
    await server.close();
  });

  /** Submits with a webhook, waits for it, and checks its headers and signature. */
  async function webhookOf(worker: Worker, body: JsonObject = { prompt: "x" }) {
    server.setWorker(worker);
    const hook = encodeURIComponent(`${receiver.origin}/hook`);
    const reply = await fetch(`${server.origin}/queue/test-owner/edit?fal_webhook=${hook}`, {
      method: "POST",
      headers: { authorization: "Key mine:s1", "x-fal-no-retry": "1" },
      body: JSON.stringify(body),
    });
    const { request_id: id, response_url } = (await reply.json()) as { request_id: string; response_url: string };
    const mine = () => receiver.received.filter(({ headers }) => headers["x-fal-webhook-request-id"] === id);
    await until(() => mine().length > 0);
    const [received] = mine() as [Received];
    const { headers } = received;
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers["x-fal-webhook-user-id"], "local");
    assert.match(String(headers["x-fal-webhook-timestamp"]), /^\d{10}$/);
    assert.match(String(headers["x-fal-webhook-signature"]), /^[0-9a-f]{128}$/);
    assert.ok(verifies(received, jwks), "the documented recipe accepts it");
    return { id, received, response_url, payload: JSON.parse(received.body.toString()) as Body };
  }

  const getResult = async (url: string) => {
    const reply = await fetch(url, { headers: { authorization: "Key mine:s1" } });
    return { status: reply.status, body: (await reply.json()) as Body };
  };

  test("a result: the queue's own body as payload, signed over the very bytes", async () => {
    const { id, received, response_url, payload } = await webhookOf(withFile);
    const result = await getResult(response_url);
    assert.equal(
      received.body.toString(),
      JSON.stringify({ request_id: id, gateway_request_id: id, status: "OK", error: null, payload: result.body }),
    );
    const { url } = (payload.payload as { video: { url: string } }).video;
    assert.equal(await (await fetch(url)).text(), "not really a vidéo");
    const forged = Buffer.from(received.body);
    forged[forged.length - 2]! ^= 1;
    assert.equal(verifies({ ...received, body: forged }, jwks), false);
    assert.equal(verifies(received, jwks, Date.now() + 301_000), false);
  });

  test("sync mode: the file itself", async () => {
    const { payload } = await webhookOf(withFile, { prompt: "x", sync_mode: true });
    assert.match((payload.payload as { video: { url: string } }).video.url, /^data:video\/mp4;base64,/);
  });

  test("a failure: status in words, and the model's error body", async () => {
    const { id, payload, response_url } = await webhookOf(async () => {
      throw fieldError("video_load_error", ["body", "video_url"], "no video");
    });
    const result = await getResult(response_url);
    assert.equal(result.status, 422);
    assert.deepEqual(payload, {
      request_id: id,
      gateway_request_id: id,
      status: "ERROR",
      error: "Invalid status code: 422",
      payload: result.body,
    });
    assert.deepEqual((result.body.detail as Body[])[0]?.loc, ["body", "video_url"]);
  });

  test("a failure of the platform, and a cancel", async () => {
    const { payload } = await webhookOf(async () => {
      throw new ReshootError("generation_timeout", "too slow");
    });
    assert.equal(payload.error, "Invalid status code: 504");
    const { services } = server;
    const { record } = await services.store.submit(sampleRequest({ accountId: "local", lane: "none" }));
    await services.store.cancel(record.id);
    const cancelled = (await services.store.get(record.id))!;
    const body = JSON.parse(Buffer.from(await createFalWebhooks(services).body(cancelled)).toString());
    assert.deepEqual([body.status, body.error], ["ERROR", "Invalid status code: 499"]);
    assert.equal(body.payload.error_type, "client_cancelled");
  });

  test("a result that cannot be written says so in payload_error", async () => {
    const { services } = server;
    const { record } = await services.store.submit(
      sampleRequest({ accountId: "local", lane: "broken", input: { sync_mode: true } }),
    );
    const claim = (await services.store.claim("test", ["broken"], 10_000))!;
    const output = { video: { $file: "x", file_name: "x.mp4" } };
    const metrics = { inferenceSeconds: 1 };
    await services.store.succeed(claim, { output, files: [], metrics, billableUnits: 1 });
    const broken = { ...services, files: { ...services.files, get: () => Promise.reject(new Error("bad disk")) } };
    const bytes = await createFalWebhooks(broken).body((await services.store.get(record.id))!);
    assert.equal(
      Buffer.from(bytes).toString(),
      `{"request_id":"${record.id}","gateway_request_id":"${record.id}","status":"OK","payload":null,` +
        '"payload_error":"The result could not be written: Internal server error"}',
    );
  });

  test("file URLs use the public origin, else the caller's at submit, else where the server listens", async () => {
    const { services } = server;
    const render = async (options: JsonObject, publicUrl?: string): Promise<string> => {
      const { record } = await services.store.submit(sampleRequest({ accountId: "local", lane: "urls", options }));
      const claim = (await services.store.claim("test", ["urls"], 10_000))!;
      const metrics = { inferenceSeconds: 1 };
      const output = { video: { $url: "f", file_name: "v.mp4" } };
      await services.store.succeed(claim, { output, files: [], metrics, billableUnits: 1 });
      const dialect = createFalWebhooks({ ...services, config: { ...services.config, publicUrl } });
      const bytes = await dialect.body((await services.store.get(record.id))!);
      return JSON.parse(Buffer.from(bytes).toString()).payload.video;
    };
    const caller = { origin: "http://10.0.0.9:7860" };
    assert.equal(await render(caller, "https://video.example"), "https://video.example/cdn/files/f/v.mp4");
    assert.equal(await render(caller), "http://10.0.0.9:7860/cdn/files/f/v.mp4");
    assert.equal(await render({ origin: "https://v3.fal.media" }), "https://v3.fal.media/files/f/v.mp4");
    for (const options of [{}, { origin: 7 }, { origin: "nonsense" }] as JsonObject[]) {
      assert.equal(await render(options), `${server.origin}/cdn/files/f/v.mp4`);
    }
  });

  test("an account whose name no header can hold still signs", async () => {
    const dialect = createFalWebhooks(server.services);
    const record = { id: "r", accountId: "Jürgen\n" } as Parameters<typeof dialect.headers>[0];
    const body = Buffer.from("{}");
    const headers = Object.entries(dialect.headers(record, body, Date.now()));
    const received = {
      method: "POST",
      path: "/",
      body,
      headers: Object.fromEntries(headers.map(([k, v]) => [k.toLowerCase(), v])),
    };
    assert.equal(received.headers["x-fal-webhook-user-id"], "J%C3%BCrgen%0A");
    assert.ok(verifies(received, jwks));
  });

  test("the owner, and nobody else, reads what was sent", async () => {
    const app = Fastify();
    app.register(
      async (scope) => {
        scope.addHook("onRequest", authenticate(server.services));
        scope.setErrorHandler((error, _request, reply) =>
          reply.code(error instanceof ReshootError ? error.status : 500).send({ detail: String(error) }),
        );
        registerWebhookDeliveries(scope, server.services);
      },
      { prefix: "/v1" },
    );
    const get = (id: string, key: string) =>
      app.inject({ url: `/v1/requests/${id}/webhook-deliveries`, headers: { authorization: `Key ${key}` } });
    const { id } = await webhookOf(withFile);
    await until(async () => (await server.services.store.webhooks.get(id))?.delivery.state === "delivered");
    const reply = await get(id, "mine:s1");
    assert.equal(reply.statusCode, 200);
    const { request_id, deliveries } = reply.json();
    assert.equal(request_id, id);
    const [{ attempts, created_at, ...delivery }] = deliveries;
    assert.deepEqual(delivery, { url: `${receiver.origin}/hook`, state: "delivered", next_attempt_at: null });
    assert.equal(new Date(created_at).toISOString(), created_at);
    const [{ at, duration_ms, ...attempt }] = attempts;
    assert.deepEqual(attempt, { attempt: 1, status_code: 200, error: null });
    assert.ok(at >= created_at && duration_ms >= 0);

    assert.equal((await get(id, "other:s2")).statusCode, 404);
    assert.equal((await get("absent", "mine:s1")).statusCode, 404);
    assert.equal((await get(id, "mine:wrong")).statusCode, 401);
    const { record } = await server.services.store.submit(
      sampleRequest({ accountId: "local", lane: "none", webhook: null }),
    );
    assert.deepEqual((await get(record.id, "mine:s1")).json(), { request_id: record.id, deliveries: [] });
    await app.close();
  });
});
