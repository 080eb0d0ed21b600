// Following an object's mask from frame to frame, and fitting its edge to a picture. Planes are packed, rows of `width`.

/**
 * Mean over a square of `2 * radius + 1` f32 values, cut off at the plane's edges. `scratch`: width * height f32 and width + 1 f64,
 * 8-byte aligned.
 */
export function boxMean(values: usize, width: i32, height: i32, radius: i32, target: usize, scratch: usize): void {
  const rows = scratch, sums = (scratch + (<usize>(width * height) << 2) + 7) & ~7;
  const bytes = <usize>width << 2;
  for (let y = 0; y < height; y++) {
    const from = values + <usize>y * bytes, to = rows + <usize>y * bytes;
    let sum: f64 = 0;
    let count = min(radius, width);
    for (let x = 0; x < count; x++) sum += <f64>load<f32>(from + (<usize>x << 2));
    for (let x = 0; x < width; x++) {
      if (x + radius < width) { sum += <f64>load<f32>(from + (<usize>(x + radius) << 2)); count++; }
      if (x > radius) { sum -= <f64>load<f32>(from + (<usize>(x - radius - 1) << 2)); count--; }
      store<f32>(to + (<usize>x << 2), <f32>(sum / <f64>count));
    }
  }
  memory.fill(sums, 0, (<usize>width + 1) << 3);
  let count = min(radius, height);
  for (let y = 0; y < count; y++) addRow(sums, rows + <usize>y * bytes, width, 1);
  for (let y = 0; y < height; y++) {
    if (y + radius < height) { addRow(sums, rows + <usize>(y + radius) * bytes, width, 1); count++; }
    if (y > radius) { addRow(sums, rows + <usize>(y - radius - 1) * bytes, width, -1); count--; }
    const to = target + <usize>y * bytes, inverse = 1 / <f64>count;
    for (let x = 0; x < width; x++) store<f32>(to + (<usize>x << 2), <f32>(load<f64>(sums + (<usize>x << 3)) * inverse));
  }
}

// @ts-ignore: decorator
@inline
function addRow(sums: usize, row: usize, width: i32, sign: f64): void {
  const factor = f64x2.splat(sign);
  for (let x = 0; x < width; x += 2) {
    const at = sums + (<usize>x << 3);
    const two = f64x2.promote_low_f32x4(v128.load64_zero(row + (<usize>x << 2)));
    v128.store(at, f64x2.add(v128.load(at), f64x2.mul(factor, two)));
  }
}

// @ts-ignore: decorator
@inline
function apart(a: usize, b: usize): i32 {
  return abs(<i32>load<u8>(a) - <i32>load<u8>(b));
}

/**
 * Moves a mask and a plane of habits along the flow. `flow` and `back`: two f32 planes each, where a pixel of `current` lies in
 * `previous` and the reverse; pictures are three planes of bytes. `shape` gets the mask, bilinearly; `habit` the nearest habit;
 * `error` how badly the picture moved that way, in levels: a way back that leads elsewhere counts `astray` levels a pixel
 * beyond half a one.
 */
export function segmentCarry(
  mask: usize, habits: usize, flow: usize, back: usize, current: usize, previous: usize,
  width: i32, height: i32, astray: f32, shape: usize, habit: usize, error: usize,
): void {
  const pixels = <usize>(width * height), plane = pixels << 2;
  const mostX = <f32>width - <f32>1.001, mostY = <f32>height - <f32>1.001, half: f32 = 0.5;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = <usize>(y * width + x), at = i << 2;
      const u = load<f32>(flow + at), v = load<f32>(flow + plane + at);
      const px = max(<f32>0, min(mostX, <f32>x + u)), py = max(<f32>0, min(mostY, <f32>y + v));
      const ix = <i32>px, iy = <i32>py;
      const fx = px - <f32>ix, fy = py - <f32>iy;
      const top = <usize>(iy * width + ix), next: usize = ix + 1 < width ? 1 : 0, down: usize = iy + 1 < height ? <usize>width : 0;
      const a = load<f32>(mask + (top << 2)), b = load<f32>(mask + ((top + next) << 2));
      const c = load<f32>(mask + ((top + down) << 2)), d = load<f32>(mask + ((top + down + next) << 2));
      const above = a + fx * (b - a);
      store<f32>(shape + at, above + fy * (c + fx * (d - c) - above));
      const from = top + (fy < half ? 0 : down) + (fx < half ? 0 : next);
      store<f32>(habit + at, load<f32>(habits + (from << 2)));
      const du = u + load<f32>(back + (from << 2)), dv = v + load<f32>(back + plane + (from << 2));
      const way = max(<f32>0, sqrt(du * du + dv * dv) - half) * astray;
      const change = apart(current + i, previous + from) + apart(current + pixels + i, previous + pixels + from)
        + apart(current + 2 * pixels + i, previous + 2 * pixels + from);
      store<f32>(error + at, way + <f32>change);
    }
  }
}

