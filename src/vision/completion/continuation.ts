/**
 * Continues a picture beyond its edge: its mirror image, softer the further from the edge, so that colours, light and the
 * order of things go on without anything being repeated that one would recognise.
 */
import type { Box } from "../registration/align.ts";

/** One plane and what is known of it. */
export type Plane = {
  readonly width: number;
  readonly height: number;
  /** Levels; unknown samples are overwritten. */
  readonly values: Float32Array;
  /** 1 where a sample holds. */
  readonly known: Uint8Array;
};

/** Blur against the distance from what is known, as a standard deviation. */
const SOFTENING = 0.16;
/** Fine detail that stays in the soft parts: its share, and the blur that tells it from shapes. */
const DETAIL = 0.5;
const DETAIL_LEVEL = 1;
/** Weight of things that must not be repeated, at the edge that cuts through them, and how far it falls to almost none. */
const AVOIDED = 0.004;
const FADE = 0.03;
/** Weight of the nearest sample where the mirror image itself is unknown. */
const REPEATED = 0.1;

/** @param avoid boxes, in samples, of what is not to be mirrored: people and things. */
export function continuePlane(plane: Plane, avoid: readonly Box[]): void {
  const { width, height, values, known } = plane;
  const near = nearestKnown(plane);
  if (!near) return;
  const things = insideOf(avoid, width, height);
  const fade = Math.max(4, FADE * Math.max(width, height));
  const picture = new Float32Array(width * height);
  const weights = new Float32Array(width * height);
  const distances = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (known[i]) {
        picture[i] = values[i]!;
        weights[i] = things[i] ? AVOIDED : 1;
        continue;
      }
      const at = near[i]!;
      const [qx, qy] = [at % width, Math.floor(at / width)];
      const distance = Math.hypot(x - qx, y - qy);
      distances[i] = distance;
      const [mx, my] = [fold(2 * qx - x, width), fold(2 * qy - y, height)];
      const mirrored = my * width + mx;
      const from = known[mirrored] ? mirrored : at;
      picture[i] = values[from]!;
      weights[i] =
        (from === at && distance > 1 ? REPEATED : 1) * (things[from] ? AVOIDED + Math.exp(-distance / fade) : 1);
    }
  }
  const levels = pyramid(picture, weights, width, height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (known[i]) continue;
      const level = Math.max(0, Math.log2(2 * SOFTENING * distances[i]!));
      const soft = between(levels, level, x, y);
      const calm = level <= DETAIL_LEVEL ? 0 : Math.min(1, level - DETAIL_LEVEL) * Math.min(1, weights[i]!);
      const detail = calm > 0 ? picture[i]! - between(levels, DETAIL_LEVEL, x, y) : 0;
      values[i] = soft + DETAIL * calm * detail;
    }
  }
}

/** Brings a place beyond the ends of a line back into it, as in two mirrors. */
function fold(place: number, length: number): number {
  const period = 2 * Math.max(1, length - 1);
  const inside = ((place % period) + period) % period;
  return inside < length ? inside : period - inside;
}

/** Index of (nearly) the nearest known sample of each sample, or undefined without any (Danielsson's distance map, 1980). */
function nearestKnown({ width, height, known }: Plane): Int32Array | undefined {
  const near = Int32Array.from(known, (one, i) => (one ? i : -1));
  const consider = (i: number, x: number, y: number, other: number): void => {
    const candidate = near[other]!;
    if (candidate < 0) return;
    const own = near[i]!;
    if (own < 0 || squared(x, y, candidate, width) < squared(x, y, own, width)) near[i] = candidate;
  };
  const row = (y: number, above: number): void => {
    const start = y * width;
    for (let x = 0; x < width; x++) {
      const i = start + x;
      if (known[i]) continue;
      const other = i + above * width;
      if (y + above >= 0 && y + above < height) {
        consider(i, x, y, other);
        if (x > 0) consider(i, x, y, other - 1);
        if (x + 1 < width) consider(i, x, y, other + 1);
      }
      if (x > 0) consider(i, x, y, i - 1);
    }
    for (let x = width - 2; x >= 0; x--) if (!known[start + x]) consider(start + x, x, y, start + x + 1);
  };
  for (let y = 0; y < height; y++) row(y, -1);
  for (let y = height - 1; y >= 0; y--) row(y, 1);
  return near.length > 0 && near[0]! >= 0 ? near : undefined;
}

