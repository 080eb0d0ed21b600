/** The traps of the fal protocol (PROTOCOL, "Traps", 1 to 34), as far as they are about HTTP. One test each. */
import assert from "node:assert/strict";
import { connect as connectSocket } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { fieldError, ReshootError } from "../../src/errors.ts";
import { forever, gate, startFalServer, type TestServer } from "./server.ts";

type Body = Record<string, unknown>;

describe("fal traps", () => {
  let server: TestServer;
  let base: string;

  before(async () => {
    server = await startFalServer({ slots: 2 });
    base = server.origin;
  });
  after(() => server.close());
  beforeEach(async () => {
    await server.idle();
    server.setWorker(async ({ request }) => ({ echo: request.input }));
  });

  const post = (path: string, body: unknown = { prompt: "x" }, headers: Record<string, string> = {}) =>
    fetch(`${base}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const json = async (response: Response): Promise<Body> => (await response.json()) as Body;
  const submit = async (id = "test-owner/edit/fast/turbo", query = ""): Promise<string> =>
    (await json(await post(`/queue/${id}${query}`))).request_id as string;
  const completed = async (url: string): Promise<Body> => {
    for (;;) {
      const response = await fetch(url);
      if (response.status === 200) return json(response);
      assert.equal(response.status, 202);
      await response.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  test("trap 1: follow-up URLs carry owner and alias only, and apps share their request ids", async () => {
    const id = await submit();
    await completed(`${base}/queue/test-owner/edit/requests/${id}/status`);
    const result = await fetch(`${base}/queue/test-owner/edit/requests/${id}`);
    assert.deepEqual(await result.json(), { echo: { prompt: "x", strength: 0.5 } });
    // Under the full id for hand-written clients, under anything else not at all.
    assert.equal((await fetch(`${base}/queue/test-owner/edit/fast/turbo/requests/${id}`)).status, 200);
    assert.equal((await fetch(`${base}/queue/test-owner/edit/other/requests/${id}`)).status, 404);
    assert.equal((await fetch(`${base}/queue/test-owner/edit-alias/requests/${id}`)).status, 404);
    assert.equal((await fetch(`${base}/queue/123/my-app/requests/${id}`)).status, 404);
  });

  test("trap 2: returned URLs are absolute and use the origin the caller used", async () => {
    const body = await json(await post("/queue/test-owner/edit"));
    const url = `${base}/queue/test-owner/edit/requests/${body.request_id}`;
    assert.deepEqual(body, {
      status: "IN_QUEUE",
      request_id: body.request_id,
      gateway_request_id: body.request_id,
      response_url: url,
      status_url: `${url}/status`,
      cancel_url: `${url}/cancel`,
      queue_position: 0,
    });
    await completed(body.status_url as string);
    assert.equal((await fetch(body.response_url as string)).status, 200);
    const other = await fetch(`${base.replace("127.0.0.1", "localhost")}/queue/test-owner/edit`, {
      method: "POST",
      body: '{"prompt":"x"}',
    });
    assert.match(String((await json(other)).status_url), /^http:\/\/localhost:/);
  });

  test("trap 2: with a public URL, that is what returned URLs use", async () => {
    const outside = await startFalServer({ env: { RESHOOT_PUBLIC_URL: "https://video.example/" } });
    try {
      const reply = await fetch(`${outside.origin}/queue/test-owner/edit`, { method: "POST", body: '{"prompt":"x"}' });
      assert.match(
        String((await json(reply)).status_url),
        /^https:\/\/video\.example\/queue\/test-owner\/edit\/requests\//,
      );
    } finally {
      await outside.close();
    }
  });

  test("trap 3: requests is no endpoint path", async () => {
    for (const path of ["/test-owner/edit/requests", "/test-owner/edit/requests/x/y", "/test-owner/edit/requests/"]) {
      assert.equal((await post(`/queue${path}`)).status, 404, path);
      assert.equal((await post(`/run${path}`)).status, 404, path);
    }
    assert.equal((await post("/queue/test-owner/edit/requests/x")).status, 405);
  });

  test("trap 4: run and submit differ by prefix only", async () => {
    assert.deepEqual(await json(await post("/run/test-owner/edit")), { echo: { prompt: "x", strength: 0.5 } });
    assert.equal((await json(await post("/queue/test-owner/edit"))).status, "IN_QUEUE");
  });

  test("trap 4: with the vendor's host name, the host decides", async () => {
    const raw = await rawRequest(
      base,
      'POST /test-owner/edit HTTP/1.1\r\nHost: queue.fal.run\r\nContent-Length: 14\r\nConnection: close\r\n\r\n{"prompt":"x"}',
    );
    assert.match(raw, /"status":"IN_QUEUE"/);
    assert.match(raw, /"status_url":"http:\/\/queue\.fal\.run\/test-owner\/edit\/requests\//);
  });

  test("trap 5: trailing slashes are served, never redirected", async () => {
    const submitted = await post("/queue/test-owner/edit/");
    assert.equal(submitted.status, 200);
    const id = (await json(submitted)).request_id;
    await completed(`${base}/queue/test-owner/edit/requests/${id}/status/?logs=1`);
    for (const path of [`requests/${id}/`, `requests/${id}/response`, `requests/${id}/response/`]) {
      assert.equal((await fetch(`${base}/queue/test-owner/edit/${path}`, { redirect: "error" })).status, 200, path);
    }
    for (const path of ["/rest/tokens/", "/rest/tokens"]) {
      assert.equal((await post(path, { allowed_apps: ["edit"], token_expiration: 120 })).status, 200, path);
    }
  });

  test("trap 6: workflows and comfy add a segment", async () => {
    const body = await json(await post("/queue/workflows/acme/chain/run"));
    assert.equal(body.status_url, `${base}/queue/workflows/acme/chain/requests/${body.request_id}/status`);
    await completed(body.status_url as string);
    assert.equal((await fetch(body.response_url as string)).status, 200);
  });

  test("trap 7: fal_webhook is decoded once, encoded or raw", async () => {
    const hook = "https://hooks.example/a?x=1%262&y=%C3%A9";
    for (const value of [encodeURIComponent(hook), hook.replace("&", "%26").replace("%262", "%25262")]) {
      const id = await submit("test-owner/edit", `?fal_webhook=${value}`);
      assert.ok((await server.services.store.get(id))?.webhook?.startsWith("https://hooks.example/a?x=1"), value);
    }
    const exact = await submit("test-owner/edit", `?fal_webhook=${encodeURIComponent(hook)}`);
    assert.equal((await server.services.store.get(exact))?.webhook, hook);
    for (const bad of ["ftp://x", "nonsense", "javascript:alert(1)"]) {
      const reply = await post(`/queue/test-owner/edit?fal_webhook=${bad}`);
      assert.equal(reply.status, 422);
      assert.deepEqual(((await json(reply)).detail as Body[])[0]?.loc, ["query", "fal_webhook"]);
    }
  });

  test("trap 8: an empty body with a JSON content type counts as {}", async () => {
    server.setWorker(forever);
    const id = await submit();
    const headers = { "content-type": "application/json" };
    const status = await fetch(`${base}/queue/test-owner/edit/requests/${id}/status`, { headers });
    assert.equal(status.status, 202);
    const cancelled = await fetch(`${base}/queue/test-owner/edit/requests/${id}/cancel`, { method: "PUT", headers });
    assert.equal(cancelled.status, 202);
    assert.deepEqual(await json(cancelled), { status: "CANCELLATION_REQUESTED" });
    const run = await fetch(`${base}/run/test-owner/edit`, { method: "POST", headers });
    assert.equal(run.status, 422);
    assert.equal(((await json(run)).detail as Body[])[0]?.type, "missing");
  });

  test("trap 9: the route decides about events, not Accept", async () => {
    const headers = { accept: "application/json" };
    const stream = await post("/run/test-owner/edit/stream", { prompt: "x" }, headers);
    assert.equal(stream.headers.get("content-type"), "text/event-stream");
    assert.match(await stream.text(), /^data: \{"echo"/);
    const plain = await post("/run/test-owner/edit", { prompt: "x" }, { accept: "text/event-stream" });
    assert.match(plain.headers.get("content-type") ?? "", /^application\/json/);
    const id = await submit();
    const status = await fetch(`${base}/queue/test-owner/edit/requests/${id}/status/stream`, { headers });
    assert.equal(status.headers.get("content-type"), "text/event-stream");
    await status.text();
  });

  test("trap 10: priority on every request, timeouts as floats", async () => {
    const headers = { "x-fal-queue-priority": "normal", "x-fal-request-timeout": "30.0" };
    assert.equal((await post("/queue/test-owner/edit", { prompt: "x" }, headers)).status, 200);
    const low = await json(await post("/queue/test-owner/edit", { prompt: "x" }, { "X-Fal-Queue-Priority": "low" }));
    assert.equal((await server.services.store.get(low.request_id as string))?.priority, "low");
    for (const bad of ["soon", "0.05", "-1", "NaN"]) {
      const reply = await post("/queue/test-owner/edit", { prompt: "x" }, { "x-fal-request-timeout": bad });
      assert.equal(reply.status, 400);
      assert.equal((await json(reply)).error_type, "bad_request");
    }
  });

  test("trap 11: logs as 0, 1, true, false", async () => {
    server.setWorker(async (work) => {
      await work.log("hello");
      return {};
    });
    const url = `${base}/queue/test-owner/edit/requests/${await submit()}/status`;
    await completed(url);
    for (const [value, count] of Object.entries({ "0": 0, false: 0, "1": 1, true: 1, nonsense: 0 })) {
      assert.equal(((await json(await fetch(`${url}?logs=${value}`))).logs as Body[]).length, count, value);
    }
    const [line] = (await json(await fetch(`${url}?logs=1`))).logs as Body[];
    assert.deepEqual(Object.keys(line ?? {}), ["message", "level", "source", "timestamp"]);
    assert.equal(line?.source, "USER");
  });

  test("traps 12 and 13: only three status words, their keys always there, 200 only for COMPLETED", async (t) => {
    const held = gate();
    t.after(held.open);
    const begun = gate();
    let running = 0;
    server.setWorker(async () => {
      running++;
      if (running === 2) begun.open();
      await held.opened;
      throw new ReshootError("runner_disconnected", "The engine went away");
    });
    const submitted = await post("/run/test-owner/edit/nothing");
    assert.equal(submitted.status, 404);
    const ids = await Promise.all([submit(), submit(), submit(), submit()]);
    await begun.opened;
    const statuses = await Promise.all(ids.map((id) => fetch(`${base}/queue/test-owner/edit/requests/${id}/status`)));
    const bodies = await Promise.all(statuses.map(json));
    assert.deepEqual(
      statuses.map(({ status }) => status),
      [202, 202, 202, 202],
    );
    const started = bodies.filter(({ status }) => status === "IN_PROGRESS");
    const queued = bodies.filter(({ status }) => status === "IN_QUEUE");
    assert.equal(started.length, 2);
    for (const body of started) assert.deepEqual(body.logs, []);
    assert.deepEqual(queued.map((body) => body.queue_position).sort(), [0, 1]);
    for (const body of bodies) assert.ok(body.response_url && body.status_url && body.cancel_url && body.request_id);
    for (const id of ids) await fetch(`${base}/queue/test-owner/edit/requests/${id}/cancel`, { method: "PUT" });
  });

  test("trap 12: a failure is COMPLETED with error and error_type", async () => {
    server.setWorker(async () => {
      throw fieldError("video_load_error", ["body", "video_url"], "Not a video");
    });
    const id = await submit();
    const status = await completed(`${base}/queue/test-owner/edit/requests/${id}/status`);
    assert.equal(status.status, "COMPLETED");
    assert.equal(status.error, "Not a video");
    assert.equal(status.error_type, "video_load_error");
    assert.deepEqual(status.metrics, { inference_time: 0.25 });
    const result = await fetch(`${base}/queue/test-owner/edit/requests/${id}`);
    assert.equal(result.status, 422);
    assert.equal(result.headers.get("x-fal-error-type"), "video_load_error");
    assert.equal(result.headers.get("x-fal-retryable"), "false");
    assert.deepEqual(await json(result), {
      detail: [
        {
          loc: ["body", "video_url"],
          msg: "Not a video",
          type: "video_load_error",
          url: "https://docs.fal.ai/errors/#video_load_error",
        },
      ],
    });
  });

  test("trap 14: every response has x-fal-request-id", async () => {
    const paths = [
      "/queue/a/b",
      "/queue/x",
      "/run/test-owner/edit",
      "/rest/nowhere",
      "/cdn/files/none/x.mp4",
      "/v1/models",
    ];
    for (const path of [...paths, "/api/fal/proxy", "/api/openapi/queue/openapi.json", "/.well-known/jwks.json"]) {
      const reply = await fetch(base + path);
      assert.match(reply.headers.get("x-fal-request-id") ?? "", /^[0-9a-f-]{36}$/, path);
    }
    const id = await submit();
    await completed(`${base}/queue/test-owner/edit/requests/${id}/status`);
    const result = await fetch(`${base}/queue/test-owner/edit/requests/${id}`);
    assert.equal(result.headers.get("x-fal-request-id"), id);
    assert.equal(result.headers.get("x-fal-billable-units"), "2");
    assert.equal(result.headers.get("x-reshoot-engine"), "test");
  });

  test("trap 15: a start deadline that passed is a 504 the client does not repeat", async () => {
    server.setWorker(forever);
    const busy = await Promise.all([submit(), submit()]);
    const reply = post("/run/test-owner/edit", { prompt: "x" }, { "x-fal-request-timeout": "0.2" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const id of await server.services.store.reap()) server.services.events.publish({ type: "changed", id });
    const response = await reply;
    assert.equal(response.status, 504);
    assert.equal(response.headers.get("x-fal-request-timeout-type"), "user");
    assert.equal((await json(response)).error_type, "request_timeout");
    for (const id of busy) await fetch(`${base}/queue/test-owner/edit/requests/${id}/cancel`, { method: "PUT" });
  });

  test("trap 16: a repeated submit with an Idempotency-Key is one request, and nothing answers 409", async () => {
    const headers = { "idempotency-key": "once" };
    const first = await json(await post("/queue/test-owner/edit", { prompt: "x" }, headers));
    const second = await json(await post("/queue/test-owner/edit", { prompt: "x" }, headers));
    assert.equal(second.request_id, first.request_id);
    const other = await post("/queue/test-owner/edit", { prompt: "different" }, headers);
    assert.notEqual(other.status, 409);
  });

  test("trap 17: a 422 is JSON with issues, whatever was wrong", async () => {
    for (const body of ['{"prompt"', "[1]", '"text"', "null", "{}", '{"prompt":1,"strength":"much"}', "\u0000"]) {
      const reply = await post("/run/test-owner/edit", body);
      assert.equal(reply.status, 422, body);
      assert.match(reply.headers.get("content-type") ?? "", /^application\/json/);
      assert.equal(reply.headers.get("x-fal-billable-units"), "0");
      for (const issue of (await json(reply)).detail as Body[]) {
        assert.ok(Array.isArray(issue.loc) && issue.msg && issue.type, body);
        assert.equal(issue.url, `https://docs.fal.ai/errors/#${issue.type}`);
      }
    }
  });

  test("trap 18: the result body is the bare output, again and again", async () => {
    const id = await submit();
    await completed(`${base}/queue/test-owner/edit/requests/${id}/status`);
    for (let i = 0; i < 2; i++) {
      const result = await json(await fetch(`${base}/queue/test-owner/edit/requests/${id}`));
      assert.deepEqual(result, { echo: { prompt: "x", strength: 0.5 } });
    }
  });

  test("trap 19: header names in any case", async () => {
    const raw = await rawRequest(
      base,
      'POST /queue/test-owner/edit HTTP/1.1\r\nHost: 127.0.0.1\r\nX-FAL-Queue-PRIORITY: urgent\r\nContent-Length: 14\r\nConnection: close\r\n\r\n{"prompt":"x"}',
    );
    assert.match(raw, /^HTTP\/1\.1 400 /);
    assert.match(raw, /x-fal-queue-priority/);
  });

  test("trap 20: browsers may call, put and download", async () => {
    for (const path of ["/queue/test-owner/edit", "/run/x/y", "/rest/tokens/", "/cdn/uploads/x", "/api/fal/proxy"]) {
      const preflight = await fetch(base + path, {
        method: "OPTIONS",
        headers: {
          origin: "https://app.example",
          "access-control-request-method": "PUT",
          "access-control-request-headers": "authorization,content-type,x-fal-queue-priority",
        },
      });
      assert.equal(preflight.status, 204, path);
      assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
      assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /GET.*POST.*PUT.*DELETE/);
      assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /x-fal-queue-priority/);
    }
    const reply = await fetch(`${base}/queue/none/none`, {
      method: "POST",
      headers: { origin: "https://app.example" },
    });
    assert.equal(reply.headers.get("access-control-allow-origin"), "*");
    const exposed = reply.headers.get("access-control-expose-headers") ?? "";
    for (const name of ["request-id", "request-timeout-type", "error-type", "billable-units"]) {
      assert.ok(exposed.includes(`x-fal-${name}`), name);
    }
    assert.ok(exposed.includes("etag"));
  });

  test("trap 21: events are ASCII, one chunk each, uncompressed and unbuffered", async () => {
    server.setWorker(async ({ request }) => ({ echo: request.input.prompt ?? null }));
    const prompt = "žluťoučký kůň 🐴 \u2028";
    const reply = await post("/run/test-owner/edit/stream", { prompt }, { "accept-encoding": "gzip" });
    assert.equal(reply.headers.get("content-encoding"), null);
    assert.match(reply.headers.get("cache-control") ?? "", /no-transform/);
    assert.equal(reply.headers.get("x-accel-buffering"), "no");
    const text = Buffer.from(await reply.arrayBuffer());
    assert.ok(text.every((byte) => byte < 0x80));
    assert.deepEqual(JSON.parse(text.toString().replace(/^data: /, "")), { echo: prompt });
  });

  test("traps 22 and 23: the status stream ends with COMPLETED, and carries each log line once", async () => {
    const held = gate();
    server.setWorker(async (work) => {
      await work.log("one");
      await held.opened;
      await work.log("two");
      await work.log("three");
      return {};
    });
    const id = await submit();
    const reply = await fetch(`${base}/queue/test-owner/edit/requests/${id}/status/stream?logs=1`);
    assert.equal(reply.headers.get("x-fal-request-id"), id);
    let text = "";
    for await (const chunk of reply.body!) {
      text += Buffer.from(chunk).toString();
      if (text.includes("one")) held.open();
    }
    assert.ok(!text.includes("[DONE]"));
    const events = text
      .split("\n\n")
      .filter((event) => event.startsWith("data: "))
      .map((event) => JSON.parse(event.slice(6)) as Body);
    assert.equal(events.at(-1)?.status, "COMPLETED");
    const lines = events.flatMap((event) => ((event.logs ?? []) as Body[]).map(({ message }) => message));
    assert.deepEqual(lines, ["one", "two", "three"]);
  });

  test("trap 27: the token reply is a JSON string", async () => {
    const reply = await post("/rest/tokens/", { allowed_apps: ["edit"], token_expiration: 120 });
    assert.match(reply.headers.get("content-type") ?? "", /^application\/json/);
    assert.match((await reply.json()) as string, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    for (const body of [{}, { allowed_apps: 5 }, { allowed_apps: [] }, { allowed_apps: ["../x"] }, []]) {
      assert.equal((await post("/rest/tokens/", body)).status, 422, JSON.stringify(body));
    }
  });

  test("trap 29: expires_at has an offset and no odd fraction", async () => {
    const body = await json(await post("/rest/storage/auth/token?storage_type=fal-cdn-v3", {}));
    assert.match(String(body.expires_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/);
    assert.equal(body.token_type, "Bearer");
    assert.equal(body.base_url, `${base}/cdn`);
  });

  test("traps 30, 32 and 33: signed parts, in any order, with both JSON and ETag", async () => {
    const initiated = await json(
      await post("/rest/storage/upload/initiate-multipart?storage_type=fal-cdn-v3", {
        content_type: "text/plain",
        file_name: "parts.txt",
      }),
    );
    const url = new URL(initiated.upload_url as string);
    const parts: Body[] = [];
    for (const [number, text] of [
      [2, "world"],
      [1, "hello "],
    ] as const) {
      const reply = await fetch(`${url.origin}${url.pathname}/${number}${url.search}`, { method: "PUT", body: text });
      const part = await json(reply);
      assert.equal(part.partNumber, number);
      assert.equal(reply.headers.get("etag"), `"${part.etag}"`);
      parts.push(part);
    }
    const complete = await fetch(`${url.origin}${url.pathname}/complete${url.search}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ parts }),
    });
    assert.equal(complete.status, 200);
    assert.equal(await (await fetch(initiated.file_url as string)).text(), "hello world");
    const unsigned = await fetch(`${url.origin}${url.pathname}/3`, { method: "PUT", body: "x" });
    assert.equal(unsigned.status, 403);
  });

  test("trap 30: Python's parts, by token, listed in arrival order", async () => {
    const token = await json(await post("/rest/storage/auth/token?storage_type=fal-cdn-v3", {}));
    const headers = { authorization: `Bearer ${token.token}` };
    const begun = await json(
      await fetch(`${token.base_url}/files/upload/multipart`, {
        method: "POST",
        headers: { ...headers, "content-type": "video/mp4", "x-fal-file-name": "big.mp4", accept: "application/json" },
      }),
    );
    const upload = `${begun.access_url}/multipart/${begun.uploadId}`;
    const parts = await Promise.all(
      ["a", "b", "c"].map(async (text, index) => {
        const reply = await fetch(`${upload}/${index + 1}`, { method: "PUT", headers, body: text });
        return { partNumber: index + 1, etag: reply.headers.get("etag") };
      }),
    );
    const complete = await fetch(`${upload}/complete`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ parts: parts.reverse() }),
    });
    assert.equal(complete.status, 200);
    const file = await fetch(begun.access_url as string);
    assert.equal(file.headers.get("content-type"), "video/mp4");
    assert.equal(await file.text(), "abc");
  });

  test("trap 32: Python's fallback puts with its key in Authorization", async () => {
    const initiated = await json(
      await post("/rest/storage/upload/initiate?storage_type=gcs", { content_type: "text/plain", file_name: "a.txt" }),
    );
    const put = await fetch(initiated.upload_url as string, {
      method: "PUT",
      headers: { authorization: "Key not:checked", "content-type": "text/plain" },
      body: "fallback",
    });
    assert.equal(put.status, 200);
    assert.equal(await (await fetch(initiated.file_url as string)).text(), "fallback");
  });
});

/** Bytes over a socket, for what fetch would tidy up. */
function rawRequest(origin: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    const socket = connectSocket(Number(port), hostname, () => socket.write(text));
    let reply = "";
    socket.on("data", (chunk) => {
      reply += chunk.toString();
    });
    socket.on("end", () => resolve(reply));
    socket.on("error", reject);
  });
}
