import assert from "node:assert/strict";
import { test } from "node:test";
import { completeVessel } from "./vessel.ts";

const [WIDTH, HEIGHT] = [80, 100];
const BOX = { x0: 20, y0: 10, x1: 60, y1: 90 };

/** A tumbler that narrows downwards, from row 10 to 89. */
function glass(keep: (x: number, y: number) => boolean): Float32Array {
  const mask = new Float32Array(WIDTH * HEIGHT);
  for (let y = BOX.y0; y < BOX.y1; y++) {
    const half = 20 - (y - BOX.y0) / 10;
    for (let x = Math.round(40 - half); x < Math.round(40 + half); x++) if (keep(x, y)) mask[y * WIDTH + x] = 1;
  }
  return mask;
}

function overlap(a: Float32Array, b: Float32Array): number {
  let [both, either] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    both += a[i]! * b[i]!;
    either += Math.max(a[i]!, b[i]!);
  }
  return both / either;
}

test("of a glass only what it holds was found: its rim and its foot are added", () => {
  const whole = glass(() => true);
  const mask = glass((_, y) => y > 24 && y < 80);
  assert.ok(overlap(mask, whole) < 0.75);
  completeVessel(mask, WIDTH, BOX);
  assert.ok(overlap(mask, whole) > 0.94, `${overlap(mask, whole)}`);
});

test("one side is completed by the other, but for what may not be added", () => {
  const mask = glass((x, y) => !(y < 30 && x < 42));
  const free = mask.slice();
  completeVessel(mask, WIDTH, BOX);
  assert.ok(
    overlap(
      mask,
      glass(() => true),
    ) > 0.96,
  );
  const hand = (i: number): boolean => i % WIDTH < 40;
  completeVessel(free, WIDTH, BOX, (i) => !hand(i));
  assert.equal(free[20 * WIDTH + 30], 0);
});

test("a mask that does not fill its box stays as it is", () => {
  const mask = glass((x, y) => y > 60 && y < 80 && x > 35);
  const before = mask.slice();
  completeVessel(mask, WIDTH, BOX);
  assert.deepEqual(mask, before);
  const empty = new Float32Array(WIDTH * HEIGHT);
  completeVessel(empty, WIDTH, BOX);
  assert.ok(empty.every((value) => value === 0));
});