function squared(x: number, y: number, index: number, width: number): number {
  return (x - (index % width)) ** 2 + (y - Math.floor(index / width)) ** 2;
}

function insideOf(boxes: readonly Box[], width: number, height: number): Uint8Array {
  const map = new Uint8Array(width * height);
  for (const { x0, y0, x1, y1 } of boxes) {
    for (let y = Math.max(0, Math.floor(y0)); y < Math.min(height, y1); y++) {
      map.fill(1, y * width + Math.max(0, Math.floor(x0)), y * width + Math.min(width, Math.ceil(x1)));
    }
  }
  return map;
}

type Level = { readonly width: number; readonly height: number; readonly values: Float32Array };

/** Weighted means over 2^k samples a side. */
function pyramid(picture: Float32Array, weights: Float32Array, width: number, height: number): Level[] {
  const levels: Level[] = [{ width, height, values: picture }];
  let own = { width, height, values: picture, weights };
  while (own.width > 1 || own.height > 1) {
    const [w, h] = [(own.width + 1) >> 1, (own.height + 1) >> 1];
    const [values, sums] = [new Float32Array(w * h), new Float32Array(w * h)];
    for (let y = 0; y < own.height; y++) {
      for (let x = 0; x < own.width; x++) {
        const i = y * own.width + x;
        const j = (y >> 1) * w + (x >> 1);
        values[j]! += own.values[i]! * own.weights[i]!;
        sums[j]! += own.weights[i]!;
      }
    }
    for (let j = 0; j < values.length; j++) {
      values[j]! /= sums[j]!;
      sums[j]! /= 4;
    }
    own = { width: w, height: h, values, weights: sums };
    levels.push(own);
  }
  return levels;
}

/** The pyramid's value at a place, between two levels. */
function between(levels: readonly Level[], level: number, x: number, y: number): number {
  const lower = Math.min(levels.length - 1, Math.floor(level));
  const share = level - lower;
  const fine = sampleAt(levels[lower]!, lower, x, y);
  const coarse = levels[lower + 1];
  return share > 0 && coarse ? fine + (sampleAt(coarse, lower + 1, x, y) - fine) * share : fine;
}

/** A level through a cubic B-spline, which shows no grid. */
function sampleAt({ width, height, values }: Level, level: number, x: number, y: number): number {
  if (level === 0) return values[y * width + x]!;
  const scale = 2 ** -level;
  const [px, py] = [(x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5];
  const [ix, iy] = [Math.floor(px), Math.floor(py)];
  const [fx, fy] = [px - ix, py - iy];
  let sum = 0;
  for (let k = -1; k <= 2; k++) {
    const row = Math.min(height - 1, Math.max(0, iy + k)) * width;
    const across =
      spline(-1 - fx) * values[row + Math.min(width - 1, Math.max(0, ix - 1))]! +
      spline(-fx) * values[row + Math.min(width - 1, Math.max(0, ix))]! +
      spline(1 - fx) * values[row + Math.min(width - 1, ix + 1)]! +
      spline(2 - fx) * values[row + Math.min(width - 1, ix + 2)]!;
    sum += spline(k - fy) * across;
  }
  return sum;
}

function spline(x: number): number {
  const t = Math.abs(x);
  if (t >= 2) return 0;
  return t < 1 ? 2 / 3 - t * t + (t * t * t) / 2 : (2 - t) ** 3 / 6;
}
