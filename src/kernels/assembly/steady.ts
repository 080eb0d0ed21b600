// Steadies a fill over time without blurring it, and blends it into its picture.
import { nth } from "./select";

/** Noise of this many levels in a fill is half taken away where the picture is calm; less is left: to take it costs sharpness. */
const VISIBLE: f64 = 1;
/** A picture whose neighbouring samples differ by more than this many times the noise is texture. */
const TEXTURE: f64 = 32;
/** A quarter of Gaussian noise is smaller than this share of its standard deviation. */
const QUARTER: f64 = 0.3186;

/** Standard deviation of the noise in a difference of which most may be something else. */
function noiseOf(change: usize, count: i32, scratch: usize): f64 {
  const samples = scratch + 8192, n = (count + 3) >> 2;
  for (let i = 0; i < n; i++) store<f32>(samples + (<usize>i << 2), Mathf.abs(load<f32>(change + (<usize>i << 4))));
  return <f64>nth(samples, n, n >> 2, scratch) / QUARTER;
}

/** Difference across a sample and down it, together. */
// @ts-ignore: decorator
@inline
function steepness<T>(plane: usize, width: i32, height: i32, x: i32, y: i32): f64 {
  const size = sizeof<T>();
  const row = plane + <usize>(y * width) * size, column = plane + <usize>x * size;
  const across = <i32>load<T>(row + <usize>min(width - 1, x + 1) * size) - <i32>load<T>(row + <usize>max(0, x - 1) * size);
  const down = <i32>load<T>(column + <usize>(min(height - 1, y + 1) * width) * size) - <i32>load<T>(column + <usize>(max(0, y - 1) * width) * size);
  return <f64>(abs(across) + abs(down));
}

/** Takes from `change` its mean over the square around each pixel and adds that to the values. */
function addMeans(pixels: usize, count: i32, values: usize, change: usize, radius: i32, scratch: usize): void {
  let x0 = i32.MAX_VALUE, x1 = 0;
  for (let i = 0; i < count; i++) {
    const x = load<i32>(pixels + (<usize>i << 2)) & 0xffff;
    x0 = min(x0, x);
    x1 = max(x1, x + 1);
  }
  const y0 = load<i32>(pixels) >> 16, columns = x1 - x0, rows = (load<i32>(pixels + (<usize>(count - 1) << 2)) >> 16) + 1 - y0;
  const stride = columns + 1;
  // Sums and counts over all that lies above and to the left.
  const counts = scratch, sums = scratch + ((<usize>(stride * (rows + 1)) * 4 + 15) & ~15);
  memory.fill(counts, 0, <usize>(stride * (rows + 1)) << 2);
  memory.fill(sums, 0, <usize>(stride * (rows + 1)) << 3);
  for (let i = 0; i < count; i++) {
    const pixel = load<i32>(pixels + (<usize>i << 2));
    const at = <usize>(((pixel >> 16) - y0 + 1) * stride + (pixel & 0xffff) - x0 + 1);
    store<f64>(sums + (at << 3), <f64>load<f32>(change + (<usize>i << 2)));
    store<i32>(counts + (at << 2), 1);
  }
  for (let y = 1; y <= rows; y++) {
    let sum = 0.0, n = 0;
    for (let at = y * stride + 1; at < (y + 1) * stride; at++) {
      const s = sums + (<usize>at << 3), c = counts + (<usize>at << 2);
      sum += load<f64>(s);
      n += load<i32>(c);
      store<f64>(s, load<f64>(s - (<usize>stride << 3)) + sum);
      store<i32>(c, load<i32>(c - (<usize>stride << 2)) + n);
    }
  }
  for (let i = 0; i < count; i++) {
    const pixel = load<i32>(pixels + (<usize>i << 2));
    const x = (pixel & 0xffff) - x0, y = (pixel >> 16) - y0;
    const left = max(0, x - radius), right = min(columns, x + radius + 1);
    const top = max(0, y - radius) * stride, bottom = min(rows, y + radius + 1) * stride;
    const a = <usize>(bottom + right), b = <usize>(bottom + left), c = <usize>(top + right), d = <usize>(top + left);
    const n = load<i32>(counts + (a << 2)) - load<i32>(counts + (b << 2)) - load<i32>(counts + (c << 2)) + load<i32>(counts + (d << 2));
    const mean = (load<f64>(sums + (a << 3)) - load<f64>(sums + (b << 3)) - load<f64>(sums + (c << 3)) + load<f64>(sums + (d << 3))) / <f64>n;
    const value = values + (<usize>i << 2), own = change + (<usize>i << 2);
    store<f32>(value, <f32>(<f64>load<f32>(value) + mean));
    store<f32>(own, <f32>(<f64>load<f32>(own) - mean));
  }
}

