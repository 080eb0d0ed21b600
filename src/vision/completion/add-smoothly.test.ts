import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addSmoothly } from "./add-smoothly.ts";

const SIDE = 40;
const PIXELS = Int32Array.from({ length: SIDE * SIDE }, (_, i) => (Math.floor(i / SIDE) << 16) | (i % SIDE));
/** One level up and down by turns: what lies between neighbouring samples. */
const fine = (i: number) => ((i + Math.floor(i / SIDE)) % 2 ? 1 : -1);

describe("addSmoothly", () => {
  it("takes a smooth change over, also at the rim", () => {
    const values = new Float32Array(PIXELS.length).fill(100);
    const change = new Float32Array(PIXELS.length).fill(3);
    addSmoothly(
      values,
      PIXELS,
      change,
      4,
      () => false,
      () => 1000,
      1,
    );
    assert.ok(values.every((value) => Math.abs(value - 103) < 1e-3));
  });

  it("takes a fine change over where it is to be taken whole, and hardly elsewhere", () => {
    const values = new Float32Array(PIXELS.length);
    const change = Float32Array.from(PIXELS, (_, i) => fine(i));
    addSmoothly(
      values,
      PIXELS,
      change,
      4,
      (i) => i % SIDE < SIDE / 2,
      () => 1000,
      1,
    );
    for (let i = 0; i < values.length; i++) {
      if (i % SIDE < SIDE / 2) assert.equal(values[i], fine(i));
      else assert.ok(Math.abs(values[i]!) < 0.1);
    }
  });

  it("takes noise that is seen away where the picture is calm, and leaves what is not seen", () => {
    const left = (noise: number) => {
      const values = new Float32Array(PIXELS.length);
      addSmoothly(
        values,
        PIXELS,
        Float32Array.from(PIXELS, (_, i) => noise * fine(i)),
        4,
        () => false,
        () => 0,
        1,
      );
      return values[SIDE * 20 + 20]! / (noise * fine(SIDE * 20 + 20));
    };
    assert.ok(left(4) > 0.9, `${left(4)}`);
    assert.ok(left(0.05) < 0.1, `${left(0.05)}`);
  });

  it("takes an empty list", () => {
    addSmoothly(
      new Float32Array(0),
      new Int32Array(0),
      new Float32Array(0),
      4,
      () => false,
      () => 0,
      1,
    );
  });
});
