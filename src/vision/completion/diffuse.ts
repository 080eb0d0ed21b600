/** Fills unknown samples smoothly from the known ones around them (pull-push, Gortler et al. 1996). */

/**
 * @param values `width * height` samples; unknown ones are overwritten.
 * @param known 1 where `values` holds. With nothing known everything becomes `fallback`.
 */
export function diffuse(
  values: Float32Array,
  known: Uint8Array,
  width: number,
  height: number,
  fallback: number,
): void {
  const weights = new Float32Array(known.length);
  for (let i = 0; i < known.length; i++) weights[i] = known[i] ? 1 : 0;
  fill(values, weights, width, height, fallback);
}

function fill(values: Float32Array, weights: Float32Array, width: number, height: number, fallback: number): void {
  if (width <= 1 && height <= 1) {
    if (!weights[0]) values[0] = fallback;
    return;
  }
  const w2 = (width + 1) >> 1;
  const h2 = (height + 1) >> 1;
  const sums = new Float32Array(w2 * h2);
  const halved = new Float32Array(w2 * h2);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const j = (y >> 1) * w2 + (x >> 1);
      sums[j]! += values[i]! * weights[i]!;
      halved[j]! += weights[i]!;
    }
  }
  for (let j = 0; j < sums.length; j++) {
    if (halved[j]! > 0) sums[j]! /= halved[j]!;
    halved[j] = Math.min(1, halved[j]!);
  }
  fill(sums, halved, w2, h2, fallback);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const weight = weights[i]!;
      if (weight < 1) values[i] = values[i]! * weight + (1 - weight) * smooth(sums, w2, h2, x / 2 - 0.25, y / 2 - 0.25);
    }
  }
}

function smooth(values: Float32Array, width: number, height: number, x: number, y: number): number {
  const cx = Math.min(width - 1, Math.max(0, x));
  const cy = Math.min(height - 1, Math.max(0, y));
  const ix = Math.floor(cx);
  const iy = Math.floor(cy);
  const right = Math.min(width - 1, ix + 1);
  const below = Math.min(height - 1, iy + 1) * width;
  const row = iy * width;
  const top = values[row + ix]! + (values[row + right]! - values[row + ix]!) * (cx - ix);
  const bottom = values[below + ix]! + (values[below + right]! - values[below + ix]!) * (cx - ix);
  return top + (bottom - top) * (cy - iy);
}
