import assert from "node:assert/strict";
import { test } from "node:test";
import { createTimeRepair } from "./decode.ts";
import { fromSeconds, rescale } from "./ffmpeg.ts";

test("times become strictly increasing, and stay what they were where they can", () => {
  const repair = createTimeRepair(10n, -5n, [1, 100]);
  const given = [5n, 15n, 15n, 35n, undefined, 54n, 30n, 65n];
  assert.deepEqual(given.map(repair), [0n, 10n, 15n, 30n, 40n, 49n, 54n, 60n]);
});

test("after a jump far back everything that follows is moved", () => {
  const repair = createTimeRepair(10n, 0n, [1, 100]);
  assert.deepEqual([0n, 500n, 0n, 10n, 20n].map(repair), [0n, 500n, 510n, 520n, 530n]);
});

test("times of a file that states none run on evenly", () => {
  const repair = createTimeRepair(4n, 0n, [1, 100]);
  assert.deepEqual([undefined, undefined, undefined].map(repair), [0n, 4n, 8n]);
});

test("rescaling rounds to nearest on both sides of zero", () => {
  assert.equal(rescale(1n, [1, 3], [1, 10]), 3n);
  assert.equal(rescale(-1n, [1, 3], [1, 10]), -3n);
  assert.equal(rescale(-5n, [1, 3], [1, 10]), -17n);
  assert.equal(rescale(123456789012345678n, [1, 90000], [1, 45000]), 61728394506172839n);
  assert.equal(fromSeconds(-0.5, [1, 48000]), -24000n);
});
