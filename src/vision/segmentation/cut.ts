/** Cuts a picture in two: what is the object and what is not. */
import { type Arena, padded } from "../../kernels/arena.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { Box, Picture } from "./picture.ts";

/** Cost of a boundary between equal pixels, against one unit of evidence a pixel, and how much is left of it at the strongest edge. */
const BOUNDARY = 2.2;
const LEAST_BOUNDARY = 0.12;
const CUT_ITERATIONS = 120;
/** Planes of f32 with slack. */
const PLANES = 7;

/** Bytes that a {@link Cutter} takes. */
export function cutBytes(width: number, height: number): number {
  return PLANES * padded(planeBytes(width, height));
}

/** Kernel memory for cuts of pictures of one size. */
export class Cutter {
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: Kernels;
  readonly #addresses: readonly number[];
  readonly #planes: readonly Float32Array[];

  /** @param arena of {@link cutBytes} at least. */
  constructor(memory: WebAssembly.Memory, kernels: Kernels, arena: Arena, width: number, height: number) {
    this.#memory = memory;
    this.#kernels = kernels;
    const stride = strideOf(width);
    this.#addresses = Array.from({ length: PLANES }, () => arena.take(planeBytes(width, height)) + stride * 4 + 16);
    this.#planes = this.#addresses.map((at) => new Float32Array(memory.buffer, at, stride * height + 4));
  }

  /**
   * Divides a box of the picture in two where evidence and edges say so.
   * @param against evidence against the object, a pixel: positive outside, negative on it. width * height.
   * @param guess to begin with, 0 to 1, and where the result goes. Outside the box it becomes 0.
   */
  cut(picture: Picture, box: Box, against: Float32Array, guess: Float32Array): void {
    const [u, ahead, dualX, dualY, costX, costY, data] = this.#planes as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const [width, height] = [box.x1 - box.x0, box.y1 - box.y0];
    const stride = strideOf(width);
    dualX.fill(0);
    dualY.fill(0);
    new Float32Array(this.#memory.buffer, this.#addresses[2]! - 16, 4).fill(0);
    new Float32Array(this.#memory.buffer, this.#addresses[3]! - stride * 4, stride).fill(0);
    fillBoundaries(picture, box, stride, costX, costY);
    for (let y = 0; y < height; y++) {
      const from = (box.y0 + y) * picture.width + box.x0;
      const to = y * stride;
      for (let x = 0; x < width; x++) {
        u[to + x] = guess[from + x]!;
        data[to + x] = against[from + x]!;
      }
      u.fill(0, to + width, to + stride);
      data.fill(0, to + width, to + stride);
    }
    ahead.set(u);
    const a = this.#addresses as [number, number, number, number, number, number, number];
    this.#kernels.segmentCut(a[0], a[1], a[2], a[3], a[4], a[5], a[6], width, height, stride, CUT_ITERATIONS);
    guess.fill(0);
    for (let y = 0; y < height; y++) {
      guess.set(u.subarray(y * stride, y * stride + width), (box.y0 + y) * picture.width + box.x0);
    }
  }
}

/** Values a row, with slack. */
function strideOf(width: number): number {
  return Math.ceil((width + 4) / 4) * 4;
}

function planeBytes(width: number, height: number): number {
  return (strideOf(width) * (height + 2) + 8) * 4;
}

/** Boundaries are cheap along edges: the stronger the step against the mean step in the box, the cheaper. */
function fillBoundaries(
  { width, y, u, v }: Picture,
  box: Box,
  stride: number,
  costX: Float32Array,
  costY: Float32Array,
): void {
  const [w, h] = [box.x1 - box.x0, box.y1 - box.y0];
  let sum = 0;
  const step = (a: number, b: number): number => {
    const dy = y[a]! - y[b]!;
    const du = u[a]! - u[b]!;
    const dv = v[a]! - v[b]!;
    return dy * dy + 3 * (du * du + dv * dv);
  };
  costX.fill(0);
  costY.fill(0);
  for (let row = 0; row < h; row++) {
    const from = (box.y0 + row) * width + box.x0;
    const to = row * stride;
    for (let x = 0; x < w; x++) {
      const across = x + 1 < w ? step(from + x, from + x + 1) : 0;
      const down = row + 1 < h ? step(from + x, from + x + width) : 0;
      costX[to + x] = across;
      costY[to + x] = down;
      sum += across + down;
    }
  }
  const scale = -1 / Math.max(8, (1.2 * sum) / (2 * w * h));
  for (let row = 0; row < h; row++) {
    const to = row * stride;
    for (let x = 0; x < w; x++) {
      costX[to + x] = x + 1 < w ? BOUNDARY * (LEAST_BOUNDARY + Math.exp(costX[to + x]! * scale)) : 0;
      costY[to + x] = row + 1 < h ? BOUNDARY * (LEAST_BOUNDARY + Math.exp(costY[to + x]! * scale)) : 0;
    }
  }
}
