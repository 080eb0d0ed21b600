/** Kernel memory for one small picture size: dense motion and two-region cuts. */
import { Arena } from "../../kernels/arena.ts";
import { createMemory, type Kernels, loadKernels } from "../../kernels/kernels.ts";
import type { Box, Picture } from "./picture.ts";

/** Where each pixel of one picture lies in another, in pixels. */
export type Flow = { readonly x: Float32Array; readonly y: Float32Array };

/** Coarsest level of the motion pyramid: its shorter side has at least this many pixels. */
const COARSEST = 20;
const FLOW_ITERATIONS = 10;
/** Cost of a boundary between equal pixels, against one unit of evidence a pixel, and how much is left of it at the strongest edge. */
const BOUNDARY = 2.2;
const LEAST_BOUNDARY = 0.12;
const CUT_ITERATIONS = 120;

type Level = { readonly at: number; readonly width: number; readonly height: number; readonly flow: number };

/** One thread's kernels over memory of its own. */
export class Workspace {
  readonly width: number;
  readonly height: number;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: Kernels;
  /** Two pyramids: of the picture at hand and of the one it is compared with. */
  readonly #pyramids: readonly (readonly Level[])[];
  readonly #holds: (Picture | undefined)[] = [undefined, undefined];
  readonly #scratch: number;
  readonly #stride: number;
  readonly #planes: readonly Float32Array[];
  readonly #addresses: readonly number[];

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    const pixels = width * height;
    this.#stride = Math.ceil((width + 4) / 4) * 4;
    const plane = (this.#stride * (height + 2) + 8) * 4;
    this.#memory = createMemory(16 * pixels + 7 * (plane + 32) + pixels * 24 + 65536);
    this.#kernels = loadKernels(this.#memory);
    const arena = new Arena(1024, this.#memory.buffer.byteLength);
    this.#pyramids = [0, 1].map(() => {
      const levels: Level[] = [];
      for (let [w, h] = [width, height]; ; [w, h] = [(w + 1) >> 1, (h + 1) >> 1]) {
        levels.push({ at: arena.take(w * h), width: w, height: h, flow: arena.take(w * h * 8) });
        if (Math.min(w, h) < 2 * COARSEST) return levels;
      }
    });
    this.#scratch = arena.take(2048 + pixels * 5);
    this.#addresses = Array.from({ length: 7 }, () => arena.take(plane) + this.#stride * 4 + 16);
    this.#planes = this.#addresses.map((at) => new Float32Array(this.#memory.buffer, at, this.#stride * height + 4));
  }

  /** Motion from `current` back to `previous`. The result is valid until the next call. Pictures of less than 20 pixels a side have none. */
  flow(current: Picture, previous: Picture): Flow {
    const own = this.#load(current, this.#holds[0] === previous ? 1 : 0);
    const other = this.#load(previous, own === 0 ? 1 : 0);
    const levels = this.#pyramids[own]!;
    const pixels = this.width * this.height;
    const finest = levels[0]!;
    if (Math.min(this.width, this.height) >= COARSEST) {
      for (let i = levels.length - 1; i >= 0; i--) {
        const { at, width, height, flow } = levels[i]!;
        const coarse = levels[i + 1];
        this.#kernels.segmentFlow(
          at,
          this.#pyramids[other]![i]!.at,
          width,
          height,
          coarse?.flow ?? 0,
          coarse?.width ?? 0,
          coarse?.height ?? 0,
          FLOW_ITERATIONS,
          flow,
          flow + width * height * 4,
          this.#scratch,
        );
      }
    }
    return {
      x: new Float32Array(this.#memory.buffer, finest.flow, pixels),
      y: new Float32Array(this.#memory.buffer, finest.flow + pixels * 4, pixels),
    };
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
    const stride = Math.ceil((width + 4) / 4) * 4;
    dualX.fill(0);
    dualY.fill(0);
    new Float32Array(this.#memory.buffer, this.#addresses[2]! - 16, 4).fill(0);
    new Float32Array(this.#memory.buffer, this.#addresses[3]! - stride * 4, stride).fill(0);
    fillBoundaries(picture, box, stride, costX, costY);
    for (let y = 0; y < height; y++) {
      const from = (box.y0 + y) * this.width + box.x0;
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
      guess.set(u.subarray(y * stride, y * stride + width), (box.y0 + y) * this.width + box.x0);
    }
  }

  /** @returns which pyramid holds the picture. */
  #load(picture: Picture, preferred: number): number {
    const held = this.#holds.indexOf(picture);
    if (held >= 0) return held;
    const levels = this.#pyramids[preferred]!;
    const finest = levels[0]!;
    new Uint8Array(this.#memory.buffer, finest.at, picture.y.length).set(picture.y);
    for (let i = 1; i < levels.length; i++) {
      const from = levels[i - 1]!;
      this.#kernels.halve(from.at, from.width, from.height, levels[i]!.at);
    }
    this.#holds[preferred] = picture;
    return preferred;
  }
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
