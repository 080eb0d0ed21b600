// Collects, for each hole pixel, the samples that other frames hold of the same background point, and combines them.
// Four pixels go side by side, one a lane.

/** Samples a pixel may have; their number fits the bits of a key that name a slot. */
const SLOTS: i32 = 16;
/** Above every sample: an empty slot. */
const EMPTY: f32 = 1e9;
// Scratch: 16 slots of four keys, 16 of four weights, then vectors.
const WEIGHTS: usize = 256;
const KEYS: usize = 512;
const FOUND: usize = 544;
const ORDERED: usize = 576;
const RECENCY: usize = 832;
/** Weight of each further sample against the one before it where the samples disagree: sources come nearest in time first. */
const FADE: f32 = 0.65;

// @ts-ignore: decorator
@inline
function four<T>(p: usize): v128 {
  if (sizeof<T>() == 1) return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(p))));
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(v128.load64_zero(p)));
}

/** Keys' cubic convolution weights for the four samples around a fraction, a = -0.5 (Keys 1981). */
// @ts-ignore: decorator
@inline
function cubic(t: f32): v128 {
  const s = f32x4.splat(t);
  let w = f32x4.add(f32x4.mul(f32x4(-0.5, 1.5, -1.5, 0.5), s), f32x4(1, -2.5, 2, -0.5));
  w = f32x4.add(f32x4.mul(w, s), f32x4(-0.5, 0, 0.5, 0));
  return f32x4.add(f32x4.mul(w, s), f32x4(0, 1, 0, 0));
}

/** The plane's value between its samples. */
// @ts-ignore: decorator
@inline
export function interpolate<T>(plane: usize, width: i32, height: i32, px: f32, py: f32): f32 {
  const size = <usize>sizeof<T>();
  const ix = <i32>floor32(px), iy = <i32>floor32(py);
  const wx = cubic(px - <f32>ix), wy = cubic(py - <f32>iy);
  const y0 = f32x4.splat(f32x4.extract_lane(wy, 0)), y1 = f32x4.splat(f32x4.extract_lane(wy, 1));
  const y2 = f32x4.splat(f32x4.extract_lane(wy, 2)), y3 = f32x4.splat(f32x4.extract_lane(wy, 3));
  let sum: v128;
  if (ix >= 1 && iy >= 1 && ix + 2 < width && iy + 2 < height) {
    const stride = <usize>width * size;
    const p = plane + <usize>((iy - 1) * width + ix - 1) * size;
    sum = f32x4.add(
      f32x4.add(f32x4.mul(four<T>(p), y0), f32x4.mul(four<T>(p + stride), y1)),
      f32x4.add(f32x4.mul(four<T>(p + 2 * stride), y2), f32x4.mul(four<T>(p + 3 * stride), y3)),
    );
  } else {
    const c0 = <usize>min(max(ix - 1, 0), width - 1) * size, c1 = <usize>min(max(ix, 0), width - 1) * size;
    const c2 = <usize>min(max(ix + 1, 0), width - 1) * size, c3 = <usize>min(max(ix + 2, 0), width - 1) * size;
    sum = f32x4.mul(spread<T>(plane + <usize>(min(max(iy - 1, 0), height - 1) * width) * size, c0, c1, c2, c3), y0);
    sum = f32x4.add(sum, f32x4.mul(spread<T>(plane + <usize>(min(max(iy, 0), height - 1) * width) * size, c0, c1, c2, c3), y1));
    sum = f32x4.add(sum, f32x4.mul(spread<T>(plane + <usize>(min(max(iy + 1, 0), height - 1) * width) * size, c0, c1, c2, c3), y2));
    sum = f32x4.add(sum, f32x4.mul(spread<T>(plane + <usize>(min(max(iy + 2, 0), height - 1) * width) * size, c0, c1, c2, c3), y3));
  }
  sum = f32x4.mul(sum, wx);
  sum = f32x4.add(sum, v128.shuffle<f32>(sum, sum, 2, 3, 0, 1));
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1);
}

