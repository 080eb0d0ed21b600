import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:https";
import { type AddressInfo, connect as connectPlain, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, before, describe, mock, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type TLSSocket } from "node:tls";
import Fastify, { type FastifyInstance } from "fastify";
import { type Authority, openAuthority } from "./authority.ts";
import { createTlsListener, type TlsListener } from "./listener.ts";

const DAY = 24 * 3600_000;

describe("TLS listener", () => {
  let data: string;
  let authority: Authority;
  let app: FastifyInstance;
  let tls: TlsListener;
  const gone: string[] = [];

  before(async () => {
    data = await mkdtemp(join(tmpdir(), "reshoot-listener-"));
    authority = await openAuthority(data);
    app = Fastify({ forceCloseConnections: true });
    app.addContentTypeParser("*", (_request, _payload, done) => done(null));
    app.get("/who", (call) => ({ protocol: call.protocol, host: call.host, ip: call.ip }));
    app.put("/count", async (call) => {
      let bytes = 0;
      for await (const chunk of call.raw) bytes += (chunk as Buffer).length;
      return { bytes };
    });
    app.get("/events", (call, reply) => {
      const body = new PassThrough();
      reply.raw.on("close", () => gone.push(call.url));
      body.write("data: 1\n\n");
      return reply.type("text/event-stream").send(body);
    });
    app.server.on("upgrade", (_request, socket) => {
      socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\nhello");
    });
    await app.listen({ host: "127.0.0.1", port: 0 });
    tls = await open();
  });
  after(async () => {
    await tls.close();
    await app.close();
    await rm(data, { recursive: true });
  });

  const open = (port = 0): Promise<TlsListener> =>
    createTlsListener({ server: app.server, authority, host: "127.0.0.1", port, log: app.log });

  const target = (path: string, more: object = {}) => ({
    host: "127.0.0.1",
    port: tls.port,
    path,
    ca: authority.caPem,
    servername: "queue.fal.run",
    agent: new Agent({ keepAlive: false }),
    ...more,
  });

  function call(path: string, more: object = {}, body?: Buffer): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request(target(path, more), async (response) => {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve({ status: response.statusCode!, text });
      });
      outgoing.on("error", reject).end(body);
    });
  }

  test("serves the app: https, the vendor's Host, the peer's own address", async () => {
    const { status, text } = await call("/who", { headers: { host: "queue.fal.run" } });
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), { protocol: "https", host: "queue.fal.run", ip: "127.0.0.1" });
  });

  test("takes uploads, with 100-continue too", async () => {
    const body = Buffer.alloc(3_000_000, 1);
    const plain = await call("/count", { method: "PUT" }, body);
    assert.deepEqual(JSON.parse(plain.text), { bytes: body.length });
    const waited = await new Promise<string>((resolve, reject) => {
      const headers = { expect: "100-continue", "content-length": body.length };
      const outgoing = request(target("/count", { method: "PUT", headers }), async (response) => {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve(text);
      });
      outgoing.on("continue", () => outgoing.end(body)).on("error", reject);
      outgoing.flushHeaders();
    });
    assert.deepEqual(JSON.parse(waited), { bytes: body.length });
  });

  test("streams at once, and notices a client that leaves", async () => {
    const outgoing = request(target("/events"));
    outgoing.end();
    const [response] = await once(outgoing, "response");
    const [chunk] = await once(response, "data");
    assert.equal(String(chunk), "data: 1\n\n");
    outgoing.destroy();
    for (let i = 0; i < 100 && gone.length === 0; i++) await sleep(10);
    assert.deepEqual(gone, ["/events"]);
  });

  test("hands upgrades to the plain server's listener", async () => {
    const outgoing = request(target("/ws", { headers: { connection: "upgrade", upgrade: "test" } }));
    outgoing.end();
    const [, socket, head] = await once(outgoing, "upgrade");
    assert.equal(String(head) || String(await once(socket, "data")), "hello");
    socket.destroy();
  });

  test("has the plain server's timeouts, not Node's five minutes for an upload", () => {
    assert.equal(app.server.requestTimeout, 0);
  });

  test("what is not TLS, or not HTTP inside, ends the connection and nothing else", async () => {
    const raw = connectPlain(tls.port, "127.0.0.1");
    raw.on("error", () => {}).resume();
    raw.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(raw, "close");
    const inside = connect(target("") as object) as TLSSocket;
    inside.on("error", () => {});
    let answer = "";
    inside.on("data", (chunk) => {
      answer += chunk;
    });
    inside.write("not http\r\n\r\n");
    await once(inside, "close");
    assert.match(answer, /^HTTP\/1.1 400 /);
    assert.equal((await call("/who")).status, 200);
  });

  test("accepts a connection that came in elsewhere, with the bytes already read from it", async () => {
    for (const early of [true, false]) {
      const front = createServer((socket) => {
        if (!early) return tls.accept(socket, Buffer.alloc(0));
        // The beginning of the handshake was read along with the tunnel's request.
        socket.once("data", (head: Buffer) => {
          socket.pause();
          tls.accept(socket, head);
        });
      }).listen(0, "127.0.0.1");
      await once(front, "listening");
      const { port } = front.address() as AddressInfo;
      const { text } = await call("/who", { port });
      assert.equal(JSON.parse(text).ip, "127.0.0.1");
      front.close();
    }
  });

  test("closes at once although clients hold connections, also half-made ones", async () => {
    const second = await open();
    const silent = connectPlain(second.port, "127.0.0.1");
    const idle = connect({ port: second.port, host: "127.0.0.1", ca: authority.caPem, servername: "fal.run" });
    idle.on("error", () => {});
    silent.on("error", () => {});
    await Promise.all([once(silent, "connect"), once(idle, "secureConnect")]);
    const begun = performance.now();
    await second.close();
    assert.ok(performance.now() - begun < 1000);
    const late = { destroyed: false, destroy: () => (late.destroyed = true) };
    second.accept(late as unknown as Socket, Buffer.alloc(0));
    assert.ok(late.destroyed);
  });

  test("a port that is taken is an error that names the option", async () => {
    await assert.rejects(
      open(tls.port),
      new RegExp(`cannot listen on --tls-port ${tls.port} of 127.0.0.1 .EADDRINUSE`),
    );
  });

  test("renews its certificate 30 days before it ends, without a restart", async () => {
    mock.timers.enable({ apis: ["setInterval", "Date"], now: Date.now() });
    try {
      const third = await open();
      const expiry = async (): Promise<number> => {
        const socket = connect({
          port: third.port,
          host: "127.0.0.1",
          servername: "fal.run",
          rejectUnauthorized: false,
        });
        await once(socket, "secureConnect");
        const { valid_to } = socket.getPeerCertificate();
        socket.destroy();
        return Date.parse(valid_to);
      };
      const first = await expiry();
      mock.timers.tick(59 * DAY);
      await sleep(50);
      assert.equal(await expiry(), first);
      mock.timers.tick(1.5 * DAY);
      for (let i = 0; i < 100 && (await expiry()) === first; i++) await sleep(50);
      assert.ok((await expiry()) >= first + 60 * DAY);
      await third.close();
    } finally {
      mock.timers.reset();
    }
  });
});
