import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import fc from "fast-check";
import { ReshootError } from "../errors.ts";
import { isDataUri, parseDataUri } from "./data-uri.ts";

const LOC = ["body", "image_url"];
const LIMIT = { maxBytes: 2_000_000 };

const parse = (uri: string, limit = LIMIT) => parseDataUri(uri, LOC, limit);
async function decode(uri: string): Promise<Buffer> {
  const parsed = parse(uri);
  const bytes = await buffer(parsed.open());
  assert.equal(bytes.length, parsed.decodedLength);
  return bytes;
}
const failure = (code: string) => (thrown: unknown) =>
  thrown instanceof ReshootError && thrown.code === code && thrown.issues[0]?.loc === LOC;

test("media type and parameters are read", () => {
  const { contentType, parameters } = parse('data:Video/MP4;codecs="avc1";Charset=utf-8;base64,AAAA');
  assert.equal(contentType, "video/mp4");
  assert.deepEqual(
    [...parameters],
    [
      ["codecs", "avc1"],
      ["charset", "utf-8"],
    ],
  );
  assert.equal(parse("data:,x").contentType, "text/plain");
  assert.equal(parse("DATA:;BASE64,").contentType, "text/plain");
  assert.ok(isDataUri("Data:x") && !isDataUri("http://data:1/"));
});

test("base64 decodes with and without padding, wrapped, percent-encoded, before a fragment", async () => {
  for (const data of [
    "aGVsbG8=",
    "aGVsbG8",
    "aGVs\r\nbG8=\n",
    "aGVsbG8%3D",
    "aGVs%62G8%3d",
    " aGVs bG8 = ",
    "aGVsbG8=#t=1",
  ]) {
    assert.equal((await decode(`data:text/plain;base64,${data}`)).toString(), "hello", data);
  }
  assert.equal((await decode("data:;base64,")).length, 0);
});

test("percent-encoded data decodes to bytes, other characters to UTF-8", async () => {
  assert.deepEqual(
    await decode("data:,%00%ff%C3%A9é+ ,"),
    Buffer.from([0, 0xff, 0xc3, 0xa9, 0xc3, 0xa9, 0x2b, 0x20, 0x2c]),
  );
  assert.equal((await decode("data:image/svg+xml,<svg/>#part")).toString(), "<svg/>");
});

test("any bytes survive both encodings", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      const base64 = Buffer.from(bytes).toString("base64");
      const percent = Buffer.from(bytes).toString("hex").replace(/../g, "%$&");
      assert.deepEqual(new Uint8Array(await decode(`data:a/b;base64,${base64}`)), bytes);
      assert.deepEqual(new Uint8Array(await decode(`data:a/b,${percent}`)), bytes);
    }),
  );
});

test("data longer than one piece decodes without a seam", async () => {
  const bytes = Buffer.alloc(1_000_001, "0123456789abcdefg");
  assert.deepEqual(await decode(`data:a/b;base64,${bytes.toString("base64")}`), bytes);
  for (const shift of ["", "a", "ab"]) {
    const text = `${shift}${"é😀%41".repeat(60_000)}`;
    assert.equal((await decode(`data:,${text}`)).toString(), text.replaceAll("%41", "A"));
  }
});

test("malformed URIs are errors that name the field", async () => {
  const heads = ["data:", "data:image/png;base64", "data:image,x", "data:im age/png,x", "data:image/png;base64;x,AAAA"];
  heads.push("data:image/png;base65,AAAA", `data:image/png;a=${"b".repeat(2000)},x`, "http://x/,", "data:base64,AAAA");
  for (const uri of heads) assert.throws(() => parse(uri), failure("file_download_error"), uri.slice(0, 40));
  const bodies = [
    ";base64,A",
    ";base64,AAAAA",
    ";base64,AA=",
    ";base64,AAA==",
    ";base64,AA-_",
    ";base64,AA=A",
    ";base64,ŁŁŁŁ",
  ];
  bodies.push(
    ";base64,====",
    ";base64,%4",
    ";base64,AAA%C5",
    ";base64,AAA=AAA=",
    ",%",
    ",%4",
    ",%zz",
    ",%%41",
    ",ab%é1",
  );
  for (const body of bodies) {
    await assert.rejects(async () => decode(`data:a/b${body}`), failure("file_download_error"), body);
  }
});

test("size is checked before anything is decoded", () => {
  assert.equal(parse("data:,abc", { maxBytes: 3 }).decodedLength, 3);
  for (const uri of ["data:,abcd", "data:;base64,YWJjZA==", "data:,%41%41%41%41"]) {
    assert.throws(
      () => parse(uri, { maxBytes: 3 }),
      (thrown: unknown) => {
        assert.deepEqual((thrown as ReshootError).issues[0]?.ctx, { max_size: 3 });
        return failure("file_too_large")(thrown);
      },
    );
  }
});