/** How far apart the columns of four places may lie for their samples of a row to be in one vector. */
// @ts-ignore: decorator
@inline
function widest<T>(): i32 { return sizeof<T>() == 1 ? 12 : 4; }

/** The same weights as {@link cubic}'s of four fractions, one by one. */
// @ts-ignore: decorator
@inline
function cubic0(t: v128): v128 {
  return f32x4.mul(f32x4.add(f32x4.mul(f32x4.add(f32x4.mul(f32x4.splat(-0.5), t), f32x4.splat(1)), t), f32x4.splat(-0.5)), t);
}
// @ts-ignore: decorator
@inline
function cubic1(t: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.mul(f32x4.add(f32x4.mul(f32x4.splat(1.5), t), f32x4.splat(-2.5)), t), t), f32x4.splat(1));
}
// @ts-ignore: decorator
@inline
function cubic2(t: v128): v128 {
  return f32x4.mul(f32x4.add(f32x4.mul(f32x4.add(f32x4.mul(f32x4.splat(-1.5), t), f32x4.splat(2)), t), f32x4.splat(0.5)), t);
}
// @ts-ignore: decorator
@inline
function cubic3(t: v128): v128 {
  return f32x4.mul(f32x4.mul(f32x4.add(f32x4.mul(f32x4.splat(0.5), t), f32x4.splat(-0.5)), t), t);
}

/** Of four rows, the samples that `index` (byte numbers; 255: zero) picks, times the rows' weights. */
// @ts-ignore: decorator
@inline
function column(r0: v128, r1: v128, r2: v128, r3: v128, index: v128, y0: v128, y1: v128, y2: v128, y3: v128): v128 {
  return f32x4.add(
    f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i8x16.swizzle(r0, index)), y0), f32x4.mul(f32x4.convert_i32x4_s(i8x16.swizzle(r1, index)), y1)),
    f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i8x16.swizzle(r2, index)), y2), f32x4.mul(f32x4.convert_i32x4_s(i8x16.swizzle(r3, index)), y3)),
  );
}

/**
 * {@link interpolate} at four places whose samples lie in the same four rows: in columns `dx` (at most {@link widest}) to the right of the first
 * place's, which lies at (ix, iy).
 */
// @ts-ignore: decorator
@inline
function interpolateRow<T>(plane: usize, width: i32, ix: i32, iy: i32, dx: v128, fx: v128, fy: v128): v128 {
  const stride = <usize>width * sizeof<T>();
  const p = plane + <usize>((iy - 1) * width + ix - 1) * sizeof<T>();
  const r0 = v128.load(p), r1 = v128.load(p + stride), r2 = v128.load(p + 2 * stride), r3 = v128.load(p + 3 * stride);
  const y0 = cubic0(fy), y1 = cubic1(fy), y2 = cubic2(fy), y3 = cubic3(fy);
  const step = i32x4.splat(sizeof<T>() == 1 ? 1 : 0x0202);
  const i0 = sizeof<T>() == 1 ? v128.or(dx, i32x4.splat(0xffffff00)) : v128.or(i32x4.add(i32x4.mul(dx, step), i32x4.splat(0x0100)), i32x4.splat(0xffff0000));
  const i1 = i32x4.add(i0, step), i2 = i32x4.add(i1, step), i3 = i32x4.add(i2, step);
  const c0 = f32x4.mul(column(r0, r1, r2, r3, i0, y0, y1, y2, y3), cubic0(fx)), c1 = f32x4.mul(column(r0, r1, r2, r3, i1, y0, y1, y2, y3), cubic1(fx));
  const c2 = f32x4.mul(column(r0, r1, r2, r3, i2, y0, y1, y2, y3), cubic2(fx)), c3 = f32x4.mul(column(r0, r1, r2, r3, i3, y0, y1, y2, y3), cubic3(fx));
  return f32x4.add(f32x4.add(c0, c2), f32x4.add(c1, c3));
}

