import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testMemory } from "./kernels.test.memory.ts";

const MARGIN = 16;
const [WIDTH, HEIGHT] = [60, 45];
const STRIDE = WIDTH + 2 * MARGIN;

/** A level with its margin, of a picture moved by (dx, dy). */
function level(dx: number, dy: number): Float32Array {
  return Float32Array.from({ length: STRIDE * (HEIGHT + 2 * MARGIN) }, (_, i) => {
    const [x, y] = [(i % STRIDE) - MARGIN - dx, Math.floor(i / STRIDE) - MARGIN - dy];
    return 128 + 40 * Math.sin(x / 4) + 30 * Math.cos(y / 5 + x / 9);
  });
}

describe("the last fraction of a pixel of a field", () => {
  it("is found by one step, and nothing is said where there is nothing to see", () => {
    const { memory, kernels, arena, put } = testMemory();
    const lead = 4 * (STRIDE * MARGIN + MARGIN);
    const [first, second] = [put(level(0, 0)) + lead, put(level(0.4, -0.3)) + lead];
    const pitch = 4 * (WIDTH + 32);
    const work = arena.take(86 * pitch);
    const sharpen = (other: number): [number, number] => {
      const [u, v] = [put(level(0, 0).fill(0)) + lead, put(level(0, 0).fill(0)) + lead];
      kernels.flowSharpen(first, other, WIDTH, HEIGHT, STRIDE, u, v, 0.5, work, pitch);
      const mean = (at: number): number => {
        let sum = 0;
        for (let y = 0; y < HEIGHT; y++) {
          for (const value of new Float32Array(memory.buffer, at + 4 * y * STRIDE, WIDTH)) sum += value;
        }
        return sum / (WIDTH * HEIGHT);
      };
      return [mean(u), mean(v)];
    };
    const [du, dv] = sharpen(second);
    assert.ok(Math.abs(du - 0.4) < 0.08 && Math.abs(dv + 0.3) < 0.08, `${du}, ${dv}`);
    assert.deepEqual(sharpen(first), [0, 0]);
  });

  it("is sought in a field of twice the size, and steps as large", () => {
    const { memory, kernels, arena, put } = testMemory();
    const half = WIDTH / 2 + 2;
    const ramp = put(Float32Array.from({ length: half * 23 }, (_, i) => 3 * (i % half) + Math.floor(i / half)));
    const [target, work] = [arena.take(4 * STRIDE * HEIGHT + 64), arena.take(4 * STRIDE)];
    kernels.flowDouble(ramp, half, target, WIDTH, HEIGHT, STRIDE, work);
    const result = new Float32Array(memory.buffer, target, STRIDE * HEIGHT);
    // Half a pixel of the larger plane is a quarter of one of the smaller.
    for (let y = 1; y < HEIGHT - 1; y++) {
      for (let x = 1; x < WIDTH - 1; x++) {
        const expected = 2 * (3 * (x / 2 - 0.25) + (y / 2 - 0.25));
        assert.ok(Math.abs(result[y * STRIDE + x]! - expected) < 1e-3, `${result[y * STRIDE + x]} at ${x}, ${y}`);
      }
    }
  });
});
