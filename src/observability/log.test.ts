import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldError } from "../errors.ts";
import { createAccessLog, createLog } from "./log.ts";

function capture(level = "info") {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, log: createLog({ level, part: "server", destination }) };
}

test("no credential and no body reaches a line, wherever it stands", () => {
  const { lines, log } = capture();
  const secret = "s3cr3t-value-0123456789";
  log.info({ authorization: `Key id:${secret}`, headers: { authorization: secret }, body: { prompt: secret } }, "a");
  log.info({ request: { token: secret, query: secret } }, `called with Key id:${secret}`);
  log.info(`GET http://127.0.0.1/ws?a=1&fal_jwt_token=${secret}&b=2#x`);
  log.warn({ url: `https://user:${secret}@example.com/a.mp4?X-Amz-Signature=${secret}` }, "b");
  const cause = new Error(`Bearer ${secret} "quoted\\"`);
  log.error({ err: fieldError("value_error", ["body", "prompt"], "bad", { input: secret, cause }) }, "c");
  log.error({ err: Object.assign(new Error("d"), { config: { key: secret } }) }, "d");
  assert.equal(lines.length, 6);
  for (const line of lines) {
    assert.ok(!line.includes(secret), line);
    assert.equal(JSON.parse(line).part, "server");
  }
  assert.match(lines[2]!, /a=1&fal_jwt_token=\[redacted\]&b=2/);
  assert.equal(JSON.parse(lines[4]!).err.cause.type, "Error");
});

test("levels are named, and an unknown one is refused with the list", () => {
  const { lines, log } = capture("warn");
  log.info("quiet");
  log.warn("loud");
  assert.equal(lines.length, 1);
  assert.equal(JSON.parse(lines[0]!).level, "warn");
  assert.throws(() => capture("loud"), /RESHOOT_LOG must be one of trace, debug, info, warn, error, fatal, silent/);
});

test("the access log writes the lines of one turn at once, in order, and says nothing below its level", async () => {
  const writes: string[] = [];
  const destination = { write: (text: string) => void writes.push(text) };
  const log = createAccessLog({ level: "info", part: "server", destination });
  for (const request of ["a", "b"]) log.info({ request, status: 200 }, "http");
  createAccessLog({ level: "warn", part: "server", destination }).info({ request: "c" }, "http");
  assert.equal(writes.length, 0);
  await new Promise(setImmediate);
  log.info({ request: "d", status: 404 }, "http");
  await new Promise(setImmediate);
  const read = writes.map((text) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  );
  assert.deepEqual(
    read.map((lines) => lines.map(({ request, status, level, part, msg }) => [request, status, level, part, msg])),
    [
      [
        ["a", 200, "info", "server", "http"],
        ["b", 200, "info", "server", "http"],
      ],
      [["d", 404, "info", "server", "http"]],
    ],
  );
  assert.throws(() => createAccessLog({ level: "loud", part: "server" }), /RESHOOT_LOG must be one of/);
});
