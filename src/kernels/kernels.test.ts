import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Arena, padded } from "./arena.ts";
import { noiseBytes, testMemory } from "./kernels.test.memory.ts";
import { createMemory } from "./kernels.ts";

describe("kernel memory", () => {
  it("hands out aligned ranges that do not touch, until it is full", () => {
    const arena = new Arena(1024, 1024 + 3 * padded(17));
    const ranges = [arena.take(17), arena.take(17), arena.take(17)];
    for (const [i, at] of ranges.entries()) {
      assert.equal(at % 16, 0);
      if (i > 0) assert.ok(at >= ranges[i - 1]! + 17 + 15);
    }
    assert.throws(() => arena.take(1), RangeError);
  });

  it("refuses more than kernels can address", () => {
    assert.throws(() => createMemory(2 ** 32 + 1), RangeError);
  });
});

describe("the module", () => {
  it("brings no data along: it would lie where frames lie, once for each thread", () => {
    const bytes = readFileSync(new URL("./kernels.wasm", import.meta.url));
    const sections: number[] = [];
    for (let at = 8; at < bytes.length; ) {
      sections.push(bytes[at++]!);
      let [size, shift] = [0, 0];
      for (let more = true; more; shift += 7) {
        size += (bytes[at]! & 127) * 2 ** shift;
        more = bytes[at++]! > 127;
      }
      at += size;
    }
    assert.ok(sections.includes(10), "code");
    assert.ok(!sections.includes(11), "data");
  });
});

describe("spreadMotion", () => {
  it("carries values along even parts and hardly across an edge", () => {
    const { memory, kernels, put, arena } = testMemory();
    const [width, height] = [40, 12];
    const values = new Float32Array(4 * width * height);
    const guide = new Float32Array(3 * width * height);
    for (let y = 0; y < height; y++) {
      for (const row of [y, y + height, y + 2 * height]) guide.fill(200, row * width + 20, (row + 1) * width);
      values.set([3, 1, 1], 4 * y * width);
      values.set([-2, 1, 1], 4 * (y * width + 39));
    }
    const at = put(values);
    kernels.spreadMotion(put(guide), width, height, 1, 4, 60, 3, at, arena.take(8 * width * height));
    const out = new Float32Array(memory.buffer, at, values.length);
    for (let i = 0; i < width * height; i++) {
      const [u, v, weight] = [out[4 * i]!, out[4 * i + 1]!, out[4 * i + 2]!];
      assert.ok(weight > 0 && weight <= 1);
      const expected = i % width < 20 ? 3 : -2;
      assert.ok(Math.abs(u / weight - expected) < 0.05, `${i}: ${u / weight}`);
      assert.ok(Math.abs(v / weight - 1) < 1e-3);
    }
  });
});

describe("plane kernels", () => {
  for (const [width, height] of [
    [8, 6],
    [7, 5],
    [1, 9],
    [9, 1],
    [1, 1],
  ] as const) {
    it(`halve ${width}x${height} like plain code`, () => {
      const { kernels, put, arena, bytes } = testMemory();
      const source = noiseBytes(width * height);
      const [w2, h2] = [(width + 1) >> 1, (height + 1) >> 1];
      const target = arena.take(w2 * h2);
      const at = (x: number, y: number) => source[Math.min(y, height - 1) * width + Math.min(x, width - 1)]!;
      kernels.halve(put(source), width, height, target);
      const mean = Array.from({ length: w2 * h2 }, (_, i) => {
        const [x, y] = [2 * (i % w2), 2 * Math.floor(i / w2)];
        return (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1) + 2) >> 2;
      });
      assert.deepEqual([...bytes(target, w2 * h2)], mean);
      const blocked = source.map((value) => (value > 200 ? 1 : 0));
      kernels.halveBlocked(put(blocked), width, height, target);
      const any = Array.from({ length: w2 * h2 }, (_, i) => {
        const [x, y] = [2 * (i % w2), 2 * Math.floor(i / w2)];
        return Math.max(at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)) > 200 ? 1 : 0;
      });
      assert.deepEqual([...bytes(target, w2 * h2)], any);
    });
  }

  it("measures distances to labels within the chamfer's accuracy", () => {
    const { kernels, put, arena, bytes } = testMemory();
    const [width, height] = [40, 30];
    const labels = new Uint8Array(width * height);
    labels[12 * width + 9] = 2;
    labels[20 * width + 33] = 2;
    labels[3 * width + 3] = 1;
    const target = arena.take(labels.length);
    kernels.distance(put(labels), width, height, 0, 0, width, height, 2, target);
    for (const [i, thirds] of bytes(target, labels.length).entries()) {
      const [x, y] = [i % width, Math.floor(i / width)];
      const exact = Math.min(Math.hypot(x - 9, y - 12), Math.hypot(x - 33, y - 20));
      assert.ok(Math.abs(thirds / 3 - exact) <= 0.1 * exact, `${x},${y}`);
    }
    kernels.distance(put(new Uint8Array(labels.length)), width, height, 0, 0, width, height, 2, target);
    assert.ok(bytes(target, labels.length).every((value) => value === 255));
  });

  it("narrows 16-bit samples", () => {
    const { kernels, put, arena, bytes } = testMemory();
    const target = arena.take(4);
    kernels.narrow(put(Uint16Array.of(0, 1023, 512, 7)), 4, 2, target);
    assert.deepEqual([...bytes(target, 4)], [0, 255, 128, 1]);
  });
});