/** The plane's values at four places, where `wanted` says so. */
// @ts-ignore: decorator
@inline
function interpolateFour<T>(plane: usize, width: i32, height: i32, px: v128, py: v128, wanted: i32): v128 {
  const left = f32x4.floor(px), above = f32x4.floor(py);
  const columns = i32x4.trunc_sat_f32x4_s(left), rows = i32x4.trunc_sat_f32x4_s(above);
  const ix = i32x4.extract_lane(columns, 0), first = i32x4.extract_lane(rows, 0), last = i32x4.extract_lane(rows, 3);
  const dx = i32x4.sub(columns, i32x4.splat(ix)), isFirst = i32x4.eq(rows, i32x4.splat(first));
  const near = v128.and(v128.or(isFirst, i32x4.eq(rows, i32x4.splat(last))), i32x4.le_u(dx, i32x4.splat(widest<T>())));
  const inside = ix >= 1 && ix + widest<T>() + 2 < width && min(first, last) >= 1 && max(first, last) + 2 < height;
  if (wanted == 15 && inside && i32x4.all_true(near)) {
    const fx = f32x4.sub(px, left), fy = f32x4.sub(py, above);
    const values = interpolateRow<T>(plane, width, ix, first, dx, fx, fy);
    return last == first ? values : v128.bitselect(values, interpolateRow<T>(plane, width, ix, last, dx, fx, fy), isFirst);
  }
  return f32x4(
    wanted & 1 ? interpolate<T>(plane, width, height, f32x4.extract_lane(px, 0), f32x4.extract_lane(py, 0)) : 0,
    wanted & 2 ? interpolate<T>(plane, width, height, f32x4.extract_lane(px, 1), f32x4.extract_lane(py, 1)) : 0,
    wanted & 4 ? interpolate<T>(plane, width, height, f32x4.extract_lane(px, 2), f32x4.extract_lane(py, 2)) : 0,
    wanted & 8 ? interpolate<T>(plane, width, height, f32x4.extract_lane(px, 3), f32x4.extract_lane(py, 3)) : 0,
  );
}

// @ts-ignore: decorator
@inline
function spread<T>(row: usize, c0: usize, c1: usize, c2: usize, c3: usize): v128 {
  return f32x4(<f32>load<T>(row + c0), <f32>load<T>(row + c1), <f32>load<T>(row + c2), <f32>load<T>(row + c3));
}

// @ts-ignore: decorator
@inline
function floor32(v: f32): f32 { return floor<f32>(v); }

/** Where a listed pixel's sample lies in its plane. */
// @ts-ignore: decorator
@inline
function place(pixel: i32, width: i32, size: usize): usize { return <usize>((pixel >> 16) * width + (pixel & 0xffff)) * size; }

/**
 * `pixels`: `count` i32, y << 16 | x in the plane. `sources`: `sourceCount` records of 24 words: plane and blocked-map
 * pointers (u32, u32; the map has luma size, 0: none), exact (u32, 1: same pixel grid), the map's
 * bits that block (u32), homography from target to
 * source in luma pixels (9 f32), gain, offset, weight (f32), pads. A source's sample is (sample - offset) / gain.
 * Sources are tried in order until `most` samples, at most 16, are found. `values` f32 and `counts` u8 receive the combined
 * sample and how many were found (0: none, value untouched). `scratch`: 1088 bytes. `floor`: the noise, in levels, that
 * agreeing samples may differ by.
 */
