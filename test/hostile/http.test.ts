/** Requests that are barely, or not at all, HTTP; and pages elsewhere that want to drive the server. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { startTarget, type Target } from "./server.ts";
import { assertWellFormed, exchange } from "./wire.ts";

const VOID = "fal-ai/void-video-inpainting";

describe("hostile HTTP", () => {
  let target: Target;
  before(async () => {
    target = await startTarget();
  });
  after(async () => {
    await target.assertHealthy();
    await target.close();
  });

  /** One request, closed after its answer. @returns its status; 0 when the connection was closed without an answer. */
  const send = async (start: string, headers: readonly string[] = [], body: string | Buffer = ""): Promise<number> => {
    const host = headers.some((line) => /^host:/i.test(line)) ? [] : ["Host: localhost"];
    const length = headers.some((line) => /^(content-length|transfer-encoding):/i.test(line))
      ? []
      : [`Content-Length: ${Buffer.byteLength(body)}`];
    const head = [start, ...host, "Connection: close", ...length, ...headers].join("\r\n");
    const replies = await exchange(
      target.port,
      Buffer.concat([Buffer.from(`${head}\r\n\r\n`, "latin1"), Buffer.from(body)]),
    );
    assert.ok(replies.length <= 1, `${start}: ${replies.length} answers`);
    const [reply] = replies;
    if (reply) assertWellFormed(reply.status, reply.body, `${start} ${headers.join(", ").slice(0, 200)}`);
    return reply?.status ?? 0;
  };
  const isRefused = (status: number, what: string): void => {
    assert.ok(status === 0 || (status >= 400 && status < 500), `${what}: ${status}`);
  };

  test("hosts that are not this machine", async () => {
    const { port } = target;
    const mine = [
      "localhost",
      "LOCALHOST",
      "127.0.0.1",
      "127.0.0.2",
      "[::1]",
      "a.localhost",
      `localhost:${port}`,
      "127.0.0.1:1",
    ];
    for (const host of mine) assert.equal(await send("GET /health HTTP/1.1", [`Host: ${host}`]), 200, host);
    const others = [
      "example.com",
      "127.0.0.1.example",
      "localhost.example",
      "localhost.",
      "127.0.0.1.nip.io",
      "example.com:80",
    ];
    others.push("10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "[::]", "[fe80::1]", "localhost@example.com");
    others.push(
      "localhost:80@example.com",
      "example.com#localhost",
      "example.com/localhost",
      "fal.run.example",
      "notfal.run",
    );
    others.push(
      "localhost, example.com",
      "example.com localhost",
      "xn--localhost-",
      "constructor",
      "__proto__",
      "",
      "%6c%6fcalhost.example",
    );
    others.push("user@localhost", "localhost/x", "localhost?x", "localhost#x", "localhost:99999", "localhost:x");
    for (const host of others) isRefused(await send("GET /health HTTP/1.1", [`Host: ${host}`]), host);
    isRefused(await send("GET /health HTTP/1.1", ["Host: example.com", "Host: localhost"]), "two hosts");
    isRefused(await send("GET /health HTTP/1.1", ["Host: localhost", "Host: example.com"]), "two hosts");
    isRefused(await send("GET http://example.com/health HTTP/1.1", ["Host: example.com"]), "absolute form");
    isRefused(await send("GET /health HTTP/1.1", ["Host: example.com", "X-Forwarded-Host: localhost"]), "forwarded");
    isRefused(await send("GET /health HTTP/1.1", ["Host: example.com", "Forwarded: host=localhost"]), "forwarded");
    isRefused(await send("CONNECT example.com:443 HTTP/1.1", ["Host: localhost"]), "connect");
    isRefused(await send("CONNECT 127.0.0.1:22 HTTP/1.1", ["Host: localhost"]), "connect");
    // HTTP/1.0 needs no Host; then nothing says that this machine was meant.
    const [old] = await exchange(port, "GET /health HTTP/1.0\r\n\r\n");
    assert.equal(old?.status, 403);
  });

  test("pages that are not this machine's", async () => {
    const submit = (origin: string): Promise<number> =>
      send(`POST /queue/${VOID} HTTP/1.1`, [`Origin: ${origin}`, "Content-Type: text/plain"], "{}");
    for (const origin of ["http://localhost", "http://127.0.0.1:3000", "https://[::1]:8443"]) {
      assert.equal(await submit(origin), 422, origin);
    }
    const others = [
      "https://example.com",
      "null",
      "file://",
      "http://localhost.example",
      "http://127.0.0.1.example",
      "http://10.0.0.1",
    ];
    others.push(
      "http://localhost@example.com",
      "http://example.com, http://localhost",
      "chrome-extension://abc",
      "",
      "x",
      "http://",
    );
    for (const origin of others) {
      // An empty Origin says nothing, as none does; browsers never send one.
      if (origin === "") continue;
      assert.equal(await submit(origin), 403, origin);
      assert.equal(
        await send(`OPTIONS /queue/${VOID} HTTP/1.1`, [`Origin: ${origin}`, "Access-Control-Request-Method: POST"]),
        403,
      );
    }
  });

  test("paths", async () => {
    const long = "a".repeat(10_000);
    const ids = [
      "..",
      "%2e%2e",
      "..%2f..%2fetc%2fpasswd",
      "..\\..",
      "%00",
      "%0d%0aSet-Cookie:x=1",
      "a%00.mp4",
      "%",
      "%zz",
      "%c0%ae",
      "%ff",
    ];
    ids.push(
      long,
      "-",
      ".",
      "~",
      "'",
      '"',
      "<x>",
      "*",
      "__proto__",
      "constructor",
      "AAAAAAAAAAAAAAAAAAAAAA",
      "AAAAAAAAAAAAAAAAAAAAAB",
    );
    ids.push("%E2%80%AE", "%F0%9F%98%80", "1e309", "-1", "undefined", ";id", "$(id)", "{{7*7}}", "' OR 1=1 --");
    const routes = [
      "GET /cdn/files/X",
      "GET /cdn/files/X/X",
      "HEAD /cdn/files/X",
      "PUT /cdn/uploads/X",
      "PUT /cdn/uploads/X/X",
    ];
    routes.push("POST /cdn/uploads/X/complete", "PUT /cdn/files/X/X", "POST /cdn/files/X/X/multipart/X/complete");
    routes.push(
      "GET /queue/X",
      "POST /queue/X/X",
      `GET /queue/${VOID}/requests/X`,
      `GET /queue/${VOID}/requests/X/status`,
    );
    routes.push(`PUT /queue/${VOID}/requests/X/cancel`, "POST /run/X/X", "POST /run/X/X/stream", "GET /X", "GET /X/X");
    routes.push("GET /v1/X", "GET /api/openapi/queue/openapi.json?endpoint_id=X", "GET /.well-known/X", "GET /rest/X");
    routes.push(
      "GET /v1/models?limit=X",
      "GET /v1/models?cursor=X",
      "GET /v1/models?status=X",
      "GET /v1/models/requests/X/webhook-deliveries",
    );
    for (const route of routes) {
      for (const id of ids) {
        const status = await send(`${route.replaceAll("X", id)} HTTP/1.1`);
        if (!route.includes("?")) isRefused(status, `${route} ${id.slice(0, 50)}`);
      }
    }
    for (const path of [
      "/cdn/../secret",
      "/cdn/files/../../secret",
      "/cdn/%2e%2e/reshoot.db",
      "//etc/passwd",
      "/\\etc",
      "/./health/../secret",
    ]) {
      isRefused(await send(`GET ${path} HTTP/1.1`), path);
    }
    isRefused(await send(`GET /${long}${long} HTTP/1.1`), "a request line of 20 kB");
    isRefused(await send("GET * HTTP/1.1"), "an asterisk");
    isRefused(await send("GET health HTTP/1.1"), "no slash");
    isRefused(await send("GET /health\x01 HTTP/1.1"), "a control character");
  });

  test("headers", async () => {
    const get = (...headers: string[]): Promise<number> => send("GET /v1/models HTTP/1.1", headers);
    isRefused(await get(`X-Giant: ${"a".repeat(100_000)}`), "100 kB in one header");
    isRefused(await get(...Array.from({ length: 3000 }, (_, i) => `X-${i}: ${i}`)), "3000 headers");
    isRefused(await get("X-Bad\x00: x"), "NUL in a name");
    isRefused(await get("X-Bad: \x00"), "NUL in a value");
    isRefused(await get(" folded: x"), "a folded line");
    isRefused(await get("No colon"), "no colon");
    isRefused(await get("X : y"), "a space before the colon");
    isRefused(await get("Content-Length: 5", "Content-Length: 6"), "two lengths");
    assert.equal(await get(`Cookie: ${"a=b; ".repeat(2000)}`, "Cookie: __proto__=1"), 200);
    assert.equal(await get("X-Fal-Tags: 1", "X-Fal-Tags: 2", "Range: x", "Range: bytes=9-1", "Accept: \xff\xfe"), 200);
    assert.equal(await get("Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13"), 200);
    for (const [name, values] of Object.entries({
      "X-Fal-Request-Timeout": ["-1", "NaN", "1e999", "0x", "1".repeat(5000), "Infinity"],
      "X-Fal-Queue-Priority": ["high", "__proto__", "normal\tlow"],
      "X-Fal-Object-Lifecycle-Preference": [
        "{",
        "[]",
        "1",
        '{"expiration_duration_seconds":-1}',
        `{"initial_acl":${"[".repeat(3000)}}`,
      ],
      "Idempotency-Key": ["x".repeat(9000), "\xff\xff"],
      "X-Fal-Runner-Hint": ["../../x", "\xff"],
      Authorization: ["Key", "Key :", "Key a:b", "Bearer x.y.z", "Basic Og==", `Bearer ${"a.".repeat(4000)}`],
      Accept: ["text/event-stream"],
      "Content-Type": [
        "application/json; charset=utf-99",
        "multipart/form-data; boundary=",
        "x".repeat(5000),
        "image/png;".repeat(500),
      ],
      "Content-Encoding": ["gzip", "br", "x"],
      Expect: ["200-maybe"],
      "X-Fal-Target-Url": ["http://169.254.169.254/", "file:///etc/passwd", "x", "https://fal.run.example/x"],
    })) {
      for (const value of values) {
        isRefused(
          await send(`POST /queue/${VOID} HTTP/1.1`, [`${name}: ${value}`], "{}"),
          `${name}: ${value.slice(0, 50)}`,
        );
        isRefused(
          await send("GET /api/fal/proxy HTTP/1.1", [`${name}: ${value}`]),
          `proxy, ${name}: ${value.slice(0, 50)}`,
        );
      }
    }
  });

  test("lengths that lie, and two requests that pretend to be one", async () => {
    const post = `POST /queue/${VOID} HTTP/1.1`;
    isRefused(await send(post, ["Content-Length: 99999"], "{}"), "a body that never comes");
    isRefused(await send(post, ["Content-Length: -1"], "{}"), "a negative length");
    isRefused(await send(post, ["Content-Length: 1e3"], "{}"), "a length in words");
    isRefused(await send(post, ["Content-Length: 99999999999999999999"], "{}"), "a length of 10^20");
    isRefused(await send(post, ["Content-Length: 209715200"], "{}"), "a length over the limit");
    isRefused(await send(post, ["Transfer-Encoding: chunked"], "zz\r\n{}\r\n0\r\n\r\n"), "a chunk size in words");
    isRefused(await send(post, ["Transfer-Encoding: chunked"], "ffffffffffffffffff\r\n{}"), "a chunk of 2^72");
    isRefused(await send(post, ["Transfer-Encoding: chunked"], "2\r\n{}\r\n0\r\nX: y\r\n\r\n"), "a trailer");
    isRefused(await send(post, ["Transfer-Encoding: identity, chunked"], "2\r\n{}\r\n0\r\n\r\n"), "two encodings");
    isRefused(await send(post, ["Transfer-Encoding: xchunked"], "2\r\n{}\r\n0\r\n\r\n"), "an unknown encoding");
    isRefused(await send(post, ["Transfer-Encoding:\x0bchunked"], "2\r\n{}\r\n0\r\n\r\n"), "an encoding in disguise");
    const hidden = "GET /v1/meta HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (const headers of [
      ["Content-Length: 4", "Transfer-Encoding: chunked"],
      ["Transfer-Encoding: chunked", "Content-Length: 4"],
      ["Transfer-Encoding: chunked", "Transfer-Encoding: identity", "Content-Length: 4"],
    ]) {
      isRefused(await send(post, headers, `0\r\n\r\n${hidden}`), headers.join());
    }
    const pipelined = await exchange(target.port, hidden + hidden);
    assert.deepEqual(
      pipelined.map(({ status }) => status),
      [200, 200],
    );
    const [garbage] = await exchange(target.port, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    assert.equal(garbage?.status, 400);
    // Preface of HTTP/2.
    const [two] = await exchange(target.port, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    isRefused(two?.status ?? 0, "HTTP/2");
  });

  test("JSON that is deep, wide, twofold or no JSON", async () => {
    const post = (body: string | Buffer): Promise<number> => send(`POST /queue/${VOID} HTTP/1.1`, [], body);
    const wide = `{"prompt":"x","video_url":[${"1,".repeat(300_000)}1]}`;
    const bodies: (string | Buffer)[] = [
      "[".repeat(100_000),
      '{"a":'.repeat(100_000),
      wide,
      "null",
      "[]",
      '"x"',
      "1",
      "tru",
      "\x00",
      "{}{}",
    ];
    bodies.push(
      Buffer.from([0xff, 0xfe, 0x7b, 0x7d]),
      Buffer.alloc(1000, 0xff),
      '{"prompt":1e999,"video_url":-0}',
      '{"prompt":"\\ud800"}',
    );
    bodies.push(
      '{"__proto__":{"video_url":"x","prompt":"x"}}',
      '{"constructor":{"prototype":{"prompt":"x"}}}',
      '{"toString":1,"prompt":{}}',
    );
    bodies.push(
      `{"video_url":"${"\\u0000".repeat(1000)}","prompt":""}`,
      `{"${"k".repeat(100_000)}":1}`,
      '{"video_url":{"$url":"x"},"prompt":""}',
    );
    bodies.push(
      '{"video_url":{"$file":"../x"},"prompt":""}',
      '{"prompt":"","video_url":["a","b"]}',
      '{"prompt":"","prompt":1}',
    );
    for (const body of bodies) isRefused(await post(body), String(body).slice(0, 60));
    assert.equal(({} as Record<string, unknown>).prompt, undefined);
    // What was refused for its prototype has not become everybody's default.
    assert.equal(await post("{}"), 422);
  });

  test("long texts take no longer than they are long", async () => {
    const bodies: Readonly<Record<string, readonly string[]>> = {
      [`/queue/${VOID}`]: [
        "prompt",
        "video_url",
        "quad_mask_video_url",
        "seed",
        "num_frames",
        "guidance_scale",
        "strength",
        "reshoot_output",
      ],
      "/rest/tokens/": ["allowed_apps", "app", "token_expiration"],
      "/rest/storage/upload/initiate": ["file_name", "content_type"],
      "/v1/models/pricing/estimate": ["estimate_type", "endpoints"],
      "/api/v3/media/uploads": ["filename", "content_type"],
    };
    for (const [path, fields] of Object.entries(bodies)) {
      for (const field of fields) {
        for (const unit of [
          "/",
          " ",
          "1",
          "a",
          ".",
          "%41",
          "\t",
          ";a=b",
          "data:,",
          "http://",
          "=",
          "\u202e",
          "\ud83d\ude00",
        ]) {
          const start = performance.now();
          const text = unit.repeat(500_000 / unit.length);
          const reply = await fetch(target.origin + path, {
            method: "POST",
            body: JSON.stringify({ prompt: "", [field]: `x${text}x` }),
          });
          assertWellFormed(reply.status, await reply.text(), `${path} ${field}`);
          assert.ok(
            performance.now() - start < 5000,
            `${path} took ${performance.now() - start} ms for ${field} of ${unit}`,
          );
        }
      }
    }
  });

  test("a hundred connections that never finish a request keep nobody else waiting", async () => {
    const sockets = Array.from({ length: 100 }, (_, i) => {
      const socket = connect(target.port, "127.0.0.1").on("error", () => {});
      socket.write(
        i % 2 ? "GET /health HT" : `POST /run/${VOID} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{`,
      );
      return socket;
    });
    await Promise.all(sockets.map((socket) => (socket.readyState === "open" ? undefined : once(socket, "connect"))));
    const start = performance.now();
    await target.assertHealthy();
    assert.ok(performance.now() - start < 1000);
    for (const socket of sockets) socket.destroy();
  });
});
