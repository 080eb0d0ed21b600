import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { testMemory } from "../../kernels/kernels.test.memory.ts";
import { createMemory, loadKernels } from "../../kernels/kernels.ts";
import type { FrameFormat } from "../../media/frame.ts";
import { bytesAt, layoutOf } from "../frames/layout.ts";
import { prepare } from "../frames/prepare.ts";
import { renderClip, SMALL } from "../removal/removal.test.clips.ts";
import {
  apply,
  compose,
  distance,
  fromLevel,
  type Homography,
  IDENTITY,
  invert,
  overlap,
  toLevel,
} from "./homography.ts";
import { alignPair, alignToKey } from "./pair.ts";
import { relative } from "./track.ts";

const TILTED: Homography = [1.02, 0.01, 3, -0.02, 0.98, -2, 1e-4, -5e-5, 1];

describe("homographies", () => {
  it("compose, invert and change level consistently", () => {
    assert.ok(distance(compose(TILTED, invert(TILTED)), IDENTITY, 640, 360) < 1e-9);
    assert.ok(distance(fromLevel(toLevel(TILTED, 3), 3), TILTED, 640, 360) < 1e-9);
    const [x, y] = apply(TILTED, 100, 50)!;
    const [hx, hy] = apply(toLevel(TILTED, 1), 49.75, 24.75)!;
    assert.ok(Math.abs(hx - (x / 2 - 0.25)) < 1e-9 && Math.abs(hy - (y / 2 - 0.25)) < 1e-9);
  });

  it("keep what they keep in the picture", () => {
    assert.equal(overlap(IDENTITY, 64, 64), 1);
    assert.equal(overlap([1, 0, 32, 0, 1, 0, 0, 0, 1], 64, 64), 0.5);
    assert.equal(apply([1, 0, 0, 0, 1, 0, -1, 0, 1], 2, 0), undefined);
  });
});

describe("solveSymmetric", () => {
  function solve(matrix: readonly number[], right: readonly number[]): readonly number[] | undefined {
    const { memory, kernels, arena, put } = testMemory();
    const [at, answer] = [put(Float64Array.from(matrix)), put(Float64Array.from(right))];
    const isSolved = kernels.solveSymmetric(at, answer, right.length, arena.take(8 * matrix.length));
    return isSolved ? [...new Float64Array(memory.buffer, answer, right.length)] : undefined;
  }

  it("solves, and refuses what has no single answer", () => {
    const x = solve([4, 1, 1, 3], [1, 2])!;
    assert.ok(Math.abs(x[0]! - 1 / 11) < 1e-5 && Math.abs(x[1]! - 7 / 11) < 1e-5);
    assert.equal(solve([0, 0, 0, 0], [1, 2]), undefined);
  });
});

describe("alignMove", () => {
  /** A step from a map, asked for by equations whose diagonal is 1. @param right what they ask of each parameter. */
  function move(map: Homography, right: Record<number, number>, model: number, diagonal = 1) {
    const { memory, kernels, arena, put } = testMemory();
    const system = new Float64Array(120);
    for (let i = 0; i < 10; i++) system[i * 12 + i] = diagonal;
    for (const [row, value] of Object.entries(right)) system[Number(row) * 12 + 10] = value;
    const warp = put(Float64Array.of(...map, 1, 0));
    const moved = kernels.alignMove(put(system), model, 100, 50, 0.01, 200, 100, warp, arena.take(2080));
    return { moved, warp: [...new Float64Array(memory.buffer, warp, 11)] };
  }

  it("moves a map and its brightness within the model", () => {
    const { moved, warp } = move(IDENTITY, { 2: 0.02, 5: -0.01, 6: 0.5, 8: 12.8, 9: -3 }, 0);
    assert.ok(Math.abs(moved - 3) < 1e-4, `${moved}`);
    for (const [i, value] of [1, 0, -2, 0, 1, 1, 0, 0, 1, 1.1, -3].entries())
      assert.ok(Math.abs(warp[i]! - value) < 1e-4, `${i}: ${warp[i]}`);
    const turned = move(IDENTITY, { 1: 0.1, 3: -0.1 }, 1).warp;
    assert.ok(
      turned[1]! < -0.05 && Math.abs(turned[1]! + turned[3]!) < 1e-6 && Math.abs(turned[0]! - turned[4]!) < 1e-6,
    );
  });

  it("says when there is no answer, and when no camera moves like that", () => {
    assert.equal(move(IDENTITY, {}, 3, 0).moved, -1);
    assert.equal(move([-1, 0, 0, 0, 1, 0, 0, 0, 1], {}, 3).moved, -2);
    assert.equal(move([0.1, 0, 0, 0, 0.1, 0, 0, 0, 1], {}, 3).moved, -2);
    assert.equal(move([Number.NaN, 0, 0, 0, 1, 0, 0, 0, 1], {}, 3).moved, -2);
  });
});

