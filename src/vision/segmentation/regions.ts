/** Connected parts of a mask. */

/** Pixels of one connected part. */
export type Region = { readonly pixels: readonly number[]; readonly sum: number };

/** Parts of `mask` above one half, four-connected. @param weight summed over each part. */
export function regionsOf(mask: Float32Array, width: number, height: number, weight: Float32Array): Region[] {
  const seen = new Uint8Array(mask.length);
  const found: Region[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (seen[start] || !(mask[start]! > 0.5)) continue;
    const pixels = [start];
    seen[start] = 1;
    let sum = 0;
    const visit = (i: number): void => {
      if (seen[i] || !(mask[i]! > 0.5)) return;
      seen[i] = 1;
      pixels.push(i);
    };
    for (let next = 0; next < pixels.length; next++) {
      const i = pixels[next]!;
      sum += weight[i]!;
      const x = i % width;
      if (x > 0) visit(i - 1);
      if (x + 1 < width) visit(i + 1);
      if (i >= width) visit(i - width);
      if (i < width * (height - 1)) visit(i + width);
    }
    found.push({ pixels, sum });
  }
  return found;
}

/** Clears the parts of a mask that `keep` does not want. */
export function keepRegions(
  mask: Float32Array,
  width: number,
  height: number,
  weight: Float32Array,
  keep: (region: Region) => boolean,
): void {
  for (const region of regionsOf(mask, width, height, weight)) {
    if (!keep(region)) for (const i of region.pixels) mask[i] = 0;
  }
}

/** Fills holes of at most `most` pixels that do not touch the picture's edge. */
export function fillHoles(mask: Float32Array, width: number, height: number, most: number): void {
  const outside = new Float32Array(mask.length);
  for (let i = 0; i < mask.length; i++) outside[i] = mask[i]! > 0.5 ? 0 : 1;
  for (const { pixels } of regionsOf(outside, width, height, outside)) {
    if (pixels.length > most) continue;
    const atEdge = pixels.some(
      (i) => i < width || i >= width * (height - 1) || i % width === 0 || i % width === width - 1,
    );
    if (!atEdge) for (const i of pixels) mask[i] = 1;
  }
}

/** Mean over a square of `2 * radius + 1` pixels, edges cut off. */
export function boxMean(values: Float32Array, width: number, height: number, radius: number): Float32Array {
  const rows = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = 0;
    let count = 0;
    for (let x = 0; x < Math.min(radius, width); x++, count++) sum += values[row + x]!;
    for (let x = 0; x < width; x++) {
      if (x + radius < width) {
        sum += values[row + x + radius]!;
        count++;
      }
      if (x - radius - 1 >= 0) {
        sum -= values[row + x - radius - 1]!;
        count--;
      }
      rows[row + x] = sum / count;
    }
  }
  const out = new Float32Array(values.length);
  const sums = new Float64Array(width);
  let count = 0;
  const add = (y: number, sign: number): void => {
    for (let x = 0; x < width; x++) sums[x]! += sign * rows[y * width + x]!;
    count += sign;
  };
  for (let y = 0; y < Math.min(radius, height); y++) add(y, 1);
  for (let y = 0; y < height; y++) {
    if (y + radius < height) add(y + radius, 1);
    if (y - radius - 1 >= 0) add(y - radius - 1, -1);
    for (let x = 0; x < width; x++) out[y * width + x] = sums[x]! / count;
  }
  return out;
}
