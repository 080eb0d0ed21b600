// The upscaler's arithmetic, in whole numbers: 16-bit samples and weights, 32-bit sums, the same on every machine. Samples
// are "fine": 64ths of an 8-bit level, whatever the depth of the source.
//
// Convolutions read rows of pairs of 16-bit numbers, four bytes a pixel: two channels of a picture's features, or a luma
// sample and its right neighbour. One instruction multiplies four pixels' pairs by a pair of weights and adds each pair up.

/** Samples as fine ones: `count` of them, times 2^`shift`. */
export function refine8(source: usize, count: i32, shift: i32, target: usize): void {
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    v128.store(target + (<usize>i << 1), i16x8.shl(v128.load8x8_u(source + <usize>i), shift));
  }
  for (; i < count; i++) store<i16>(target + (<usize>i << 1), <i16>(<i32>load<u8>(source + <usize>i) << shift));
}

/** The same of 16-bit samples. */
export function refine16(source: usize, count: i32, shift: i32, target: usize): void {
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    v128.store(target + (<usize>i << 1), i16x8.shl(v128.load(source + (<usize>i << 1)), shift));
  }
  for (; i < count; i++) store<i16>(target + (<usize>i << 1), <i16>(<i32>load<u16>(source + (<usize>i << 1)) << shift));
}

/** Fine samples as 8-bit ones: divided by 2^`shift`, rounded, at most 255. */
export function settle8(source: usize, count: i32, shift: i32, target: usize): void {
  const half = i16x8.splat(<i16>((<i32>1) << (shift - 1)));
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    const v = i16x8.shr_s(i16x8.add_sat_s(v128.load(source + (<usize>i << 1)), half), shift);
    v128.store64_lane(target + <usize>i, i8x16.narrow_i16x8_u(v, v), 0);
  }
  for (; i < count; i++) {
    const v = min(<i32>load<i16>(source + (<usize>i << 1)) + (1 << (shift - 1)), 32767) >> shift;
    store<u8>(target + <usize>i, <u8>min(max(v, 0), 255));
  }
}

/** Fine samples as 16-bit ones, at most `most`. */
export function settle16(source: usize, count: i32, shift: i32, most: i32, target: usize): void {
  for (let i = 0; i < count; i++) {
    const v = (<i32>load<i16>(source + (<usize>i << 1)) + (1 << (shift - 1))) >> shift;
    store<u16>(target + (<usize>i << 1), <u16>min(max(v, 0), most));
  }
}

/** A row of fine samples with its ends repeated: `margin` samples before and `behind` after its own `count`. */
export function extend(source: usize, count: i32, margin: i32, behind: i32, target: usize): void {
  const first = load<i16>(source), last = load<i16>(source + (<usize>(count - 1) << 1));
  for (let i = 0; i < margin; i++) store<i16>(target + (<usize>i << 1), first);
  const own = target + (<usize>margin << 1);
  memory.copy(own, source, <usize>count << 1);
  for (let i = count; i < count + behind; i++) store<i16>(own + (<usize>i << 1), last);
}

/** Pairs of every sample of a row with the next one. `count` is a multiple of 8; one more sample is read. */
export function couple(source: usize, count: i32, target: usize): void {
  for (let i = 0; i < count; i += 8) {
    const own = v128.load(source + (<usize>i << 1)), next = v128.load(source + (<usize>i << 1), 2);
    v128.store(target + (<usize>i << 2), i16x8.shuffle(own, next, 0, 8, 1, 9, 2, 10, 3, 11));
    v128.store(target + (<usize>i << 2), i16x8.shuffle(own, next, 4, 12, 5, 13, 6, 14, 7, 15), 16);
  }
}

/**
 * A weighted sum of rows. `rows`: addresses (u32), `taps` of them, an even number; `weights`: as many i16, in 16384ths.
 * `count` fine samples, a multiple of 8.
 */
