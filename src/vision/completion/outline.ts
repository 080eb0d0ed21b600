/** The outline of cells as a line of pixels: their own sides would show as stairs. */

/** A map of cells, `scale` pixels wide and high each. */
type Cells = { readonly width: number; readonly height: number; readonly scale: number };

/** Weights of a cell and of those on either side. */
const KERNEL = [0.25, 0.5, 0.25];

/**
 * Tells of pixels whether they lie within the outline of some cells: where these, averaged over 3x3 and interpolated, are more than half.
 * @param index of every cell of the map, below 0 for those that are not meant.
 */
export function outlined(index: Int32Array, { width, height, scale }: Cells): (x: number, y: number) => boolean {
  const has = Float32Array.from(index, (one) => (one < 0 ? 0 : 1));
  const across = averaged(has, width, height, 1);
  const smooth = averaged(across, width, height, width);
  const at = (map: Float32Array, gx: number, gy: number): number => {
    const [ix, iy] = [Math.floor(gx), Math.floor(gy)];
    let sum = 0;
    for (let ny = Math.max(0, iy); ny <= Math.min(height - 1, iy + 1); ny++)
      for (let nx = Math.max(0, ix); nx <= Math.min(width - 1, ix + 1); nx++)
        sum += map[ny * width + nx]! * (1 - Math.abs(gx - nx)) * (1 - Math.abs(gy - ny));
    return sum;
  };
  return (x, y) => {
    const [gx, gy] = [(x + 0.5) / scale - 0.5, (y + 0.5) / scale - 0.5];
    return at(has, gx, gy) > 0 && at(smooth, gx, gy) > 0.5;
  };
}

function averaged(map: Float32Array, width: number, height: number, step: number): Float32Array {
  const last = step === 1 ? width - 1 : height - 1;
  return map.map((own, i) => {
    const place = step === 1 ? i % width : Math.floor(i / width);
    const before = place > 0 ? map[i - step]! : own;
    const after = place < last ? map[i + step]! : own;
    return before * KERNEL[0]! + own * KERNEL[1]! + after * KERNEL[2]!;
  });
}
