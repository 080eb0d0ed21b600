import assert from "node:assert/strict";
import { test } from "node:test";
import Fastify from "fastify";
import { readConfig } from "./config.ts";
import { registerGuard } from "./guard.ts";

function guarded(keys = "") {
  const app = Fastify();
  registerGuard(app, readConfig([`--keys=${keys}`], {}));
  app.get("/", () => ({}));
  return async (headers: Record<string, string>): Promise<number> =>
    (await app.inject({ url: "/", headers: { host: "localhost", ...headers } })).statusCode;
}

test("without keys only this machine's names, and the vendors', are answered", async () => {
  const get = guarded();
  const good = [
    "localhost",
    "LOCALHOST:7860",
    "127.0.0.1:1",
    "127.1.2.3",
    "[::1]:7860",
    "x.localhost",
    "queue.fal.run",
  ];
  for (const host of good) assert.equal(await get({ host }), 200, host);
  const bad = ["example.com", "127.0.0.1.example", "localhost.", "0.0.0.0", "10.0.0.1", "[::]", "localhost:x"];
  bad.push("localhost@example.com", "user@localhost", "localhost/x", "localhost?x", "localhost#x", "localhost\\x");
  for (const host of bad) assert.equal(await get({ host }), 403, host);
});

test("without keys only this machine's pages are", async () => {
  const get = guarded();
  for (const origin of ["http://localhost:3000", "https://127.0.0.1"]) assert.equal(await get({ origin }), 200, origin);
  for (const origin of ["https://example.com", "null", "file://", "http://localhost.example", "https://fal.run", "x"]) {
    assert.equal(await get({ origin }), 403, origin);
  }
});

test("with keys the guard stands aside", async () => {
  const get = guarded("a:b");
  assert.equal(await get({ host: "example.com", origin: "https://example.com" }), 200);
});
