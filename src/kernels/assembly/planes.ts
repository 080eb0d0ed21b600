// Whole-plane kernels: depth reduction, pyramids, distance maps.

/** 16-bit samples to 8 bits by a right shift. */
export function narrow(source: usize, count: i32, shift: i32, target: usize): void {
  for (let i = 0; i < count; i++) {
    store<u8>(target + i, load<u16>(source + ((<usize>i) << 1)) >> <u16>shift);
  }
}

/** Halves an 8-bit plane by 2x2 means; odd sizes repeat the last row and column. */
export function halve(source: usize, width: i32, height: i32, target: usize): void {
  const w2 = (width + 1) >> 1;
  const h2 = (height + 1) >> 1;
  const even = width >> 1;
  for (let y = 0; y < h2; y++) {
    const top = source + <usize>(2 * y * width);
    const bottom = 2 * y + 1 < height ? top + <usize>width : top;
    const row = target + <usize>(y * w2);
    for (let x = 0; x < even; x++) {
      const o = <usize>(2 * x);
      const sum = <i32>load<u8>(top + o) + <i32>load<u8>(top + o, 1) + <i32>load<u8>(bottom + o) + <i32>load<u8>(bottom + o, 1);
      store<u8>(row + x, (sum + 2) >> 2);
    }
    if (even < w2) {
      const o = <usize>(width - 1);
      store<u8>(row + even, (<i32>load<u8>(top + o) + <i32>load<u8>(bottom + o) + 1) >> 1);
    }
  }
}

/** Eight samples of a row as 16-bit words. */
// @ts-ignore: decorator
@inline
function words(row: usize, x: i32): v128 {
  return i16x8.extend_low_i8x16_u(v128.load64_zero(row + <usize>x));
}

/** Sum with the binomial weights 1 4 6 4 1. */
// @ts-ignore: decorator
@inline
function binomial(a: v128, b: v128, c: v128, d: v128, e: v128): v128 {
  const four = i16x8.shl(i16x8.add(b, d), 2);
  const six = i16x8.add(i16x8.shl(c, 2), i16x8.shl(c, 1));
  return i16x8.add(i16x8.add(a, e), i16x8.add(four, six));
}

/**
 * Blurs an 8-bit plane by the 5 x 5 binomial filter, its border repeated. What is left can be interpolated linearly with next to no
 * error. `scratch`: 2 * (width + 20) bytes.
 */
export function smooth(source: usize, width: i32, height: i32, target: usize, scratch: usize): void {
  // A row of column sums, with room for two on the left and for what is read beyond the right end.
  const sums = scratch + 16;
  for (let y = 0; y < height; y++) {
    const r0 = source + <usize>(max(y - 2, 0) * width), r1 = source + <usize>(max(y - 1, 0) * width);
    const r2 = source + <usize>(y * width);
    const r3 = source + <usize>(min(y + 1, height - 1) * width), r4 = source + <usize>(min(y + 2, height - 1) * width);
    let x = 0;
    for (; x + 8 <= width; x += 8)
      v128.store(sums + (<usize>x << 1), binomial(words(r0, x), words(r1, x), words(r2, x), words(r3, x), words(r4, x)));
    for (; x < width; x++) {
      const four = 4 * (<u32>load<u8>(r1 + x) + <u32>load<u8>(r3 + x));
      store<u16>(sums + (<usize>x << 1), <u32>load<u8>(r0 + x) + <u32>load<u8>(r4 + x) + four + 6 * <u32>load<u8>(r2 + x));
    }
    store<u32>(sums - 4, <u32>load<u16>(sums) * 0x10001);
    store<u32>(sums + (<usize>width << 1), <u32>load<u16>(sums + (<usize>(width - 1) << 1)) * 0x10001);
    const row = target + <usize>(y * width);
    for (x = 0; x + 8 <= width; x += 8) {
      const p = sums + (<usize>x << 1);
      const sum = binomial(v128.load(p - 4), v128.load(p - 2), v128.load(p), v128.load(p + 2), v128.load(p + 4));
      const mean = i16x8.shr_u(i16x8.add(sum, i16x8.splat(128)), 8);
      v128.store64_lane(row + <usize>x, i8x16.narrow_i16x8_u(mean, mean), 0);
    }
    for (; x < width; x++) {
      const p = sums + (<usize>x << 1);
      const four = 4 * (<u32>load<u16>(p - 2) + <u32>load<u16>(p + 2));
      store<u8>(row + <usize>x, (<u32>load<u16>(p - 4) + <u32>load<u16>(p + 4) + four + 6 * <u32>load<u16>(p) + 128) >> 8);
    }
  }
}

/** Halves a map of blocked pixels: blocked where any of the four is. */
export function halveBlocked(source: usize, width: i32, height: i32, target: usize): void {
  const w2 = (width + 1) >> 1;
  const h2 = (height + 1) >> 1;
  for (let y = 0; y < h2; y++) {
    const top = source + <usize>(2 * y * width);
    const bottom = 2 * y + 1 < height ? top + <usize>width : top;
    for (let x = 0; x < w2; x++) {
      const o = <usize>(2 * x);
      const next: usize = 2 * x + 1 < width ? o + 1 : o;
      const any = load<u8>(top + o) | load<u8>(top + next) | load<u8>(bottom + o) | load<u8>(bottom + next);
      store<u8>(target + <usize>(y * w2 + x), any);
    }
  }
}

