/**
 * Carries values from where they are known to where they are not, along even parts of a picture and hardly across its edges
 * (the domain transform's recursive filter, Gastal and Oliveira 2011).
 */

/** How far values reach over an even picture, in pixels. */
const REACH = 60;
/** Passes, each half as wide as the one before. */
const PASSES = 3;

/** Numbers on a grid of cells, in rows. */
export type SpreadGrid = { readonly width: number; readonly height: number };

/**
 * @param values three numbers a cell: two that are carried, times the third, which is 1 where they are known and 0 elsewhere. Overwritten:
 *   the first two divided by the third are what arrived, the third how much did.
 * @param across distance in pixels from each cell to the one left of it. @param down to the one above it. Edges make distances long.
 */
export function spread(
  values: Float32Array,
  { width, height }: SpreadGrid,
  across: Float32Array,
  down: Float32Array,
): void {
  for (let pass = 0; pass < PASSES; pass++) {
    const sigma = (REACH * Math.sqrt(3) * 2 ** (PASSES - pass - 1)) / Math.sqrt(4 ** PASSES - 1);
    const base = -Math.SQRT2 / sigma;
    const right = across.map((distance) => Math.exp(base * distance));
    const below = down.map((distance) => Math.exp(base * distance));
    for (let y = 0; y < height; y++) {
      for (let i = y * width + 1; i < (y + 1) * width; i++) pull(values, i, i - 1, right[i]!);
      for (let i = (y + 1) * width - 2; i >= y * width; i--) pull(values, i, i + 1, right[i + 1]!);
    }
    for (let i = width; i < width * height; i++) pull(values, i, i - width, below[i]!);
    for (let i = width * (height - 1) - 1; i >= 0; i--) pull(values, i, i + width, below[i + width]!);
  }
}

function pull(values: Float32Array, to: number, from: number, share: number): void {
  const [a, b] = [3 * to, 3 * from];
  values[a]! += share * (values[b]! - values[a]!);
  values[a + 1]! += share * (values[b + 1]! - values[a + 1]!);
  values[a + 2]! += share * (values[b + 2]! - values[a + 2]!);
}
