/** Clients that leave, read slowly, send too much or nonsense: the server answers clearly and keeps working. */
import assert from "node:assert/strict";
import { Agent, request as httpRequest } from "node:http";
import { connect as connectSocket } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { forever, gate, startFalServer, type TestServer } from "./server.ts";

type Body = Record<string, unknown>;

describe("fal resilience", () => {
  let server: TestServer;
  let subscriptions = 0;

  before(async () => {
    server = await startFalServer({ env: { RESHOOT_MAX_BODY_MB: "1", RESHOOT_MAX_UPLOAD_MB: "1" } });
    const { events } = server.services;
    const subscribeTo = events.subscribeTo.bind(events);
    events.subscribeTo = (id, listener) => {
      subscriptions++;
      const unsubscribe = subscribeTo(id, listener);
      return () => {
        subscriptions--;
        unsubscribe();
      };
    };
  });
  after(() => server.close());
  beforeEach(async () => {
    await server.idle();
    server.setWorker(async ({ request }) => ({ echo: request.input }));
  });

  const submit = async (): Promise<string> => {
    const reply = await fetch(`${server.origin}/queue/test-owner/edit`, { method: "POST", body: '{"prompt":"x"}' });
    return ((await reply.json()) as { request_id: string }).request_id;
  };
  const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
    for (let i = 0; i < 200 && !(await condition()); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(await condition());
  };

  test("whoever leaves a status stream leaves nothing behind, and the work goes on", async () => {
    const held = gate();
    server.setWorker(async () => {
      await held.opened;
      return { done: true };
    });
    const id = await submit();
    // The runner listens for a cancel.
    await until(() => subscriptions === 1);
    const before = subscriptions;
    const abort = new AbortController();
    const url = `${server.origin}/queue/test-owner/edit/requests/${id}`;
    const stream = await fetch(`${url}/status/stream`, { signal: abort.signal });
    await stream.body!.getReader().read();
    assert.equal(subscriptions, before + 1);
    abort.abort();
    await until(() => subscriptions === before);
    held.open();
    await until(async () => (await fetch(url)).status === 200);
  });

  test("whoever leaves a run or a stream stops its work", async () => {
    for (const path of ["", "/stream"]) {
      const begun = gate();
      const stopped = gate();
      let id = "";
      server.setWorker((work) => {
        id = work.request.id;
        begun.open();
        work.progress(0.1);
        work.cancelled.addEventListener("abort", () => stopped.open());
        return forever(work);
      });
      const abort = new AbortController();
      const run = fetch(`${server.origin}/run/test-owner/edit${path}`, {
        method: "POST",
        body: '{"prompt":"x"}',
        signal: abort.signal,
      });
      await begun.opened;
      if (path) await run;
      abort.abort();
      await run.catch(() => {});
      await stopped.opened;
      await until(async () => (await server.services.store.get(id))?.status === "cancelled");
    }
  });

  test("a client that does not read holds up neither the work nor the memory", async () => {
    const line = "x".repeat(10_000);
    server.setWorker(async (work) => {
      for (let i = 0; i < 300; i++) await work.log(`${i} ${line}`);
      return { done: true };
    });
    const id = await submit();
    const { hostname, port } = new URL(server.origin);
    const socket = connectSocket(Number(port), hostname);
    socket.pause();
    socket.write(`GET /queue/test-owner/edit/requests/${id}/status/stream?logs=1 HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await until(async () => (await server.services.store.get(id))?.status === "succeeded");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.resume();
    await until(() => text.includes("COMPLETED"));
    socket.destroy();
    const seen = [...text.matchAll(/"message":"(\d+) x/g)].map(([, number]) => Number(number));
    assert.deepEqual(
      seen,
      Array.from({ length: 300 }, (_, i) => i),
    );
  });

  test("many waiters cost one subscription each and no polling", async () => {
    const held = gate();
    server.setWorker(async () => {
      await held.opened;
      return { done: true };
    });
    const { store } = server.services;
    const id = await submit();
    const url = `${server.origin}/queue/test-owner/edit/requests/${id}/status/stream`;
    // The runner listens for a cancel.
    await until(() => subscriptions === 1);
    const streams = await Promise.all(Array.from({ length: 50 }, () => fetch(url)));
    await until(() => subscriptions === 51);
    let reads = 0;
    const get = store.get.bind(store);
    store.get = (wanted) => {
      reads++;
      return get(wanted);
    };
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(reads, 0);
    store.get = get;
    held.open();
    const texts = await Promise.all(streams.map((stream) => stream.text()));
    for (const text of texts) assert.match(text, /"COMPLETED"/);
    await until(() => subscriptions === 0);
  });

  test("a body over the limit is 413", async () => {
    const reply = await fetch(`${server.origin}/run/test-owner/edit`, { method: "POST", body: "x".repeat(1_100_000) });
    assert.equal(reply.status, 413);
    assert.equal(typeof ((await reply.json()) as Body).detail, "string");
    assert.ok(reply.headers.get("x-fal-request-id"));
  });

  test("an upload over the limit leaves no file", async () => {
    const reply = await fetch(`${server.origin}/cdn/files/upload`, { method: "POST", body: Buffer.alloc(1_200_000) });
    assert.equal(reply.status, 422);
    const [issue] = ((await reply.json()) as { detail: Body[] }).detail;
    assert.equal(issue?.type, "file_too_large");
  });

  test("the connection of a refused upload serves the next request", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = (method: string, path: string, body: Buffer): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const options = { method, agent, headers: { "content-length": body.length } };
        const outgoing = httpRequest(server.origin + path, options, (reply) => {
          reply.resume();
          reply.on("end", () => resolve(reply.statusCode));
        });
        outgoing.on("error", reject);
        outgoing.end(body);
      });
    for (const path of ["/cdn/files/upload", "/cdn/uploads/AAAAAAAAAAAAAAAAAAAAAA?signature=none"]) {
      assert.equal(
        (await send(path.includes("uploads") ? "PUT" : "POST", path, Buffer.alloc(3_000_000))) === 200,
        false,
      );
      assert.equal(await send("GET", "/v1/meta", Buffer.alloc(0)), 200);
    }
    agent.destroy();
  });

  test("an upload that breaks off stays pending, and can be sent again", async () => {
    const initiated = (await (
      await fetch(`${server.origin}/rest/storage/upload/initiate`, { method: "POST", body: '{"file_name":"a.bin"}' })
    ).json()) as Record<string, string>;
    await new Promise<void>((resolve) => {
      const upload = httpRequest(initiated.upload_url!, { method: "PUT", headers: { "content-length": "1000" } });
      upload.on("error", () => resolve());
      upload.write("half", () => upload.destroy());
      upload.on("close", () => resolve());
    });
    assert.equal((await fetch(initiated.file_url!)).status, 404);
    const again = await fetch(initiated.upload_url!, { method: "PUT", body: "whole" });
    assert.equal(again.status, 200);
    assert.equal(await (await fetch(initiated.file_url!)).text(), "whole");
    // The client repeats a PUT whose answer was lost; other bytes are refused, and the file stays.
    assert.equal((await fetch(initiated.upload_url!, { method: "PUT", body: "whole" })).status, 200);
    assert.equal((await fetch(initiated.upload_url!, { method: "PUT", body: "other" })).status, 400);
    assert.equal(await (await fetch(initiated.file_url!)).text(), "whole");
  });

  test("nothing that a caller sends is answered with a 5xx", async () => {
    const path = fc.constantFrom(
      "/run/test-owner/edit",
      "/run/test-owner/edit/stream",
      "/queue/test-owner/edit",
      "/queue/test-owner/edit/requests/x/status",
      "/rest/tokens/",
      "/rest/storage/upload/initiate",
      "/rest/storage/upload/initiate-multipart",
      "/rest/storage/auth/token",
      "/cdn/files/upload",
      "/cdn/files/upload/multipart",
      "/cdn/files/AAAAAAAAAAAAAAAAAAAAAA/a/multipart/AAAAAAAAAAAAAAAAAAAAAA/complete",
      "/cdn/uploads/AAAAAAAAAAAAAAAAAAAAAA",
      "/v1/models",
      "/v1/models/pricing/estimate",
      "/api/fal/realtime-token",
      "/api/fal/proxy",
    );
    const body = fc.oneof(fc.json(), fc.string(), fc.constantFrom('{"prompt":"x"}', "", "null", '{"parts":[null]}'));
    const value = fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)) });
    const headers = fc.dictionary(
      fc.constantFrom(
        "x-fal-request-timeout",
        "x-fal-queue-priority",
        "x-fal-object-lifecycle",
        "x-fal-object-lifecycle-preference",
        "x-fal-target-url",
        "x-fal-file-name",
        "authorization",
        "range",
        "idempotency-key",
        "content-type",
        "origin",
      ),
      value,
    );
    const query = fc.webQueryParameters();
    const method = fc.constantFrom("GET", "POST", "POST", "POST", "PUT", "DELETE");
    await fc.assert(
      fc.asyncProperty(method, path, query, headers, body, async (verb, where, what, extra, content) => {
        const reply = await fetch(`${server.origin}${where}?${what}`, {
          method: verb,
          headers: extra,
          ...(verb !== "GET" && { body: content }),
        });
        await reply.arrayBuffer();
        assert.ok(reply.status < 500, `${verb} ${where} ${JSON.stringify(extra)} ${content}: ${reply.status}`);
        assert.ok(reply.headers.get("x-fal-request-id"));
      }),
      { numRuns: 300 },
    );
  });
});
