/**
 * Continues a picture beyond its edge: the mirror image of what lies along the edge, softer the further out, so that
 * colours, light and the order of things go on without anything being repeated that one would recognise.
 */
import type { Box } from "../registration/align.ts";
import { diffuse } from "./diffuse.ts";

/** One plane and what is known of it. */
export type Plane = {
  readonly width: number;
  readonly height: number;
  /** Levels; unknown samples are overwritten. */
  readonly values: Float32Array;
  /** 1 where a sample holds. */
  readonly known: Uint8Array;
};

/** Blur against the distance from what is known, as a standard deviation far out, and where it is half of that, in shares of the shorter side. */
const SOFTENING = 0.2;
const SHARP = 0.16;
/**
 * How deep the mirror shows, in shares of the picture's shorter side: the further out, the more slowly it goes in, so that
 * only what is near the edge is continued and not what stands in the middle of the picture.
 */
const DEPTH = 0.13;
/** How soon things that the edge cuts through give way to what is around them, in shares of the shorter side. */
const FADE = 0.04;

/** @param avoid boxes, in samples, of what is not to be mirrored: people and things. */
export function continuePlane(plane: Plane, avoid: readonly Box[]): void {
  const { width, height, values, known } = plane;
  const near = nearestKnown(plane);
  if (!near) return;
  const side = Math.min(width, height);
  const depth = Math.max(2, DEPTH * side);
  const fade = Math.max(2, FADE * side);
  const scenery = withoutThings(plane, avoid);
  const picture = Float32Array.from(values);
  const distances = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (known[i]) continue;
      const at = near[i]!;
      const [qx, qy] = [at % width, Math.floor(at / width)];
      const distance = Math.hypot(x - qx, y - qy);
      distances[i] = distance;
      const inwards = (depth * (1 - Math.exp(-distance / depth))) / distance;
      const mx = clamp(Math.round(qx + (qx - x) * inwards), width);
      const my = clamp(Math.round(qy + (qy - y) * inwards), height);
      const mirrored = my * width + mx;
      const from = known[mirrored] ? mirrored : at;
      const share = Math.exp(-distance / fade);
      picture[i] = scenery[from]! + (values[from]! - scenery[from]!) * share;
    }
  }
  const levels = pyramid(picture, width, height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (known[i]) continue;
      const blur = (SOFTENING * distances[i]! ** 2) / (distances[i]! + SHARP * side);
      values[i] = between(levels, Math.max(0, Math.log2(2 * blur)), x, y);
    }
  }
}

/** The plane with smooth surfaces in place of things. */
function withoutThings({ width, height, values, known }: Plane, avoid: readonly Box[]): Float32Array {
  if (avoid.length === 0) return values;
  const things = insideOf(avoid, width, height);
  const scenery = Float32Array.from(values);
  const seen = known.map((one, i) => (one && !things[i] ? 1 : 0));
  // Where things are all there is, they are continued.
  if (!seen.includes(1)) return values;
  diffuse(scenery, seen, width, height, 0);
  return scenery;
}

function clamp(place: number, length: number): number {
  return Math.min(length - 1, Math.max(0, place));
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

/** Means over 2^k samples a side. */
function pyramid(picture: Float32Array, width: number, height: number): Level[] {
  const levels: Level[] = [{ width, height, values: picture }];
  for (let own = levels[0]!; own.width > 1 || own.height > 1; levels.push(own)) {
    const [w, h] = [(own.width + 1) >> 1, (own.height + 1) >> 1];
    const values = new Float32Array(w * h);
    for (let y = 0; y < h; y++) {
      const [top, bottom] = [2 * y * own.width, Math.min(own.height - 1, 2 * y + 1) * own.width];
      for (let x = 0; x < w; x++) {
        const [left, right] = [2 * x, Math.min(own.width - 1, 2 * x + 1)];
        values[y * w + x] =
          (own.values[top + left]! +
            own.values[top + right]! +
            own.values[bottom + left]! +
            own.values[bottom + right]!) /
          4;
      }
    }
    own = { width: w, height: h, values };
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
