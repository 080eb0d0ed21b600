import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testMemory } from "../../kernels/kernels.test.memory.ts";
import { createMemory, loadKernels } from "../../kernels/kernels.ts";
import { diffuse } from "./diffuse.ts";
import { exemplarFill, exemplarScratch } from "./exemplar.ts";
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

describe("exemplarFill", () => {
  it("continues a pattern into a hole", () => {
    const [width, height] = [48, 40];
    const memory = createMemory(1024 + exemplarScratch(width * height));
    const scratch = { start: 1024, end: memory.buffer.byteLength };
    const pattern = (i: number) => ((i % width) % 6 < 3 ? 200 : 50);
    const known = Uint8Array.from({ length: width * height }, (_, i) =>
      Math.abs((i % width) - 24) < 6 && Math.abs(Math.floor(i / width) - 20) < 6 ? 0 : 1,
    );
    const pixels = new Float32Array(4 * width * height);
    for (let i = 0; i < known.length; i++) pixels.fill(known[i] ? pattern(i) : 125, 4 * i, 4 * i + 3);
    const from = exemplarFill({ memory, kernels: loadKernels(memory), scratch }, { width, height, pixels, known });
    for (const [i, origin] of from.entries()) {
      assert.equal(known[origin], 1);
      if (known[i]) assert.equal(origin, i);
      else assert.equal(pattern(origin), pattern(i));
    }
  });

  it("leaves what has no model open", () => {
    const memory = createMemory(1024 + exemplarScratch(64));
    const scratch = { start: 1024, end: memory.buffer.byteLength };
    const known = new Uint8Array(64).fill(1, 0, 8);
    const region = { width: 8, height: 8, pixels: new Float32Array(256), known };
    const from = exemplarFill({ memory, kernels: loadKernels(memory), scratch }, region);
    assert.deepEqual([...from.subarray(6, 10)], [6, 7, -1, -1]);
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
