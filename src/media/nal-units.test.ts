import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefresh } from "./nal-units.ts";

const AVCC = Uint8Array.from([1, 100, 0, 31, 0xff, 0xe1]);
const HVCC = Uint8Array.from({ length: 23 }, (_, index) => (index === 0 ? 1 : index === 21 ? 0xff : 0));
const unit = (...bytes: number[]): number[] => [0, 0, 0, bytes.length, ...bytes];

test("a refresh is told from other pictures, behind units that are no pictures", () => {
  const sei = unit(6, 5, 1, 2);
  for (const [codec, record, bytes, expected] of [
    ["h264", AVCC, unit(0x65, 9), true],
    ["h264", AVCC, [...sei, ...unit(0x65, 9)], true],
    ["h264", AVCC, [...sei, ...unit(0x41, 9), ...unit(0x65, 9)], false],
    ["h264", AVCC, sei, false],
    ["h264", AVCC, [], false],
    ["h264", AVCC, [0xff, 0xff, 0xff, 0xff, 0x06, 1], false],
    ["h264", Uint8Array.from([0, 0, 0, 1, 0x67]), unit(0x65, 9), false],
    ["hevc", HVCC, [...unit(39 << 1, 1, 0), ...unit(19 << 1, 1, 0)], true],
    ["hevc", HVCC, unit(20 << 1, 1, 0), true],
    // A clean random access picture may be followed by pictures that lean on what was before it.
    ["hevc", HVCC, unit(21 << 1, 1, 0), false],
    ["vp9", AVCC, unit(0x65, 9), false],
  ] as const) {
    assert.equal(isRefresh(codec, record, Uint8Array.from(bytes)), expected, `${codec} ${bytes.join()}`);
  }
});