export function blendRows(rows: usize, taps: i32, weights: usize, count: i32, target: usize): void {
  const half = i32x4.splat(8192);
  for (let x: usize = 0; x < <usize>count << 1; x += 16) {
    let low = half, high = half;
    for (let k: usize = 0; k < <usize>taps; k += 2) {
      const above = v128.load(<usize>load<u32>(rows + (k << 2)) + x), below = v128.load(<usize>load<u32>(rows + (k << 2), 4) + x);
      const w = v128.load32_splat(weights + (k << 1));
      low = i32x4.add(low, i32x4.dot_i16x8_s(i16x8.shuffle(above, below, 0, 8, 1, 9, 2, 10, 3, 11), w));
      high = i32x4.add(high, i32x4.dot_i16x8_s(i16x8.shuffle(above, below, 4, 12, 5, 13, 6, 14, 7, 15), w));
    }
    v128.store(target + x, i16x8.narrow_i32x4_s(i32x4.shr_s(low, 14), i32x4.shr_s(high, 14)));
  }
}

/** The sum of eight products. */
// @ts-ignore: decorator
@inline
function eight(samples: usize, weights: usize): v128 {
  return i32x4.dot_i16x8_s(v128.load(samples), v128.load(weights));
}

/**
 * A row at other places. For each of `count` results (a multiple of 4): `starts` (i32), the sample its first weight is for,
 * and `taps` weights (i16, 16384ths), 8 or 16 of them.
 */
export function resampleRow(source: usize, starts: usize, weights: usize, taps: i32, count: i32, target: usize): void {
  const half = i32x4.splat(8192);
  const step = <usize>taps << 1;
  for (let i = 0; i < count; i += 4) {
    const s = starts + (<usize>i << 2), w = weights + <usize>i * step;
    const p0 = source + (<usize>load<i32>(s) << 1), p1 = source + (<usize>load<i32>(s, 4) << 1);
    const p2 = source + (<usize>load<i32>(s, 8) << 1), p3 = source + (<usize>load<i32>(s, 12) << 1);
    let a = eight(p0, w), b = eight(p1, w + step), c = eight(p2, w + 2 * step), d = eight(p3, w + 3 * step);
    if (taps > 8) {
      a = i32x4.add(a, eight(p0 + 16, w + 16)); b = i32x4.add(b, eight(p1 + 16, w + step + 16));
      c = i32x4.add(c, eight(p2 + 16, w + 2 * step + 16)); d = i32x4.add(d, eight(p3 + 16, w + 3 * step + 16));
    }
    const ab = i32x4.add(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7));
    const cd = i32x4.add(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7));
    const sum = i32x4.add(i32x4.add(i32x4.shuffle(ab, cd, 0, 1, 4, 5), i32x4.shuffle(ab, cd, 2, 3, 6, 7)), half);
    const fine = i32x4.shr_s(sum, 14);
    v128.store64_lane(target + (<usize>i << 1), i16x8.narrow_i32x4_s(fine, fine), 0);
  }
}

/**
 * Four output channels of a row, from rows of pairs.
 *
 * `terms`: addresses (u32) of rows of pairs; the first `near` are read at columns x, x + 1, x + 2, the `wide` after them at
 * x, x + 2, x + 4. `weights`: for each term and each of its three columns, four pairs (i16), one a channel. `bias`: four i32.
 * The sums, shifted right by `shift`, are saturated to 16 bits. `relu`: 0 or 1, negative results become 0. `target`: two
 * rows of pairs, channels 0 and 1, and `pitch` bytes on channels 2 and 3. `count` pixels are written, a multiple of 8, and
 * up to 5 more are read.
 */
