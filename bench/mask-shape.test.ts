import assert from "node:assert/strict";
import { test } from "node:test";
import { AFFECTED, KEEP, REMOVE } from "../src/vision/mask.ts";
import { widened } from "./mask-shape.ts";

const [WIDTH, HEIGHT] = [21, 15];

test("labels spread by a disc, the stronger over the weaker, and shrink by it where the radius is negative", () => {
  const labels = new Uint8Array(WIDTH * HEIGHT).fill(KEEP);
  labels[7 * WIDTH + 8] = REMOVE;
  labels[7 * WIDTH + 12] = AFFECTED;
  const nearest = (x: number, y: number): number =>
    Math.hypot(x - 8, y - 7) <= 3 ? REMOVE : Math.hypot(x - 12, y - 7) <= 3 ? AFFECTED : KEEP;
  const expected = labels.map((_, i) => nearest(i % WIDTH, Math.floor(i / WIDTH)));
  assert.deepEqual(widened(labels, WIDTH, HEIGHT, 3), expected);
  const mirrored = (all: Uint8Array): Uint8Array => all.map((label) => REMOVE - label);
  assert.deepEqual(widened(mirrored(labels), WIDTH, HEIGHT, -3), mirrored(expected));
});

test("a radius of nothing leaves labels as they are, and the picture's edge takes nothing away", () => {
  const labels = new Uint8Array(WIDTH * HEIGHT).fill(REMOVE);
  assert.deepEqual(widened(labels, WIDTH, HEIGHT, 0), labels);
  assert.deepEqual(widened(labels, WIDTH, HEIGHT, -2), labels);
});
