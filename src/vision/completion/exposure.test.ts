import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { IDENTITY } from "../registration/homography.ts";
import { withoutPulses } from "./exposure.ts";

const source = (gain: number, offset: number) => ({
  base: 0,
  homography: IDENTITY,
  exact: false,
  gain,
  offset,
  weight: 1,
});

/** How far one of these is followed where the fill is so bright. */
function followed(gain: number, offset: number, fill: number, level = 1): number {
  const [one] = withoutPulses([source(gain, offset)], new Float32Array(50).fill(fill), level);
  return ((one!.gain - 1) * (fill / level) + one!.offset) / ((gain - 1) * (fill / level) + offset);
}

describe("withoutPulses", () => {
  it("follows a pulse halfway and a change of exposure whole, at any depth", () => {
    for (const level of [1, 4]) {
      const fill = 120 * level;
      for (const [gain, offset] of [
        [1, 0.3],
        [1, -0.3],
        [1.0025, 0],
      ] as const)
        assert.ok(Math.abs(followed(gain, offset, fill, level) - 0.5) < 0.01);
      for (const [gain, offset] of [
        [1, 5],
        [0.96, 0],
      ] as const)
        assert.ok(followed(gain, offset, fill, level) > 0.99);
    }
  });

  it("leaves less than a third of a level of any change", () => {
    for (let offset = 0.1; offset < 20; offset += 0.1) assert.ok((1 - followed(1, offset, 100)) * offset < 1 / 3);
  });

  it("looks at all that is filled, not at its mean alone", () => {
    // A gain and an offset that cancel out where the fill is as bright as its mean.
    const fill = Float32Array.from({ length: 100 }, (_, i) => (i % 2 ? 20 : 220));
    assert.ok(withoutPulses([source(1.05, -6)], fill, 1)[0]!.gain > 1.049);
  });

  it("leaves frames alone that are as bright", () => {
    assert.deepEqual(withoutPulses([source(1, 0)], new Float32Array(9).fill(70), 1), [source(1, 0)]);
  });
});