// @ts-ignore: decorator
@inline
function steady<T>(
  pixels: usize, count: i32, values: usize, others: usize, counts: usize, radius: i32, plane: usize, width: i32, height: i32, level: f64,
  state: usize, whole: i32, lumaWidth: i32, shiftX: i32, shiftY: i32, scratch: usize,
): void {
  if (count == 0) return;
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 2;
    store<f32>(others + at, load<u8>(counts + <usize>i) ? <f32>(<f64>load<f32>(others + at) - <f64>load<f32>(values + at)) : 0);
  }
  addMeans(pixels, count, values, others, radius, scratch);
  const noise = noiseOf(others, count, scratch);
  const most = (noise * noise) / (noise * noise + VISIBLE * level * (VISIBLE * level));
  const calm = TEXTURE * noise * (TEXTURE * noise) + 1e-6;
  for (let i = 0; i < count; i++) {
    const pixel = load<i32>(pixels + (<usize>i << 2));
    const x = pixel & 0xffff, y = pixel >> 16;
    let share = 1.0;
    if (state && <i32>load<u8>(state + <usize>((y << shiftY) * lumaWidth + (x << shiftX))) != whole) {
      const steep = steepness<T>(plane, width, height, x, y);
      share = (most * calm) / (calm + steep * steep);
    }
    const value = values + (<usize>i << 2);
    store<f32>(value, <f32>(<f64>load<f32>(value) + <f64>load<f32>(others + (<usize>i << 2)) * share));
  }
}

/**
 * Moves values (f32) of listed pixels, row by row, towards what other frames show there: by the whole difference where `state`, a luma map (0:
 * everywhere), is `whole`; elsewhere by its smooth part (the mean over the square of pixels around, `radius` samples on each side), and by the
 * rest where the values are noisy and `plane` is calm: what was interpolated once more than the values has lost sharpness.
 * `others`: f32, holds where `counts` (u8) are not 0; overwritten. `level`: 1 of 8-bit samples in levels of these. `scratch`: 12 bytes for each
 * sample of the rectangle around the pixels, grown by one to the left and above, and 9 KiB.
 */
export function steadyPixels8(
  pixels: usize, count: i32, values: usize, others: usize, counts: usize, radius: i32, plane: usize, width: i32, height: i32, level: f64,
  state: usize, whole: i32, lumaWidth: i32, shiftX: i32, shiftY: i32, scratch: usize,
): void {
  steady<u8>(pixels, count, values, others, counts, radius, plane, width, height, level, state, whole, lumaWidth, shiftX, shiftY, scratch);
}

/** {@link steadyPixels8} for samples of two bytes. */
export function steadyPixels16(
  pixels: usize, count: i32, values: usize, others: usize, counts: usize, radius: i32, plane: usize, width: i32, height: i32, level: f64,
  state: usize, whole: i32, lumaWidth: i32, shiftX: i32, shiftY: i32, scratch: usize,
): void {
  steady<u16>(pixels, count, values, others, counts, radius, plane, width, height, level, state, whole, lumaWidth, shiftX, shiftY, scratch);
}

