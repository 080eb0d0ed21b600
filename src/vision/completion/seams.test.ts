import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { layPieces } from "./seams.ts";

describe("layPieces", () => {
  it("levels a brighter piece to the picture around it and keeps its texture", () => {
    const [width, height] = [24, 8];
    const texture = (i: number) => (i % 2 === 0 ? 6 : -6);
    // The right half is 40 levels brighter; a hole in the left one is filled from there.
    const samples = Float32Array.from(
      { length: width * height },
      (_, i) => 100 + texture(i) + (i % width >= 12 ? 40 : 0),
    );
    const from = Int32Array.from({ length: samples.length }, (_, i) => i);
    const hole: number[] = [];
    for (let y = 2; y < 6; y++) for (let x = 3; x < 8; x++) hole.push(y * width + x);
    for (const i of hole) {
      from[i] = i + 12;
      samples[i] = 0;
    }
    layPieces({ width, height, samples, from });
    for (const i of hole) assert.ok(Math.abs(samples[i]! - 100 - texture(i)) < 1.5, `${samples[i]} at ${i}`);
  });

  it("leaves what has no piece", () => {
    const samples = new Float32Array([10, 20, 30, 40]);
    layPieces({ width: 2, height: 2, samples, from: Int32Array.from([0, -1, 2, 3]) });
    assert.deepEqual([...samples], [10, 20, 30, 40]);
  });
});
