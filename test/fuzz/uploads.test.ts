/** Uploads in parts that come in any order, twice, too large, under wrong numbers and with wrong lists. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { startTarget, type Target } from "../hostile/server.ts";
import { assertWellFormed } from "../hostile/wire.ts";
import { FUZZ_TIMEOUT_MS, fuzz, HANG_MS, mutated, nasty } from "./fuzz.ts";

const MAX_BYTES = 1024 * 1024;

describe("fuzzed uploads", { timeout: 2 * FUZZ_TIMEOUT_MS }, () => {
  let target: Target;
  before(async () => {
    target = await startTarget("--max-upload-mb=1");
  });
  after(async () => {
    await target.assertHealthy();
    await target.close();
  });

  const send = async (
    method: string,
    url: string,
    body: string | Buffer,
  ): Promise<{ status: number; text: string }> => {
    const reply = await fetch(url, { method, body: Buffer.from(body), signal: AbortSignal.timeout(HANG_MS) });
    const text = await reply.text();
    assertWellFormed(reply.status, text, `${method} ${url} ${body.length > 2000 ? body.length : body}`);
    return { status: reply.status, text };
  };
  const initiate = async (): Promise<{ upload_url: string; file_url: string }> => {
    const { text } = await send("POST", `${target.origin}/rest/storage/upload/initiate-multipart`, "{}");
    return JSON.parse(text) as { upload_url: string; file_url: string };
  };
  const partUrl = (upload: string, part: string): string => upload.replace("?", `/${part}?`);
  const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

  test("a completed file is its listed parts in their order; anything else is refused and loses nothing", async () => {
    const number = fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 1, max: 4 }).map(String) },
      fc.constantFrom("0", "-1", "1.5", "10001", "1e1", "01", " 1", "x"),
    );
    const size = fc.oneof(
      { weight: 9, arbitrary: fc.nat(5000) },
      fc.constantFrom(0, 600_000, MAX_BYTES, MAX_BYTES + 1),
    );
    const puts = fc.array(fc.tuple(number, size, fc.nat(255)), { maxLength: 6 });
    await fuzz(fc.tuple(puts, fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 5 })), async ([parts, chosen]) => {
      const { upload_url, file_url } = await initiate();
      const stored = new Map<number, Buffer>();
      for (const [part, length, fill] of parts) {
        const bytes = Buffer.alloc(length, fill);
        const { status, text } = await send("PUT", partUrl(upload_url, encodeURIComponent(part)), bytes);
        if (status !== 200) continue;
        stored.set(Number(part), bytes);
        assert.deepEqual(JSON.parse(text), { partNumber: Number(part), etag: sha256(bytes) });
      }
      const listed = chosen.map((partNumber) => ({
        partNumber,
        etag: sha256(stored.get(partNumber) ?? Buffer.alloc(0)),
      }));
      const { status } = await send("POST", upload_url.replace("?", "/complete?"), JSON.stringify({ parts: listed }));
      const isRight =
        chosen.length > 0 && new Set(chosen).size === chosen.length && chosen.every((part) => stored.has(part));
      assert.equal(status, isRight ? 200 : 400);
      const download = await fetch(file_url);
      const bytes = Buffer.from(await download.arrayBuffer());
      assert.equal(download.status, isRight ? 200 : 404);
      if (isRight)
        assert.ok(bytes.equals(Buffer.concat([...chosen].sort((a, b) => a - b).map((part) => stored.get(part)!))));
    });
  });

  test("lists of parts that are none", async () => {
    const { upload_url } = await initiate();
    await send("PUT", partUrl(upload_url, "1"), "x");
    const list = mutated({
      parts: [
        { partNumber: 1, etag: "x" },
        { partNumber: 2, etag: '"y"' },
      ],
    });
    const body = fc.oneof({ weight: 5, arbitrary: list.map((value) => JSON.stringify(value) ?? "") }, nasty);
    await fuzz(body, async (text) => {
      const { status } = await send("POST", upload_url.replace("?", "/complete?"), text);
      assert.ok(status === 400 || status === 422, `${status} for ${text}`);
    });
  });
});
