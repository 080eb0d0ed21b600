/** What is made up of a picture: texture that goes on as it does in what is known, and only there. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMemory, loadKernels } from "../../kernels/kernels.ts";
import type { JobContext } from "../../kernels/pool.ts";
import type { FrameFormat } from "../../media/frame.ts";
import { layoutOf } from "../frames/layout.ts";
import type { PartialPlane } from "./cells.ts";
import { inventPicture } from "./invented-picture.ts";
import { textureScratch } from "./texture.ts";

const FORMAT: FrameFormat = {
  width: 192,
  height: 96,
  chromaShiftX: 1,
  chromaShiftY: 1,
  bitDepth: 8,
  fullRange: false,
};
/** Columns that are known. */
const [FIRST, LAST] = [64, 136];

function context(): JobContext {
  const memory = createMemory(1024 + textureScratch(FORMAT.width * FORMAT.height));
  return { kernels: loadKernels(memory), memory, scratch: { start: 1024, end: memory.buffer.byteLength } };
}

/** A wall: bricks of 16 by 8 pixels, every second row moved by half a brick. */
function bricks(x: number, y: number): number {
  const row = Math.floor(y / 8);
  const isMortar = y % 8 < 2 || (x + (row % 2) * 8) % 16 < 2;
  return isMortar ? 180 : 90;
}

type Level = (x: number, y: number, plane: number) => number;

/** @returns luma in 8-bit levels. */
function invented(level: Level, format = FORMAT, isSource = (_x: number, _y: number): boolean => true): Float32Array {
  const layout = layoutOf(format);
  const unit = 2 ** (format.bitDepth - 8);
  const planes = layout.sizes.map(({ width, height, shiftX, shiftY }, plane): PartialPlane => {
    const [values, known] = [new Float32Array(width * height), new Uint8Array(width * height)];
    for (let i = 0; i < values.length; i++) {
      const [x, y] = [(i % width) << shiftX, Math.floor(i / width) << shiftY];
      known[i] = x >= FIRST && x < LAST ? 1 : 0;
      values[i] = unit * (known[i] ? level(x, y, plane) : 255);
    }
    return { values, known };
  });
  const source = planes[0]!.known.map((one, i) =>
    one && isSource(i % format.width, Math.floor(i / format.width)) ? 1 : 0,
  );
  inventPicture(context(), layout, planes, source);
  return planes[0]!.values.map((value) => value / unit);
}

const isUnknown = (x: number): boolean => x < FIRST || x >= LAST;

/** How alike two pictures are where nothing is known, -1 to 1. */
function correlation(picture: Float32Array, truth: (x: number, y: number) => number, reach: number): number {
  let [n, a, b, aa, bb, ab] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < picture.length; i++) {
    const [x, y] = [i % FORMAT.width, Math.floor(i / FORMAT.width)];
    if (!isUnknown(x) || x < FIRST - reach || x >= LAST + reach) continue;
    const [p, q] = [picture[i]!, truth(x, y)];
    n++;
    a += p;
    b += q;
    aa += p * p;
    bb += q * q;
    ab += p * q;
  }
  return (n * ab - a * b) / Math.sqrt((n * aa - a * a) * (n * bb - b * b));
}

function energy(picture: (x: number, y: number) => number): number {
  let sum = 0;
  for (let y = 0; y < FORMAT.height - 1; y++) {
    for (let x = 0; x < FORMAT.width - 1; x++) {
      if (!isUnknown(x) || !isUnknown(x + 1)) continue;
      sum += (picture(x + 1, y) - picture(x, y)) ** 2 + (picture(x, y + 1) - picture(x, y)) ** 2;
    }
  }
  return sum;
}

describe("what is made up of a picture", () => {
  for (const [name, format] of Object.entries({
    "4:2:0": FORMAT,
    "4:2:2, 10 bits": { ...FORMAT, chromaShiftY: 0 as const, bitDepth: 10 },
    "4:4:4": { ...FORMAT, chromaShiftX: 0 as const, chromaShiftY: 0 as const },
  })) {
    it(`goes on with the period of a brick wall: ${name}`, () => {
      const made = invented((x, y, plane) => (plane ? 120 : bricks(x, y)), format);
      const alike = correlation(made, bricks, 64);
      assert.ok(alike > 0.85, `correlation ${alike}`);
      const share = energy((x, y) => made[y * FORMAT.width + x]!) / energy(bricks);
      assert.ok(share > 0.7 && share < 1.2, `${share} of the wall's texture`);
    });
  }

  it("goes on with slanting stripes", () => {
    const stripes = (x: number, y: number): number => ((x + y) % 12 < 6 ? 60 : 170);
    const alike = correlation(
      invented((x, y, plane) => (plane ? 128 : stripes(x, y))),
      stripes,
      32,
    );
    assert.ok(alike > 0.8, `correlation ${alike}`);
  });

  it("stays smooth where the picture is", () => {
    const made = invented((x, y, plane) => (plane ? 128 : y < 48 ? 200 - x / 8 : bricks(x, y)));
    for (let y = 4; y < 32; y++) {
      for (let x = 0; x < FORMAT.width - 1; x++) {
        const step = Math.abs(made[y * FORMAT.width + x + 1]! - made[y * FORMAT.width + x]!);
        assert.ok(step < 2, `${step} levels at (${x}, ${y})`);
      }
    }
  });

  it("does not show again what may not be copied", () => {
    const isThing = (x: number, y: number): boolean => (x - 100) ** 2 + (y - 48) ** 2 < 14 ** 2;
    const scene: Level = (x, y, plane) => (plane ? 128 : isThing(x, y) ? 250 : 60 + 20 * ((x ^ y) & 1));
    const made = invented(scene, FORMAT, (x, y) => (x - 100) ** 2 + (y - 48) ** 2 > 17 ** 2);
    const brightest = made.reduce((most, value, i) => (isUnknown(i % FORMAT.width) ? Math.max(most, value) : most), 0);
    assert.ok(brightest < 120, `${brightest}`);
  });

  it("keeps what is known", () => {
    const made = invented((x, y, plane) => (plane ? 128 : bricks(x, y)));
    for (let y = 0; y < FORMAT.height; y++) {
      for (let x = FIRST; x < LAST; x++) assert.equal(made[y * FORMAT.width + x], bricks(x, y));
    }
  });

  it("is soft where nothing may be copied", () => {
    const made = invented(
      (x, y, plane) => (plane ? 128 : bricks(x, y)),
      FORMAT,
      () => false,
    );
    const share = energy((x, y) => made[y * FORMAT.width + x]!) / energy(bricks);
    assert.ok(share < 0.5, `${share} of the wall's texture`);
    assert.ok(made.every((value) => value >= 80 && value <= 190));
  });
});
