/**
 * Aligns one picture to another by their grey values: Gauss-Newton, coarse to fine, with robust weights, so that what
 * moves by itself does not pull (Baker and Matthews, "Lucas-Kanade 20 years on", 2004).
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { compose, fromLevel, type Homography, invert, plausible, toLevel } from "./homography.ts";
import { solveSymmetric } from "./solve.ts";

/** An 8-bit picture and the pixels of it that must not be looked at (non-zero), as addresses in kernel memory. */
export type Level = {
  readonly luma: number;
  readonly blocked: number;
  readonly width: number;
  readonly height: number;
};

/** A rectangle of pixels, ends excluded. */
export type Box = { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number };

/** How a picture's content maps to another's: place and brightness (`other = gain * own + offset`, 8-bit levels). */
export type Alignment = {
  readonly homography: Homography;
  readonly gain: number;
  readonly offset: number;
  /** Robust standard deviation of what remains, in 8-bit levels. */
  readonly sigma: number;
  /** The same before anything was aligned, at the coarsest of the levels. */
  readonly sigmaBefore: number;
  /** Share of the compared pixels that agree within 3 sigma + 3 levels, 0 to 1. */
  readonly agreement: number;
  /** Pixels compared at the finest level. */
  readonly compared: number;
};

/** Which motions are allowed. */
export type MotionModel = "translation" | "similarity" | "affine" | "homography";

/** A direction in parameter space: [kernel parameter, factor] pairs. 8 and 9 are gain and offset. */
type Direction = readonly (readonly [parameter: number, factor: number])[];

const single = (parameters: readonly number[]): Direction[] => parameters.map((parameter) => [[parameter, 1]]);

