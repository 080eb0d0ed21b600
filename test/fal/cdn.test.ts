/** Downloads: ranges, validators, cache and safety headers. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import type { FileRecord } from "../../src/requests/store.ts";
import { startFalServer, type TestServer } from "./server.ts";

const TEXT = "0123456789".repeat(10_000);

describe("fal downloads", () => {
  let server: TestServer;
  let url: string;
  let file: FileRecord;

  before(async () => {
    server = await startFalServer();
    file = await store("clip ü.mp4", "video/mp4", null);
    url = `${server.origin}/cdn/files/${file.id}/${encodeURIComponent(file.fileName)}`;
  });
  after(() => server.close());

  const store = (fileName: string, contentType: string, expiresAt: number | null): Promise<FileRecord> =>
    server.services.files.put(
      {
        accountId: "local",
        requestId: null,
        fileName,
        contentType,
        access: { default: "allow", rules: [] },
        expiresAt,
      },
      Readable.from([Buffer.from(TEXT)]),
      { maxBytes: 1e6 },
    );
  const get = (headers: Record<string, string> = {}, method = "GET") => fetch(url, { headers, method });

  test("a whole file, with headers for browsers and caches", async () => {
    const reply = await get();
    assert.equal(reply.status, 200);
    assert.equal(await reply.text(), TEXT);
    const expected = {
      "content-type": "video/mp4",
      "content-length": "100000",
      "accept-ranges": "bytes",
      etag: `"${file.sha256}"`,
      "cache-control": "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox",
      "access-control-allow-origin": "*",
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(reply.headers.get(name), value, name);
    assert.match(reply.headers.get("content-disposition") ?? "", /^inline; .*%C3%BC/);
  });

  test("HEAD has the same headers and no body", async () => {
    const reply = await get({}, "HEAD");
    assert.equal(reply.status, 200);
    assert.equal(reply.headers.get("content-length"), "100000");
    assert.equal(await reply.text(), "");
  });

  test("ranges", async () => {
    for (const [range, text, content] of [
      ["bytes=0-9", TEXT.slice(0, 10), "bytes 0-9/100000"],
      ["bytes=99990-", TEXT.slice(-10), "bytes 99990-99999/100000"],
      ["bytes=-5", TEXT.slice(-5), "bytes 99995-99999/100000"],
    ] as const) {
      const reply = await get({ range });
      assert.equal(reply.status, 206);
      assert.equal(reply.headers.get("content-range"), content);
      assert.equal(reply.headers.get("content-length"), String(text.length));
      assert.equal(await reply.text(), text);
    }
    const beyond = await get({ range: "bytes=100000-" });
    assert.equal(beyond.status, 416);
    assert.equal(beyond.headers.get("content-range"), "bytes */100000");
    assert.match(beyond.headers.get("content-type") ?? "", /json/);
    assert.equal((await get({ range: "lines=1-2" })).status, 200);
    assert.equal((await get({ range: "bytes=0-1", "if-range": '"other"' })).status, 200);
    assert.equal((await get({ range: "bytes=0-1", "if-range": `"${file.sha256}"` })).status, 206);
  });

  test("If-None-Match", async () => {
    for (const tag of [`"${file.sha256}"`, `W/"${file.sha256}"`, `"x", "${file.sha256}"`, "*"]) {
      const reply = await get({ "if-none-match": tag });
      assert.equal(reply.status, 304, tag);
      assert.equal(await reply.text(), "");
    }
    assert.equal((await get({ "if-none-match": '"x"' })).status, 200);
  });

  test("anything but pictures, video and sound is a download", async () => {
    const page = await store("page.html", "text/html", null);
    const reply = await fetch(`${server.origin}/cdn/files/${page.id}/page.html`);
    assert.match(reply.headers.get("content-disposition") ?? "", /^attachment/);
    await reply.body?.cancel();
  });

  test("absent, unfinished and expired files are 404", async () => {
    const { id: expired } = await store("a.mp4", "video/mp4", Date.now() + 30);
    const { id: pending } = await server.services.files.reserve({
      accountId: "local",
      requestId: null,
      fileName: "p.mp4",
      contentType: "video/mp4",
      access: { default: "allow", rules: [] },
      expiresAt: null,
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const id of [expired, pending, "AAAAAAAAAAAAAAAAAAAAAA", "..%2f..%2fetc%2fpasswd", "x".repeat(300)]) {
      const reply = await fetch(`${server.origin}/cdn/files/${id}/a.mp4`);
      assert.equal(reply.status, 404, id);
      assert.equal(typeof ((await reply.json()) as { detail: unknown }).detail, "string");
    }
  });

  test("long names reach their file", async () => {
    const long = await store(`${"ř".repeat(100)}.mp4`, "video/mp4", null);
    const reply = await fetch(`${server.origin}/cdn/files/${long.id}/${encodeURIComponent(long.fileName)}`);
    assert.equal(reply.status, 200);
    await reply.body?.cancel();
  });
});