describe("alignment", () => {
  const format: FrameFormat = { ...SMALL, width: 200, height: 120 };
  const layout = layoutOf(format);

  /** Renders two frames whose scene coordinates are given by the maps, and registers them. */
  function register(first: Homography, second: Homography, gain = 1) {
    const clip = renderClip({ format, frames: 2, camera: (i) => (i ? second : first), noise: 1.5 });
    const scratch = 1024 * 1024;
    const memory = createMemory(1024 + 2 * layout.bytes + scratch);
    const context = { memory, kernels: loadKernels(memory), scratch: { start: 1024, end: 1024 + scratch } };
    const bases = clip.map(({ frame, labels }, i) => {
      const base = 1024 + scratch + i * layout.bytes;
      const plane = frame.planes[0];
      for (let y = 0; y < 120; y++) {
        const row = plane.data.subarray(y * plane.stride, y * plane.stride + 200);
        bytesAt(memory, base + layout.planes[0] + y * 200, 200).set(i ? row.map((v) => Math.min(255, v * gain)) : row);
      }
      bytesAt(memory, base + layout.labels, 200 * 120).set(labels);
      prepare(context, { layout, base });
      return base;
    });
    const [key, frame] = [bases[0]!, bases[1]!];
    const pair = alignPair(context, { levels: layout.levels, from: key, to: frame, model: "homography" });
    const refined = alignToKey(context, {
      levels: layout.levels,
      key,
      frame,
      start: pair.homography,
      gain: pair.alignment?.gain ?? 1,
      offset: pair.alignment?.offset ?? 0,
      model: "homography",
    });
    return { pair, refined, truth: compose(invert(second), first) };
  }

  for (const [name, map] of Object.entries({
    shift: [1, 0, 17.4, 0, 1, -9.2, 0, 0, 1],
    "rotation and zoom": [1.03, 0.05, 4, -0.05, 1.03, 2, 0, 0, 1],
    perspective: [1.01, 0.01, 3, -0.01, 0.99, -2, 1.5e-4, -1e-4, 1],
  })) {
    it(`finds a ${name} to a tenth of a pixel`, () => {
      const { refined, truth } = register(IDENTITY, map);
      assert.ok(refined);
      assert.ok(
        distance(refined.homography, truth, 200, 120) < 0.15,
        `${distance(refined.homography, truth, 200, 120)} px`,
      );
      assert.ok(refined.agreement > 0.9);
    });
  }

  it("finds a change of brightness along with motion", () => {
    const { refined, truth } = register(IDENTITY, [1, 0, 5, 0, 1, 3, 0, 0, 1], 1.12);
    assert.ok(refined && distance(refined.homography, truth, 200, 120) < 0.15);
    assert.ok(
      Math.abs(refined.gain - 1.12) < 0.02 && Math.abs(refined.offset) < 2.5,
      `${refined.gain} ${refined.offset}`,
    );
  });
});

describe("relative poses", () => {
  it("are consistent in place and brightness", () => {
    const a = { homography: TILTED, gain: 1.1, offset: 4 };
    const b = { homography: compose([1, 0, 5, 0, 1, 6, 0, 0, 1], TILTED), gain: 0.9, offset: -3 };
    const motion = relative(a, b);
    assert.ok(distance(motion.homography, [1, 0, 5, 0, 1, 6, 0, 0, 1], 640, 360) < 1e-6);
    assert.ok(Math.abs(motion.gain * (1.1 * 100 + 4) + motion.offset - (0.9 * 100 - 3)) < 1e-9);
  });
});
