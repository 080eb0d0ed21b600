import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noiseBytes, testMemory } from "./kernels.test.memory.ts";

const SIDE = 40;
const WHOLE = 2;
const PIXELS = Int32Array.from({ length: SIDE * SIDE }, (_, i) => (Math.floor(i / SIDE) << 16) | (i % SIDE));
/** One level up and down by turns: what lies between neighbouring samples. */
const fine = (i: number) => ((i + Math.floor(i / SIDE)) % 2 ? 1 : -1);

/** Values after steadying. @param plane the picture they lie in. @param wholeUntil columns left of this one follow whole. */
function steadied(values: Float32Array, change: Float32Array, plane: Uint16Array, wholeUntil = 0): Float32Array {
  const { memory, kernels, arena, put } = testMemory();
  const at = put(values);
  const state = put(Uint8Array.from(values, (_, i) => (i % SIDE < wholeUntil ? WHOLE : 0)));
  const others = put(Float32Array.from(values, (value, i) => value + change[i]!));
  const scratch = arena.take(12 * (SIDE + 1) ** 2 + 9216);
  const [list, counts] = [put(PIXELS), put(new Uint8Array(values.length).fill(1))];
  const size = [put(plane), SIDE, SIDE, 1, state, WHOLE, SIDE, 0, 0, scratch] as const;
  kernels.steadyPixels16(list, values.length, at, others, counts, 4, ...size);
  return new Float32Array(memory.buffer, at, values.length);
}

describe("steadyPixels", () => {
  const calm = new Uint16Array(SIDE * SIDE).fill(90);
  const steep = Uint16Array.from(calm, (_, i) => (i % 4 < 2 ? 0 : 1000));

  it("takes a smooth change over, also at the rim", () => {
    const out = steadied(new Float32Array(PIXELS.length).fill(100), new Float32Array(PIXELS.length).fill(3), steep);
    assert.ok(out.every((value) => Math.abs(value - 103) < 1e-3));
  });

  it("takes a fine change over where it is to be taken whole, and hardly elsewhere", () => {
    const change = Float32Array.from(PIXELS, (_, i) => fine(i));
    const out = steadied(new Float32Array(PIXELS.length), change, steep, SIDE / 2);
    for (let i = 0; i < out.length; i++) {
      if (i % SIDE < SIDE / 2) assert.ok(Math.abs(out[i]! - fine(i)) < 1e-6);
      else if (i % SIDE < SIDE - 1) assert.ok(Math.abs(out[i]!) < 0.1);
    }
  });

  it("takes noise that is seen away where the picture is calm, and leaves what is not seen", () => {
    const at = SIDE * 20 + 20;
    const left = (noise: number) => {
      const change = Float32Array.from(PIXELS, (_, i) => noise * fine(i));
      return steadied(new Float32Array(PIXELS.length), change, calm)[at]! / (noise * fine(at));
    };
    assert.ok(left(4) > 0.9, `${left(4)}`);
    assert.ok(left(0.05) < 0.1, `${left(0.05)}`);
  });
});

describe("blendPixels", () => {
  const shares = new Float32Array(256).fill(1, 0, 8).fill(0.5, 8, 9);

  /** A plane of 100 into which a fill is blended. @param edge of each sample: 0 where the fill counts whole, 8 half, 9 not at all. */
  function blended(fill: (i: number) => number, edge: (i: number) => number, handOn: number): Uint8Array {
    const { kernels, arena, put, bytes } = testMemory();
    const plane = put(new Uint8Array(SIDE * SIDE).fill(100));
    const values = put(Float32Array.from(PIXELS, (_, i) => fill(i)));
    const map = put(Uint8Array.from(PIXELS, (_, i) => edge(i)));
    const size = [SIDE, SIDE, 0, 0, plane, SIDE, 255, handOn, arena.take(8 * SIDE + 16)] as const;
    kernels.blendPixels8(put(PIXELS), PIXELS.length, values, put(shares), map, ...size);
    return bytes(plane, SIDE * SIDE);
  }
  const meanOf = (plane: Uint8Array) => plane.reduce((sum, value) => sum + value, 0) / plane.length;

  it("rounds, mixes by the share and leaves what is outside", () => {
    const out = blended(
      (i) => 110.4 + (i % 2),
      (i) => (i < 400 ? 0 : i < 800 ? 8 : 9),
      0,
    );
    assert.deepEqual(
      [...out.subarray(0, 2), ...out.subarray(400, 402), ...out.subarray(800, 802)],
      [110, 111, 105, 106, 100, 100],
    );
  });

  it("hands on what rounding takes, so that areas keep their level and nothing else changes", () => {
    for (const level of [110.1, 110.45, 110.55]) {
      assert.equal(
        meanOf(
          blended(
            () => level,
            () => 0,
            0,
          ),
        ),
        Math.round(level),
      );
      assert.ok(
        Math.abs(
          meanOf(
            blended(
              () => level,
              () => 0,
              1,
            ),
          ) - level,
        ) < 0.02,
      );
    }
    // Half of it spreads the jump by a level over half of one.
    const step =
      meanOf(
        blended(
          () => 110.55,
          () => 0,
          0.5,
        ),
      ) -
      meanOf(
        blended(
          () => 110.45,
          () => 0,
          0.5,
        ),
      );
    assert.ok(step > 0 && step < 0.5, `${step}`);
    const out = blended(
      () => 110.4,
      (i) => (i % SIDE < 20 ? 0 : 9),
      1,
    );
    for (let i = 0; i < out.length; i++) if (i % SIDE >= 20) assert.equal(out[i], 100);
    assert.ok(
      blended(
        () => 300,
        () => 0,
        1,
      ).every((value) => value === 255),
    );
  });
});