/** Where the lack of a rounded sample goes, of each 16 parts: to the right, below to the left, below, below to the right (Floyd and Steinberg 1976). */
const RIGHT: f64 = 7 / 16.0;
const BELOW_LEFT: f64 = 3 / 16.0;
const BELOW: f64 = 5 / 16.0;
const BELOW_RIGHT: f64 = 1 / 16.0;

// @ts-ignore: decorator
@inline
function addTo(at: usize, lack: f64): void { store<f32>(at, <f32>(<f64>load<f32>(at) + lack)); }

// @ts-ignore: decorator
@inline
function blend<T>(
  pixels: usize, count: i32, values: usize, shares: usize, edge: usize, lumaWidth: i32, lumaHeight: i32, shiftX: i32, shiftY: i32,
  plane: usize, width: i32, top: i32, handOn: f64, scratch: usize,
): void {
  // What the pixels of a row and of the next one are owed; a column more on either side.
  const bytes = <usize>(width + 2) << 2;
  let owed = scratch, next = scratch + bytes, row = -2;
  for (let i = 0; i < count; i++) {
    const pixel = load<i32>(pixels + (<usize>i << 2));
    const x = pixel & 0xffff, y = pixel >> 16;
    if (y != row) {
      const above = owed;
      owed = next;
      next = above;
      if (y != row + 1) memory.fill(owed, 0, bytes);
      memory.fill(next, 0, bytes);
      row = y;
    }
    const x0 = x << shiftX, y0 = y << shiftY, x1 = min(lumaWidth, x0 + (1 << shiftX)), y1 = min(lumaHeight, y0 + (1 << shiftY));
    let sum = 0.0;
    for (let ly = y0; ly < y1; ly++)
      for (let lx = x0; lx < x1; lx++) sum += <f64>load<f32>(shares + (<usize>load<u8>(edge + <usize>(ly * lumaWidth + lx)) << 2));
    const share = sum / <f64>((x1 - x0) * (y1 - y0));
    const at = plane + <usize>(y * width + x) * sizeof<T>();
    const own = <f64>load<T>(at);
    const debt = owed + (<usize>(x + 1) << 2), below = next + (<usize>(x + 1) << 2);
    const exact = own + (<f64>load<f32>(values + (<usize>i << 2)) + <f64>load<f32>(debt) - own) * share;
    const value = Math.min(<f64>top, Math.max(0, Math.floor(exact + 0.5)));
    store<T>(at, <T><i32>value);
    const lack = Math.min(0.5, Math.max(-0.5, exact - value)) * handOn;
    addTo(debt + 4, lack * RIGHT);
    addTo(below - 4, lack * BELOW_LEFT);
    addTo(below, lack * BELOW);
    addTo(below + 4, lack * BELOW_RIGHT);
  }
}

/**
 * Blends values (f32) into a plane of samples of 0 to `top`. `shares`: 256 f32, the values' share by the luma map `edge`; of a pixel's area the
 * mean counts. Of what rounding takes from a pixel, `handOn` (0 to 1) is given to those to the right of it and below. `scratch`: 8 bytes for each
 * column of the plane, and 16.
 */
export function blendPixels8(
  pixels: usize, count: i32, values: usize, shares: usize, edge: usize, lumaWidth: i32, lumaHeight: i32, shiftX: i32, shiftY: i32,
  plane: usize, width: i32, top: i32, handOn: f64, scratch: usize,
): void { blend<u8>(pixels, count, values, shares, edge, lumaWidth, lumaHeight, shiftX, shiftY, plane, width, top, handOn, scratch); }

/** {@link blendPixels8} for samples of two bytes. */
export function blendPixels16(
  pixels: usize, count: i32, values: usize, shares: usize, edge: usize, lumaWidth: i32, lumaHeight: i32, shiftX: i32, shiftY: i32,
  plane: usize, width: i32, top: i32, handOn: f64, scratch: usize,
): void { blend<u16>(pixels, count, values, shares, edge, lumaWidth, lumaHeight, shiftX, shiftY, plane, width, top, handOn, scratch); }
