/** The proxy protocol: our own route, and the vendor's @fal-ai/server-proxy in front of this server. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { createFalClient } from "@fal-ai/client";
import { handleRequest } from "@fal-ai/server-proxy";
import { connect } from "../../src/client/index.ts";
import { gate, startFalServer, type TestServer } from "./server.ts";

type Body = Record<string, unknown>;

describe("fal proxy", () => {
  let server: TestServer;
  let proxy: Server;
  let proxyUrl: string;

  before(async () => {
    server = await startFalServer();
    proxy = await startOfficialProxy(`${new URL(server.origin).host}/**`);
    proxyUrl = `http://127.0.0.1:${(proxy.address() as { port: number }).port}/api/fal/proxy`;
  });
  after(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await server.close();
  });

  const own = (target: string | undefined, init: RequestInit = {}) =>
    fetch(`${server.origin}/api/fal/proxy`, {
      ...init,
      headers: { "content-type": "application/json", ...(target && { "x-fal-target-url": target }) },
    });

  test("without a target, or with a foreign one, it is 400 with a JSON string", async () => {
    for (const target of [undefined, "https://example.com/a/b", "http://169.254.169.254/latest", "nonsense"]) {
      for (const method of ["GET", "POST", "PUT", "DELETE"]) {
        const reply = await own(target, { method });
        assert.equal(reply.status, 400, `${method} ${target}`);
        assert.equal(await reply.json(), "Invalid request");
      }
    }
  });

  test("methods and queries pass", async () => {
    const held = gate();
    server.setWorker(async ({ request }) => {
      await held.opened;
      return { echo: request.input };
    });
    const submitted = await own("https://queue.fal.run/test-owner/edit?fal_webhook=https%3A%2F%2Fx.example%2F", {
      method: "POST",
      body: '{"prompt":"x"}',
    });
    const { request_id: id, status_url } = (await submitted.json()) as Record<string, string>;
    assert.equal((await server.services.store.get(id!))?.webhook, "https://x.example/");
    assert.match(status_url!, new RegExp(`^${server.origin}/queue/`));
    assert.equal((await own(`https://queue.fal.run/test-owner/edit/requests/${id}/status?logs=1`)).status, 202);
    const cancelled = await own(`https://queue.fal.run/test-owner/edit/requests/${id}/cancel`, { method: "PUT" });
    assert.equal(cancelled.status, 202);
    held.open();
  });

  test("a stream through it arrives event by event", async () => {
    const held = gate();
    server.setWorker(async ({ progress }) => {
      progress(0.5);
      await held.opened;
      return { done: true };
    });
    const reply = await own("https://fal.run/test-owner/edit/stream", { method: "POST", body: '{"prompt":"x"}' });
    const events: string[] = [];
    for await (const chunk of reply.body!) {
      events.push(Buffer.from(chunk).toString());
      held.open();
    }
    assert.deepEqual(events, [
      'data: {"type":"progress","progress":0.5,"stage":"working"}\n\n',
      'data: {"done":true}\n\n',
    ]);
  });

  test("trap 34: the official server-proxy in front: run, subscribe, stream and errors", async () => {
    server.setWorker(async ({ request }) => ({ echo: request.input }));
    const client = createFalClient({ ...connect(server.origin), proxyUrl: { url: proxyUrl, when: "always" } });
    const input = { prompt: "x" } as Body;
    assert.equal((await client.run("test-owner/edit", { input })).data.echo.prompt, "x");
    const result = await client.subscribe("test-owner/edit", { input, mode: "streaming", logs: true });
    assert.equal(result.data.echo.prompt, "x");
    assert.ok(result.requestId);
    const stream = await client.stream("test-owner/edit", { input });
    assert.equal(((await stream.done()) as { echo: Body }).echo.prompt, "x");
    await assert.rejects(client.run("test-owner/edit", { input: {} as Body }), { status: 422 });
    // The official proxy lets a storage initiation through only if it is told to; here everything of ours is allowed.
    assert.match(await client.storage.upload(new File(["x"], "a.txt")), /\/cdn\/files\//);
  });
});

/** The vendor's proxy core on Node's own HTTP server. */
async function startOfficialProxy(allowed: string): Promise<Server> {
  const server = createServer((request, response) => {
    const respond = (status: number, data: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(data));
    };
    void handleRequest<void>(
      {
        id: "test",
        method: request.method ?? "GET",
        respondWith: respond,
        getHeaders: () => request.headers as Record<string, string>,
        getHeader: (name) => request.headers[name] as string,
        sendHeader: (name, value) => void response.setHeader(name, value),
        getRequestBody: () => text(request),
        async sendResponse(reply) {
          response.removeHeader("transfer-encoding");
          response.statusCode = reply.status;
          for await (const chunk of reply.body ?? []) response.write(chunk);
          response.end();
        },
      },
      {
        allowedUrlPatterns: [allowed],
        allowedEndpoints: ["**"],
        allowUnauthorizedRequests: true,
        isAuthenticated: async () => true,
        resolveFalAuth: async () => "Key unused:key",
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
