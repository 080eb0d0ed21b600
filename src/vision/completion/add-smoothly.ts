/** Steadies a fill over time without blurring it. */
import type { PixelList } from "./pixels.ts";

/**
 * A picture whose neighbouring samples differ by more than this many times the noise is texture. What is added has been
 * interpolated once more than what it is added to: it takes noise away, and from texture sharpness too.
 */
const TEXTURE = 48;

/**
 * Adds a change to values at the same pixels: its smooth part (the mean over a square of listed pixels) whole, the rest
 * where the picture is calm.
 * @param steepness difference of the picture's samples around the i-th pixel, in levels. @param pixels in rows from the top, each from the left. @param radius half the square's side, in samples. @param change in levels; overwritten.
 */
export function addSmoothly(
  values: Float32Array,
  change: Float32Array,
  pixels: PixelList,
  radius: number,
  steepness: (i: number) => number,
): void {
  let [x0, x1] = [Number.POSITIVE_INFINITY, 0];
  for (const pixel of pixels) {
    x0 = Math.min(x0, pixel & 0xffff);
    x1 = Math.max(x1, (pixel & 0xffff) + 1);
  }
  if (pixels.length === 0) return;
  const y0 = pixels[0]! >> 16;
  const rows = (pixels[pixels.length - 1]! >> 16) + 1 - y0;
  const columns = x1 - x0;
  const index = (pixel: number) => ((pixel >> 16) - y0) * columns + (pixel & 0xffff) - x0;
  const sums = new Float64Array((columns + 1) * (rows + 1));
  const counts = new Int32Array(sums.length);
  const cells = new Float32Array(columns * rows);
  const listed = new Uint8Array(cells.length);
  for (let i = 0; i < pixels.length; i++) {
    cells[index(pixels[i]!)] = change[i]!;
    listed[index(pixels[i]!)] = 1;
  }
  for (let y = 0; y < rows; y++) {
    let [sum, count] = [0, 0];
    for (let x = 0; x < columns; x++) {
      sum += cells[y * columns + x]!;
      count += listed[y * columns + x]!;
      const at = (y + 1) * (columns + 1) + x + 1;
      sums[at] = sums[at - columns - 1]! + sum;
      counts[at] = counts[at - columns - 1]! + count;
    }
  }
  for (let i = 0; i < pixels.length; i++) {
    const [x, y] = [(pixels[i]! & 0xffff) - x0, (pixels[i]! >> 16) - y0];
    const [left, right] = [Math.max(0, x - radius), Math.min(columns, x + radius + 1)];
    const top = Math.max(0, y - radius) * (columns + 1);
    const bottom = Math.min(rows, y + radius + 1) * (columns + 1);
    const sum = sums[bottom + right]! - sums[bottom + left]! - sums[top + right]! + sums[top + left]!;
    const count = counts[bottom + right]! - counts[bottom + left]! - counts[top + right]! + counts[top + left]!;
    const smooth = sum / count;
    values[i]! += smooth;
    change[i]! -= smooth;
  }
  const calm = (TEXTURE * typical(change)) ** 2;
  for (let i = 0; i < pixels.length; i++) values[i]! += (change[i]! * calm) / (calm + steepness(i) ** 2 + 1e-6);
}

/** Median magnitude. */
function typical(values: Float32Array): number {
  const sample = Float32Array.from({ length: Math.ceil(values.length / 4) }, (_, i) => Math.abs(values[4 * i]!)).sort();
  return sample[sample.length >> 1]!;
}
