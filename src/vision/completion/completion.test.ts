import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testMemory } from "../../kernels/kernels.test.memory.ts";
import { createMemory, loadKernels } from "../../kernels/kernels.ts";
import { completePicture, completionScratch } from "./complete-picture.ts";
import { diffuse } from "./diffuse.ts";
import { Membrane } from "./membrane.ts";

describe("diffuse", () => {
  it("carries a slope across a hole and keeps what is known", () => {
    const [width, height] = [31, 20];
    const values = Float32Array.from({ length: width * height }, (_, i) => (i % width) * 4);
    const known = Uint8Array.from(values, (_, i) =>
      Math.hypot((i % width) - 15, Math.floor(i / width) - 10) < 5 ? 0 : 1,
    );
    const filled = values.map((value, i) => (known[i] ? value : 999));
    diffuse(filled, known, width, height, 128);
    for (const [i, value] of filled.entries()) {
      if (known[i]) assert.equal(value, values[i]);
      else assert.ok(Math.abs(value - values[i]!) < 12, `${value} for ${values[i]}`);
    }
  });

  it("falls back when nothing is known", () => {
    const values = new Float32Array(15);
    diffuse(values, new Uint8Array(15), 5, 3, 128);
    assert.ok(values.every((value) => value === 128));
  });
});

describe("completePicture", () => {
  const complete = (width: number, height: number, known: Uint8Array, show: (i: number) => number) => {
    const memory = createMemory(1024 + completionScratch(width * height));
    const scratch = { start: 1024, end: memory.buffer.byteLength };
    const pixels = new Float32Array(4 * width * height).fill(1);
    for (let i = 0; i < known.length; i++) pixels.fill(known[i] ? show(i) : 125, 4 * i, 4 * i + 3);
    const open = known.map((one) => 1 - one);
    const picture = { width, height, pixels, known, open };
    const from = completePicture({ memory, kernels: loadKernels(memory), scratch }, picture);
    return { from, pixels };
  };

  it("continues a pattern into a hole, and copies from what is known alone", () => {
    const [width, height] = [96, 80];
    const pattern = (i: number) => ((i % width) % 8 < 4 ? 200 : 50);
    const known = Uint8Array.from({ length: width * height }, (_, i) =>
      Math.abs((i % width) - 44) < 14 && Math.abs(Math.floor(i / width) - 40) < 12 ? 0 : 1,
    );
    const { from, pixels } = complete(width, height, known, pattern);
    for (let i = 0; i < known.length; i++) {
      if (known[i]) assert.equal(pixels[4 * i], pattern(i));
      else assert.equal(known[from![i]!], 1, `${i}`);
      assert.ok(Math.abs(pixels[4 * i]! - pattern(i)) < 12, `${pixels[4 * i]} for ${pattern(i)} at ${i}`);
    }
  });

  it("leaves the guess where no patch is known", () => {
    const known = new Uint8Array(64).fill(1, 0, 8);
    const { from, pixels } = complete(8, 8, known, () => 90);
    assert.equal(from, undefined);
    assert.ok(pixels.every((value, i) => value === (i % 4 === 3 ? 1 : i < 32 ? 90 : 125)));
  });
});

/** What a membrane over a square adds to values of 0 at some places. @param ring places and differences. */
function corrections(
  side: number,
  ring: readonly (readonly [number, number, number])[],
  at: [number, number][],
): number[] {
  const { memory, kernels, arena, put } = testMemory();
  const list = (places: readonly (readonly number[])[]) => put(Int32Array.from(places, ([x, y]) => (y! << 16) | x!));
  const membrane = new Membrane(kernels, { x0: 0, y0: 0, x1: side, y1: side }, arena);
  const differences = put(Float32Array.from(ring, ([, , difference]) => difference));
  membrane.solve(list(ring), differences, ring.length, 6);
  const values = put(new Float32Array(at.length));
  membrane.add(list(at), put(new Uint8Array(at.length).fill(1)), at.length, values);
  return [...new Float32Array(memory.buffer, values, at.length)];
}

describe("Membrane", () => {
  it("carries a level difference across the hole and ignores outliers", () => {
    const ring: [number, number, number][] = [];
    for (let i = 0; i < 64; i++) {
      for (const [x, y] of [
        [i, 2],
        [i, 61],
        [2, i],
        [61, i],
      ] as const)
        ring.push([x, y, i % 9 === 0 ? 90 : 5 + x / 16]);
    }
    const places: [number, number][] = [
      [32, 32],
      [10, 40],
      [50, 20],
    ];
    for (const [i, value] of corrections(64, ring, places).entries())
      assert.ok(Math.abs(value - (5 + places[i]![0] / 16)) < 0.8, `${value}`);
  });

  it("corrects nothing without a ring", () => {
    assert.deepEqual(corrections(20, [], [[10, 10]]), [0]);
  });
});
