/** Distances that grow where colours change: how far a pixel is from a click along the picture. */
import type { Picture } from "./picture.ts";

/** How much longer a way gets by each level of change. */
const CHANGE = 0.35;
const SWEEPS = 3;

/**
 * Distance of every pixel to the nearest seed along the picture, in pixels where it is flat (raster sweeps, Toivanen 1996).
 * @param seeds indices. @returns infinite where no seed was given.
 */
export function geodesic({ width, height, y, u, v }: Picture, seeds: readonly number[]): Float32Array {
  const distance = new Float32Array(width * height).fill(Number.POSITIVE_INFINITY);
  for (const seed of seeds) distance[seed] = 0;
  if (seeds.length === 0) return distance;
  const relax = (to: number, from: number, length: number): void => {
    const other = distance[from]!;
    if (!(other < distance[to]!)) return;
    const change = Math.abs(y[to]! - y[from]!) + 1.5 * (Math.abs(u[to]! - u[from]!) + Math.abs(v[to]! - v[from]!));
    const total = other + length * (1 + CHANGE * change);
    if (total < distance[to]!) distance[to] = total;
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let row = 0; row < height; row++) {
      for (let x = 0; x < width; x++) {
        const i = row * width + x;
        if (x > 0) relax(i, i - 1, 1);
        if (row === 0) continue;
        relax(i, i - width, 1);
        if (x > 0) relax(i, i - width - 1, Math.SQRT2);
        if (x + 1 < width) relax(i, i - width + 1, Math.SQRT2);
      }
    }
    for (let row = height - 1; row >= 0; row--) {
      for (let x = width - 1; x >= 0; x--) {
        const i = row * width + x;
        if (x + 1 < width) relax(i, i + 1, 1);
        if (row + 1 === height) continue;
        relax(i, i + width, 1);
        if (x > 0) relax(i, i + width - 1, Math.SQRT2);
        if (x + 1 < width) relax(i, i + width + 1, Math.SQRT2);
      }
    }
  }
  return distance;
}
