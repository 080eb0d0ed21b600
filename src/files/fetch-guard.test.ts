import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { ReshootError } from "../errors.ts";
import { createFetcher, type FetcherOptions } from "./fetch-guard.ts";
import { pinnedLookup, readRemoteUrl } from "./guarded-connection.ts";

const LOC = ["body", "video_url"];
const LIMITS = { maxBytes: 1000, timeoutMs: 5000, loc: LOC };

const servers: (Server | TcpServer)[] = [];
after(() => {
  for (const server of servers) {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  }
});

async function listen<T extends Server | TcpServer>(server: T, host = "127.0.0.1", port = 0): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  return (server.address() as AddressInfo).port;
}

const serve = (listener: RequestListener) => listen(createServer(listener));
/** A server that writes these bytes and leaves the connection open. */
const serveRaw = (text: string) => listen(createTcpServer((socket) => void socket.on("error", () => {}).write(text)));

const fetcher = (options: Partial<FetcherOptions> = {}) =>
  createFetcher({ allowLoopback: true, allowPrivate: false, ...options });

const failure =
  (code: string, message?: RegExp) =>
  (thrown: unknown): true => {
    assert.ok(thrown instanceof ReshootError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    assert.deepEqual(thrown.issues[0]?.loc, LOC);
    if (message) assert.match(thrown.message, message);
    return true;
  };

/** Loaded by the first connection, which must not count against the short times here. */
before(() => import("undici"));

test("a file comes with its type, name and length", async () => {
  const port = await serve((request, response) => {
    assert.equal(request.headers["accept-encoding"], "identity");
    assert.equal(request.headers.cookie, undefined);
    response.writeHead(200, { "content-type": "video/mp4", "content-length": 5 }).end("bytes");
  });
  const { body, ...facts } = await fetcher().fetch(`http://127.0.0.1:${port}/a/my%20clip.mp4?x=1`, LIMITS);
  assert.deepEqual(facts, { contentType: "video/mp4", fileName: "my clip.mp4", contentLength: 5 });
  assert.equal((await buffer(body)).toString(), "bytes");
});

test("loopback in every spelling is refused without allowLoopback", async () => {
  let hits = 0;
  const port = await serve((_request, response) => {
    hits++;
    response.end();
  });
  const lookup = async () => ["127.0.0.1"];
  const guarded = fetcher({ allowLoopback: false, lookup });
  const hosts = [
    ...["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.0.0.1", "127.0.0.1.", "localhost"],
    ...["localhost.", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]"],
    ...["127。0。0。1", "①②⑦.0.0.1", "0.0.0.0", "0", "[::]", "%31%32%37.0.0.1", "rebound.test", "LOCALHOST"],
  ];
  for (const host of hosts) {
    await assert.rejects(guarded.fetch(`http://${host}:${port}/`, LIMITS), failure("file_download_error"), host);
  }
  assert.equal(hits, 0);
});

test("private, link-local and metadata addresses are refused even where loopback is allowed", async () => {
  const hosts = ["10.0.0.1", "192.168.0.1", "169.254.169.254", "[fd00::1]", "[fe80::1]", "100.64.0.1", "224.0.0.1"];
  for (const host of hosts) {
    await assert.rejects(fetcher().fetch(`http://${host}/`, LIMITS), failure("file_download_error", /private/), host);
  }
});

test("one bad address among a host's addresses refuses the host", async () => {
  const guarded = fetcher({ lookup: async () => ["127.0.0.1", "10.0.0.1"] });
  await assert.rejects(guarded.fetch("http://mixed.test/", LIMITS), failure("file_download_error", /private/));
});

test("URLs that are none, of other schemes or with credentials are refused", async () => {
  const urls = [
    "",
    "clip.mp4",
    "http://",
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1/",
    "http://[::1",
  ];
  urls.push(
    "http://user:secret@127.0.0.1/",
    "http://user@127.0.0.1/",
    "http://127.0.0.1:99999/",
    "javascript:alert(1)",
  );
  urls.push(`http://127.0.0.1/${"a".repeat(20_000)}`);
  for (const url of urls) await assert.rejects(fetcher().fetch(url, LIMITS), failure("url_parsing"), url.slice(0, 50));
});

test("a resolver that changes its mind is not asked again", async () => {
  let inner = 0;
  const port = await serve((_request, response) => {
    inner++;
    response.end();
  });
  // Unallocated: counts as public, and no machine has it.
  const answers = [["2d00::1"], ["127.0.0.1"]];
  let asked = 0;
  const lookup = async () => answers[asked++] ?? ["127.0.0.1"];
  const guarded = fetcher({ allowLoopback: false, lookup, connectTimeoutMs: 300 });
  await assert.rejects(guarded.fetch(`http://rebind.test:${port}/`, LIMITS), failure("file_download_error"));
  assert.equal(asked, 1);
  assert.equal(inner, 0);
});

test("the socket goes to the checked address, whatever the name means", async () => {
  const port = await serve((request, response) => response.end(request.headers.host));
  let asked = 0;
  const lookup = async () => [["127.0.0.1"], ["127.0.0.2"]][asked++] ?? [];
  const { body } = await fetcher({ lookup }).fetch(`http://pinned.test:${port}/`, LIMITS);
  assert.equal((await buffer(body)).toString(), `pinned.test:${port}`);
  assert.equal(asked, 1);
  pinnedLookup(["127.0.0.9"])("other.test", {}, (error, address, family) => {
    assert.deepEqual([error, address, family], [null, "127.0.0.9", 4]);
  });
});

test("proxy settings of the environment are not used", async () => {
  const port = await serve((_request, response) => response.end("direct"));
  const proxies = {
    HTTP_PROXY: "http://127.0.0.1:9",
    http_proxy: "http://127.0.0.1:9",
    ALL_PROXY: "http://127.0.0.1:9",
  };
  Object.assign(process.env, proxies);
  try {
    const { body } = await fetcher().fetch(`http://127.0.0.1:${port}/`, LIMITS);
    assert.equal((await buffer(body)).toString(), "direct");
  } finally {
    for (const name of Object.keys(proxies)) delete process.env[name];
  }
});

test("redirects are followed, each checked, five at most", async () => {
  const port = await serve((request, response) => {
    const step = Number(request.url?.slice(1));
    if (step === 0) response.end("there");
    else response.writeHead(302, { location: `/${step - 1}` }).end("elsewhere");
  });
  const { body } = await fetcher().fetch(`http://127.0.0.1:${port}/5`, LIMITS);
  assert.equal((await buffer(body)).toString(), "there");
  const tooMany = fetcher().fetch(`http://127.0.0.1:${port}/6`, LIMITS);
  await assert.rejects(tooMany, failure("file_download_error", /more than 5 times/));
});

test("redirects inwards, to other schemes, with credentials and in circles are refused", async () => {
  const port = await serve((request, response) => {
    const location = decodeURIComponent(request.url?.slice(1) ?? "") || "/";
    response.writeHead(307, { location }).end();
  });
  const targets = ["http://10.0.0.1/", "http://169.254.169.254/latest/", "file:///etc/passwd", "http://u:p@127.0.0.1/"];
  for (const target of [...targets, "http://[", "//0.0.0.0/", ""]) {
    const url = `http://127.0.0.1:${port}/${encodeURIComponent(target)}`;
    await assert.rejects(fetcher().fetch(url, LIMITS), failure("file_download_error"), target);
  }
});

test("redirects are read relative to where they come from, and never fall from https to http", () => {
  const read = (location: string, from: string) => readRemoteUrl(location, new URL(from)).href;
  assert.equal(read("../b", "http://example.com/a/c"), "http://example.com/b");
  assert.equal(read("//b.test/x", "https://example.com/"), "https://b.test/x");
  assert.equal(read("https://b.test/", "http://example.com/"), "https://b.test/");
  assert.throws(() => read("http://example.com/", "https://example.com/"), /https to http/);
});

test("other answers than 2xx, pieces and compressed bodies are refused", async () => {
  for (const status of [204 + 2, 301, 400, 403, 404, 416, 500, 503]) {
    const port = await serve((_request, response) => response.writeHead(status).end("secret text"));
    await assert.rejects(fetcher().fetch(`http://127.0.0.1:${port}/`, LIMITS), (thrown: unknown) => {
      assert.doesNotMatch((thrown as Error).message, /secret/);
      return failure("file_download_error", new RegExp(String(status)))(thrown);
    });
  }
  const port = await serve((_request, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"));
  await assert.rejects(
    fetcher().fetch(`http://127.0.0.1:${port}/`, LIMITS),
    failure("file_download_error", /compress/),
  );
});

test("bytes are limited as declared and as counted", async () => {
  const declared = await serve((_request, response) =>
    response.writeHead(200, { "content-length": 1001 }).flushHeaders(),
  );
  await assert.rejects(fetcher().fetch(`http://127.0.0.1:${declared}/`, LIMITS), (thrown: unknown) => {
    assert.deepEqual((thrown as ReshootError).issues[0]?.ctx, { max_size: 1000 });
    return failure("file_too_large")(thrown);
  });
  let closed = false;
  const endless = await serve((_request, response) => {
    const timer = setInterval(() => response.write("x".repeat(300)), 5);
    response.on("close", () => {
      closed = true;
      clearInterval(timer);
    });
  });
  const { body } = await fetcher().fetch(`http://127.0.0.1:${endless}/`, LIMITS);
  await assert.rejects(buffer(body), failure("file_too_large"));
  while (!closed) await new Promise((resolve) => setTimeout(resolve, 5));
});

test("a body shorter than declared is an error", async () => {
  const server = createTcpServer((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort"));
  const port = await listen(server);
  const { body } = await fetcher().fetch(`http://127.0.0.1:${port}/`, LIMITS);
  await assert.rejects(buffer(body), failure("file_download_error", /broke off/));
});

test("what is no HTTP is an error", async () => {
  for (const text of [
    "SSH-2.0-OpenSSH_9.6\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
    "+PONG\r\n",
    `HTTP/1.1 200 OK\r\nx: ${"y".repeat(40_000)}\r\n\r\n`,
  ]) {
    const port = await serveRaw(text);
    await assert.rejects(fetcher().fetch(`http://127.0.0.1:${port}/`, LIMITS), failure("file_download_error"), text);
  }
});

test("slow servers are given up at every stage", async () => {
  const silent = await serveRaw("");
  const quick = fetcher({ headersTimeoutMs: 100, idleTimeoutMs: 100 });
  await assert.rejects(quick.fetch(`http://127.0.0.1:${silent}/`, LIMITS), failure("file_download_error", /in time/));

  const loris = createTcpServer((socket) => {
    socket.on("error", () => {}).write("HTTP/1.1 200 OK\r\n");
    const timer = setInterval(() => socket.write("x-a: b\r\n"), 20);
    socket.on("close", () => clearInterval(timer));
  });
  const slowHeaders = quick.fetch(`http://127.0.0.1:${await listen(loris)}/`, LIMITS);
  await assert.rejects(slowHeaders, failure("file_download_error", /in time/));

  const stalled = await serveRaw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nstart");
  const { body } = await quick.fetch(`http://127.0.0.1:${stalled}/`, LIMITS);
  await assert.rejects(buffer(body), failure("file_download_error", /too slow/));

  const drip = await serve((_request, response) => {
    const timer = setInterval(() => response.write("."), 20);
    response.on("close", () => clearInterval(timer));
  });
  const dripping = await quick.fetch(`http://127.0.0.1:${drip}/`, { ...LIMITS, timeoutMs: 200 });
  await assert.rejects(buffer(dripping.body), failure("file_download_error", /within 0.2 seconds/));

  const lookup = () => new Promise<string[]>(() => {});
  const unresolved = fetcher({ lookup, headersTimeoutMs: 50 }).fetch("http://slow.test/", LIMITS);
  await assert.rejects(unresolved, failure("file_download_error", /in time/));
});

test("of several addresses the one that answers is used", async () => {
  const port = await serve((_request, response) => response.end("here"));
  const guarded = fetcher({ lookup: async () => ["::1", "127.0.0.1"] });
  const { body } = await guarded.fetch(`http://two.test:${port}/`, LIMITS);
  assert.equal((await buffer(body)).toString(), "here");
});

test("a body that nobody reads ends quietly at the deadline", async () => {
  const stalled = await serveRaw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nstart");
  const { body } = await fetcher().fetch(`http://127.0.0.1:${stalled}/`, { ...LIMITS, timeoutMs: 100 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.ok(body.destroyed);
  await assert.rejects(buffer(body), failure("file_download_error", /within 0.1 seconds/));
  const other = await fetcher().fetch(`http://127.0.0.1:${stalled}/`, LIMITS);
  other.body.destroy();
});

test("a slow reader is no slow server", async () => {
  const port = await serve((_request, response) => response.end("x".repeat(1_000_000)));
  const quick = fetcher({ idleTimeoutMs: 100 });
  const { body } = await quick.fetch(`http://127.0.0.1:${port}/`, { ...LIMITS, maxBytes: 1_000_000 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal((await buffer(body)).length, 1_000_000);
});

test("the caller's signal ends the download with its own reason", async () => {
  const silent = await serveRaw("");
  const stop = new Error("cancelled");
  await assert.rejects(
    fetcher().fetch(`http://127.0.0.1:${silent}/`, { ...LIMITS, signal: AbortSignal.abort(stop) }),
    stop,
  );
  const stalled = await serveRaw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nstart");
  const controller = new AbortController();
  const { body } = await fetcher().fetch(`http://127.0.0.1:${stalled}/`, { ...LIMITS, signal: controller.signal });
  setTimeout(() => controller.abort(stop), 20);
  await assert.rejects(buffer(body), stop);
});

test("hosts that cannot be resolved or reached are errors that name the field", async () => {
  const lookup = async () => {
    throw new Error("getaddrinfo ENOTFOUND inner.example");
  };
  await assert.rejects(
    fetcher({ lookup }).fetch("http://no.test/", LIMITS),
    failure("file_download_error", /resolved/),
  );
  const none = fetcher({ lookup: async () => [] });
  await assert.rejects(none.fetch("http://no.test/", LIMITS), failure("file_download_error", /no address/));
  const port = await serve(() => {});
  await new Promise((resolve) => servers.at(-1)?.close(resolve));
  await assert.rejects(fetcher().fetch(`http://127.0.0.1:${port}/`, LIMITS), failure("file_download_error", /reached/));
});
