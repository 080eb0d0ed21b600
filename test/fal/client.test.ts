/** The official client, unmodified: `fal.config(connect(...))` is all that differs. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import { ApiError, createFalClient, fal, type QueueStatus, ValidationError } from "@fal-ai/client";
import { connect } from "../../src/client/index.ts";
import { fieldError, ReshootError } from "../../src/errors.ts";
import { forever, gate, startFalServer, type TestServer, type Worker } from "./server.ts";

const ID = "test-owner/edit/fast/turbo";

/** Endpoints of the test server are none of the client's typed ones. */
type Input = Record<string, unknown>;

describe("official JavaScript client", () => {
  let server: TestServer;
  let client: ReturnType<typeof createFalClient>;

  before(async () => {
    server = await startFalServer();
    client = createFalClient(connect(server.origin));
  });
  after(() => server.close());
  beforeEach(async () => {
    await server.idle();
    server.setWorker(withFile);
  });

  test("fal.config(connect(origin)) and run", async () => {
    fal.config(connect(server.origin));
    const result = await fal.run(ID, { input: { prompt: "a cat" } as Input });
    assert.equal(result.data.prompt, "a cat");
    assert.match(result.requestId, /^[0-9a-f-]{36}$/);
    const file = await fetch(result.data.video.url);
    assert.equal(await file.text(), "not really a video");
    assert.equal(result.data.video.file_size, 18);
  });

  test("subscribe, polling, with logs", async () => {
    server.setWorker(async (work) => {
      await work.log("one");
      await new Promise((resolve) => setTimeout(resolve, 100));
      await work.log("two");
      return withFile(work);
    });
    const updates: QueueStatus[] = [];
    let enqueued = "";
    const result = await client.subscribe(ID, {
      input: { prompt: "x" } as Input,
      logs: true,
      pollInterval: 20,
      onEnqueue: (id) => {
        enqueued = id;
      },
      onQueueUpdate: (update) => updates.push(update),
    });
    assert.equal(result.requestId, enqueued);
    const last = updates.at(-1) as QueueStatus & { status: "COMPLETED" };
    assert.equal(last.status, "COMPLETED");
    assert.deepEqual(
      last.logs.map(({ message }) => message),
      ["one", "two"],
    );
    assert.equal(last.metrics?.inference_time, 0.25);
    assert.ok(updates.some(({ status }) => status === "IN_PROGRESS"));
  });

  test("subscribe, streaming: logs are not doubled (trap 23)", async () => {
    server.setWorker(async (work) => {
      await work.log("one");
      await work.log("two");
      await new Promise((resolve) => setTimeout(resolve, 50));
      await work.log("three");
      return withFile(work);
    });
    let logs: string[] = [];
    const result = await client.subscribe(ID, {
      input: { prompt: "x" } as Input,
      logs: true,
      mode: "streaming",
      onQueueUpdate: (update) => {
        if ("logs" in update) logs = update.logs.map(({ message }) => message);
      },
    });
    assert.equal(result.data.prompt, "x");
    assert.deepEqual(logs, ["one", "two", "three"]);
  });

  test("queue.submit, status, result and their URLs", async () => {
    const held = gate();
    server.setWorker(async (work) => {
      await held.opened;
      return withFile(work);
    });
    const submitted = await client.queue.submit(ID, { input: { prompt: "x" } as Input, priority: "low", hint: "h" });
    assert.equal(submitted.status, "IN_QUEUE");
    assert.equal(
      submitted.status_url,
      `${server.origin}/queue/test-owner/edit/requests/${submitted.request_id}/status`,
    );
    const requestId = submitted.request_id;
    await assert.rejects(client.queue.result(ID, { requestId }), { status: 400 });
    held.open();
    const completed = await client.queue.subscribeToStatus(ID, { requestId, pollInterval: 20 });
    assert.equal(completed.status, "COMPLETED");
    assert.deepEqual(completed.logs, []);
    const result = await client.queue.result(ID, { requestId });
    assert.equal(result.requestId, requestId);
    assert.equal(result.data.prompt, "x");
  });

  test("queue.streamStatus ends with COMPLETED", async () => {
    const { request_id: requestId } = await client.queue.submit(ID, { input: { prompt: "x" } as Input });
    const stream = await client.queue.streamStatus(ID, { requestId, logs: true });
    const last = (await stream.done()) as QueueStatus;
    assert.equal(last.status, "COMPLETED");
  });

  test("stream: progress, then the result", async () => {
    const held = gate();
    server.setWorker(async (work) => {
      work.progress(0.25, "décoder");
      await held.opened;
      return withFile(work);
    });
    const stream = await client.stream(ID, { input: { prompt: "überschön 🎬" } });
    const events: Input[] = [];
    for await (const event of stream) {
      events.push(event as Input);
      held.open();
    }
    const last = (await stream.done()) as Input;
    assert.deepEqual(events[0], { type: "progress", progress: 0.25, stage: "décoder" });
    assert.equal(last.prompt, "überschön 🎬");
    assert.match(stream.requestId ?? "", /^[0-9a-f-]{36}$/);
  });

  test("stream in client mode, with a token instead of the key", async () => {
    const stream = await client.stream(ID, { input: { prompt: "x" }, connectionMode: "client" });
    assert.equal(((await stream.done()) as Input).prompt, "x");
  });

  test("a stream that fails before any event rejects with the model's error", async () => {
    server.setWorker(async () => {
      throw fieldError("image_too_small", ["body", "video_url"], "Too small", { ctx: { min_width: 64 } });
    });
    const stream = await client.stream(ID, { input: { prompt: "x" } });
    await assert.rejects(stream.done(), (error: ValidationError) => {
      assert.equal(error.status, 422);
      assert.equal(error.getFieldErrors("video_url")[0]?.msg, "Too small");
      return true;
    });
  });

  test("a stream that fails after an event rejects too", async () => {
    server.setWorker(async ({ progress }) => {
      progress(0.5);
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new ReshootError("downstream_service_error", "The engine gave up");
    });
    const stream = await client.stream(ID, { input: { prompt: "x" } });
    const events: Input[] = [];
    stream.on("data", (event) => events.push(event as Input));
    await assert.rejects(stream.done());
    assert.equal((events.at(-1)?.detail as Input[] | undefined)?.[0]?.msg, "The engine gave up");
  });

  test("storage.upload of a small file", async () => {
    const bytes = randomBytes(300_000);
    const url = await client.storage.upload(new File([bytes], "kátze 1.mp4", { type: "video/mp4" }));
    const response = await fetch(url);
    assert.equal(response.headers.get("content-type"), "video/mp4");
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes);
  });

  test("storage.upload of more than 90 MiB goes in parts", async () => {
    const size = 91 * 1024 * 1024 + 17;
    const bytes = Buffer.alloc(size);
    for (let i = 0; i < size; i += 1024) bytes.writeUInt32LE(i, Math.min(i, size - 4));
    const url = await client.storage.upload(new File([bytes], "large.mp4", { type: "video/mp4" }));
    const hash = createHash("sha256");
    for await (const chunk of (await fetch(url)).body!) hash.update(chunk);
    assert.equal(hash.digest("hex"), createHash("sha256").update(bytes).digest("hex"));
  });

  test("a File in the input is uploaded first, and the input points to it", async () => {
    server.setWorker(async ({ request }) => ({ seen: request.input }));
    const file = new File(["frames"], "clip.webm", { type: "video/webm" });
    const result = await client.run(ID, { input: { prompt: "x", video_url: file } as Input });
    assert.equal(result.data.seen.video_url.startsWith(`${server.origin}/cdn/files/`), true);
    assert.equal(await (await fetch(result.data.seen.video_url)).text(), "frames");
  });

  test("queue.cancel: the work stops, and the result is 499", async () => {
    server.setWorker(forever);
    const { request_id: requestId } = await client.queue.submit(ID, { input: { prompt: "x" } as Input });
    await client.queue.cancel(ID, { requestId });
    const status = await client.queue.subscribeToStatus(ID, { requestId, pollInterval: 20 });
    assert.equal((status as { error_type?: string }).error_type, "client_cancelled");
    await assert.rejects(client.queue.result(ID, { requestId }), { status: 499 });
    await assert.rejects(client.queue.cancel(ID, { requestId }), { status: 400 });
  });

  test("ValidationError names the fields", async () => {
    await assert.rejects(client.run(ID, { input: { strength: 7 } as Input }), (error: ValidationError) => {
      assert.ok(error instanceof ValidationError);
      assert.equal(error.getFieldErrors("prompt")[0]?.type, "missing");
      assert.equal(error.getFieldErrors("strength")[0]?.type, "less_than_equal");
      assert.match(error.requestId, /^[0-9a-f-]{36}$/);
      return true;
    });
  });

  test("ApiError carries status, body and request id", async () => {
    server.setWorker(async () => {
      throw new ReshootError("downstream_service_error", "The engine gave up");
    });
    const { request_id: requestId } = await client.queue.submit(ID, { input: { prompt: "x" } as Input });
    const status = await client.queue.subscribeToStatus(ID, { requestId, pollInterval: 20 });
    assert.equal((status as { error_type?: string }).error_type, "downstream_service_error");
    await assert.rejects(client.queue.result(ID, { requestId }), (error: ApiError<Input>) => {
      assert.ok(error instanceof ApiError && !(error instanceof ValidationError));
      assert.equal(error.status, 400);
      assert.equal(error.requestId, requestId);
      assert.equal((error.body.detail as Input[])[0]?.type, "downstream_service_error");
      return true;
    });
    await assert.rejects(client.run("no-such/app", { input: {} as Input }), { status: 404 });
  });

  test("startTimeout: 504 that the client does not retry (trap 15)", async () => {
    const full = gate();
    server.setWorker(async (work) => {
      await full.opened;
      return withFile(work);
    });
    const busy = [1, 2, 3, 4].map(() => client.queue.submit(ID, { input: { prompt: "busy" } as Input }));
    await Promise.all(busy);
    const reaper = setInterval(async () => {
      for (const id of await server.services.store.reap()) server.services.events.publish({ type: "changed", id });
    }, 100);
    try {
      const started = performance.now();
      await assert.rejects(client.run(ID, { input: { prompt: "x" } as Input, startTimeout: 1.1 }), {
        status: 504,
        timeoutType: "user",
      });
      assert.ok(performance.now() - started < 3000);
    } finally {
      clearInterval(reaper);
      full.open();
    }
  });

  test("a run that is aborted stops its work", async () => {
    const stopped = gate();
    const begun = gate();
    server.setWorker((work) => {
      begun.open();
      work.cancelled.addEventListener("abort", () => stopped.open());
      return forever(work);
    });
    const abort = new AbortController();
    const run = client.run(ID, { input: { prompt: "x" } as Input, abortSignal: abort.signal });
    await begun.opened;
    abort.abort();
    await assert.rejects(run);
    await stopped.opened;
  });

  test("proxyUrl in its object form, with the server's own proxy", async () => {
    const proxied = createFalClient({
      proxyUrl: { url: `${server.origin}/api/fal/proxy`, when: "always" },
      credentials: "unused:key",
    });
    const result = await proxied.subscribe(ID, { input: { prompt: "x" } as Input, pollInterval: 20 });
    assert.equal(result.data.prompt, "x");
    const stream = await proxied.stream(ID, { input: { prompt: "y" } });
    assert.equal(((await stream.done()) as Input).prompt, "y");
    const url = await proxied.storage.upload(new File(["z"], "z.txt", { type: "text/plain" }));
    assert.equal(await (await fetch(url)).text(), "z");
  });

  test("proxyUrl together with connect", async () => {
    const proxied = createFalClient({
      ...connect(server.origin),
      proxyUrl: { url: `${server.origin}/api/fal/proxy`, when: "always" },
    });
    const result = await proxied.subscribe(ID, { input: { prompt: "x" } as Input, mode: "streaming" });
    assert.equal(result.data.prompt, "x");
  });

  test("connect's result is a Config of the client's", () => {
    const config: NonNullable<Parameters<typeof createFalClient>[0]> = connect(server.origin, { key: "id:secret" });
    assert.equal(config.credentials, "id:secret");
  });
});

const withFile: Worker = async ({ request, file }) => ({
  prompt: request.input.prompt as string,
  video: await file(Buffer.from("not really a video"), "video/mp4", "out.mp4"),
});
