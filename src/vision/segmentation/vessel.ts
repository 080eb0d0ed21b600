/** Glasses, cups and bottles: what shows through them has others' colours, but their shape is known: each half mirrors the other. */
import type { Box } from "./picture.ts";

/** Share of its box that a mask of a vessel spans at least, down and across. */
const LEAST_SPAN = 0.4;
/** Rows, as a share of the height, that its outline is continued from, and those at the very end that are left out: surfaces are round. */
const CONTINUED = 0.3;
const END = 0.06;
/** Height of the round ends, as a share of the width. */
const ROUND = 0.07;

/**
 * Completes a vessel that stands upright: both sides as far from its axis as the farther one, and the outline continued to the
 * box's top and bottom. Does nothing where the mask does not fill the box well enough to tell.
 * @param mask 0 to 1; completed in place. @param box of the vessel, tight. @param allows whether a pixel may be added.
 */
export function completeVessel(
  mask: Float32Array,
  width: number,
  box: Box,
  allows: (index: number) => boolean = () => true,
): void {
  const [height, across] = [box.y1 - box.y0, box.x1 - box.x0];
  const left = new Float64Array(height).fill(Number.NaN);
  const right = new Float64Array(height).fill(Number.NaN);
  const rows: number[] = [];
  for (let row = 0; row < height; row++) {
    const start = (box.y0 + row) * width;
    for (let x = box.x0; x < box.x1; x++) {
      if (!(mask[start + x]! > 0.5)) continue;
      if (Number.isNaN(left[row]!)) left[row] = x;
      right[row] = x + 1;
    }
    if (!Number.isNaN(left[row]!)) rows.push(row);
  }
  if (rows.length < LEAST_SPAN * height) return;
  const widest = Math.max(...rows.map((row) => right[row]! - left[row]!));
  if (widest < LEAST_SPAN * across) return;
  const broad = rows.filter((row) => right[row]! - left[row]! > 0.6 * widest);
  const axis = middle(broad.map((row) => (left[row]! + right[row]!) / 2));
  const half = new Float64Array(height).fill(Number.NaN);
  for (const row of rows) half[row] = Math.max(axis - left[row]!, right[row]! - axis);
  continueTo(half, rows, Math.round(END * height), Math.round(CONTINUED * height));
  const round = ROUND * across;
  for (let row = 0; row < height; row++) {
    const toEnd = Math.min(row, height - 1 - row) + 0.5;
    const share = toEnd < round ? Math.sqrt(1 - (1 - toEnd / round) ** 2) : 1;
    const reach = half[row]! * share;
    const from = Math.max(box.x0, Math.round(axis - reach));
    const to = Math.min(box.x1, Math.round(axis + reach));
    for (let i = (box.y0 + row) * width + from; i < (box.y0 + row) * width + to; i++) {
      if (!(mask[i]! > 0.5) && allows(i)) mask[i] = 1;
    }
  }
}

/** Continues half widths beyond the first and last rows that have one, as a line through those nearest to them. */
function continueTo(half: Float64Array, rows: readonly number[], skipped: number, used: number): void {
  for (const [known, step] of [
    [rows, -1],
    [[...rows].reverse(), 1],
  ] as const) {
    const near = known.slice(skipped, skipped + Math.max(2, used));
    const line = lineThrough(near, half);
    for (let row = known[Math.min(skipped, known.length - 1)]! + step; row >= 0 && row < half.length; row += step) {
      const value = line(row);
      half[row] = Number.isNaN(half[row]!) ? value : Math.max(half[row]!, value);
    }
  }
}

function lineThrough(rows: readonly number[], values: Float64Array): (row: number) => number {
  const [n, meanX] = [rows.length, rows.reduce((sum, row) => sum + row, 0) / rows.length];
  const meanY = rows.reduce((sum, row) => sum + values[row]!, 0) / n;
  let [up, down] = [0, 0];
  for (const row of rows) {
    up += (row - meanX) * (values[row]! - meanY);
    down += (row - meanX) ** 2;
  }
  const slope = down > 0 ? up / down : 0;
  return (row) => Math.max(0, meanY + slope * (row - meanX));
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