describe("lists of pixels", () => {
  const [width, height] = [13, 9];
  const map = Uint8Array.from(noiseBytes(width * height, 7), (value) => value >> 4);

  for (const [shiftX, shiftY] of [
    [0, 0],
    [1, 1],
    [1, 0],
  ] as const) {
    it(`hold what a map says, read, written and rounded alike at shifts ${shiftX}, ${shiftY}`, () => {
      const { memory, kernels, arena, put, bytes } = testMemory();
      const [columns, rows] = [(width + shiftX) >> shiftX, (height + shiftY) >> shiftY];
      const least = (x: number, y: number): number => {
        const area: number[] = [];
        for (let ly = y << shiftY; ly < Math.min(height, (y + 1) << shiftY); ly++)
          for (let lx = x << shiftX; lx < Math.min(width, (x + 1) << shiftX); lx++) area.push(map[ly * width + lx]!);
        return Math.min(...area);
      };
      const places = Array.from({ length: columns * rows }, (_, i) => [i % columns, Math.floor(i / columns)] as const);
      const list = arena.take(4 * places.length);
      const shape = [put(map), width, height, shiftX, shiftY] as const;
      for (const sparse of [0, 1]) {
        const count = kernels.listBetween(...shape, 0, 0, columns, rows, 2, 9, sparse, list);
        const wanted = places.filter(([x, y]) => least(x, y) > 2 && least(x, y) <= 9 && !(sparse && (x + y) & 1));
        assert.deepEqual(
          [...new Int32Array(memory.buffer, list, count)],
          wanted.map(([x, y]) => (y << 16) | x),
        );
      }
      const count = kernels.listBetween(...shape, 0, 0, columns, rows, -1, 255, 0, list);
      const values = put(Float32Array.from(places, (_, i) => i * 3.3 - 20));
      const plane = put(new Uint8Array(places.length).fill(7));
      const [counts, rounded] = [put(Uint8Array.from(places, (_, i) => i % 5)), arena.take(count)];
      kernels.writePixels8(list, count, values, counts, plane, columns, 255, 254, rounded);
      const back = arena.take(4 * count);
      kernels.readPixels8(list, count, plane, columns, back);
      kernels.addRounded(rounded, count, 254, back);
      const got = new Float32Array(memory.buffer, back, count);
      for (let i = 0; i < count; i++) {
        const expected = i % 5 ? Math.min(255.5, Math.max(-0.5, i * 3.3 - 20)) : 7;
        assert.ok(Math.abs(got[i]! - expected) < 0.003, `${i}: ${got[i]}`);
      }
      const kept = kernels.keepAtMost(...shape, list, count, 6, put(Uint8Array.from(places, (_, i) => i)));
      assert.equal(kept, places.filter(([x, y]) => least(x, y) <= 6).length);
      assert.equal(bytes(counts, 1)[0], 0);
    });
  }
});

describe("maps of labels", () => {
  it("are measured, and distances within a rectangle are those over the whole picture", () => {
    const { memory, kernels, arena, put, bytes } = testMemory();
    const [width, height] = [53, 37];
    const labels = new Uint8Array(width * height);
    for (const [x, y, label] of [
      [20, 11, 2],
      [33, 25, 1],
      [34, 25, 2],
    ] as const)
      labels[y * width + x] = label;
    const [out, at] = [arena.take(24), put(labels)];
    kernels.labelled(at, width, height, out);
    assert.deepEqual([...new Int32Array(memory.buffer, out, 6)], [20, 11, 35, 26, 2, 1]);
    kernels.labelled(put(new Uint8Array(width * height)), width, height, out);
    assert.deepEqual([...new Int32Array(memory.buffer, out + 16, 2)], [0, 0]);
    const [all, part, near] = [0, 0, 0].map(() => arena.take(width * height)) as [number, number, number];
    kernels.distance(at, width, height, 0, 0, width, height, 1, all);
    kernels.distance(at, width, height, 14, 5, 41, 32, 1, part);
    kernels.atMost(part, width * height, 15, 4, 6, 1, near);
    for (let i = 0; i < width * height; i++) {
      const [x, y] = [i % width, Math.floor(i / width)];
      const inside = x >= 14 && x < 41 && y >= 5 && y < 32;
      assert.equal(bytes(part, width * height)[i], inside ? bytes(all, width * height)[i] : 255);
      assert.equal(
        bytes(near, width * height)[i],
        ((d) => (d <= 15 ? 4 : 0) | (d <= 6 ? 1 : 0))(bytes(all, width * height)[i]!),
      );
    }
  });
});

