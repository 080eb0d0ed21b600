import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { spread } from "./spread.ts";

describe("spread", () => {
  it("carries values along even parts and hardly across an edge", () => {
    const [width, height] = [40, 12];
    const values = new Float32Array(3 * width * height);
    const across = new Float32Array(width * height).fill(1);
    const down = new Float32Array(width * height).fill(1);
    for (let y = 0; y < height; y++) {
      across[y * width + 20] = 500;
      for (const [x, u] of [
        [0, 3],
        [39, -2],
      ] as const)
        values.set([u, 1, 1], 3 * (y * width + x));
    }
    spread(values, { width, height }, across, down);
    for (let i = 0; i < width * height; i++) {
      const [u, v, weight] = values.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
      assert.ok(weight > 0 && weight <= 1);
      const expected = i % width < 20 ? 3 : -2;
      assert.ok(Math.abs(u / weight - expected) < 0.05, `${i}: ${u / weight}`);
      assert.ok(Math.abs(v / weight - 1) < 1e-3);
    }
  });
});
