import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ReshootError } from "../errors.ts";
import { contentRange, parseRange } from "./range.ts";

test("single ranges are clamped to the file", () => {
  assert.deepEqual(parseRange("bytes=0-0", 10), { start: 0, end: 0 });
  assert.deepEqual(parseRange("bytes=2-5", 10), { start: 2, end: 5 });
  assert.deepEqual(parseRange("Bytes=5-", 10), { start: 5, end: 9 });
  assert.deepEqual(parseRange("bytes=5-99", 10), { start: 5, end: 9 });
  assert.deepEqual(parseRange("bytes=-3", 10), { start: 7, end: 9 });
  assert.deepEqual(parseRange("bytes=-99", 10), { start: 0, end: 9 });
  assert.deepEqual(parseRange(`bytes=0-${"9".repeat(400)}`, 10), { start: 0, end: 9 });
});

test("no, malformed, foreign and multiple ranges give the whole file", () => {
  const headers = [undefined, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "items=0-1", "bytes=0-1,3-4"];
  for (const header of headers) assert.equal(parseRange(header, 10), undefined, header);
});

test("ranges beyond the file cannot be satisfied", () => {
  for (const [header, size] of [
    ["bytes=10-", 10],
    ["bytes=10-12", 10],
    ["bytes=-0", 10],
    ["bytes=0-0", 0],
    ["bytes=-5", 0],
  ] as const) {
    assert.throws(
      () => parseRange(header, size),
      (thrown: unknown) => thrown instanceof ReshootError && thrown.code === "range_not_satisfiable",
      header,
    );
  }
  assert.equal(contentRange(undefined, 10), "bytes */10");
  assert.equal(contentRange({ start: 1, end: 2 }, 10), "bytes 1-2/10");
});

test("whatever the header, a range lies within the file", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^bytes=\d{0,4}-\d{0,4}$/), fc.nat(5000), (header, size) => {
      try {
        const range = parseRange(header, size);
        if (range) assert.ok(range.start >= 0 && range.start <= range.end && range.end < size);
      } catch (thrown) {
        assert.ok(thrown instanceof ReshootError);
      }
    }),
  );
});