describe("cells that move", () => {
  const [width, height] = [24, 16];
  const square = (x: number, y: number, side: number) =>
    Uint8Array.from({ length: width * height }, (_, i) =>
      i % width >= x && i % width < x + side && Math.floor(i / width) >= y && Math.floor(i / width) < y + side ? 1 : 0,
    );

  it("grow and shrink by squares", () => {
    const { kernels, arena, put, bytes } = testMemory();
    const [out, scratch] = [arena.take(width * height), arena.take(width * height)];
    kernels.growCells(put(square(5, 4, 3).map((one) => one * 7)), width, height, 2, 1, out, scratch);
    assert.deepEqual([...bytes(out, width * height)], [...square(3, 2, 7)]);
    kernels.growCells(out, width, height, 1, 0, out, scratch);
    assert.deepEqual([...bytes(out, width * height)], [...square(4, 3, 5)]);
  });

  it("are those that their own motion explains and the camera's does not", () => {
    const { kernels, arena, put, bytes } = testMemory();
    const count = width * height;
    // Stripes, of which a square goes on by three cells while the rest stays.
    const stripes = (x: number) => 128 + Math.round(100 * Math.sin(x * 1.1));
    const moved = square(8, 5, 6);
    const before = Uint8Array.from(moved, (_, i) => stripes(i % width));
    const after = Uint8Array.from(square(11, 5, 6), (one, i) => stripes((i % width) - (one ? 3 : 0)));
    const still = square(1, 9, 4);
    const [u, v] = [
      put(Float32Array.from(moved, (one, i) => (one || still[i] ? 12 : 0))),
      put(new Float32Array(count)),
    ];
    const [moves, marks, patch] = [arena.take(count), put(new Uint8Array(count)), arena.take(4 * count)];
    const goals = put(Int32Array.from(moved, (_, i) => i));
    const nowhere = put(new Uint8Array(count));
    const beside = arena.take(count);
    kernels.motionMoves(u, v, goals, nowhere, nowhere, nowhere, nowhere, 8, count, 1, moves, beside);
    assert.deepEqual([...bytes(moves, count)], [...moved.map((one, i) => one | still[i]!)]);
    assert.ok(bytes(beside, count).every((one) => one === 0));
    const camera = put(Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1));
    kernels.motionKeep(moves, width, height, u, v, 4, camera, put(before), put(after), 1, 0, marks, patch);
    assert.deepEqual([...bytes(marks, count)], [...moved]);
    const blocked = put(Uint8Array.from({ length: 4 * count }, (_, i) => i % 2));
    bytes(blocked, 1)[0] = 8;
    const size = [width, 1, blocked, 2 * width, 2 * height] as const;
    const share = kernels.motionStore(marks, put(moved), ...size, 16, 10, 40, 22, 1, 8, 2);
    assert.equal(share, 0.5);
    assert.equal(kernels.motionStore(marks, nowhere, ...size, 16, 10, 40, 22, 1, 8, 2), 0);
    const map = bytes(blocked, 4 * count);
    for (let i = 1; i < map.length; i++) {
      const cell = Math.floor(i / (4 * width)) * width + ((i % (2 * width)) >> 1);
      assert.equal(map[i], (i % 2) | (moved[cell] ? 2 : 0));
    }
  });

  it("beside the object are those that go on with what surely moves", () => {
    const { kernels, arena, put, bytes } = testMemory();
    const count = width * height;
    const object = square(10, 4, 6).map((one) => 8 * one);
    const near = square(8, 2, 10);
    // A band moves to the right and passes behind the object; below it something else goes the other way.
    const band = Uint8Array.from(near, (_, i) => (Math.floor(i / width) >= 5 && Math.floor(i / width) < 8 ? 1 : 0));
    const below = Uint8Array.from(near, (_, i) => (Math.floor(i / width) === 8 ? 1 : 0));
    const u = put(Float32Array.from(band, (one, i) => (one ? 8 : below[i] ? -8 : 0)));
    const v = put(new Float32Array(count));
    const [moves, beside, list] = [arena.take(count), arena.take(count), arena.take(4 * count)];
    const goals = put(Int32Array.from(band, (_, i) => i));
    const [nearAt, objectAt] = [put(near), put(object)];
    kernels.motionMoves(u, v, goals, nearAt, nearAt, objectAt, objectAt, 8, count, 1, moves, beside);
    const free = [...band].map((one, i) => (one || below[i]) && !near[i]);
    assert.deepEqual([...bytes(moves, count)].map(Boolean), free.map(Boolean));
    const sure = put(bytes(moves, count).map((one, i) => (band[i] ? one : 0)));
    kernels.motionGoOn(beside, sure, width, height, u, v, 0.75, list);
    const goesOn = [...band].map((one, i) => one === 1 && near[i] === 1 && object[i] === 0);
    assert.deepEqual([...bytes(beside, count)].map(Boolean), goesOn);
  });
});
