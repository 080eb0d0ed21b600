/** How good a fill is: what the table of `npm run bench -- removal` is made of. */
import { createMemory, loadKernels } from "../src/kernels/kernels.ts";
import { layoutOf } from "../src/vision/frames/layout.ts";
import type { Homography } from "../src/vision/registration/homography.ts";
import { alignPair, alignToKey } from "../src/vision/registration/pair.ts";
import { formatOf, frameBytes } from "./raw-frames.ts";

/** A clip without its object, as planar 8-bit 4:2:0 frames one after the other, and its masks (255: remove). */
export type Reference = {
  readonly width: number;
  readonly height: number;
  readonly truth: Uint8Array;
  readonly mask: Uint8Array;
};

/** How far masked luma is from the truth. */
export type Distance = {
  /** dB over all masked pixels of the clip. */
  readonly psnr: number;
  /** The frame that is furthest from it, counted from 0, and its dB. */
  readonly worst: { readonly frame: number; readonly psnr: number };
};

/** Figures over all masked luma pixels of a clip. */
export type Quality = Distance & {
  /** Mean structural similarity over 7 x 7 windows around them (Wang et al. 2004), -1 to 1. */
  readonly ssim: number;
  /**
   * Root mean square change of the error's mean over 5 x 5 pixels, from frame to frame at the same point of the background, in levels:
   * what is seen to flicker. The truth's own noise, fresh in every frame and nobody's to restore, averages out.
   */
  readonly flicker: number;
  /** The same of means over 17 x 17 pixels: brightness that wavers over areas, which is seen first. */
  readonly drift: number;
};

/** Half the side of the squares that {@link Quality.flicker} and {@link Quality.drift} look at. */
const RADII = [2, 8] as const;

/** Compares a result, laid out as the truth, in the mask. */
export function distance({ width, height, mask, truth }: Reference, result: Uint8Array): Distance {
  const luma = width * height;
  const decibels = (squares: number, pixels: number): number => 10 * Math.log10(255 ** 2 / (squares / pixels));
  let [allSquares, allPixels] = [0, 0];
  let worst = { frame: Number.NaN, psnr: Number.POSITIVE_INFINITY };
  for (let frame = 0; frame < mask.length / luma; frame++) {
    const at = frame * frameBytes(width, height);
    let [squares, pixels] = [0, 0];
    for (let i = 0; i < luma; i++) {
      if (mask[frame * luma + i]! < 128) continue;
      squares += (result[at + i]! - truth[at + i]!) ** 2;
      pixels++;
    }
    if (pixels > 0 && decibels(squares, pixels) < worst.psnr) worst = { frame, psnr: decibels(squares, pixels) };
    allSquares += squares;
    allPixels += pixels;
  }
  return { psnr: decibels(allSquares, allPixels), worst };
}

/** Compares a result, laid out as the truth. `motions` from {@link motionsOf}. */
export function measure(reference: Reference, result: Uint8Array, motions: readonly Homography[]): Quality {
  const { width, height, mask, truth } = reference;
  const luma = width * height;
  const bytes = frameBytes(width, height);
  const frames = mask.length / luma;
  const meansOf = boxMeans(width, height);
  let [pixels, similarity, compared] = [0, 0, 0];
  const changes = RADII.map(() => 0);
  let before: Float32Array[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const own = result.subarray(frame * bytes, frame * bytes + luma);
    const real = truth.subarray(frame * bytes, frame * bytes + luma);
    const hole = mask.subarray(frame * luma, (frame + 1) * luma);
    const earlier = frame > 0 ? mask.subarray((frame - 1) * luma, frame * luma) : undefined;
    const error = Float32Array.from(own, (value, i) => value - real[i]!);
    const means = RADII.map((radius) => meansOf(error, radius));
    const h = motions[frame];
    for (let i = 0; i < luma; i++) {
      if (hole[i]! < 128) continue;
      pixels++;
      const [x, y] = [i % width, Math.floor(i / width)];
      similarity += ssimAt(own, real, width, height, x, y);
      if (!h || !earlier) continue;
      const w = h[6]! * x + h[7]! * y + h[8]!;
      const [qx, qy] = [(h[0]! * x + h[1]! * y + h[2]!) / w, (h[3]! * x + h[4]! * y + h[5]!) / w];
      if (!(qx >= 0 && qy >= 0 && qx < width - 1 && qy < height - 1)) continue;
      if (earlier[Math.round(qy) * width + Math.round(qx)]! < 128) continue;
      for (const [k, mean] of means.entries()) changes[k]! += (mean[i]! - bilinear(before[k]!, width, qx, qy)) ** 2;
      compared++;
    }
    before = means;
  }
  return {
    ...distance(reference, result),
    ssim: similarity / pixels,
    flicker: Math.sqrt(changes[0]! / compared),
    drift: Math.sqrt(changes[1]! / compared),
  };
}

