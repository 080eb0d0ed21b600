import assert from "node:assert/strict";
import { test } from "node:test";
import { beginMask } from "./begin.ts";
import type { Picture } from "./picture.ts";
import { Workspace } from "./workspace.ts";

const [WIDTH, HEIGHT] = [160, 96];
const hash = (x: number, y: number): number => (Math.imul(x * 73856093 + 7, y * 19349663 + 3) >>> 24) & 31;

/** A red head, and a red hand above it that reaches to the picture's top; `moved` shifts the head and the hand by pixels. */
function draw(head: number, hand: number): Picture {
  const [y, u, v] = [0, 1, 2].map(() => new Uint8Array(WIDTH * HEIGHT)) as [Uint8Array, Uint8Array, Uint8Array];
  for (let i = 0; i < y.length; i++) {
    const [px, py] = [i % WIDTH, Math.floor(i / WIDTH)];
    const onHead = Math.hypot(px - 80 - head, py - 62) < 22;
    const onHand = !onHead && py < 46 && px >= 66 + hand && px < 94 + hand;
    const by = onHead ? head : hand;
    y[i] = onHead || onHand ? 90 + hash(px - by + 500, py + 500) : 120 + 2 * hash(px >> 1, py >> 1);
    u[i] = onHead || onHand ? 105 : 124;
    v[i] = onHead || onHand ? 190 : 122;
  }
  return { width: WIDTH, height: HEIGHT, y, u, v };
}

const shareOf = (mask: Float32Array, inside: (x: number, y: number) => boolean): number => {
  let [on, all] = [0, 0];
  for (let i = 0; i < mask.length; i++) {
    if (!inside(i % WIDTH, Math.floor(i / WIDTH))) continue;
    all++;
    if (mask[i]! > 0.5) on++;
  }
  return on / all;
};
const onHead = (x: number, y: number): boolean => Math.hypot(x - 80, y - 62) < 20;
const onHand = (x: number, y: number): boolean => y < 36 && x >= 68 && x < 92;

test("what moves otherwise than what is certain does not belong to it, though it looks the same", () => {
  const workspace = new Workspace(WIDTH, HEIGHT);
  // A net that takes both for a person, the head surely, the hand hardly; both look the same.
  const guess = Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
    const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
    return onHead(x, y) ? 0.95 : onHand(x, y) ? 0.3 : 0.1;
  });
  const hints = { positive: [], negative: [], guess };
  const still = beginMask(workspace, draw(0, 0), draw(0, 0), hints);
  assert.ok(shareOf(still, onHead) > 0.9, `head ${shareOf(still, onHead)}`);
  assert.ok(shareOf(still, onHand) > 0.4, `nothing tells them apart while both stand still: ${shareOf(still, onHand)}`);
  const moving = beginMask(workspace, draw(0, 0), draw(0, 6), hints);
  assert.ok(shareOf(moving, onHead) > 0.9, `head ${shareOf(moving, onHead)}`);
  assert.ok(shareOf(moving, onHand) < 0.1, `hand ${shareOf(moving, onHand)}`);
});

test("a click on something thin does not take its surroundings with it", () => {
  const picture = draw(0, 0);
  const { y, u, v } = picture;
  for (let row = 0; row < HEIGHT; row++) {
    for (let x = 0; x < WIDTH; x++) {
      const i = row * WIDTH + x;
      // A dark strap, three pixels wide, before a plain wall with a little shade.
      const onStrap = x >= 60 && x < 63;
      [y[i], u[i], v[i]] = [onStrap ? 30 : 150 + ((x + row) & 3), 128, 128];
    }
  }
  const mask = beginMask(new Workspace(WIDTH, HEIGHT), picture, undefined, {
    positive: [
      { x: 61, y: 30 },
      { x: 61, y: 60 },
    ],
    negative: [],
  });
  const wall = shareOf(mask, (x) => x < 56 || x > 66);
  assert.ok(wall < 0.01, `wall ${wall}`);
  assert.ok(shareOf(mask, (x, row) => x >= 60 && x < 63 && row > 25 && row < 65) > 0.8);
});
