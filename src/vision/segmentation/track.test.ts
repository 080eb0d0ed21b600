import assert from "node:assert/strict";
import { test } from "node:test";
import type { Picture } from "./picture.ts";
import { type Anchor, type Clip, trackObject } from "./track.ts";

const [WIDTH, HEIGHT, FRAMES, RADIUS] = [160, 96, 24, 13];

/** A red disc rolls over a textured ground; between `hiddenFrom` and `hiddenTo` it is not there. */
function scene(hiddenFrom = FRAMES, hiddenTo = FRAMES): Clip & { truth(frame: number): Uint8Array } {
  const centre = (frame: number): [number, number] => [24 + 4.5 * frame, 48 + 10 * Math.sin(frame / 4)];
  const on = (frame: number, x: number, y: number): boolean => {
    const [cx, cy] = centre(frame);
    return (frame < hiddenFrom || frame >= hiddenTo) && Math.hypot(x - cx, y - cy) < RADIUS;
  };
  const hash = (x: number, y: number): number => (Math.imul(x * 73856093 + 7, y * 19349663 + 3) >>> 24) & 31;
  return {
    frameCount: FRAMES,
    width: WIDTH,
    height: HEIGHT,
    picture(frame): Picture {
      const [y, u, v] = [0, 1, 2].map(() => new Uint8Array(WIDTH * HEIGHT)) as [Uint8Array, Uint8Array, Uint8Array];
      const [cx, cy] = centre(frame).map(Math.round) as [number, number];
      for (let i = 0; i < y.length; i++) {
        const [px, py] = [i % WIDTH, Math.floor(i / WIDTH)];
        const inside = on(frame, px, py);
        y[i] = inside ? 90 + hash(px - cx + 500, py - cy + 500) : 120 + 2 * hash(px >> 1, py >> 1);
        u[i] = inside ? 105 : 124;
        v[i] = inside ? 190 : 122;
      }
      return { width: WIDTH, height: HEIGHT, y, u, v };
    },
    truth: (frame) =>
      Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => +on(frame, i % WIDTH, Math.floor(i / WIDTH))),
  };
}

async function track(clip: Clip, anchors: Map<number, Anchor>): Promise<Float32Array[]> {
  const masks: Float32Array[] = [];
  const put = (frame: number, mask: Float32Array): void => {
    masks[frame] = mask.slice();
  };
  const found = await trackObject(clip, anchors, {
    from: 0,
    to: clip.frameCount - 1,
    put,
    turn: async () => undefined,
  });
  assert.ok(found);
  return masks;
}

function overlap(mask: Float32Array, truth: Uint8Array): number {
  let [both, either] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    const own = mask[i]! > 0.5 ? 1 : 0;
    both += own & truth[i]!;
    either += own | truth[i]!;
  }
  return either === 0 ? 1 : both / either;
}

const click = (x: number, y: number): Anchor => ({ hints: { positive: [{ x, y }], negative: [{ x: 100, y: 20 }] } });

test("a click becomes a mask that follows the object, forwards and backwards, the same every time", async () => {
  const clip = scene();
  const frame = 10;
  const masks = await track(clip, new Map([[frame, click(24 + 4.5 * frame, 48 + 10 * Math.sin(frame / 4))]]));
  assert.equal(masks.length, FRAMES);
  for (const [i, mask] of masks.entries())
    assert.ok(overlap(mask, clip.truth(i)) > 0.8, `frame ${i}: ${overlap(mask, clip.truth(i))}`);
  const again = await track(clip, new Map([[frame, click(24 + 4.5 * frame, 48 + 10 * Math.sin(frame / 4))]]));
  assert.deepEqual(again, masks);
});

test("an object that goes is gone, and is found again when it comes back", async () => {
  const clip = scene(8, 14);
  const masks = await track(clip, new Map([[0, click(24, 48)]]));
  for (const i of [0, 4, 7]) assert.ok(overlap(masks[i]!, clip.truth(i)) > 0.8, `frame ${i}`);
  for (const i of [9, 11, 13]) assert.ok(!masks[i]!.some((value) => value > 0.5), `frame ${i} shows something`);
  for (const i of [16, 20, 23]) assert.ok(overlap(masks[i]!, clip.truth(i)) > 0.75, `frame ${i}`);
});

test("a mask on a frame is the truth there", async () => {
  const clip = scene();
  const given = Float32Array.from(clip.truth(5));
  const masks = await track(
    clip,
    new Map<number, Anchor>([
      [0, click(24, 48)],
      [5, { mask: given }],
    ]),
  );
  assert.deepEqual(masks[5], given);
});
