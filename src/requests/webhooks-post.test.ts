import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { before, type TestContext, test } from "node:test";
import { startReceiver } from "./webhooks.receiver.ts";
import { type Post, post } from "./webhooks-post.ts";

const LOCAL = { policy: { allowLoopback: true, allowPrivate: false } };
const STRICT = { policy: { allowLoopback: false, allowPrivate: false } };

function send(url: string, more: Partial<Post> = {}) {
  const signal = new AbortController().signal;
  return post({
    url,
    headers: { "X-A": "1" },
    body: Buffer.from("{}"),
    timeoutMs: 2000,
    guard: LOCAL,
    signal,
    ...more,
  });
}

/** A server that says exactly these bytes to whoever connects. */
async function startRaw(t: TestContext, talk: (socket: Socket) => void) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    talk(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${port}/` };
}

/** Loaded by the first connection, which must not count against the short times here. */
before(() => import("undici"));

test("2xx is success; 3xx is final and not followed; everything else may be tried again", async (t) => {
  const receiver = await startReceiver((response, { path }) => {
    const status = Number(path.slice(1));
    if (status >= 300 && status < 400) response.setHeader("location", "/200");
    response.writeHead(status).end("some words");
  });
  t.after(receiver.close);
  const judge = (status: number) => send(`${receiver.origin}/${status}`);
  for (const status of [200, 201, 204, 299]) {
    assert.deepEqual(await judge(status), { status, error: null, retryable: false });
  }
  for (const status of [300, 301, 302, 304, 307, 308]) {
    const error = `The receiver answered ${status}: redirects are not followed`;
    assert.deepEqual(await judge(status), { status, error, retryable: false });
  }
  for (const status of [400, 404, 410, 429, 500, 503]) {
    assert.deepEqual(await judge(status), { status, error: `The receiver answered ${status}`, retryable: true });
  }
  assert.equal(receiver.received.length, 16);
  assert.equal(receiver.paths().filter((path) => path === "/200").length, 1);
  const [first] = receiver.received;
  assert.equal(first?.method, "POST");
  assert.deepEqual(
    ["content-type", "content-length", "x-a", "connection"].map((name) => first?.headers[name]),
    ["application/json", "2", "1", "close"],
  );
});

test("forbidden and malformed targets are final, and nothing connects to them", async (t) => {
  const receiver = await startReceiver();
  t.after(receiver.close);
  const port = new URL(receiver.origin).port;
  const forbidden = "The URL leads to a private, local or reserved address, which this server does not connect to";
  for (const host of ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1", "[::]"]) {
    const outcome = await send(`http://${host}:${port}/`, { guard: STRICT });
    assert.deepEqual(outcome, { status: null, error: forbidden, retryable: false }, host);
  }
  for (const host of ["10.0.0.1", "192.168.1.1", "169.254.169.254", "[fd00::1]"]) {
    assert.deepEqual(await send(`http://${host}/`), { status: null, error: forbidden, retryable: false }, host);
  }
  const lookup = async (name: string) => (name === "mixed.example" ? ["93.184.216.34", "127.0.0.1"] : ["127.0.0.1"]);
  for (const name of ["inward.example", "mixed.example"]) {
    const outcome = await send(`http://${name}:${port}/`, { guard: { ...STRICT, lookup } });
    assert.deepEqual([outcome.error, outcome.retryable], [forbidden, false]);
  }
  for (const url of ["ftp://example.com/", "nonsense", "http://user:pass@127.0.0.1/"]) {
    const outcome = await send(url);
    assert.deepEqual([outcome.status, outcome.retryable], [null, false], url);
    assert.match(outcome.error ?? "", /^The URL /);
  }
  assert.equal(receiver.received.length, 0);
});

test("a name is looked up once, and the connection goes there", async (t) => {
  const receiver = await startReceiver();
  t.after(receiver.close);
  let asked = 0;
  const lookup = async () => {
    asked++;
    return ["127.0.0.1"];
  };
  const url = receiver.origin.replace("127.0.0.1", "hooks.example");
  assert.equal((await send(url, { guard: { ...LOCAL, lookup } })).status, 200);
  assert.equal(asked, 1);
  assert.match(receiver.received[0]?.headers.host ?? "", /^hooks\.example:/);
});

test("names that do not resolve now, refused connections and broken answers may be tried again", async (t) => {
  const failing = () => Promise.reject(new Error("no name server"));
  const unresolved = await send("http://hooks.example/", { guard: { ...LOCAL, lookup: failing } });
  assert.deepEqual([unresolved.error, unresolved.retryable], ["The URL's host name cannot be resolved", true]);

  const gone = await startReceiver();
  await gone.close();
  const refused = await send(gone.origin);
  assert.deepEqual(refused, { status: null, error: "The receiver refused the connection", retryable: true });

  for (const [bytes, expected] of [
    ["", /^The connection to the receiver failed \(UND_ERR_SOCKET\)$/],
    ["what is this?\r\n\r\n", /^The connection to the receiver failed/],
    [
      `HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}`,
      /^The connection to the receiver failed \(UND_ERR_HEADERS_OVERFLOW\)$/,
    ],
  ] as const) {
    const raw = await startRaw(t, (socket) => socket.end(bytes));
    const outcome = await send(raw.url);
    assert.match(outcome.error ?? "", expected);
    assert.equal(outcome.retryable, true);
  }
});

test("silence ends at the time-out, in the lookup as in the answer", async (t) => {
  const silent = await startReceiver(() => {});
  t.after(silent.close);
  const error = "No answer within 0.1 seconds";
  assert.deepEqual(await send(silent.origin, { timeoutMs: 100 }), { status: null, error, retryable: true });
  const lookup = () => new Promise<string[]>(() => {});
  const outcome = await send("http://hooks.example/", { timeoutMs: 100, guard: { ...LOCAL, lookup } });
  assert.deepEqual(outcome, { status: null, error, retryable: true });
});

test("a huge answer is cut off early, and its status counts", async (t) => {
  let sent = 0;
  let closed = () => {};
  const closing = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const chunk = Buffer.alloc(16 * 1024);
  const raw = await startRaw(t, (socket) => {
    socket.on("close", closed);
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const more = () => {
      while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
    };
    socket.on("drain", more);
    more();
  });
  assert.equal((await send(raw.url)).status, 200);
  await closing;
  // What lies in the buffers of both sides was sent too, but nobody reads on.
  assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes`);

  const declared = await startRaw(t, (socket) => {
    socket.write("HTTP/1.1 204 No Content\r\n\r\n");
  });
  assert.equal((await send(declared.url)).status, 204);
  const large = await startRaw(t, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\nx");
  });
  assert.equal((await send(large.url)).status, 200);
});

test("an answer that drips holds nobody up", async (t) => {
  const raw = await startRaw(t, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nx");
  });
  const before = performance.now();
  assert.equal((await send(raw.url, { timeoutMs: 60_000 })).status, 200);
  assert.ok(performance.now() - before < 5000);
});

test("whoever aborts gets the reason", async (t) => {
  const controller = new AbortController();
  const silent = await startReceiver(() => controller.abort(new Error("enough")));
  t.after(silent.close);
  await assert.rejects(send(silent.origin, { signal: controller.signal }), /enough/);
  await assert.rejects(send(silent.origin, { signal: AbortSignal.abort(new Error("never")) }), /never/);
  assert.equal(silent.received.length, 1);
});
