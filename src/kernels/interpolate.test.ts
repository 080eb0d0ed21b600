import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noiseBytes, testMemory } from "./kernels.test.memory.ts";

const [WIDTH, HEIGHT] = [44, 21];

type Samples = Uint8Array | Uint16Array;
type Path = (x: number, y: number) => readonly [x0: number, y0: number, x1: number, y1: number];

/** A plane of `bits` at any place, by cubic convolution with the kernel's own sharpness. */
function at(plane: Samples, x: number, y: number): number {
  const sharp = -0.65;
  const weight = (distance: number): number => {
    const d = Math.abs(distance);
    if (d < 1) return (sharp + 2) * d ** 3 - (sharp + 3) * d ** 2 + 1;
    return d < 2 ? sharp * (d ** 3 - 5 * d ** 2 + 8 * d - 4) : 0;
  };
  const inside = (value: number, size: number): number => Math.max(0, Math.min(size - 1, value));
  // Places are told apart in 64ths.
  const [px, py] = [Math.floor(inside(x, WIDTH) * 64 + 0.5) / 64, Math.floor(inside(y, HEIGHT) * 64 + 0.5) / 64];
  let sum = 0;
  for (let iy = Math.floor(py) - 1; iy <= Math.floor(py) + 2; iy++) {
    for (let ix = Math.floor(px) - 1; ix <= Math.floor(px) + 2; ix++) {
      sum += weight(px - ix) * weight(py - iy) * plane[inside(iy, HEIGHT) * WIDTH + inside(ix, WIDTH)]!;
    }
  }
  return sum;
}

describe("a frame in between", () => {
  const kinds: readonly [string, Path][] = [
    ["moves as one", () => [1.25, -0.5, -1.75, 2.125]],
    ["stands still", () => [0, 0, 0, 0]],
    // In 64ths, so that nothing hangs on how the last bit is rounded.
    ["moves in its own way everywhere", (x, y) => [(x % 9) / 8, (y % 5) / 4, -((x * y) % 7) / 4, (x % 3) / 2]],
  ];
  for (const bits of [8, 10, 12]) {
    for (const [name, path] of kinds) {
      it(`is the mean along the paths, ${bits} bits, where the content ${name}`, () => {
        const { kernels, put, arena, memory } = testMemory();
        const wide = bits > 8;
        const plane = (seed: number): Samples => {
          const bytes = noiseBytes(2 * WIDTH * HEIGHT, seed);
          return wide
            ? Uint16Array.from({ length: 2 * WIDTH * HEIGHT }, (_, i) => bytes[i]! << (bits - 8))
            : bytes.slice();
        };
        const [first, second] = [plane(3), plane(8)];
        const pathBytes = WIDTH * HEIGHT * 4;
        const paths = new Float32Array(5 * WIDTH * HEIGHT);
        for (let y = 0; y < HEIGHT; y++) {
          for (let x = 0; x < WIDTH; x++) {
            for (const [n, value] of [...path(x, y), 0.25].entries()) {
              paths[n * WIDTH * HEIGHT + y * WIDTH + x] = value;
            }
          }
        }
        const size = wide ? 2 : 1;
        const target = arena.take(first.byteLength);
        const marks = put(new Uint8Array(WIDTH * HEIGHT + 8));
        const blend = wide ? kernels.interpolateBlend16 : kernels.interpolateBlend8;
        const [a, b] = [put(first), put(second)];
        const apart = WIDTH * HEIGHT * size;
        const highest = 2 ** bits - 1;
        const work = arena.take(8192);
        const all = put(paths);
        blend(a, b, target, 2, apart, WIDTH, HEIGHT, highest, all, pathBytes, marks, 0, 1, WIDTH, HEIGHT, 1, 1, work);
        const made = wide
          ? new Uint16Array(memory.buffer, target, 2 * WIDTH * HEIGHT)
          : new Uint8Array(memory.buffer, target, 2 * WIDTH * HEIGHT);
        for (const p of [0, 1]) {
          const [from, to] = [p * WIDTH * HEIGHT, (p + 1) * WIDTH * HEIGHT];
          for (let i = 0; i < WIDTH * HEIGHT; i++) {
            const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
            const [x0, y0, x1, y1] = path(x, y);
            const [one, other] = [
              at(first.subarray(from, to), x + x0, y + y0),
              at(second.subarray(from, to), x + x1, y + y1),
            ];
            const expected = Math.max(0, Math.min(highest, one + 0.25 * (other - one)));
            const error = Math.abs(made[from + i]! - expected);
            // Half of it is rounding at the end; groups are computed in 15 bits.
            assert.ok(error < 0.6 + 2 ** (bits - 12), `${p}: ${x},${y}: ${made[from + i]} for ${expected}`);
          }
        }
      });
    }
  }
});
