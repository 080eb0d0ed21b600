// A smooth correction over a rectangle, from differences that are known at some pixels: a membrane on a grid of cells.
import { nth } from "./select";

// @ts-ignore: decorator
@inline
function cellOf(pixel: i32, x0: i32, y0: i32, side: i32, columns: i32): i32 {
  return (((pixel >> 16) - y0 + (side >> 1)) / side) * columns + ((pixel & 0xffff) - x0 + (side >> 1)) / side;
}

/**
 * Solves for the correction. `pixels`: i32, y << 16 | x; `differences`: f32, what is lacking there; those further than `tolerance` and
 * three spreads from their median are ignored. The grid's first cell is centred on (x0, y0), `side` (even) samples a cell. `stiffness`: how
 * strongly a cell follows its neighbours, in pixels; `relaxation`: how much of the way to where it should be a cell goes in each of `sweeps`.
 * `grid`: columns * rows f32. `scratch`: 8 KiB and 8 bytes a cell.
 */
export function membraneSolve(
  pixels: usize, differences: usize, count: i32, x0: i32, y0: i32, side: i32, columns: i32, rows: i32,
  tolerance: f64, stiffness: f64, relaxation: f64, sweeps: i32, grid: usize, scratch: usize,
): void {
  const cells = columns * rows;
  const sums = scratch + 8192, counts = sums + (<usize>cells << 2);
  memory.fill(grid, 0, <usize>cells << 2);
  if (count < 8) return;
  memory.fill(sums, 0, <usize>cells << 3);
  const median = <f64>nth(differences, count, count >> 1, scratch);
  const upper = <f64>nth(differences, count, <i32>(<f64>count * 0.75), scratch), lower = <f64>nth(differences, count, count >> 2, scratch);
  const limit = Math.max(tolerance, 3 * ((upper - lower) * 0.74));
  let sum = 0.0, kept = 0;
  for (let i = 0; i < count; i++) {
    const difference = <f64>load<f32>(differences + (<usize>i << 2));
    if (Math.abs(difference - median) > limit) continue;
    const cell = <usize>cellOf(load<i32>(pixels + (<usize>i << 2)), x0, y0, side, columns) << 2;
    store<f32>(sums + cell, <f32>(<f64>load<f32>(sums + cell) + difference));
    store<f32>(counts + cell, load<f32>(counts + cell) + 1);
    sum += difference;
    kept++;
  }
  const mean = kept > 0 ? <f32>(sum / <f64>kept) : 0;
  for (let i = 0; i < cells; i++) store<f32>(grid + (<usize>i << 2), mean);
  for (let sweep = 0; sweep < sweeps; sweep++) relax(grid, sums, counts, columns, rows, stiffness, relaxation);
}

function relax(grid: usize, sums: usize, counts: usize, columns: i32, rows: i32, stiffness: f64, relaxation: f64): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = <usize>(row * columns + column) << 2;
      const own = grid + at;
      let sum = 0.0, neighbours = 0;
      if (column > 0) { sum += <f64>load<f32>(own - 4); neighbours++; }
      if (column + 1 < columns) { sum += <f64>load<f32>(own + 4); neighbours++; }
      if (row > 0) { sum += <f64>load<f32>(own - (<usize>columns << 2)); neighbours++; }
      if (row + 1 < rows) { sum += <f64>load<f32>(own + (<usize>columns << 2)); neighbours++; }
      const target = (<f64>load<f32>(sums + at) + stiffness * sum) / (<f64>load<f32>(counts + at) + stiffness * <f64>neighbours);
      const value = <f64>load<f32>(own);
      store<f32>(own, <f32>(value + relaxation * (target - value)));
    }
  }
}

/** Adds the correction, between cells bilinearly, to the values (f32) of listed pixels whose `counts` (u8) are not 0. */
export function membraneAdd(
  pixels: usize, counts: usize, count: i32, x0: i32, y0: i32, side: i32, columns: i32, rows: i32, grid: usize, values: usize,
): void {
  for (let i = 0; i < count; i++) {
    if (!load<u8>(counts + <usize>i)) continue;
    const pixel = load<i32>(pixels + (<usize>i << 2));
    const gx = Math.min(<f64>columns - 1.001, Math.max(0, <f64>((pixel & 0xffff) - x0) / <f64>side));
    const gy = Math.min(<f64>rows - 1.001, Math.max(0, <f64>((pixel >> 16) - y0) / <f64>side));
    const ix = <i32>gx, iy = <i32>gy;
    const right = <usize>min(ix + 1, columns - 1) << 2, left = <usize>ix << 2;
    const row = grid + (<usize>(iy * columns) << 2), below = grid + (<usize>(min(iy + 1, rows - 1) * columns) << 2);
    const fx = gx - <f64>ix, fy = gy - <f64>iy;
    const t = <f64>load<f32>(row + left), b = <f64>load<f32>(below + left);
    const top = t + (<f64>load<f32>(row + right) - t) * fx, bottom = b + (<f64>load<f32>(below + right) - b) * fx;
    const at = values + (<usize>i << 2);
    store<f32>(at, <f32>(<f64>load<f32>(at) + (top + (bottom - top) * fy)));
  }
}

// @ts-ignore: decorator
@inline
function differ<T>(
  pixels: usize, count: i32, values: usize, counts: usize, source: usize, width: i32, shiftX: i32, shiftY: i32, lumaWidth: i32,
  edge: usize, above: i32, most: i32, without: usize, bits: i32, found: usize, differences: usize,
): i32 {
  let n = 0;
  for (let i = 0; i < count; i++) {
    if (!load<u8>(counts + <usize>i)) continue;
    const pixel = load<i32>(pixels + (<usize>i << 2));
    const x = pixel & 0xffff, y = pixel >> 16;
    const luma = <usize>((y << shiftY) * lumaWidth + (x << shiftX));
    const distance = <i32>load<u8>(edge + luma);
    if (distance <= above || distance > most || <i32>load<u8>(without + luma) & bits) continue;
    const own = <f64>load<T>(source + <usize>(y * width + x) * sizeof<T>());
    store<i32>(found + (<usize>n << 2), pixel);
    store<f32>(differences + (<usize>n << 2), <f32>(own - <f64>load<f32>(values + (<usize>i << 2))));
    n++;
  }
  return n;
}

/**
 * What values (f32) of listed pixels lack against a plane's samples, where their `counts` (u8) are not 0, the luma map `edge` is above `above`
 * and at most `most`, and the luma map `without` has none of `bits` set. `found` receives the pixels, `differences` f32. Returns how many.
 */
export function differences8(
  pixels: usize, count: i32, values: usize, counts: usize, source: usize, width: i32, shiftX: i32, shiftY: i32, lumaWidth: i32,
  edge: usize, above: i32, most: i32, without: usize, bits: i32, found: usize, differences: usize,
): i32 {
  return differ<u8>(pixels, count, values, counts, source, width, shiftX, shiftY, lumaWidth, edge, above, most, without, bits, found, differences);
}

/** {@link differences8} for samples of two bytes. */
export function differences16(
  pixels: usize, count: i32, values: usize, counts: usize, source: usize, width: i32, shiftX: i32, shiftY: i32, lumaWidth: i32,
  edge: usize, above: i32, most: i32, without: usize, bits: i32, found: usize, differences: usize,
): i32 {
  return differ<u16>(pixels, count, values, counts, source, width, shiftX, shiftY, lumaWidth, edge, above, most, without, bits, found, differences);
}
