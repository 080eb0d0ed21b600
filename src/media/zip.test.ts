import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { ZipWriter } from "./zip.ts";

test("an archive's directory leads to its files, whose sums are right", async () => {
  const folder = await mkdtemp(join(tmpdir(), "reshoot-zip-"));
  try {
    const path = join(folder, "a.zip");
    const archive = await ZipWriter.create(path);
    const files = [
      ["a.txt", Buffer.from("first")],
      ["dir/\u00e9.bin", Buffer.alloc(70_000, 7)],
      ["empty", Buffer.alloc(0)],
    ] as const;
    for (const [name, bytes] of files) await archive.add(name, bytes);
    await archive.finish();
    const zip = await readFile(path);
    const end = zip.length - 22;
    assert.equal(zip.readUInt32LE(end), 0x06054b50);
    assert.equal(zip.readUInt16LE(end + 10), files.length);
    let at = zip.readUInt32LE(end + 16);
    assert.equal(at + zip.readUInt32LE(end + 12), end);
    for (const [name, bytes] of files) {
      assert.equal(zip.readUInt32LE(at), 0x02014b50);
      const [size, length] = [zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28)];
      assert.equal(zip.toString("utf8", at + 46, at + 46 + length), name);
      assert.equal(zip.readUInt32LE(at + 16), crc32(bytes));
      const local = zip.readUInt32LE(at + 42);
      assert.equal(zip.readUInt32LE(local), 0x04034b50);
      const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      assert.deepEqual(zip.subarray(data, data + size), bytes);
      at += 46 + length;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
