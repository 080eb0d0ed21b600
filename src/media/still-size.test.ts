import assert from "node:assert/strict";
import { test } from "node:test";
import { stillSize } from "./still-size.ts";

const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))));

test("sizes are read off the headers", () => {
  const png = bytes("\x89PNG\r\n\x1a\n", [0, 0, 0, 13], "IHDR", [0, 0, 0xea, 0x60, 0, 0, 1, 2]);
  assert.deepEqual(stillSize(png), { type: "png", width: 60000, height: 258 });
  assert.deepEqual(stillSize(bytes("GIF89a", [200, 0, 150, 0])), { type: "gif", width: 200, height: 150 });
  const jpeg = bytes([0xff, 0xd8, 0xff, 0xe1, 0, 4, 1, 2, 0xff, 0xff, 0xc2, 0, 17, 8, 1, 0, 2, 0, 3]);
  assert.deepEqual(stillSize(jpeg), { type: "jpeg", width: 512, height: 256 });
  const head = (chunk: string, rest: number[]): Uint8Array => bytes("RIFF", [0, 0, 0, 0], "WEBP", chunk, rest);
  const extended = head("VP8X", [10, 0, 0, 0, 0, 0, 0, 0, 0xff, 1, 0, 0x3f, 0, 0]);
  assert.deepEqual(stillSize(extended), { type: "webp", width: 512, height: 64 });
  const lossless = head("VP8L", [10, 0, 0, 0, 0x2f, 0xff, 0xc1, 0x0f, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(stillSize(lossless), { type: "webp", width: 512, height: 64 });
  const simple = head("VP8 ", [10, 0, 0, 0, 0, 0, 0, 0x9d, 0x01, 0x2a, 0, 2, 64, 0]);
  assert.deepEqual(stillSize(simple), { type: "webp", width: 512, height: 64 });
});

test("a header that ends early has no size, and other files are none of these", () => {
  assert.deepEqual(stillSize(bytes("\x89PNG\r\n\x1a\n")), { type: "png", width: 0, height: 0 });
  assert.deepEqual(stillSize(bytes("GIF89a")), { type: "gif", width: 0, height: 0 });
  assert.deepEqual(stillSize(bytes([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff])), { type: "jpeg", width: 0, height: 0 });
  assert.deepEqual(stillSize(bytes("RIFF", [0, 0, 0, 0], "WEBPVP8X")), { type: "webp", width: 0, height: 0 });
  for (const other of [bytes(""), bytes("RIFF", [0, 0, 0, 0], "WAVEfmt "), bytes("hello")]) {
    assert.equal(stillSize(other), undefined);
  }
});
