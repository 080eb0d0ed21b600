// Lists of a plane's pixels (i32, y << 16 | x): which there are, and what is written at them.

/** The least byte of a luma map in the area of a plane's pixel. */
// @ts-ignore: decorator
@inline
export function leastAt(map: usize, lumaWidth: i32, lumaHeight: i32, shiftX: i32, shiftY: i32, x: i32, y: i32): i32 {
  const right = min((x + 1) << shiftX, lumaWidth), bottom = min((y + 1) << shiftY, lumaHeight);
  let least = 255;
  for (let ly = y << shiftY; ly < bottom; ly++) {
    const row = map + <usize>(ly * lumaWidth);
    for (let lx = x << shiftX; lx < right; lx++) least = min(least, <i32>load<u8>(row + <usize>lx));
  }
  return least;
}

/**
 * Lists the pixels of the rectangle [x0, x1) x [y0, y1) of a plane, row by row, whose area of a luma map has a least byte above `above`
 * and at most `most`; of every two beside each other one where `sparse` is not 0. Returns how many.
 */
export function listBetween(
  map: usize, lumaWidth: i32, lumaHeight: i32, shiftX: i32, shiftY: i32,
  x0: i32, y0: i32, x1: i32, y1: i32, above: i32, most: i32, sparse: i32, target: usize,
): i32 {
  let count = 0;
  for (let y = y0; y < y1; y++) {
    const step = sparse ? 2 : 1;
    for (let x = sparse ? x0 + ((x0 + y) & 1) : x0; x < x1; x += step) {
      const least = leastAt(map, lumaWidth, lumaHeight, shiftX, shiftY, x, y);
      if (least <= above || least > most) continue;
      store<i32>(target + (<usize>count << 2), (y << 16) | x);
      count++;
    }
  }
  return count;
}

/**
 * Keeps the bytes of those listed pixels whose area of a luma map has a least byte of at most `most`, in their order. Returns how many.
 */
export function keepAtMost(
  map: usize, lumaWidth: i32, lumaHeight: i32, shiftX: i32, shiftY: i32, pixels: usize, count: i32, most: i32, bytes: usize,
): i32 {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const pixel = load<i32>(pixels + (<usize>i << 2));
    if (leastAt(map, lumaWidth, lumaHeight, shiftX, shiftY, pixel & 0xffff, pixel >> 16) > most) continue;
    store<u8>(bytes + <usize>kept, load<u8>(bytes + <usize>i));
    kept++;
  }
  return kept;
}

/** The integer nearest to a number, halves upwards. */
// @ts-ignore: decorator
@inline
function nearest(value: f64): f64 { return Math.floor(value + 0.5); }

// @ts-ignore: decorator
@inline
function write<T>(
  pixels: usize, count: i32, values: usize, counts: usize, plane: usize, width: i32, top: i32, units: i32, rounded: usize,
): void {
  for (let i = 0; i < count; i++) {
    store<i8>(rounded + <usize>i, 0);
    if (!load<u8>(counts + <usize>i)) continue;
    const pixel = load<i32>(pixels + (<usize>i << 2));
    const value = <f64>load<f32>(values + (<usize>i << 2));
    const sample = Math.min(<f64>top, Math.max(0, nearest(value)));
    store<T>(plane + <usize>((pixel >> 16) * width + (pixel & 0xffff)) * sizeof<T>(), <T><i32>sample);
    store<i8>(rounded + <usize>i, <i8>nearest(<f64>units * Math.min(0.5, Math.max(-0.5, value - sample))));
  }
}

/**
 * Writes values (f32) to a plane of samples of 0 to `top` where their `counts` (u8) are not 0. `rounded` (i8) receives what rounding took,
 * in `units` of a level; 0 where nothing was written.
 */
export function writePixels8(
  pixels: usize, count: i32, values: usize, counts: usize, plane: usize, width: i32, top: i32, units: i32, rounded: usize,
): void { write<u8>(pixels, count, values, counts, plane, width, top, units, rounded); }

/** {@link writePixels8} for samples of two bytes. */
export function writePixels16(
  pixels: usize, count: i32, values: usize, counts: usize, plane: usize, width: i32, top: i32, units: i32, rounded: usize,
): void { write<u16>(pixels, count, values, counts, plane, width, top, units, rounded); }

// @ts-ignore: decorator
@inline
function read<T>(pixels: usize, count: i32, plane: usize, width: i32, values: usize): void {
  for (let i = 0; i < count; i++) {
    const pixel = load<i32>(pixels + (<usize>i << 2));
    store<f32>(values + (<usize>i << 2), <f32>load<T>(plane + <usize>((pixel >> 16) * width + (pixel & 0xffff)) * sizeof<T>()));
  }
}

/** Reads a plane's samples as f32. */
export function readPixels8(pixels: usize, count: i32, plane: usize, width: i32, values: usize): void {
  read<u8>(pixels, count, plane, width, values);
}

/** {@link readPixels8} for samples of two bytes. */
export function readPixels16(pixels: usize, count: i32, plane: usize, width: i32, values: usize): void {
  read<u16>(pixels, count, plane, width, values);
}

/** Adds signed bytes, in `units` of a level, to values (f32). */
export function addRounded(rounded: usize, count: i32, units: i32, values: usize): void {
  for (let i = 0; i < count; i++) {
    const value = values + (<usize>i << 2);
    store<f32>(value, <f32>(<f64>load<f32>(value) + <f64>load<i8>(rounded + <usize>i) / <f64>units));
  }
}

/** Writes to a map of bytes: `other` at listed luma pixels whose `counts` are 0, else `value`. */
export function writeStates(pixels: usize, count: i32, counts: usize, value: i32, other: i32, map: usize, width: i32): void {
  for (let i = 0; i < count; i++) {
    const pixel = load<i32>(pixels + (<usize>i << 2));
    store<u8>(map + <usize>((pixel >> 16) * width + (pixel & 0xffff)), load<u8>(counts + <usize>i) ? value : other);
  }
}

/**
 * Sets bytes of a map to 0 where another map is above `most`, in the rectangle [x0, x1) x [y0, y1) of both. Returns how many bytes of the
 * rectangle are `value` then.
 */
export function clearBeyond(
  map: usize, other: usize, width: i32, x0: i32, y0: i32, x1: i32, y1: i32, most: i32, value: i32,
): i32 {
  let count = 0;
  for (let y = y0; y < y1; y++) {
    for (let at = <usize>(y * width + x0); at < <usize>(y * width + x1); at++) {
      if (<i32>load<u8>(other + at) > most) store<u8>(map + at, 0);
      else if (<i32>load<u8>(map + at) == value) count++;
    }
  }
  return count;
}
