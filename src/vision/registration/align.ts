/**
 * Aligns one picture to another by their grey values: Gauss-Newton, coarse to fine, with robust weights, so that what
 * moves by itself does not pull (Baker and Matthews, "Lucas-Kanade 20 years on", 2004).
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { fromLevel, type Homography, toLevel } from "./homography.ts";

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

/** What each model is called in the kernel, and how many numbers it and brightness have. */
const MODELS: Record<MotionModel, { readonly number: number; readonly freedoms: number }> = {
  translation: { number: 0, freedoms: 4 },
  similarity: { number: 1, freedoms: 6 },
  affine: { number: 2, freedoms: 8 },
  homography: { number: 3, freedoms: 10 },
};

/** Bytes behind the start of scratch memory: the warp, the system with its histogram, and what kernels need. */
const [SYSTEM, WORK] = [96, 96 + 120 * 8 + 256 * 4 + 16];

/** What the kernel answers instead of how far a map was moved. */
const [UNSOLVABLE, IMPLAUSIBLE] = [-1, -2];

/** Bytes of scratch memory that {@link align} uses. */
export const ALIGN_SCRATCH = WORK + (6 * 256 + 8) * 4;

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
  const histogram = new Uint32Array(memory.buffer, scratch + SYSTEM + 960, 257);
  let best = options.start;
  warp[9] = options.gain ?? 1;
  warp[10] = options.offset ?? 0;
  let scale = 12;
  let result: Alignment | undefined;
  let sigmaBefore: number | undefined;
  for (const [place, { index, model, iterations }] of options.levels.entries()) {
    // What remains is asked for at the end alone.
    const last = place + 1 < options.levels.length ? 1 : 0;
    const own = template[index]!;
    const other = image[index]!;
    const { x0, y0, x1, y1 } = atLevel(options.within ?? { x0: 0, y0: 0, x1: full.width, y1: full.height }, index);
    const step = Math.max(1, Math.floor(Math.sqrt(Math.max(1, (x1 - x0) * (y1 - y0)) / options.samples)));
    const unit = 2 / Math.max(own.width, own.height);
    const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
    const { number, freedoms } = MODELS[model];
    warp.set(toLevel(best, index));
    for (let left = iterations; left >= last; left--) {
      kernels.alignStep(
        own.luma,
        own.blocked,
        other.luma,
        other.blocked,
        own.width,
        own.height,
        x0,
        y0,
        x1,
        y1,
        step,
        cx,
        cy,
        unit,
        scratch,
        scale,
        left > 0 ? 1 : 0,
        scratch + SYSTEM,
        scratch + WORK,
      );
      const compared = histogram[256]!;
      if (compared < 12 * freedoms) return undefined;
      const { sigma, agreement } = residuals(histogram, compared);
      sigmaBefore ??= sigma;
      if (left > 0) {
        scale = Math.max(1.5, 2.4 * sigma);
        const picture = [own.width, own.height] as const;
        const moved = kernels.alignMove(scratch + SYSTEM, number, cx, cy, unit, ...picture, scratch, scratch + WORK);
        if (moved === IMPLAUSIBLE) return undefined;
        if (moved < 0.01) left = 1;
        if (moved !== UNSOLVABLE) continue;
      }
      const homography = fromLevel([...warp.subarray(0, 9)], index);
      result = { homography, gain: warp[9]!, offset: warp[10]!, sigma, sigmaBefore, agreement, compared };
      break;
    }
    best = fromLevel([...warp.subarray(0, 9)], index);
  }
  return result;
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