/** The camera's motion from each frame of the truth to the one before; undefined for the first. */
export function motionsOf({ width, height, truth }: Reference): Homography[] {
  const { levels, bytes } = layoutOf(formatOf(width, height));
  const bases = [1024, 1024 + Math.ceil(bytes / 16) * 16 + 16] as const;
  const start = bases[1] + Math.ceil(bytes / 16) * 16 + 16;
  const memory = createMemory(start + 2 ** 20);
  const kernels = loadKernels(memory);
  const context = { kernels, memory, scratch: { start, end: start + 2 ** 20 } };
  const luma = width * height;
  const load = (frame: number, base: number): void => {
    const at = frame * frameBytes(width, height);
    new Uint8Array(memory.buffer, base + levels[0]!.luma, luma).set(truth.subarray(at, at + luma));
    for (let i = 1; i < levels.length; i++) {
      const [from, to] = [levels[i - 1]!, levels[i]!];
      kernels.halve(base + from.luma, from.width, from.height, base + to.luma);
    }
  };
  const frames = truth.length / frameBytes(width, height);
  return Array.from({ length: frames }, (_, frame) => {
    if (frame === 0) return undefined as never;
    load(frame, bases[0]);
    load(frame - 1, bases[1]);
    const model = "homography" as const;
    const rough = alignPair(context, { levels, from: bases[0], to: bases[1], model }).homography;
    const guess = { start: rough, gain: 1, offset: 0 };
    return alignToKey(context, { levels, key: bases[0], frame: bases[1], model, ...guess })?.homography ?? rough;
  });
}

/** Means over squares of pixels, fewer at the picture's edge. */
function boxMeans(width: number, height: number): (values: Float32Array, radius: number) => Float32Array {
  const count = width * height;
  const [from, to] = [1024, 1024 + 4 * count + 16];
  const scratch = Math.ceil((to + 4 * count) / 16) * 16 + 16;
  const memory = createMemory(scratch + 4 * count + 8 * (width + 4));
  const kernels = loadKernels(memory);
  return (values, radius) => {
    new Float32Array(memory.buffer, from, count).set(values);
    kernels.boxMean(from, width, height, radius, to, scratch);
    return new Float32Array(memory.buffer, to, count).slice();
  };
}

function bilinear(values: Float32Array, width: number, x: number, y: number): number {
  const [ix, iy] = [Math.floor(x), Math.floor(y)];
  const [ax, ay] = [x - ix, y - iy];
  const at = iy * width + ix;
  const top = values[at]! * (1 - ax) + values[at + 1]! * ax;
  return top * (1 - ay) + (values[at + width]! * (1 - ax) + values[at + width + 1]! * ax) * ay;
}

function ssimAt(a: Uint8Array, b: Uint8Array, width: number, height: number, x: number, y: number): number {
  let [n, sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0, 0];
  for (let ny = Math.max(0, y - 3); ny <= Math.min(height - 1, y + 3); ny++) {
    for (let i = ny * width + Math.max(0, x - 3); i <= ny * width + Math.min(width - 1, x + 3); i++) {
      const [p, q] = [a[i]!, b[i]!];
      n++;
      sumA += p;
      sumB += q;
      sumAA += p * p;
      sumBB += q * q;
      sumAB += p * q;
    }
  }
  const [meanA, meanB] = [sumA / n, sumB / n];
  const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];
  const covariance = sumAB / n - meanA * meanB;
  const variances = sumAA / n - meanA ** 2 + sumBB / n - meanB ** 2;
  return ((2 * meanA * meanB + c1) * (2 * covariance + c2)) / ((meanA ** 2 + meanB ** 2 + c1) * (variances + c2));
}
