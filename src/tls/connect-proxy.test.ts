import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, PassThrough } from "node:stream";
import { after, before, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import Fastify, { type FastifyInstance } from "fastify";
import { acceptConnect } from "./connect-proxy.ts";
import { VENDOR_HOSTS } from "./hosts.ts";
import { refuseProxyRequests, startTakeover, type Takeover } from "./index.ts";

describe("CONNECT", () => {
  let data: string;
  let app: FastifyInstance;
  let takeover: Takeover;

  before(async () => {
    data = await mkdtemp(join(tmpdir(), "reshoot-connect-"));
    app = Fastify({ forceCloseConnections: true });
    refuseProxyRequests(app);
    app.get("/who", (call) => ({ protocol: call.protocol, host: call.host }));
    await app.listen({ host: "127.0.0.1", port: 0 });
    takeover = await startTakeover(app, { host: "127.0.0.1", data, keys: [], tlsPort: 0 });
  });
  after(async () => {
    await takeover.close();
    await app.close();
    await rm(data, { recursive: true });
  });

  const plainPort = (): number => (app.server.address() as AddressInfo).port;

  /** Everything the server sends until it closes the connection, or until it has granted a tunnel. */
  async function say(text: string, port = plainPort()): Promise<{ answer: string; socket: Socket }> {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(text);
    let answer = "";
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      answer += chunk;
      if (answer.startsWith("HTTP/1.1 200")) break;
    }
    return { answer, socket };
  }

  for (const name of VENDOR_HOSTS) {
    test(`${name} is tunnelled to this server`, async () => {
      const { answer, socket } = await say(`CONNECT ${name}:443 HTTP/1.1\r\nHost: ${name}:443\r\n\r\n`);
      assert.equal(answer, "HTTP/1.1 200 Connection Established\r\n\r\n");
      const tls = connectTls({ socket, servername: name, ca: await readFile(takeover.caPath!) });
      tls.write(`GET /who HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
      let reply = "";
      for await (const chunk of tls) reply += chunk;
      assert.ok(reply.endsWith(JSON.stringify({ protocol: "https", host: name })), reply);
    });
  }

  for (const target of [
    "example.com:443",
    "fal.run:80",
    "fal.run:8443",
    "evil-fal.run:443",
    "fal.run.example.com:443",
    "x.fal.run:443",
    "127.0.0.1:443",
    "localhost:443",
    "[::1]:443",
    "169.254.169.254:443",
    "fal.run.:443",
    "fal.run",
    "user@fal.run:443",
  ]) {
    test(`${target} is refused`, async () => {
      const { answer } = await say(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
      assert.match(answer, /^HTTP\/1.1 403 Forbidden\r\n/);
      assert.match(answer, /not an open proxy/);
    });
  }

  test("names have no case", async () => {
    const { answer, socket } = await say("CONNECT QUEUE.fal.run:443 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.match(answer, /^HTTP\/1.1 200/);
    socket.destroy();
  });

  test("a client that does not wait for the tunnel loses nothing", async () => {
    const socket = connect(plainPort(), "127.0.0.1");
    await once(socket, "connect");
    const recorded: Buffer[] = [];
    // Learn what a client's first flight looks like, then send it in one piece with the CONNECT request.
    const wire = new PassThrough();
    wire.on("data", (chunk: Buffer) => recorded.push(chunk));
    const fake = Duplex.from({ writable: wire, readable: new PassThrough() });
    connectTls({ socket: fake, servername: "fal.run" }).on("error", () => {});
    while (recorded.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.write(Buffer.concat([Buffer.from("CONNECT fal.run:443 HTTP/1.1\r\nHost: x\r\n\r\n"), ...recorded]));
    const received: Buffer[] = [];
    for await (const chunk of socket) {
      received.push(chunk as Buffer);
      if (Buffer.concat(received).length > 100) break;
    }
    const bytes = Buffer.concat(received);
    const granted = "HTTP/1.1 200 Connection Established\r\n\r\n";
    assert.equal(bytes.subarray(0, granted.length).toString(), granted);
    // A TLS record of type handshake: the server's hello.
    assert.equal(bytes[granted.length], 22);
  });

  test("a client that leaves in the middle of a tunnel harms nobody", async () => {
    for (let i = 0; i < 5; i++) {
      const { socket } = await say("CONNECT fal.run:443 HTTP/1.1\r\nHost: x\r\n\r\n");
      socket.write("\x16\x03\x01");
      socket.resetAndDestroy();
    }
    assert.equal((await fetch(`http://127.0.0.1:${plainPort()}/who`)).status, 200);
  });

  test("requests in absolute form are refused", async () => {
    for (const url of ["http://example.com/who", "http://127.0.0.1/who", "https://fal.run/who"]) {
      const { answer } = await say(`GET ${url} HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1.1 403 /);
      assert.match(answer, /no proxy for http/);
    }
  });

  test("without a TLS port every CONNECT is refused with the reason", async () => {
    const bare = Fastify();
    await bare.listen({ host: "127.0.0.1", port: 0 });
    const off = await startTakeover(bare, { host: "127.0.0.1", data, keys: [], tlsPort: undefined });
    assert.deepEqual([off.origins, off.caPath], [[], undefined]);
    const { port } = bare.server.address() as AddressInfo;
    const { answer } = await say("CONNECT fal.run:443 HTTP/1.1\r\nHost: x\r\n\r\n", port);
    assert.match(answer, /^HTTP\/1.1 403 .*without --tls-port/s);
    await off.close();
    await bare.close();
  });

  test("without keys only this machine gets in; with keys others do too", async () => {
    for (const [peer, loopbackOnly, expected] of [
      ["192.168.1.7", true, 403],
      ["::ffff:192.168.1.7", true, 403],
      ["2001:db8::1", true, 403],
      ["192.168.1.7", false, 200],
      ["::ffff:127.0.0.1", true, 200],
      ["::1", true, 200],
    ] as const) {
      const bare = Fastify();
      let tunnels = 0;
      bare.server.on("connection", (socket) => Object.defineProperty(socket, "remoteAddress", { value: peer }));
      const tunnel = {
        accept: (socket: Socket) => {
          tunnels++;
          socket.destroy();
        },
      };
      acceptConnect(bare.server, tunnel, { loopbackOnly });
      await bare.listen({ host: "127.0.0.1", port: 0 });
      const { port } = bare.server.address() as AddressInfo;
      const { answer } = await say("CONNECT fal.run:443 HTTP/1.1\r\nHost: x\r\n\r\n", port);
      assert.ok(answer.startsWith(`HTTP/1.1 ${expected} `), `${peer}: ${answer}`);
      assert.equal(tunnels, expected === 200 ? 1 : 0);
      await bare.close();
    }
  });
});
