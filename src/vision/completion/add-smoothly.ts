/** Steadies a fill over time without blurring it. */
import type { PixelList } from "./pixels.ts";

/** Noise of this many levels in a fill is half taken away where the picture is calm; less is left: to take it costs sharpness. */
const VISIBLE = 1;
/** A picture whose neighbouring samples differ by more than this many times the noise is texture. */
const TEXTURE = 32;
/** A quarter of Gaussian noise is smaller than this share of its standard deviation. */
const QUARTER = 0.3186;

/**
 * Adds a change to values: where `isWhole` as it is, elsewhere its smooth part (the mean over the square of pixels around), and the rest
 * where the values are noisy and the picture is calm. What was interpolated once more than the values has lost sharpness.
 * @param change in levels; overwritten. @param pixels of the values, in rows from the top, each from the left. @param radius half the square's
 *   side, in samples. @param isWhole asked of an index of `pixels`. @param steepness difference of the picture's samples around the i-th
 *   pixel, in levels. @param level 1 of 8-bit samples in levels of these.
 */
export function addSmoothly(
  values: Float32Array,
  pixels: PixelList,
  change: Float32Array,
  radius: number,
  isWhole: (i: number) => boolean,
  steepness: (i: number) => number,
  level: number,
): void {
  if (pixels.length === 0) return;
  let [x0, x1] = [Number.POSITIVE_INFINITY, 0];
  for (const pixel of pixels) {
    x0 = Math.min(x0, pixel & 0xffff);
    x1 = Math.max(x1, (pixel & 0xffff) + 1);
  }
  const y0 = pixels[0]! >> 16;
  const rows = (pixels[pixels.length - 1]! >> 16) + 1 - y0;
  const columns = x1 - x0;
  // Sums and counts over all that lies above and to the left.
  const sums = new Float64Array((columns + 1) * (rows + 1));
  const counts = new Int32Array(sums.length);
  const below = (pixel: number) => ((pixel >> 16) - y0 + 1) * (columns + 1) + (pixel & 0xffff) - x0 + 1;
  for (let i = 0; i < pixels.length; i++) {
    sums[below(pixels[i]!)] = change[i]!;
    counts[below(pixels[i]!)] = 1;
  }
  for (let y = 1; y <= rows; y++) {
    let [sum, count] = [0, 0];
    for (let at = y * (columns + 1) + 1; at < (y + 1) * (columns + 1); at++) {
      sum += sums[at]!;
      count += counts[at]!;
      sums[at] = sums[at - columns - 1]! + sum;
      counts[at] = counts[at - columns - 1]! + count;
    }
  }
  for (let i = 0; i < pixels.length; i++) {
    const [x, y] = [(pixels[i]! & 0xffff) - x0, (pixels[i]! >> 16) - y0];
    const [left, right] = [Math.max(0, x - radius), Math.min(columns, x + radius + 1)];
    const top = Math.max(0, y - radius) * (columns + 1);
    const bottom = Math.min(rows, y + radius + 1) * (columns + 1);
    const count = counts[bottom + right]! - counts[bottom + left]! - counts[top + right]! + counts[top + left]!;
    const smooth = (sums[bottom + right]! - sums[bottom + left]! - sums[top + right]! + sums[top + left]!) / count;
    values[i]! += smooth;
    change[i]! -= smooth;
  }
  const noise = noiseOf(change);
  const most = noise ** 2 / (noise ** 2 + (VISIBLE * level) ** 2);
  const calm = (TEXTURE * noise) ** 2 + 1e-6;
  for (let i = 0; i < pixels.length; i++)
    values[i]! += change[i]! * (isWhole(i) ? 1 : (most * calm) / (calm + steepness(i) ** 2));
}

/** Standard deviation of the noise in a difference of which most may be something else. */
function noiseOf(values: Float32Array): number {
  const sample = Float32Array.from({ length: Math.ceil(values.length / 4) }, (_, i) => Math.abs(values[4 * i]!)).sort();
  return sample[sample.length >> 2]! / QUARTER;
}