export function convolve(
  terms: usize, near: i32, wide: i32, weights: usize, bias: usize, shift: i32, relu: i32, target: usize, pitch: usize, count: i32,
): void {
  const least = i16x8.splat(relu ? 0 : -32768);
  const bias0 = v128.load32_splat(bias), bias1 = v128.load32_splat(bias, 4);
  const bias2 = v128.load32_splat(bias, 8), bias3 = v128.load32_splat(bias, 12);
  const last = terms + (<usize>(near + wide) << 2);
  const turn = terms + (<usize>near << 2);
  for (let x: usize = 0; x < <usize>count << 2; x += 32) {
    let a0 = bias0, a1 = bias1, a2 = bias2, a3 = bias3, b0 = bias0, b1 = bias1, b2 = bias2, b3 = bias3;
    let w = weights, term = terms;
    let left: v128, right: v128, k: v128;
    for (; term < last; term += 4, w += 48) {
      const step: usize = term < turn ? 4 : 8;
      let p = <usize>load<u32>(term) + x;
      left = v128.load(p, 0); right = v128.load(p, 16);
      k = v128.load32_splat(w, 0); a0 = i32x4.add(a0, i32x4.dot_i16x8_s(left, k)); b0 = i32x4.add(b0, i32x4.dot_i16x8_s(right, k));
      k = v128.load32_splat(w, 4); a1 = i32x4.add(a1, i32x4.dot_i16x8_s(left, k)); b1 = i32x4.add(b1, i32x4.dot_i16x8_s(right, k));
      k = v128.load32_splat(w, 8); a2 = i32x4.add(a2, i32x4.dot_i16x8_s(left, k)); b2 = i32x4.add(b2, i32x4.dot_i16x8_s(right, k));
      k = v128.load32_splat(w, 12); a3 = i32x4.add(a3, i32x4.dot_i16x8_s(left, k)); b3 = i32x4.add(b3, i32x4.dot_i16x8_s(right, k));
      p += step;
      left = v128.load(p, 0); right = v128.load(p, 16);
      k = v128.load32_splat(w, 16); a0 = i32x4.add(a0, i32x4.dot_i16x8_s(left, k)); b0 = i32x4.add(b0, i32x4.dot_i16x8_s(right, k));
      k = v128.load32_splat(w, 20); a1 = i32x4.add(a1, i32x4.dot_i16x8_s(left, k)); b1 = i32x4.add(b1, i32x4.dot_i16x8_s(right, k));
      k = v128.load32_splat(w, 24); a2 = i32x4.add(a2, i32x4.dot_i16x8_s(left, k)); b2 = i32x4.add(b2, i32x4.dot_i16x8_s(right, k));
      k = v128.load32_splat(w, 28); a3 = i32x4.add(a3, i32x4.dot_i16x8_s(left, k)); b3 = i32x4.add(b3, i32x4.dot_i16x8_s(right, k));
      p += step;
      left = v128.load(p, 0); right = v128.load(p, 16);
      k = v128.load32_splat(w, 32); a0 = i32x4.add(a0, i32x4.dot_i16x8_s(left, k)); b0 = i32x4.add(b0, i32x4.dot_i16x8_s(right, k));
      k = v128.load32_splat(w, 36); a1 = i32x4.add(a1, i32x4.dot_i16x8_s(left, k)); b1 = i32x4.add(b1, i32x4.dot_i16x8_s(right, k));
      k = v128.load32_splat(w, 40); a2 = i32x4.add(a2, i32x4.dot_i16x8_s(left, k)); b2 = i32x4.add(b2, i32x4.dot_i16x8_s(right, k));
      k = v128.load32_splat(w, 44); a3 = i32x4.add(a3, i32x4.dot_i16x8_s(left, k)); b3 = i32x4.add(b3, i32x4.dot_i16x8_s(right, k));
    }
    const out = target + x;
    pair(out, a0, a1, shift, least);
    pair(out + 16, b0, b1, shift, least);
    pair(out + pitch, a2, a3, shift, least);
    pair(out + pitch + 16, b2, b3, shift, least);
  }
}

/** Stores four pixels of two channels as pairs. */
// @ts-ignore: decorator
@inline
function pair(target: usize, first: v128, second: v128, shift: i32, least: v128): void {
  const both = i16x8.narrow_i32x4_s(i32x4.shr_s(first, shift), i32x4.shr_s(second, shift));
  v128.store(target, i16x8.max_s(i16x8.shuffle(both, both, 0, 4, 1, 5, 2, 6, 3, 7), least));
}