/** How far each pixel's motion (two f32 planes at `flow`) is from an affine one: `u0 + ux x + uy y`, `v0 + vx x + vy y`. */
export function segmentOwnMotion(
  flow: usize, width: i32, height: i32, u0: f32, ux: f32, uy: f32, v0: f32, vx: f32, vy: f32, target: usize,
): void {
  const plane = <usize>(width * height) << 2;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = <usize>(y * width + x) << 2;
      const du = load<f32>(flow + at) - (u0 + ux * <f32>x + uy * <f32>y);
      const dv = load<f32>(flow + plane + at) - (v0 + vx * <f32>x + vy * <f32>y);
      store<f32>(target + at, sqrt(du * du + dv * dv));
    }
  }
}

/**
 * The linear functions of luma (f32, 0 to 1) that a mask (f32, 0 to 1) is locally most like, `mask = gain * luma + offset` (guided filter: He, Sun
 * and Tang, 2010), with `flat` as the least variance. `gain` takes the place of `luma`, `offset` that of `mask`; up to three
 * values behind either are read. `scratch`: six planes and one f64 a column.
 */
export function segmentGuide(mask: usize, luma: usize, width: i32, height: i32, radius: i32, flat: f32, scratch: usize): void {
  const plane = <usize>((width * height + 3) & ~3) << 2;
  const meanMask = scratch, meanLuma = scratch + plane, squares = scratch + 2 * plane, products = scratch + 3 * plane;
  const work = scratch + 4 * plane;
  for (let i: usize = 0; i < plane; i += 16) {
    const l = v128.load(luma + i);
    v128.store(squares + i, f32x4.mul(l, l));
    v128.store(products + i, f32x4.mul(l, v128.load(mask + i)));
  }
  boxMean(mask, width, height, radius, meanMask, work);
  boxMean(luma, width, height, radius, meanLuma, work);
  boxMean(squares, width, height, radius, squares, work);
  boxMean(products, width, height, radius, products, work);
  const least = f32x4.splat(flat);
  for (let i: usize = 0; i < plane; i += 16) {
    const l = v128.load(meanLuma + i), m = v128.load(meanMask + i);
    const variance = f32x4.sub(v128.load(squares + i), f32x4.mul(l, l));
    const gain = f32x4.div(f32x4.sub(v128.load(products + i), f32x4.mul(l, m)), f32x4.add(variance, least));
    v128.store(squares + i, gain);
    v128.store(products + i, f32x4.sub(m, f32x4.mul(gain, l)));
  }
  boxMean(squares, width, height, radius, luma, work);
  boxMean(products, width, height, radius, mask, work);
}

// @ts-ignore: decorator
@inline
function edge<T>(
  luma: usize, count: i32, start: i32, scale: f32, gain: usize, offset: usize, smallX: i32, smallWidth: i32, smallHeight: i32,
  row: i32, factor: i32, target: usize,
): void {
  const inverse: f32 = 1 / <f32>factor, half: f32 = 0.5;
  const sy = max(<f32>0, min(<f32>(smallHeight - 1), (<f32>row + half) * inverse - half));
  const iy = <i32>sy, fy = sy - <f32>iy;
  const top = <usize>(iy * smallWidth) << 2, below: usize = iy + 1 < smallHeight ? <usize>smallWidth << 2 : 0;
  for (let x = 0; x < count; x++) {
    const sx = max(<f32>0, min(<f32>(smallWidth - 1), (<f32>(start + x) + half) * inverse - half - <f32>smallX));
    const ix = <i32>sx, fx = sx - <f32>ix;
    const at = top + (<usize>ix << 2), next: usize = ix + 1 < smallWidth ? 4 : 0;
    const g = between4(gain + at, next, below, fx, fy), o = between4(offset + at, next, below, fx, fy);
    store<u8>(target + <usize>x, g * <f32>load<T>(luma + <usize>x * sizeof<T>()) * scale + o > half ? 1 : 0);
  }
}

// @ts-ignore: decorator
@inline
function between4(at: usize, next: usize, below: usize, fx: f32, fy: f32): f32 {
  const a = load<f32>(at), b = load<f32>(at + next), c = load<f32>(at + below), d = load<f32>(at + below + next);
  const top = a + fx * (b - a);
  return top + fy * (c + fx * (d - c) - top);
}

/**
 * `count` pixels of a frame's row from column `start` on: 1 where `gain * luma + offset` is above one half, else 0. `gain` and `offset`:
 * small f32 planes, each pixel `factor` frame pixels a side, that begin at the small column `smallX`; `row` counts frame rows from
 * their top. `scale` makes a sample's luma 0 to 1.
 */
export function segmentEdge8(
  luma: usize, count: i32, start: i32, scale: f32, gain: usize, offset: usize, smallX: i32, smallWidth: i32, smallHeight: i32,
  row: i32, factor: i32, target: usize,
): void {
  edge<u8>(luma, count, start, scale, gain, offset, smallX, smallWidth, smallHeight, row, factor, target);
}

/** {@link segmentEdge8} of 16-bit samples. */
export function segmentEdge16(
  luma: usize, count: i32, start: i32, scale: f32, gain: usize, offset: usize, smallX: i32, smallWidth: i32, smallHeight: i32,
  row: i32, factor: i32, target: usize,
): void {
  edge<u16>(luma, count, start, scale, gain, offset, smallX, smallWidth, smallHeight, row, factor, target);
}
