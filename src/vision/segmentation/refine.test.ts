import assert from "node:assert/strict";
import { test } from "node:test";
import { noiseBytes, testMemory } from "../../kernels/kernels.test.memory.ts";
import type { Frame, FrameFormat } from "../../media/frame.ts";
import type { Picture } from "./picture.ts";
import { EdgeFitter } from "./refine.ts";
import { dropStrangers, fillHoles, regionsOf } from "./regions.ts";

test("a mean over squares is that of the pixels inside the plane", () => {
  const [width, height] = [13, 9];
  const { put, kernels, arena, memory } = testMemory();
  const values = Float32Array.from(noiseBytes(width * height));
  const at = put(values);
  const scratch = arena.take(4 * width * height + 8 * (width + 2));
  for (const radius of [0, 1, 3, 20]) {
    const target = arena.take(4 * width * height);
    kernels.boxMean(at, width, height, radius, target, scratch);
    const means = new Float32Array(memory.buffer, target, width * height);
    for (let i = 0; i < means.length; i++) {
      const [x, y] = [i % width, Math.floor(i / width)];
      const near = values.filter(
        (_, k) => Math.abs((k % width) - x) <= radius && Math.abs(Math.floor(k / width) - y) <= radius,
      );
      const mean = near.reduce((a, b) => a + b, 0) / near.length;
      assert.ok(Math.abs(means[i]! - mean) < 1e-3, `radius ${radius} at ${x}, ${y}: ${means[i]} is not ${mean}`);
    }
  }
});

for (const bitDepth of [8, 10]) {
  test(`a small mask's edge follows the edge of a frame of ${bitDepth} bits`, () => {
    const factor = 3;
    const [width, height] = [217, 121];
    const inside = (x: number, y: number): boolean => Math.hypot(x - 100.3, y - 60.7) < 41;
    const format: FrameFormat = { width, height, chromaShiftX: 1, chromaShiftY: 1, bitDepth, fullRange: false };
    const data = bitDepth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
    for (let i = 0; i < data.length; i++)
      data[i] = (inside(i % width, Math.floor(i / width)) ? 190 : 60) << (bitDepth - 8);
    const luma = { data, width, height, stride: width };
    const frame: Frame = { planes: [luma, luma, luma] };
    const [w, h] = [Math.ceil(width / factor), Math.ceil(height / factor)];
    const y = new Uint8Array(w * h);
    const mask = new Float32Array(w * h);
    for (let i = 0; i < y.length; i++) {
      const [sx, sy] = [((i % w) + 0.5) * factor, (Math.floor(i / w) + 0.5) * factor];
      y[i] = inside(sx, sy) ? 190 : 60;
      // A mask that is half a small pixel off.
      mask[i] = inside(sx - 1.5, sy) ? 1 : 0;
    }
    const picture: Picture = { width: w, height: h, y, u: y, v: y };
    const fitter = new EdgeFitter(picture, format, factor);
    const out = fitter.fit(mask, picture, frame);
    let [both, either] = [0, 0];
    for (let i = 0; i < out.length; i++) {
      const truth = inside(i % width, Math.floor(i / width));
      if (truth && out[i] === 1) both++;
      if (truth || out[i] === 1) either++;
    }
    assert.ok(both / either > 0.96, `IoU ${both / either}`);
    assert.deepEqual(fitter.fit(mask, picture, frame), out);
    assert.ok(fitter.fit(new Float32Array(w * h), picture, frame).every((value) => value === 0));
  });
}

test("parts of a mask are found, holes filled, and unlikely parts far away dropped", () => {
  const [width, height] = [30, 20];
  const mask = new Float32Array(width * height);
  const likely = new Float32Array(width * height);
  const box = (plane: Float32Array, x0: number, y0: number, x1: number, y1: number, value: number): void => {
    for (let y = y0; y < y1; y++) plane.fill(value, y * width + x0, y * width + x1);
  };
  box(mask, 2, 2, 10, 10, 1);
  box(mask, 5, 5, 7, 7, 0);
  box(mask, 11, 4, 13, 6, 1);
  box(mask, 25, 15, 30, 20, 1);
  box(likely, 2, 2, 10, 10, 0.9);
  const { regions, labels } = regionsOf(mask, width, height, likely);
  assert.deepEqual(
    regions.map(({ size, touchesEdge }) => [size, touchesEdge]),
    [
      [60, false],
      [4, false],
      [25, true],
    ],
  );
  assert.deepEqual(regions[1]!.box, { x0: 11, y0: 4, x1: 13, y1: 6 });
  assert.equal(labels[4 * width + 11], 2);
  dropStrangers(mask, likely, width, height);
  fillHoles(mask, width, height, 10);
  assert.equal(mask[5 * width + 5], 1, "the hole is filled");
  assert.equal(mask[4 * width + 11], 1, "what is near stays");
  assert.equal(mask[17 * width + 27], 0, "what is far goes");
});