/** Keys' cubic at a point of a plane, edges repeated. */
function cubicAt(plane: ArrayLike<number>, width: number, height: number, x: number, y: number): number {
  const weight = (t: number) => {
    const d = Math.abs(t);
    if (d < 1) return 1.5 * d ** 3 - 2.5 * d ** 2 + 1;
    return d < 2 ? -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2 : 0;
  };
  let sum = 0;
  for (let iy = Math.floor(y) - 1; iy <= Math.floor(y) + 2; iy++) {
    for (let ix = Math.floor(x) - 1; ix <= Math.floor(x) + 2; ix++) {
      const value = plane[Math.min(height - 1, Math.max(0, iy)) * width + Math.min(width - 1, Math.max(0, ix))]!;
      sum += weight(x - ix) * weight(y - iy) * value;
    }
  }
  return sum;
}

describe("gather", () => {
  const [width, height] = [19, 13];

  for (const bits of [8, 16] as const) {
    it(`interpolates ${bits}-bit samples, undoes brightness and skips blocked ones`, () => {
      const { memory, kernels, put, arena, bytes } = testMemory();
      const plane =
        bits === 8 ? noiseBytes(width * height) : Uint16Array.from(noiseBytes(width * height), (v) => v * 4);
      const blocked = new Uint8Array(width * height);
      blocked[5 * width + 6] = 1;
      const shift = [0.3, -0.6] as const;
      const record = new Float32Array(24);
      const words = new Uint32Array(record.buffer);
      words[0] = put(plane);
      words[1] = put(blocked);
      words[3] = 1;
      record.set([1, 0, shift[0], 0, 1, shift[1], 0, 0, 1], 4);
      record.set([1.25, 3, 1], 13);
      const pixels = Int32Array.from({ length: width * height }, (_, i) => (Math.floor(i / width) << 16) | (i % width));
      const [values, counts, scratch] = [arena.take(4 * pixels.length), arena.take(pixels.length), arena.take(1088)];
      const run = bits === 8 ? kernels.gather8 : kernels.gather16;
      run(
        put(pixels),
        pixels.length,
        width,
        height,
        0,
        0,
        width,
        height,
        put(record),
        1,
        4,
        2,
        scratch,
        values,
        counts,
      );
      for (const [i, count] of bytes(counts, pixels.length).entries()) {
        const [x, y] = [(i % width) + shift[0], Math.floor(i / width) + shift[1]];
        const inside = x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1;
        const free = inside && !blocked[Math.floor(y + 0.5) * width + Math.floor(x + 0.5)];
        assert.equal(count, free ? 1 : 0, `${x},${y}`);
        const expected = (cubicAt(plane, width, height, x, y) - 3) / 1.25;
        const got = new Float32Array(memory.buffer, values, pixels.length)[i]!;
        if (free) assert.ok(Math.abs(got - expected) < 0.02, `${x},${y}: ${got} for ${expected}`);
      }
    });
  }

  it("combines samples robustly and takes no more than it may", () => {
    const { memory, kernels, put, arena, bytes } = testMemory();
    const sources = [100, 101, 99, 100, 102, 98, 100, 250, 10].map((level) => {
      const record = new Float32Array(24);
      new Uint32Array(record.buffer).set([put(new Uint8Array(width * height).fill(level)), 0, 1]);
      record.set([1, 0, 1], 13);
      return record;
    });
    const packed = new Uint8Array(sources.length * 96);
    for (const [i, record] of sources.entries()) packed.set(new Uint8Array(record.buffer), i * 96);
    const at = put(packed);
    const [values, counts, scratch] = [arena.take(4), arena.take(1), arena.take(1088)];
    kernels.gather8(
      put(Int32Array.of((3 << 16) | 4)),
      1,
      width,
      height,
      0,
      0,
      width,
      height,
      at,
      9,
      16,
      3,
      scratch,
      values,
      counts,
    );
    assert.equal(bytes(counts, 1)[0], 9);
    assert.ok(Math.abs(new Float32Array(memory.buffer, values, 1)[0]! - 100) < 0.6);
    kernels.gather8(put(Int32Array.of(0)), 1, width, height, 0, 0, width, height, at, 9, 3, 3, scratch, values, counts);
    assert.equal(bytes(counts, 1)[0], 3);
  });

  it("believes the nearest in time where samples disagree", () => {
    const { memory, kernels, put, arena } = testMemory();
    const packed = new Uint8Array(12 * 96);
    for (let i = 0; i < 12; i++) {
      const record = new Float32Array(24);
      const plane = put(new Uint8Array(width * height).fill(i < 4 ? 80 : 160));
      new Uint32Array(record.buffer).set([plane, 0, 1]);
      record.set([1, 0, 1], 13);
      packed.set(new Uint8Array(record.buffer), i * 96);
    }
    const [values, counts, scratch] = [arena.take(4), arena.take(1), arena.take(1088)];
    const pixels = put(Int32Array.of((3 << 16) | 4));
    kernels.gather8(pixels, 1, width, height, 0, 0, width, height, put(packed), 12, 16, 3, scratch, values, counts);
    assert.ok(Math.abs(new Float32Array(memory.buffer, values, 1)[0]! - 80) < 0.6);
  });
});
