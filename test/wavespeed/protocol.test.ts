/** The contract itself, without a client: shapes, codes, and what the clients never do. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { ReshootError } from "../../src/errors.ts";
import { forever, gate } from "../fal/server.ts";
import { EDIT, oneFile, settled, startWavespeedServer, VOID, type WavespeedServer } from "./server.ts";

const CLIP = "https://example.com/clip.mp4";
const MASKED = { video: CLIP, prompt: "x", mask_video: CLIP };

describe("WaveSpeed's contract", () => {
  let server: WavespeedServer;

  before(async () => {
    server = await startWavespeedServer();
  });
  after(() => server.close());
  beforeEach(async () => {
    await server.idle();
    server.setWorker(oneFile);
  });

  const submit = async (model: string, body: object): Promise<string> => {
    const answer = await server.call(`/${model}`, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.data.id;
  };

  test("a submit answers with the whole prediction", async () => {
    const { status, body } = await server.call(`/${VOID}`, MASKED);
    assert.deepEqual([status, body.code, body.message], [200, 200, "success"]);
    const { id, created_at, input, ...rest } = body.data;
    assert.match(id, /^[\da-f]{32}$/);
    assert.ok(Math.abs(Date.parse(created_at) - Date.now()) < 5000);
    assert.equal(input.mask_video, CLIP);
    assert.deepEqual(rest, {
      model: VOID,
      outputs: [],
      urls: { get: `${server.origin}/api/v3/predictions/${id}/result` },
      has_nsfw_contents: [],
      status: "created",
      error: "",
      code: 0,
      executionTime: 0,
      timings: { inference: 0 },
    });
    await settled(server, id);
  });

  test("both result routes, in every state", async () => {
    const started = gate();
    server.setWorker((work) => {
      started.open();
      return forever(work);
    });
    const id = await submit(EDIT, { prompt: "x" });
    await started.opened;
    assert.equal((await server.call(`/predictions/${id}`)).body.data.status, "processing");
    server.setWorker(oneFile);
    const done = await submit(EDIT, { prompt: "x" });
    const prediction = await settled(server, done);
    assert.deepEqual([prediction.status, prediction.code, prediction.has_nsfw_contents], ["completed", 0, [false]]);
    assert.deepEqual(prediction.timings, { inference: 250 });
    assert.deepEqual((await server.call(`/predictions/${done}`)).body.data, prediction);
    assert.equal((await server.call("/predictions/delete", { ids: [id] })).body.data.deleted_count, 1);
  });

  test("failures are predictions with their own codes, in words no client misreads", async () => {
    const table = [
      ["content_policy_violation", 1200],
      ["file_download_error", 1402],
      ["downstream_service_error", 1403],
      ["no_media_generated", 1405],
      ["generation_timeout", 5004],
    ] as const;
    for (const [code, expected] of table) {
      server.setWorker(() => Promise.reject(new ReshootError(code, "connection timeout: fetch timed out")));
      const prediction = await settled(server, await submit(EDIT, { prompt: "x" }));
      assert.deepEqual([prediction.status, prediction.code, prediction.outputs], ["failed", expected, []]);
      assert.equal(/connection|timeout|fetch|timed out/.test(prediction.error), expected === 5004, prediction.error);
    }
  });

  test("what a request lacks or has wrong", async () => {
    const table: [body: unknown, code: string, field: string][] = [
      [{ prompt: "x", mask_video: CLIP }, "1400", "video"],
      [{ video: "", prompt: "x", mask_video: CLIP }, "1400", "video"],
      [{ video: CLIP, mask_video: CLIP }, "1400", "prompt"],
      [{ video: CLIP, prompt: "x" }, "1400", "mask_prompt"],
      [{ video: CLIP, prompt: "x", mask_video: "", mask_prompt: "" }, "1400", "mask_prompt"],
      [{ ...MASKED, num_inference_steps: 51 }, "1401", "num_inference_steps"],
      [{ ...MASKED, num_inference_steps: 0 }, "1401", "num_inference_steps"],
      [{ ...MASKED, guidance_scale: 20.5 }, "1401", "guidance_scale"],
      [{ ...MASKED, strength: -0.1 }, "1401", "strength"],
      [{ ...MASKED, num_frames: 198 }, "1401", "num_frames"],
      [{ ...MASKED, seed: "x" }, "1401", "seed"],
      [{ ...MASKED, video: "ftp://example.com/x" }, "1401", "video"],
      [{ ...MASKED, enable_sync_mode: "perhaps" }, "1401", "enable_sync_mode"],
      [[MASKED], "1401", ""],
    ];
    for (const [input, code, field] of table) {
      const { status, body } = await server.call(`/${VOID}`, input);
      assert.deepEqual([status, body.code, body.error_code], [400, 400, code], JSON.stringify(input));
      assert.deepEqual([body.data.status, body.data.code], ["failed", Number(code)]);
      assert.ok(body.message.startsWith(field), body.message);
    }
    const broken = await server.call(`/${VOID}`, {}, { body: "{" });
    assert.deepEqual([broken.status, broken.body.error_code], [400, "1401"]);
  });

  test("unknown models and paths", async () => {
    for (const path of [
      "wavespeed-ai/nothing",
      "test-owner/edit",
      `reshoot/${VOID}x`,
      "reshoot/",
      "constructor",
      "%2e",
    ]) {
      const { status, body } = await server.call(`/${path}`, {});
      assert.deepEqual([status, body.code], [404, 404], path);
    }
    assert.match((await server.call("/reshoot/test-owner/live/realtime", {})).body.message, /realtime/);
    assert.equal((await server.call("/no/such/path")).status, 404);
    assert.equal((await server.call(`/predictions/${"0".repeat(32)}/result`)).status, 404);
  });

  test("fal's endpoints take WaveSpeed's spellings", async () => {
    const id = await submit("reshoot/fal-ai/void-video-inpainting", MASKED);
    const { model, input } = await settled(server, id);
    assert.equal(model, "reshoot/fal-ai/void-video-inpainting");
    assert.deepEqual([input.video_url, input.quad_mask_video_url], [CLIP, CLIP]);
    assert.equal(
      (await settled(server, await submit("reshoot/test-owner/edit-alias", { prompt: "x" }))).status,
      "completed",
    );
  });

  test("results that hold no file are the output; base64 has no prefix", async () => {
    server.setWorker(async () => ({ answer: 42 }));
    assert.deepEqual((await settled(server, await submit(EDIT, { prompt: "x" }))).outputs, [{ answer: 42 }]);
    server.setWorker(oneFile);
    const { body } = await server.call(`/${EDIT}`, { prompt: "x", enable_sync_mode: true, enable_base64_output: true });
    assert.deepEqual(body.data.outputs, [Buffer.from("not really a video").toString("base64")]);
    assert.deepEqual((await server.call(`/predictions/${body.data.id}`)).body.data.outputs, body.data.outputs);
    const both = await server.call(`/${EDIT}?webhook=https%3A%2F%2Fexample.com`, {
      prompt: "x",
      enable_base64_output: true,
    });
    assert.equal(both.status, 400);
    assert.match(both.body.error, /webhook.*base64/);
  });

  test("what one dialect took, the other shows", async () => {
    const id = await submit(EDIT, { prompt: "x" });
    await settled(server, id);
    const uuid = id.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    for (const spelled of [id, uuid]) {
      const response = await fetch(`${server.origin}/queue/test-owner/edit/requests/${spelled}`);
      const result = (await response.json()) as { video: { url: string } };
      assert.equal(await (await fetch(result.video.url)).text(), "not really a video");
    }
    const init = { method: "POST", body: JSON.stringify({ prompt: "from fal" }) };
    const queued = await (await fetch(`${server.origin}/queue/test-owner/edit`, init)).json();
    const { request_id } = queued as { request_id: string };
    const prediction = await settled(server, request_id);
    assert.deepEqual([prediction.model, prediction.status, prediction.outputs.length], [EDIT, "completed", 1]);
  });

  test("predictions are listed newest first, and deleted with their files", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.unshift(await submit(EDIT, { prompt: String(i) }));
    const done = await Promise.all(ids.map((id) => settled(server, id)));
    const listed = async (page: number) =>
      (await server.call("/predictions", { page, page_size: 2 })).body.data.items.map(({ id }: { id: string }) => id);
    assert.deepEqual([...(await listed(1)), (await listed(2))[0]], ids);
    const { body } = await server.call("/predictions/delete", { ids: [...ids, ids[0], "0".repeat(32), "../x"] });
    assert.deepEqual(body.data, { deleted_count: 3 });
    for (const { id, outputs } of done) {
      assert.equal((await server.call(`/predictions/${id}`)).status, 404);
      assert.equal((await fetch(outputs[0])).status, 404);
    }
    assert.equal((await server.call("/predictions", {})).body.error_code, "1400");
    assert.equal((await server.call("/predictions", { page: 1, page_size: 101 })).body.error_code, "1401");
    assert.equal((await server.call("/predictions/delete", { ids: "x" })).body.error_code, "1401");
  });

  test("what is deleted while it runs stops, and is gone at once", async () => {
    const [started, stopped] = [gate(), gate()];
    server.setWorker((work) => {
      started.open();
      work.cancelled.addEventListener("abort", () => stopped.open());
      return forever(work);
    });
    const id = await submit(EDIT, { prompt: "x" });
    await started.opened;
    assert.equal((await server.call("/predictions/delete", { ids: [id] })).body.data.deleted_count, 1);
    assert.equal((await server.call(`/predictions/${id}`)).status, 404);
    await stopped.opened;
    assert.equal((await server.call("/predictions/delete", { ids: [id] })).body.data.deleted_count, 0);
  });

  test("models and both spellings of the price", async () => {
    const { data } = (await server.call("/models")).body;
    const model = data.find((entry: { model_id: string }) => entry.model_id === VOID);
    assert.equal(model.base_price, 0.05);
    assert.deepEqual(model.api_schema.api_schemas[0].request_schema.required, ["video", "prompt"]);
    assert.ok(data.some((entry: { model_id: string }) => entry.model_id === EDIT));
    const table = [
      [{ mask_prompt: "a man" }, 0.05],
      [{ mask_prompt: "a man", enable_pass2_refinement: true }, 0.1],
      [{ mask_video: CLIP }, 0.1],
      [{ mask_video: CLIP, enable_pass2_refinement: "true" }, 0.15],
      [{}, 0.05],
    ] as const;
    for (const [inputs, price] of table) {
      const priced = (await server.call("/model/price", { model_id: VOID, inputs })).body.data;
      assert.deepEqual([priced.price, priced.discounted_price, priced.model_id], [price, price, VOID]);
      const unit = (await server.call("/model/pricing", { model_id: VOID, inputs })).body.data;
      assert.deepEqual(unit, { model_id: VOID, unit_price: price, currency: "USD" });
    }
    assert.equal((await server.call("/model/price", { model_id: "nobody/knows", inputs: {} })).status, 404);
    const wrong = await server.call("/model/price", { model_id: VOID, inputs: { num_frames: 999 } });
    assert.equal(wrong.body.error_code, "1401");
  });

  test("uploads: the ticket's own bytes, once, by whoever has the ticket; forms; preflights", async () => {
    const ticket = await server.call("/media/uploads", { filename: "../a.png", size: 4, content_type: "image/png" });
    const { type, download_url, filename, size, upload } = ticket.body.data;
    assert.deepEqual([type, filename, size, upload.method], ["image", "a.png", 4, "PUT"]);
    assert.deepEqual(upload.headers, { "Content-Type": "image/png" });
    const put = (url: string, body: string) => fetch(url, { method: "PUT", headers: upload.headers, body });
    assert.equal((await put(upload.url, "12345")).status, 400);
    assert.equal((await put(upload.url.replace("size=4", "size=5"), "12345")).status, 403);
    assert.equal((await fetch(download_url)).status, 404);
    for (const [pieces, status] of [
      [["12", "3"], 400],
      [["12", "345"], 400],
    ] as const) {
      const body = ReadableStream.from(pieces.map((piece) => Buffer.from(piece)));
      const streamed = { method: "PUT", headers: upload.headers, body, duplex: "half" } as RequestInit;
      assert.equal((await fetch(upload.url, streamed)).status, status);
    }
    assert.equal((await fetch(download_url)).status, 404);
    assert.equal((await put(upload.url, "1234")).status, 200);
    const file = await fetch(download_url);
    assert.deepEqual([file.headers.get("content-type"), await file.text()], ["image/png", "1234"]);
    assert.equal((await put(upload.url, "abcd")).status, 400);
    assert.equal((await server.call("/media/uploads", { filename: "x" })).body.error_code, "1400");
    assert.equal((await server.call("/media/uploads", { filename: "x", size: 1e15 })).status, 413);
    const form = new FormData();
    form.append("file", new Blob(["hello"], { type: "audio/wav" }), "h.wav");
    const headers = { authorization: "Bearer any" };
    for (const path of ["/api/v3/media/upload/binary", "/api/v2/media/upload/binary", "/api/v3/upload"]) {
      const response = await fetch(`${server.origin}${path}`, { method: "POST", headers, body: form });
      const { code, data } = (await response.json()) as { code: number; data: Record<string, unknown> };
      assert.deepEqual([code, data.type, data.filename, data.size], [200, "audio", "h.wav", 5]);
      assert.equal(await (await fetch(String(data.url))).text(), "hello");
      const nothing = await fetch(`${server.origin}${path}`, { method: "POST", headers, body: "{}" });
      assert.equal(nothing.status, 400);
    }
    const preflight = await fetch(upload.url, {
      method: "OPTIONS",
      headers: { origin: "http://localhost", "access-control-request-method": "PUT" },
    });
    assert.deepEqual([preflight.status, preflight.headers.get("access-control-allow-origin")], [204, "*"]);
  });
});

describe("keys and bills", () => {
  let server: WavespeedServer;
  const env = { RESHOOT_KEYS: "me:secret,other:secret2", RESHOOT_PRICES: "vendor" };

  before(async () => {
    server = await startWavespeedServer({ env, key: "me:secret" });
  });
  after(() => server.close());

  test("keys", async () => {
    for (const headers of [{}, { authorization: "Bearer me:wrong" }, { authorization: "Key me:secret" }] as Record<
      string,
      string
    >[]) {
      const { status, body } = await server.call("/balance", undefined, { headers });
      assert.deepEqual([status, body.code], [401, 401]);
    }
    const mine = (await server.call(`/${EDIT}`, { prompt: "x" })).body.data.id;
    const headers = { authorization: "Bearer other:secret2" };
    assert.equal((await server.call(`/predictions/${mine}`, undefined, { headers })).status, 404);
    const secrets = await Promise.all([
      server.call("/webhook/secret"),
      server.call("/webhook/secret", undefined, { headers }),
    ]);
    const [one, two] = secrets.map(({ body }) => body.data.secret);
    assert.match(one, /^whsec_[\da-f]{64}$/);
    assert.notEqual(one, two);
  });

  test("bills outlive predictions; failures cost nothing", async () => {
    const done = await settled(server, (await server.call(`/${EDIT}`, { prompt: "x" })).body.data.id);
    server.setWorker(() => Promise.reject(new ReshootError("video_load_error", "no")));
    const failed = await settled(server, (await server.call(`/${EDIT}`, { prompt: "x" })).body.data.id);
    await server.call("/predictions/delete", { ids: [done.id] });
    const { body } = await server.call("/billings/search", {
      prediction_uuids: [done.id, failed.id],
      page: 1,
      page_size: 10,
    });
    assert.equal(body.data.total, 2);
    const [second, first] = body.data.items;
    assert.deepEqual(
      [first.prediction.uuid, first.price, first.order.origin_price, first.access_key_name],
      [done.id, 0.1, 0.1, "me"],
    );
    assert.deepEqual([second.prediction.status, second.price], ["failed", 0]);
    assert.equal(first.prediction.model_uuid, EDIT);
    const search = async (more: object) =>
      (await server.call("/billings/search", { page: 1, page_size: 1, ...more })).body.data;
    assert.equal((await search({ end_time: "1000" })).total, 0);
    assert.equal((await search({ billing_type: "recharge" })).total, 0);
    assert.equal((await search({ sort: "created_at asc" })).items.length, 1);
    assert.equal(
      (await server.call("/billings/search", { page: 1, page_size: 1, start_time: "x" })).body.error_code,
      "1401",
    );
    const usage = (await server.call("/account/usage")).body.data;
    assert.deepEqual(
      usage.by_model.map(({ model }: { model: string }) => model),
      [EDIT],
    );
    assert.equal(usage.total_cost, Math.round(usage.total_requests * 0.1 * 1e6) / 1e6);
    assert.equal((await server.call("/balance")).body.data.balance, 1_000_000);
    const headers = { authorization: "Key me:secret" };
    const falUsage = await fetch(`${server.origin}/v1/models/usage?endpoint_id=test-owner/edit`, { headers });
    const { time_series } = (await falUsage.json()) as { time_series: { results: { cost: number; unit: string }[] }[] };
    assert.equal(time_series.length, 1);
    assert.deepEqual([time_series[0]!.results[0]!.cost, time_series[0]!.results[0]!.unit], [usage.total_cost, "video"]);
    assert.equal((await fetch(`${server.origin}/v1/models/usage?start=x`, { headers })).status, 400);
  });

  test("a key with a budget", async () => {
    server.setWorker(oneFile);
    const key = { id: "other", accountId: "other", scope: "API", concurrency: null, budget: 0.25 } as const;
    await server.services.store.accounts.putKey(key, "secret2");
    const authorization = "Bearer other:secret2";
    const call = (path: string, body?: object) => server.call(path, body, { headers: { authorization } });
    for (const left of [0.15, 0.05]) {
      const { body } = await call(`/${EDIT}`, { prompt: "x", enable_sync_mode: true });
      assert.equal(body.data.status, "completed");
      assert.equal((await call("/balance")).body.data.balance, left);
    }
    const refused = await call(`/${EDIT}`, { prompt: "x" });
    assert.deepEqual([refused.status, refused.body.code], [403, 403]);
    const init = { method: "POST", headers: { authorization }, body: JSON.stringify({ prompt: "x" }) };
    const fal = await fetch(`${server.origin}/queue/test-owner/edit`, init);
    assert.equal(fal.status, 403);
    assert.match(((await fal.json()) as { detail: string }).detail, /^User is locked\. Reason: Exhausted balance\./);
  });
});
