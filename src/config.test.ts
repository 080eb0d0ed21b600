import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isLoopbackHost, readConfig, SETTINGS } from "./config.ts";

test("flags win over environment variables, which win over defaults", () => {
  assert.equal(readConfig([], {}).port, 7860);
  assert.equal(readConfig([], { RESHOOT_PORT: "8000" }).port, 8000);
  assert.equal(readConfig(["--port", "9000"], { RESHOOT_PORT: "8000" }).port, 9000);
  assert.equal(readConfig(["--port=9001"], {}).port, 9001);
});

test("a bare --allow-private-urls means yes", () => {
  assert.equal(readConfig(["--allow-private-urls"], {}).allowPrivateUrls, true);
  assert.equal(readConfig([], {}).allowPrivateUrls, false);
});

test("keys are id:secret pairs; a secret may contain colons", () => {
  assert.deepEqual(readConfig(["--keys", "a:b, c:d:e"], {}).keys, [
    { id: "a", secret: "b" },
    { id: "c", secret: "d:e" },
  ]);
  for (const bad of ["a", ":b", "a:"]) assert.throws(() => readConfig(["--keys", bad], {}), /--keys/);
});

test("a public host without keys is refused", () => {
  assert.throws(() => readConfig(["--host", "0.0.0.0"], {}), /without keys/);
  assert.equal(readConfig(["--host", "0.0.0.0", "--keys", "a:b"], {}).host, "0.0.0.0");
});

test("bad values and unknown options name themselves", () => {
  assert.throws(() => readConfig(["--port", "many"], {}), /--port/);
  assert.throws(() => readConfig(["--prot", "1"], {}), /--prot/);
  assert.throws(() => readConfig(["--data"], {}), /--data needs a value/);
  assert.throws(() => readConfig(["--public-url", "example.com"], {}), /--public-url/);
});

test("loopback hosts", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST", "a.localhost", "::1", "[::1]"]) {
    assert.ok(isLoopbackHost(host), host);
  }
  for (const host of ["0.0.0.0", "example.com", "127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", ""]) {
    assert.ok(!isLoopbackHost(host), host);
  }
});

test("docs/deployment.md lists every setting with its variable and default", () => {
  const docs = readFileSync("docs/deployment.md", "utf8");
  for (const { flag, variable, value, help } of SETTINGS) {
    assert.ok(docs.includes(`| \`--${flag}\` | \`${variable}\` | ${value ? `\`${value}\`` : ""} | ${help} |`), flag);
  }
});