/**
 * The labelled part of a map of labels (0: none, 1, 2). `out`: 6 i32: the rectangle around it (left, top, right, bottom, ends excluded;
 * left beyond right without any), pixels labelled 2, pixels labelled 1.
 */
export function labelled(labels: usize, width: i32, height: i32, out: usize): void {
  let x0 = width, y0 = height, x1 = 0, y1 = 0, removed = 0, affected = 0;
  for (let y = 0; y < height; y++) {
    const row = labels + <usize>(y * width);
    for (let from = 0; from < width; from += 16) {
      const end = min(from + 16, width);
      if (end - from == 16 && !v128.any_true(v128.load(row + <usize>from))) continue;
      for (let x = from; x < end; x++) {
        const label = load<u8>(row + <usize>x);
        if (!label) continue;
        if (label == 2) removed++;
        else affected++;
        x0 = min(x0, x); x1 = max(x1, x + 1);
        y0 = min(y0, y); y1 = y + 1;
      }
    }
  }
  store<i32>(out, x0); store<i32>(out, y0, 4); store<i32>(out, x1, 8); store<i32>(out, y1, 12);
  store<i32>(out, removed, 16); store<i32>(out, affected, 20);
}

/** In `target`: `value` where a byte of `source` is at most `most`, with `more` where it is at most `closest`; 0 elsewhere. */
export function atMost(source: usize, count: i32, most: i32, value: i32, closest: i32, more: i32, target: usize): void {
  const limit = i8x16.splat(<i8>most), one = i8x16.splat(<i8>value);
  const near = i8x16.splat(<i8>closest), other = i8x16.splat(<i8>more);
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    const bytes = v128.load(source + <usize>i);
    v128.store(target + <usize>i, v128.or(v128.and(i8x16.le_u(bytes, limit), one), v128.and(i8x16.le_u(bytes, near), other)));
  }
  for (; i < count; i++) {
    const byte = <i32>load<u8>(source + <usize>i);
    store<u8>(target + <usize>i, (byte <= most ? value : 0) | (byte <= closest ? more : 0));
  }
}

/** Sets the bits `value` in `target` where a byte of `source` is at most `most`, and takes them away elsewhere. */
export function setAtMost(source: usize, count: i32, most: i32, value: i32, target: usize): void {
  const limit = i8x16.splat(<i8>most), bits = i8x16.splat(<i8>value);
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    const near = i8x16.le_u(v128.load(source + <usize>i), limit);
    v128.store(target + <usize>i, v128.or(v128.andnot(v128.load(target + <usize>i), bits), v128.and(near, bits)));
  }
  for (; i < count; i++) {
    const rest = <i32>load<u8>(target + <usize>i) & ~value;
    store<u8>(target + <usize>i, rest | (<i32>load<u8>(source + <usize>i) <= most ? value : 0));
  }
}

/** In `target` the label of what is removed where a byte of `labels` is 0, else 0. */
export function inverse(labels: usize, count: i32, target: usize): void {
  const none = i8x16.splat(0), label = i8x16.splat(2);
  let i = 0;
  for (; i + 16 <= count; i += 16)
    v128.store(target + <usize>i, v128.and(i8x16.eq(v128.load(labels + <usize>i), none), label));
  for (; i < count; i++) store<u8>(target + <usize>i, load<u8>(labels + <usize>i) ? 0 : 2);
}

/**
 * Chamfer 3-4 distance to the nearest pixel whose label is at least `threshold`, in thirds of a pixel, capped at 255
 * (Borgefors 1986). Only pixels of the rectangle [x0, x1) x [y0, y1) are looked at; outside of it everything is 255.
 */
export function distance(
  labels: usize, width: i32, height: i32, x0: i32, y0: i32, x1: i32, y1: i32, threshold: i32, target: usize,
): void {
  memory.fill(target, 255, <usize>(width * height));
  for (let y = y0; y < y1; y++) {
    const row = target + <usize>(y * width), label = labels + <usize>(y * width);
    const above = row - <usize>width;
    for (let x = x0; x < x1; x++) {
      let d = 255;
      if (<i32>load<u8>(label + <usize>x) >= threshold) d = 0;
      else {
        if (x > x0) d = min(d, <i32>load<u8>(row + x - 1) + 3);
        if (y > y0) {
          d = min(d, <i32>load<u8>(above + x) + 3);
          if (x > x0) d = min(d, <i32>load<u8>(above + x - 1) + 4);
          if (x + 1 < x1) d = min(d, <i32>load<u8>(above + x + 1) + 4);
        }
      }
      store<u8>(row + x, d);
    }
  }
  for (let y = y1 - 1; y >= y0; y--) {
    const row = target + <usize>(y * width);
    const below = row + <usize>width;
    for (let x = x1 - 1; x >= x0; x--) {
      let d = <i32>load<u8>(row + x);
      if (x + 1 < x1) d = min(d, <i32>load<u8>(row + x + 1) + 3);
      if (y + 1 < y1) {
        d = min(d, <i32>load<u8>(below + x) + 3);
        if (x + 1 < x1) d = min(d, <i32>load<u8>(below + x + 1) + 4);
        if (x > x0) d = min(d, <i32>load<u8>(below + x - 1) + 4);
      }
      store<u8>(row + x, d);
    }
  }
}
