import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { serverSecret } from "./server-secret.ts";

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "secret-"));
});
afterEach(() => rm(data, { recursive: true }));

test("is made once, for its owner only", async () => {
  const secret = await serverSecret(data);
  assert.equal(secret.length, 32);
  assert.deepEqual(await serverSecret(data), secret);
  assert.deepEqual(await readdir(data), ["secret"]);
  if (process.platform !== "win32") assert.equal((await stat(join(data, "secret"))).mode & 0o777, 0o600);
});

test("a start that was cut short leaves none behind, and the next one makes it", async () => {
  await writeFile(join(data, "secret.new"), "half");
  assert.equal((await serverSecret(data)).length, 32);
  assert.deepEqual(await readdir(data), ["secret"]);
});

test("a damaged one is said to be so and never replaced", async () => {
  await writeFile(join(data, "secret"), "short");
  await assert.rejects(serverSecret(data), /secret is damaged/);
});
