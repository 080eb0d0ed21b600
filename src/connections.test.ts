import assert from "node:assert/strict";
import { type AddressInfo, connect } from "node:net";
import { after, test } from "node:test";
import Fastify, { type FastifyInstance } from "fastify";
import { answerBrokenHttp, type ConnectionTimes, registerConnectionTimes } from "./connections.ts";

const apps: FastifyInstance[] = [];
after(() => Promise.all(apps.map((app) => app.close())));

async function serve(times: ConnectionTimes): Promise<number> {
  const app = Fastify({ clientErrorHandler: answerBrokenHttp, forceCloseConnections: true });
  apps.push(app);
  registerConnectionTimes(app, times);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.post("/refused", (request, reply) => {
    request.raw.resume();
    return reply.code(403).send({});
  });
  app.post("/read", async (request) => {
    let size = 0;
    for await (const chunk of request.raw) size += (chunk as Buffer).length;
    return { size };
  });
  app.get("/slow", async () => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    return {};
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return (app.server.address() as AddressInfo).port;
}

/** @param everyMs writes a byte that often, once the head is sent. */
async function talk(port: number, head: string, everyMs = 0): Promise<{ text: string; ms: number }> {
  const start = performance.now();
  let text = "";
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  socket.on("data", (chunk) => {
    text += chunk.toString();
  });
  socket.write(head);
  const drip = everyMs > 0 ? setInterval(() => socket.write("1\r\nx\r\n"), everyMs) : undefined;
  // A reset closes a connection too.
  await new Promise((resolve) => socket.once("close", resolve));
  clearInterval(drip);
  return { text, ms: performance.now() - start };
}

test("a body that stands still ends its connection", async () => {
  const port = await serve({ bodyIdleMs: 200 });
  for (const length of ["Content-Length: 9", "Transfer-Encoding: chunked"]) {
    const { ms } = await talk(port, `POST /read HTTP/1.1\r\nHost: x\r\n${length}\r\n\r\n`);
    assert.ok(ms > 150 && ms < 3000, String(ms));
  }
});

test("a slow body that moves does not, nor does a slow answer", async () => {
  const port = await serve({ bodyIdleMs: 200 });
  const chunked = "POST /read HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  const socket = connect(port, "127.0.0.1");
  socket.write(chunked);
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setTimeout(resolve, 80));
    socket.write("1\r\nx\r\n");
  }
  socket.write("0\r\n\r\n");
  let text = "";
  for await (const chunk of socket) text += chunk;
  assert.match(text, /\{"size":6\}/);
  const slow = "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  assert.match((await talk(port, slow)).text, /200 OK/);
  const after = `POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx${slow}`;
  assert.match((await talk(port, after)).text, /200 OK[\s\S]*200 OK/);
});

test("an endless body that was refused ends", async () => {
  const port = await serve({ drainMs: 200 });
  const head = "POST /refused HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const { text, ms } = await talk(port, head, 20);
  assert.match(text, /403 Forbidden/);
  assert.ok(ms > 150 && ms < 3000, String(ms));
});

test("broken HTTP is answered in words", async () => {
  const port = await serve({});
  for (const [bytes, status] of [
    ["nonsense\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20_000)}\r\n\r\n`, 431],
    ["POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
  ] as const) {
    const { text } = await talk(port, bytes);
    assert.match(text, new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*\\{"detail":"[^"]+"\\}$`));
  }
});

test("broken HTTP behind a request that is being answered closes the connection without words", async () => {
  const port = await serve({});
  const { text } = await talk(port, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n");
  assert.equal(text, "");
});
