import assert from "node:assert/strict";
import { test } from "node:test";
import { Follower } from "./follow.ts";
import type { Kind } from "./kind.ts";
import type { Box, Picture } from "./picture.ts";
import { Workspace } from "./workspace.ts";

const [WIDTH, HEIGHT, RADIUS] = [160, 96, 16];

type Disc = { readonly x: number; readonly y: number; readonly radius?: number };

const hash = (x: number, y: number): number => (Math.imul(x * 73856093 + 7, y * 19349663 + 3) >>> 24) & 31;

/** Red discs, textured alike, over a textured ground; the first lies upon the others. */
function draw(...discs: readonly Disc[]): Picture {
  const [y, u, v] = [0, 1, 2].map(() => new Uint8Array(WIDTH * HEIGHT)) as [Uint8Array, Uint8Array, Uint8Array];
  for (let i = 0; i < y.length; i++) {
    const [px, py] = [i % WIDTH, Math.floor(i / WIDTH)];
    const disc = discs.find((one) => Math.hypot(px - one.x, py - one.y) < (one.radius ?? RADIUS));
    y[i] = disc ? 90 + hash(px - disc.x + 500, py - disc.y + 500) : 120 + 2 * hash(px >> 1, py >> 1);
    u[i] = disc ? 105 : 124;
    v[i] = disc ? 190 : 122;
  }
  return { width: WIDTH, height: HEIGHT, y, u, v };
}

function maskOf({ x, y, radius = RADIUS }: Disc): Float32Array {
  return Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
    Math.hypot((i % WIDTH) - x, Math.floor(i / WIDTH) - y) < radius ? 1 : 0,
  );
}

function overlap(mask: Float32Array, truth: Float32Array): number {
  let [both, either] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    const own = mask[i]! > 0.5 ? 1 : 0;
    both += own & truth[i]!;
    either += own | truth[i]!;
  }
  return both / either;
}

const boxAround = ({ x, y, radius = RADIUS }: Disc): Box => ({
  x0: x - radius,
  y0: y - radius,
  x1: x + radius + 1,
  y1: y + radius + 1,
});

test("the mask does not run away with what passes and looks like the object", () => {
  const object = (frame: number): Disc => ({ x: 100 - 2 * frame, y: 56 });
  const other = (frame: number): Disc => ({ x: 20 + 5 * frame, y: 26 });
  const follower = new Follower(new Workspace(WIDTH, HEIGHT), draw(object(0), other(0)), maskOf(object(0)));
  const shares: number[] = [];
  for (let frame = 1; frame < 24; frame++) {
    shares.push(overlap(follower.step(draw(object(frame), other(frame))), maskOf(object(frame))));
  }
  assert.ok(Math.min(...shares.slice(0, 10)) > 0.9, `before they touch: ${shares}`);
  assert.ok(shares.at(-1)! > 0.8, `when it has gone: ${shares}`);
});

test("an object that comes back elsewhere and half as large is known again by what it is", () => {
  const [before, after] = [
    { x: 30, y: 48 },
    { x: 125, y: 40, radius: 10 },
  ];
  const track = (kind?: Kind): Float32Array => {
    const follower = new Follower(new Workspace(WIDTH, HEIGHT), draw(before), maskOf(before), kind);
    for (let frame = 1; frame < 4; frame++) follower.step(draw(before));
    // Beside it stands what has its colours, only larger.
    const stranger = { x: 60, y: 70, radius: 18 };
    for (let frame = 0; frame < 4; frame++) follower.step(draw());
    assert.ok(follower.isLost);
    let mask = follower.mask;
    for (let frame = 0; frame < 6; frame++) mask = follower.step(draw(after, stranger));
    return mask;
  };
  const kind: Kind = {
    find: () => [{ box: boxAround(after), hints: () => ({ positive: [], negative: [], box: boxAround(after) }) }],
  };
  const share = overlap(track(kind), maskOf(after));
  assert.ok(share > 0.8, `${share}`);
  assert.ok(overlap(track(), maskOf(after)) < 0.5);
});

test("a mask of which its kind's net sees nothing is given up", () => {
  const object = { x: 80, y: 50 };
  const nothing = new Float32Array(WIDTH * HEIGHT);
  const follower = new Follower(new Workspace(WIDTH, HEIGHT), draw(object), maskOf(object), {
    find: () => [],
    // One that says so faintly that colours and shape prevail.
    outline: () => nothing.map(() => 0.4),
  });
  const lost: boolean[] = [];
  for (let frame = 1; frame < 6; frame++) {
    follower.step(draw(object));
    lost.push(follower.isLost);
  }
  assert.deepEqual(lost.slice(0, 4), [false, false, false, true]);
});

test("what sinks into a glass belongs to it", () => {
  const glass = { x: 80, y: 50, radius: 22 };
  const kind: Kind = { find: () => [], isVessel: true };
  const follower = new Follower(new Workspace(WIDTH, HEIGHT), draw(glass), maskOf(glass), kind);
  for (let frame = 1; frame < 6; frame++) {
    const picture = draw(glass);
    const slice = maskOf({ x: 80, y: 40 + 2 * frame, radius: 8 });
    for (let i = 0; i < slice.length; i++) if (slice[i]) [picture.y[i], picture.u[i], picture.v[i]] = [220, 90, 120];
    const share = overlap(follower.step(picture), maskOf(glass));
    assert.ok(share > 0.9, `frame ${frame}: ${share}`);
  }
});