// @ts-ignore: decorator
@inline
function gather<T>(
  pixels: usize, count: i32, width: i32, height: i32, shiftX: i32, shiftY: i32, lumaWidth: i32, lumaHeight: i32,
  sources: usize, sourceCount: i32, most: i32, floor: f32, scratch: usize, values: usize, counts: usize,
): void {
  const scaleX = f32x4.splat(<f32>(1 << shiftX)), scaleY = f32x4.splat(<f32>(1 << shiftY));
  const backX = f32x4.splat(<f32>1 / <f32>(1 << shiftX)), backY = f32x4.splat(<f32>1 / <f32>(1 << shiftY));
  const half = f32x4.splat(0.5), zero = f32x4.splat(0);
  const lumaMaxX = f32x4.splat(<f32>(lumaWidth - 1)), lumaMaxY = f32x4.splat(<f32>(lumaHeight - 1));
  const size = <usize>sizeof<T>();
  const found = scratch + FOUND;
  let share: f32 = 1;
  for (let slot = 0; slot < SLOTS; slot++) {
    v128.store(scratch + RECENCY + (<usize>slot << 4), f32x4.splat(share));
    share *= FADE;
  }
  for (let i = 0; i < count; i += 4) {
    const lanes = min(4, count - i);
    const at0 = load<i32>(pixels + (<usize>i << 2)), at1 = load<i32>(pixels + (<usize>min(i + 1, count - 1) << 2));
    const at2 = load<i32>(pixels + (<usize>min(i + 2, count - 1) << 2)), at3 = load<i32>(pixels + (<usize>min(i + 3, count - 1) << 2));
    const at = i32x4(at0, at1, at2, at3);
    const x = f32x4.convert_i32x4_s(v128.and(at, i32x4.splat(0xffff))), y = f32x4.convert_i32x4_s(i32x4.shr_s(at, 16));
    const fx = f32x4.sub(f32x4.mul(f32x4.add(x, half), scaleX), half), fy = f32x4.sub(f32x4.mul(f32x4.add(y, half), scaleY), half);
    for (let slot = 0; slot < SLOTS; slot++) v128.store(scratch + (<usize>slot << 4), f32x4.splat(EMPTY));
    v128.store(found, i32x4.splat(0));
    let open = (1 << lanes) - 1;
    for (let k = 0; k < sourceCount && open; k++) {
      const s = sources + <usize>(k * 96);
      const plane = <usize>load<u32>(s), blocked = <usize>load<u32>(s, 4);
      const exact = load<u32>(s, 8), bits = <i32>load<u32>(s, 12);
      let wanted = open;
      let lumaX = fx, lumaY = fy;
      if (!exact) {
        const w = f32x4.add(f32x4.add(f32x4.mul(f32x4.splat(load<f32>(s, 40)), fx), f32x4.mul(f32x4.splat(load<f32>(s, 44)), fy)), f32x4.splat(load<f32>(s, 48)));
        const r = f32x4.div(f32x4.splat(1), w);
        lumaX = f32x4.mul(f32x4.add(f32x4.add(f32x4.mul(f32x4.splat(load<f32>(s, 16)), fx), f32x4.mul(f32x4.splat(load<f32>(s, 20)), fy)), f32x4.splat(load<f32>(s, 24))), r);
        lumaY = f32x4.mul(f32x4.add(f32x4.add(f32x4.mul(f32x4.splat(load<f32>(s, 28)), fx), f32x4.mul(f32x4.splat(load<f32>(s, 32)), fy)), f32x4.splat(load<f32>(s, 36))), r);
        const inside = v128.and(
          v128.and(f32x4.gt(w, zero), v128.and(f32x4.ge(lumaX, zero), f32x4.ge(lumaY, zero))),
          v128.and(f32x4.le(lumaX, lumaMaxX), f32x4.le(lumaY, lumaMaxY)),
        );
        wanted &= i32x4.bitmask(inside);
        if (!wanted) continue;
      }
      // The nearest luma pixel; that of a chroma sample on the same grid is its area's first.
      const near = exact
        ? i32x4.add(i32x4.mul(i32x4.min_s(i32x4.shl(i32x4.shr_s(at, 16), shiftY), i32x4.splat(lumaHeight - 1)), i32x4.splat(lumaWidth)),
            i32x4.min_s(i32x4.shl(v128.and(at, i32x4.splat(0xffff)), shiftX), i32x4.splat(lumaWidth - 1)))
        : i32x4.add(i32x4.mul(i32x4.trunc_sat_f32x4_s(f32x4.add(lumaY, half)), i32x4.splat(lumaWidth)), i32x4.trunc_sat_f32x4_s(f32x4.add(lumaX, half)));
      if (blocked) {
        const b0 = wanted & 1 ? <i32>load<u8>(blocked + <usize>i32x4.extract_lane(near, 0)) & bits : 0;
        const b1 = wanted & 2 ? <i32>load<u8>(blocked + <usize>i32x4.extract_lane(near, 1)) & bits : 0;
        const b2 = wanted & 4 ? <i32>load<u8>(blocked + <usize>i32x4.extract_lane(near, 2)) & bits : 0;
        const b3 = wanted & 8 ? <i32>load<u8>(blocked + <usize>i32x4.extract_lane(near, 3)) & bits : 0;
        wanted &= (b0 ? 0 : 1) | (b1 ? 0 : 2) | (b2 ? 0 : 4) | (b3 ? 0 : 8);
      }
      if (!wanted) continue;
      const samples = exact
        ? f32x4(<f32>load<T>(plane + place(at0, width, size)), <f32>load<T>(plane + place(at1, width, size)),
            <f32>load<T>(plane + place(at2, width, size)), <f32>load<T>(plane + place(at3, width, size)))
        : interpolateFour<T>(plane, width, height, f32x4.sub(f32x4.mul(f32x4.add(lumaX, half), backX), half),
            f32x4.sub(f32x4.mul(f32x4.add(lumaY, half), backY), half), wanted);
      const inverse: f32 = 1 / load<f32>(s, 52), weight = load<f32>(s, 60);
      const slots = v128.load(found);
      // The lowest bits of a sample, far below its noise, name its slot: they follow it through the sorting.
      const keys = v128.or(v128.and(f32x4.mul(f32x4.sub(samples, f32x4.splat(load<f32>(s, 56))), f32x4.splat(inverse)), i32x4.splat(~15)), slots);
      const slot = i32x4.extract_lane(slots, 0);
      if (wanted == 15 && i32x4.all_true(i32x4.eq(slots, i32x4.splat(slot)))) {
        v128.store(scratch + (<usize>slot << 4), keys);
        v128.store(scratch + (<usize>slot << 4), f32x4.splat(weight), WEIGHTS);
        v128.store(found, i32x4.splat(slot + 1));
        if (slot + 1 >= most) open = 0;
        continue;
      }
      v128.store(scratch + KEYS, keys);
      for (; wanted; wanted &= wanted - 1) {
        const lane = ctz<i32>(wanted);
        const lane4 = <usize>lane << 2;
        const own = load<i32>(found + lane4);
        const to = scratch + (<usize>own << 4) + lane4;
        store<i32>(to, load<i32>(scratch + KEYS + lane4));
        store<f32>(to, weight, WEIGHTS);
        store<i32>(found + lane4, own + 1);
        if (own + 1 >= most) open &= ~(1 << lane);
      }
    }
    const n = v128.load(found);
    let deepest = max(max(i32x4.extract_lane(n, 0), i32x4.extract_lane(n, 1)), max(i32x4.extract_lane(n, 2), i32x4.extract_lane(n, 3)));
    if (deepest > 0) {
      sort(scratch, deepest);
      const combined = combine(scratch, n, deepest, floor);
      if (i32x4.extract_lane(n, 0)) store<f32>(values + (<usize>i << 2), f32x4.extract_lane(combined, 0));
      if (lanes > 1 && i32x4.extract_lane(n, 1)) store<f32>(values + (<usize>i << 2), f32x4.extract_lane(combined, 1), 4);
      if (lanes > 2 && i32x4.extract_lane(n, 2)) store<f32>(values + (<usize>i << 2), f32x4.extract_lane(combined, 2), 8);
      if (lanes > 3 && i32x4.extract_lane(n, 3)) store<f32>(values + (<usize>i << 2), f32x4.extract_lane(combined, 3), 12);
    }
    store<u8>(counts + i, i32x4.extract_lane(n, 0));
    if (lanes > 1) store<u8>(counts + i, i32x4.extract_lane(n, 1), 1);
    if (lanes > 2) store<u8>(counts + i, i32x4.extract_lane(n, 2), 2);
    if (lanes > 3) store<u8>(counts + i, i32x4.extract_lane(n, 3), 3);
  }
}