const DIRECTIONS: Record<MotionModel, readonly Direction[]> = {
  translation: single([2, 5, 8, 9]),
  similarity: [
    [
      [0, 1],
      [4, 1],
    ],
    [
      [1, 1],
      [3, -1],
    ],
    ...single([2, 5, 8, 9]),
  ],
  affine: single([0, 1, 2, 3, 4, 5, 8, 9]),
  homography: single([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
};

/** Bytes of scratch memory that {@link align} uses. */
export const ALIGN_SCRATCH = 96 + 120 * 8 + 256 * 4 + 16 + (6 * 256 + 8) * 4;

/**
 * @param template levels of the reference picture, finest first. @param image levels of the picture to align.
 * @param options `start`: the map to begin with, template to image, full pixels. `levels`: indices, coarsest first.
 *   `within`: full-pixel rectangle of the template to compare. `samples`: how many pixels to compare at least a level, where there are as many.
 * @returns undefined when there is too little to compare or no plausible map was found.
 */
export function align(
  kernels: Kernels,
  memory: WebAssembly.Memory,
  scratch: number,
  template: readonly Level[],
  image: readonly Level[],
  options: {
    start: Homography;
    levels: readonly { index: number; model: MotionModel; iterations: number }[];
    within?: Box;
    samples: number;
    gain?: number;
    offset?: number;
  },
): Alignment | undefined {
  const full = template[0]!;
  const warp = new Float64Array(memory.buffer, scratch, 11);
  const system = new Float64Array(memory.buffer, scratch + 96, 120);
  const histogram = new Uint32Array(memory.buffer, scratch + 96 + 960, 257);
  let best = options.start;
  let gain = options.gain ?? 1;
  let offset = options.offset ?? 0;
  let scale = 12;
  let result: Alignment | undefined;
  let sigmaBefore: number | undefined;
  for (const [place, { index, model, iterations }] of options.levels.entries()) {
    // What remains is asked for at the end alone.
    const last = place + 1 < options.levels.length ? 1 : 0;
    const own = template[index]!;
    const other = image[index]!;
    const box = atLevel(options.within ?? { x0: 0, y0: 0, x1: full.width, y1: full.height }, index);
    const area = Math.max(1, (box.x1 - box.x0) * (box.y1 - box.y0));
    const step = Math.max(1, Math.floor(Math.sqrt(area / options.samples)));
    const unit = 2 / Math.max(own.width, own.height);
    const cx = (box.x0 + box.x1) / 2;
    const cy = (box.y0 + box.y1) / 2;
    const directions = DIRECTIONS[model];
    let map = toLevel(best, index);
    for (let left = iterations; left >= last; left--) {
      warp.set(map);
      warp[9] = gain;
      warp[10] = offset;
      kernels.alignStep(
        own.luma,
        own.blocked,
        other.luma,
        other.blocked,
        own.width,
        own.height,
        box.x0,
        box.y0,
        box.x1,
        box.y1,
        step,
        cx,
        cy,
        unit,
        scratch,
        scale,
        scratch + 96,
        scratch + 96 + 120 * 8 + 256 * 4 + 16,
      );
      const compared = histogram[256]!;
      if (compared < 12 * directions.length) return undefined;
      const { sigma, agreement } = residuals(histogram, compared);
      sigmaBefore ??= sigma;
      result = { homography: fromLevel(map, index), gain, offset, sigma, sigmaBefore, agreement, compared };
      if (left <= 0) break;
      scale = Math.max(1.5, 2.4 * sigma);
      const p = newtonStep(system, directions);
      if (!p) break;
      gain = Math.min(4, Math.max(0.25, gain + p[8]! * 0.0078125));
      offset = Math.min(128, Math.max(-128, offset + p[9]!));
      const change = [1 + p[0]!, p[1]!, p[2]!, p[3]!, 1 + p[4]!, p[5]!, p[6]!, p[7]!, 1];
      map = compose(map, toPixels(invert(change), cx, cy, unit));
      if (!plausible(map, own.width, own.height)) return undefined;
      // Shift at the picture's edge, in pixels of this level, that the change amounts to.
      const moved = p.slice(0, 8).reduce((sum, value) => sum + Math.abs(value), 0) / unit;
      if (moved < 0.01) left = 1;
    }
    best = fromLevel(map, index);
  }
  return result;
}

/** The change of the ten kernel parameters that a Gauss-Newton step asks for within the allowed directions. */
function newtonStep(system: Float64Array, directions: readonly Direction[]): number[] | undefined {
  const entry = (row: number, column: number) => system[Math.min(row, column) * 12 + Math.max(row, column)]!;
  const product = (a: Direction, b: Direction) => {
    let sum = 0;
    for (const [row, f] of a) for (const [column, g] of b) sum += f * g * entry(row, column);
    return sum;
  };
  const delta = solveSymmetric(
    directions.map((a) => directions.map((b) => product(a, b))),
    directions.map((a) => product(a, [[10, 1]])),
  );
  if (!delta) return undefined;
  const change = new Array<number>(10).fill(0);
  for (const [i, direction] of directions.entries())
    for (const [parameter, f] of direction) change[parameter]! += f * delta[i]!;
  return change;
}

/** A map in the kernel's centred units as one in pixels. */
function toPixels(h: Homography, cx: number, cy: number, unit: number): Homography {
  return compose(compose([1 / unit, 0, cx, 0, 1 / unit, cy, 0, 0, 1], h), [
    unit,
    0,
    -cx * unit,
    0,
    unit,
    -cy * unit,
    0,
    0,
    1,
  ]);
}

function atLevel(box: Box, level: number): Box {
  const factor = 2 ** level;
  return {
    x0: Math.floor(box.x0 / factor),
    y0: Math.floor(box.y0 / factor),
    x1: Math.ceil(box.x1 / factor),
    y1: Math.ceil(box.y1 / factor),
  };
}

/** Spread of the residuals from their histogram (quarters of a level): the median of |residual| over 0.6745. */
function residuals(histogram: Uint32Array, count: number): { sigma: number; agreement: number } {
  let seen = 0;
  let bin = 0;
  while (bin < 255 && seen + histogram[bin]! < count / 2) seen += histogram[bin++]!;
  const inBin = Math.max(1, histogram[bin]!);
  const sigma = ((bin + (count / 2 - seen) / inBin) * 0.25) / 0.6745;
  const limit = Math.min(255, Math.round((3 * sigma + 3) * 4));
  let near = 0;
  for (let i = 0; i < limit; i++) near += histogram[i]!;
  return { sigma, agreement: near / count };
}
