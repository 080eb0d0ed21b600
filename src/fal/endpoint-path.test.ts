import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseEndpointId, parseQueuePath } from "./endpoint-path.ts";

test("ids are owner, alias and path, behind a namespace or not", () => {
  assert.deepEqual(parseEndpointId("fal-ai/flux/dev/image-to-image"), {
    owner: "fal-ai",
    alias: "flux",
    path: "dev/image-to-image",
    app: "fal-ai/flux",
    id: "fal-ai/flux/dev/image-to-image",
  });
  assert.deepEqual(parseEndpointId("workflows/acme/chain"), {
    namespace: "workflows",
    owner: "acme",
    alias: "chain",
    app: "workflows/acme/chain",
    id: "workflows/acme/chain",
  });
  assert.equal(parseEndpointId("123-my-app")?.id, "123/my-app");
  assert.equal(parseEndpointId("/a/b/")?.id, "a/b");
  for (const id of ["", "/", "a", "a//b", "comfy/a", "a/../b", "a/./b", "my-app"]) {
    assert.equal(parseEndpointId(id), undefined, id);
  }
});

test("any number of slashes anywhere is judged quickly", () => {
  const start = performance.now();
  for (const id of [`a${"/".repeat(1e6)}b`, "/".repeat(1e6), `a/b${"/".repeat(1e6)}`]) parseEndpointId(id);
  assert.ok(performance.now() - start < 1000);
});

test("queue paths", () => {
  const read = (path: string) => {
    const parsed = parseQueuePath(path);
    return parsed && [parsed.endpoint.id, ...(parsed.kind === "request" ? [parsed.requestId, parsed.action] : [])];
  };
  assert.deepEqual(read("a/b/c"), ["a/b/c"]);
  assert.deepEqual(read("a/b/requests/7"), ["a/b", "7", "result"]);
  assert.deepEqual(read("a/b/requests/7/response/"), ["a/b", "7", "result"]);
  assert.deepEqual(read("a/b/requests/7/status/"), ["a/b", "7", "status"]);
  assert.deepEqual(read("a/b/c/d/requests/7/status/stream"), ["a/b/c/d", "7", "status/stream"]);
  assert.deepEqual(read("comfy/a/b/requests/7/cancel"), ["comfy/a/b", "7", "cancel"]);
  // An alias may be called requests; only what follows the alias is reserved.
  assert.deepEqual(read("a/requests"), ["a/requests"]);
  for (const path of ["a/b/requests", "a/b/requests/7/other", "a/b/requests/7/status/x", "a"]) {
    assert.equal(read(path), undefined, path);
  }
});

test("no path throws, and an id survives being parsed again", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom("requests", "status", "workflows"))), (segments) => {
      const parsed = parseEndpointId(segments.join("/"));
      parseQueuePath(segments.join("/"));
      if (parsed) assert.equal(parseEndpointId(parsed.id)?.id, parsed.id);
    }),
  );
});