/** Puts the greater of two slots into the second, lane by lane. */
// @ts-ignore: decorator
@inline
function exchange(keys: usize, low: usize, high: usize): void {
  const a = v128.load(keys + (low << 4)), b = v128.load(keys + (high << 4));
  v128.store(keys + (low << 4), f32x4.pmin(a, b));
  v128.store(keys + (high << 4), f32x4.pmax(a, b));
}

/** Sorts the four lanes of eight slots, upwards (Batcher's odd-even merge sort). */
// @ts-ignore: decorator
@inline
function sortEight(keys: usize): void {
  exchange(keys, 0, 1); exchange(keys, 2, 3); exchange(keys, 4, 5); exchange(keys, 6, 7); exchange(keys, 0, 2);
  exchange(keys, 1, 3); exchange(keys, 4, 6); exchange(keys, 5, 7); exchange(keys, 1, 2); exchange(keys, 5, 6);
  exchange(keys, 0, 4); exchange(keys, 1, 5); exchange(keys, 2, 6); exchange(keys, 3, 7); exchange(keys, 2, 4);
  exchange(keys, 3, 5); exchange(keys, 1, 2); exchange(keys, 3, 4); exchange(keys, 5, 6);
}

/** Sorts the four lanes of the first slots, upwards. */
// @ts-ignore: decorator
@inline
function sort(keys: usize, used: i32): void {
  sortEight(keys);
  if (used <= 8) return;
  sortEight(keys + 128);
  exchange(keys, 0, 8); exchange(keys, 1, 9); exchange(keys, 2, 10); exchange(keys, 3, 11); exchange(keys, 4, 12);
  exchange(keys, 5, 13); exchange(keys, 6, 14); exchange(keys, 7, 15); exchange(keys, 4, 8); exchange(keys, 5, 9);
  exchange(keys, 6, 10); exchange(keys, 7, 11); exchange(keys, 2, 4); exchange(keys, 3, 5); exchange(keys, 6, 8);
  exchange(keys, 7, 9); exchange(keys, 10, 12); exchange(keys, 11, 13); exchange(keys, 1, 2); exchange(keys, 3, 4);
  exchange(keys, 5, 6); exchange(keys, 7, 8); exchange(keys, 9, 10); exchange(keys, 11, 12); exchange(keys, 13, 14);
}

