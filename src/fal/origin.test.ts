import assert from "node:assert/strict";
import { test } from "node:test";
import type { FastifyRequest } from "fastify";
import { fileUrl, isVendorHost, originsOf, rewriteFalUrl } from "./origin.ts";

const rewrite = (url: string, headers: Record<string, string>) =>
  rewriteFalUrl({ url, headers }, ["https://own.example"]);

test("vendor hosts become prefixes", () => {
  for (const [host, url, path] of [
    ["fal.run", "/a/b", "/run/a/b"],
    ["queue.fal.run", "/a/b?fal_webhook=x", "/queue/a/b?fal_webhook=x"],
    ["QUEUE.fal.run:443", "/a/b", "/queue/a/b"],
    ["rest.fal.ai", "/tokens/", "/rest/tokens/"],
    ["rest.alpha.fal.ai", "/tokens/", "/rest/tokens/"],
    ["v3b.fal.media", "/files/x/y", "/cdn/files/x/y"],
    ["api.fal.ai", "/v1/models", "/v1/models"],
    ["fal.ai", "/api/openapi/queue/openapi.json", "/api/openapi/queue/openapi.json"],
    ["127.0.0.1:7860", "/queue/a/b", "/queue/a/b"],
    ["evil-fal.run", "/a/b", "/a/b"],
    ["constructor", "/a/b", "/a/b"],
  ] as const) {
    assert.equal(rewrite(url, { host }), path, host);
  }
  assert.equal(isVendorHost("queue.fal.run:8443"), true);
  assert.equal(isVendorHost("toString"), false);
});

test("proxied requests become requests for their target", () => {
  const host = "127.0.0.1:7860";
  const proxied = (target: string, url = "/api/fal/proxy") => rewrite(url, { host, "x-fal-target-url": target });
  assert.equal(proxied("https://queue.fal.run/a/b?x=1"), "/queue/a/b?x=1");
  assert.equal(proxied("http://fal.run/a/b", "/api/fal/proxy/?ignored=1"), "/run/a/b");
  assert.equal(proxied(`http://${host}/rest/tokens/`), "/rest/tokens/");
  assert.equal(proxied("https://own.example/queue/a/b"), "/queue/a/b");
  for (const foreign of [
    "https://evil.example/queue/a/b",
    "http://169.254.169.254/",
    `http://${host}/api/fal/proxy`,
    `http://${host}/health`,
    "queue.fal.run/a/b",
    "",
  ]) {
    assert.equal(proxied(foreign), "/api/fal/proxy", foreign);
  }
  assert.equal(rewrite("/queue/a/b", { host, "x-fal-target-url": "https://fal.run/c/d" }), "/queue/a/b");
});

test("origins of replies: the caller's, the public one, or the vendor's", () => {
  const request = (host: string, protocol = "http") => ({ host, protocol }) as FastifyRequest;
  const file = { id: "x".repeat(22), fileName: "a b.mp4" };
  const local = originsOf(request("localhost:7860"), { publicUrl: undefined });
  assert.equal(local.queue, "http://localhost:7860/queue");
  assert.equal(fileUrl(file, local), `http://localhost:7860/cdn/files/${file.id}/a%20b.mp4`);
  assert.equal(originsOf(request("fal.run"), { publicUrl: "https://me.example" }).cdn, "https://me.example/cdn");
  const vendor = originsOf(request("queue.fal.run:8443", "https"), { publicUrl: undefined });
  assert.equal(vendor.queue, "https://queue.fal.run:8443");
  assert.equal(fileUrl(file, vendor), `https://v3.fal.media:8443/files/${file.id}/a%20b.mp4`);
  assert.equal(originsOf(request('x"><script>'), { publicUrl: undefined }).run, "http://localhost/run");
});
