import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "./index.ts";
import { routes } from "./routes.ts";

test("vendor hosts become paths; every other URL stays", () => {
  const route = routes("https://video.example/base/");
  for (const [url, expected] of [
    ["https://queue.fal.run/a/b?x=1", "https://video.example/base/queue/a/b?x=1"],
    ["https://fal.run/a/b/stream", "https://video.example/base/run/a/b/stream"],
    ["https://rest.fal.ai/tokens/", "https://video.example/base/rest/tokens/"],
    ["https://v3.fal.media/files/x", "https://video.example/base/cdn/files/x"],
    ["https://api.fal.ai/v1/models", "https://video.example/base/v1/models"],
    ["wss://fal.run/a/b/realtime?t=1", "wss://video.example/base/run/a/b/realtime?t=1"],
    ["https://fal.run.evil.example/a", "https://fal.run.evil.example/a"],
    ["https://example.com/fal.run/", "https://example.com/fal.run/"],
    ["/api/fal/proxy", "/api/fal/proxy"],
  ] as const) {
    assert.equal(route(url), expected);
  }
  assert.equal(routes("http://127.0.0.1:7860")("wss://fal.run/x"), "ws://127.0.0.1:7860/run/x");
  assert.throws(() => routes("file:///x"), TypeError);
  assert.throws(() => routes("nonsense"), TypeError);
});

test("fetch maps strings, URLs and Requests", async () => {
  const seen: string[] = [];
  const original = globalThis.fetch;
  globalThis.fetch = async (input) => {
    seen.push(input instanceof Request ? `${input.method} ${input.url}` : String(input));
    return new Response();
  };
  try {
    const { fetch } = connect("http://h:1");
    await fetch("https://fal.run/a");
    await fetch(new URL("https://queue.fal.run/b"));
    await fetch(new Request("https://rest.fal.ai/c", { method: "PUT" }));
    await fetch("https://elsewhere.example/d");
  } finally {
    globalThis.fetch = original;
  }
  assert.deepEqual(seen, [
    "http://h:1/run/a",
    "http://h:1/queue/b",
    "PUT http://h:1/rest/c",
    "https://elsewhere.example/d",
  ]);
});

test("without a key, a key of the vendor's in the environment is not sent", () => {
  const { credentials } = connect("http://h:1");
  assert.equal(typeof credentials === "function" && credentials(), undefined);
  assert.equal(connect("http://h:1", { key: "a:b" }).credentials, "a:b");
});

test("realtime wraps the global WebSocket for the vendor's host only", () => {
  const scope = globalThis as unknown as { WebSocket?: unknown };
  const original = scope.WebSocket;
  class Socket {
    static readonly OPEN = 1;
    readonly url: string;
    readonly protocols: unknown;
    constructor(url: string | URL, protocols?: unknown) {
      this.url = String(url);
      this.protocols = protocols;
    }
  }
  try {
    scope.WebSocket = undefined;
    assert.throws(() => connect("http://h:1", { realtime: true }), /install ws/);
    scope.WebSocket = Socket;
    connect("http://h:1", { realtime: true });
    connect("http://h:2", { realtime: true });
    const Wrapped = scope.WebSocket as typeof Socket;
    assert.equal(Wrapped.OPEN, 1);
    const socket = new Wrapped("wss://fal.run/a/b/realtime?fal_jwt_token=x", ["p"]);
    assert.ok(socket instanceof Socket && socket instanceof Wrapped);
    assert.equal(socket.url, "ws://h:2/run/a/b/realtime?fal_jwt_token=x");
    assert.deepEqual(socket.protocols, ["p"]);
    assert.equal(new Wrapped("wss://other.example/").url, "wss://other.example/");
  } finally {
    scope.WebSocket = original;
  }
});