/** The value of a lane at its own rank. */
// @ts-ignore: decorator
@inline
function ranked(keys: usize, ranks: v128): v128 {
  const rows = i32x4.shl(ranks, 4);
  let found = v128.load32_zero(keys + <usize>i32x4.extract_lane(rows, 0));
  found = v128.load_lane<u32>(keys + <usize>i32x4.extract_lane(rows, 1), found, 1, 4);
  found = v128.load_lane<u32>(keys + <usize>i32x4.extract_lane(rows, 2), found, 2, 8);
  return v128.load_lane<u32>(keys + <usize>i32x4.extract_lane(rows, 3), found, 3, 12);
}

/**
 * Weighted mean, lane by lane, of `n` sorted samples with Tukey's biweight around the weighted median. Where they disagree
 * the background itself moves: then the nearest in time count most.
 */
// @ts-ignore: decorator
@inline
function combine(scratch: usize, n: v128, deepest: i32, floor: f32): v128 {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const quarter = i32x4.shr_u(n, 2);
  const last = i32x4.max_s(i32x4.sub(i32x4.sub(n, i32x4.splat(1)), quarter), i32x4.splat(0));
  const spread = f32x4.mul(f32x4.sub(ranked(scratch, last), ranked(scratch, quarter)), f32x4.splat(0.7413));
  const least = f32x4.splat(floor);
  const moving = f32x4.min(f32x4.max(f32x4.sub(f32x4.div(spread, f32x4.splat(2 * floor)), one), zero), one);
  const isStill = !v128.any_true(f32x4.gt(moving, zero));
  let total = zero;
  for (let j = 0; j < deepest; j++) {
    const slots = v128.and(v128.load(scratch + (<usize>j << 4)), i32x4.splat(15));
    let weights = v128.and(ranked(scratch + WEIGHTS, slots), i32x4.lt_s(i32x4.splat(j), n));
    if (!isStill) weights = f32x4.mul(weights, f32x4.add(f32x4.sub(one, moving), f32x4.mul(moving, ranked(scratch + RECENCY, slots))));
    v128.store(scratch + ORDERED + (<usize>j << 4), weights);
    total = f32x4.add(total, weights);
  }
  const middle = f32x4.mul(total, f32x4.splat(0.5));
  let seen = zero;
  let median = zero;
  let open = i32x4.splat(-1);
  for (let j = 0; j < deepest; j++) {
    seen = f32x4.add(seen, v128.load(scratch + ORDERED + (<usize>j << 4)));
    median = v128.bitselect(v128.load(scratch + (<usize>j << 4)), median, v128.and(open, i32x4.lt_s(i32x4.splat(j), n)));
    open = v128.andnot(open, f32x4.ge(seen, middle));
  }
  // Few samples cannot tell spread from disagreement: then only those near the median count.
  const wide = f32x4.min(f32x4.max(spread, least), f32x4.splat(3 * floor));
  const sigma = v128.bitselect(wide, least, i32x4.ge_s(n, i32x4.splat(8)));
  const reach = f32x4.div(one, f32x4.mul(sigma, f32x4.splat(4)));
  let sum = zero, norm = zero;
  for (let j = 0; j < deepest; j++) {
    const v = v128.load(scratch + (<usize>j << 4));
    const d = f32x4.mul(f32x4.sub(v, median), reach);
    const b = f32x4.max(f32x4.sub(one, f32x4.mul(d, d)), zero);
    const w = f32x4.mul(f32x4.mul(b, b), v128.load(scratch + ORDERED + (<usize>j << 4)));
    sum = f32x4.add(sum, f32x4.mul(w, v));
    norm = f32x4.add(norm, w);
  }
  return v128.bitselect(f32x4.div(sum, norm), median, f32x4.gt(norm, zero));
}

/** {@link gather} over 8-bit planes. */
export function gather8(
  pixels: usize, count: i32, width: i32, height: i32, shiftX: i32, shiftY: i32, lumaWidth: i32, lumaHeight: i32,
  sources: usize, sourceCount: i32, most: i32, floor: f32, scratch: usize, values: usize, counts: usize,
): void {
  gather<u8>(pixels, count, width, height, shiftX, shiftY, lumaWidth, lumaHeight, sources, sourceCount, most, floor, scratch, values, counts);
}

/** {@link gather} over 16-bit planes. */
export function gather16(
  pixels: usize, count: i32, width: i32, height: i32, shiftX: i32, shiftY: i32, lumaWidth: i32, lumaHeight: i32,
  sources: usize, sourceCount: i32, most: i32, floor: f32, scratch: usize, values: usize, counts: usize,
): void {
  gather<u16>(pixels, count, width, height, shiftX, shiftY, lumaWidth, lumaHeight, sources, sourceCount, most, floor, scratch, values, counts);
}
