/** Sums and means over masks, 0 to 1; a pixel is on one where it is above one half. */
import type { Box } from "./picture.ts";

/** The longer side of a rectangle. */
export function sideOf({ x0, y0, x1, y1 }: Box): number {
  return Math.max(x1 - x0, y1 - y0);
}

/** Pixels on a mask. */
export function areaOf(mask: Float32Array): number {
  let sum = 0;
  for (const value of mask) if (value > 0.5) sum++;
  return sum;
}

/** Mean of values on a mask; 0 for an empty one. */
export function meanWhere(values: Float32Array, mask: Float32Array): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (!(mask[i]! > 0.5)) continue;
    sum += values[i]!;
    count++;
  }
  return count > 0 ? sum / count : 0;
}

/** Share of a mask where an outline says yes. */
export function agreement(mask: Float32Array, outline: Float32Array): number {
  let [both, own] = [0, 0];
  for (let i = 0; i < mask.length; i++) {
    if (!(mask[i]! > 0.5)) continue;
    own++;
    if (outline[i]! > 0.5) both++;
  }
  return own > 0 ? both / own : 1;
}
