// Pictures between their samples, by cubic convolution.

/** Places between two samples that are told apart: 1 << BITS. */
export const BITS: i32 = 6;
export const STEPS: i32 = 1 << BITS;
/** What weights of a row add up to. */
const WHOLE: i32 = 1 << 14;
/** Bytes of {@link fillWeights}'s tables, and where those of columns begin. */
export const TABLES: usize = 2560;
export const DOWN: usize = 512;
/**
 * Keys' cubic weights (a = -0.65: with the usual -0.5 the mean of two pictures is soft) of the four samples around a place n / STEPS past the
 * second. Across: four i16 that add up to WHOLE. Down, from DOWN: each weight twice, in f32, and 1 / WHOLE of them.
 */
export function fillWeights(tables: usize): void {
  for (let n = 0; n < STEPS; n++) {
    const t = <f32>n / <f32>STEPS, t2 = t * t, t3 = t2 * t;
    const c: f32 = -0.65, two: f32 = 2, three: f32 = 3, whole = <f32>WHOLE;
    const w0 = (c * t3 - two * c * t2 + c * t) * whole, w2 = (-(c + two) * t3 + (two * c + three) * t2 - c * t) * whole;
    const w3 = (-c * t3 + c * t2) * whole;
    const i0 = <i32>nearest(w0), i2 = <i32>nearest(w2), i3 = <i32>nearest(w3);
    const at = tables + (<usize>n << 3);
    store<i16>(at, <i16>i0); store<i16>(at, <i16>(WHOLE - i0 - i2 - i3), 2); store<i16>(at, <i16>i2, 4); store<i16>(at, <i16>i3, 6);
    const w1 = whole - w0 - w2 - w3, all = whole * whole;
    const down = tables + DOWN + (<usize>n << 5);
    store<f32>(down, w0 / all); store<f32>(down, w0 / all, 4); store<f32>(down, w1 / all, 8); store<f32>(down, w1 / all, 12);
    store<f32>(down, w2 / all, 16); store<f32>(down, w2 / all, 20); store<f32>(down, w3 / all, 24); store<f32>(down, w3 / all, 28);
  }
}

/** Four rows of four samples from `at`, weighted: the four lanes add up to the value. */
// @ts-ignore: decorator
@inline
function taps<T>(at: usize, bytes: usize, across: usize, down: usize): v128 {
  const weights = v128.load64_splat(across);
  let top: v128, bottom: v128;
  if (sizeof<T>() == 1) {
    let rows = v128.load32_lane(at + bytes, v128.load32_zero(at), 1);
    rows = v128.load32_lane(at + 2 * bytes, rows, 2);
    rows = v128.load32_lane(at + 3 * bytes, rows, 3);
    top = i16x8.extend_low_i8x16_u(rows); bottom = i16x8.extend_high_i8x16_u(rows);
  } else {
    top = v128.load64_lane(at + bytes, v128.load64_zero(at), 1);
    bottom = v128.load64_lane(at + 3 * bytes, v128.load64_zero(at + 2 * bytes), 1);
  }
  return f32x4.add(
    f32x4.mul(f32x4.convert_i32x4_s(i32x4.dot_i16x8_s(top, weights)), v128.load(down)),
    f32x4.mul(f32x4.convert_i32x4_s(i32x4.dot_i16x8_s(bottom, weights)), v128.load(down, 16)),
  );
}

/** The n-th of four samples of both pictures, mixed, still in four lanes that are to be added. */
// @ts-ignore: decorator
@inline
function mixedTaps<T>(
  first: usize, second: usize, bytes: usize, tables: usize, a: i32, ax: i32, ay: i32, b: i32, bx: i32, by: i32, share: v128,
): v128 {
  const one = taps<T>(first + <usize>a, bytes, tables + <usize>ax, tables + <usize>ay);
  const other = taps<T>(second + <usize>b, bytes, tables + <usize>bx, tables + <usize>by);
  return f32x4.add(one, f32x4.mul(share, f32x4.sub(other, one)));
}

/**
 * Four samples of both pictures, mixed. `a`, `b`: offsets of the first of their four by four samples in either plane; `ax`, `ay`, `bx`,
 * `by`: offsets of their weights in the tables.
 */
// @ts-ignore: decorator
@inline
export function mixFour<T>(
  first: usize, second: usize, bytes: usize, tables: usize,
  a: v128, ax: v128, ay: v128, b: v128, bx: v128, by: v128, share: v128,
): v128 {
  const m0 = mixedTaps<T>(
    first, second, bytes, tables, i32x4.extract_lane(a, 0), i32x4.extract_lane(ax, 0), i32x4.extract_lane(ay, 0),
    i32x4.extract_lane(b, 0), i32x4.extract_lane(bx, 0), i32x4.extract_lane(by, 0), v128.shuffle<f32>(share, share, 0, 0, 0, 0),
  );
  const m1 = mixedTaps<T>(
    first, second, bytes, tables, i32x4.extract_lane(a, 1), i32x4.extract_lane(ax, 1), i32x4.extract_lane(ay, 1),
    i32x4.extract_lane(b, 1), i32x4.extract_lane(bx, 1), i32x4.extract_lane(by, 1), v128.shuffle<f32>(share, share, 1, 1, 1, 1),
  );
  const m2 = mixedTaps<T>(
    first, second, bytes, tables, i32x4.extract_lane(a, 2), i32x4.extract_lane(ax, 2), i32x4.extract_lane(ay, 2),
    i32x4.extract_lane(b, 2), i32x4.extract_lane(bx, 2), i32x4.extract_lane(by, 2), v128.shuffle<f32>(share, share, 2, 2, 2, 2),
  );
  const m3 = mixedTaps<T>(
    first, second, bytes, tables, i32x4.extract_lane(a, 3), i32x4.extract_lane(ax, 3), i32x4.extract_lane(ay, 3),
    i32x4.extract_lane(b, 3), i32x4.extract_lane(bx, 3), i32x4.extract_lane(by, 3), v128.shuffle<f32>(share, share, 3, 3, 3, 3),
  );
  const low = f32x4.add(v128.shuffle<f32>(m0, m1, 0, 1, 4, 5), v128.shuffle<f32>(m0, m1, 2, 3, 6, 7));
  const high = f32x4.add(v128.shuffle<f32>(m2, m3, 0, 1, 4, 5), v128.shuffle<f32>(m2, m3, 2, 3, 6, 7));
  return f32x4.add(v128.shuffle<f32>(low, high, 0, 2, 4, 6), v128.shuffle<f32>(low, high, 1, 3, 5, 7));
}

/** A packed plane at any place by cubic convolution, edges repeated. `corner`: room for 4 x 4 samples. */
export function sample<T>(plane: usize, width: i32, height: i32, x: f32, y: f32, tables: usize, corner: usize): f32 {
  const half: f32 = 0.5, size = sizeof<T>();
  const px = <i32>(min(max(x, 0), <f32>(width - 1)) * <f32>STEPS + half), py = <i32>(min(max(y, 0), <f32>(height - 1)) * <f32>STEPS + half);
  const ix = (px >> BITS) - 1, iy = (py >> BITS) - 1;
  let at = plane + <usize>(iy * width + ix) * size, bytes = <usize>width * size;
  if (ix < 0 || iy < 0 || ix + 4 > width || iy + 4 > height) {
    for (let n = 0; n < 16; n++) {
      const from = min(max(iy + (n >> 2), 0), height - 1) * width + min(max(ix + (n & 3), 0), width - 1);
      store<T>(corner + <usize>n * size, load<T>(plane + <usize>from * size));
    }
    at = corner; bytes = 4 * size;
  }
  const sum = taps<T>(at, bytes, tables + (<usize>(px & (STEPS - 1)) << 3), tables + DOWN + (<usize>(py & (STEPS - 1)) << 5));
  return (f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1)) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3));
}

/** Eight columns of four rows, weighted. `shift` makes samples 15 bits. */
// @ts-ignore: decorator
@inline
function columnsOf(a: v128, b: v128, c: v128, d: v128, shift: i32, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  return i16x8.add(
    i16x8.add(i16x8.q15mulr_sat_s(i16x8.shl(a, shift), w0), i16x8.q15mulr_sat_s(i16x8.shl(b, shift), w1)),
    i16x8.add(i16x8.q15mulr_sat_s(i16x8.shl(c, shift), w2), i16x8.q15mulr_sat_s(i16x8.shl(d, shift), w3)),
  );
}

/** Eight samples of a row that moved alike: `at` is the first of their four rows of eleven, `across` and `down` their weights. i16 of 13 bits. */
// @ts-ignore: decorator
@inline
export function eight<T>(at: usize, bytes: usize, across: usize, down: usize, shift: i32): v128 {
  const w0 = v128.load16_splat(down), w1 = v128.load16_splat(down, 2), w2 = v128.load16_splat(down, 4), w3 = v128.load16_splat(down, 6);
  let low: v128, high: v128;
  const b = at + bytes, c = at + 2 * bytes, d = at + 3 * bytes;
  if (sizeof<T>() == 1) {
    const r0 = v128.load(at), r1 = v128.load(b), r2 = v128.load(c), r3 = v128.load(d);
    low = columnsOf(
      i16x8.extend_low_i8x16_u(r0), i16x8.extend_low_i8x16_u(r1), i16x8.extend_low_i8x16_u(r2), i16x8.extend_low_i8x16_u(r3),
      shift, w0, w1, w2, w3,
    );
    high = columnsOf(
      i16x8.extend_high_i8x16_u(r0), i16x8.extend_high_i8x16_u(r1), i16x8.extend_high_i8x16_u(r2), i16x8.extend_high_i8x16_u(r3),
      shift, w0, w1, w2, w3,
    );
  } else {
    low = columnsOf(v128.load(at), v128.load(b), v128.load(c), v128.load(d), shift, w0, w1, w2, w3);
    high = columnsOf(v128.load(at, 16), v128.load(b, 16), v128.load(c, 16), v128.load(d, 16), shift, w0, w1, w2, w3);
  }
  const one = v128.shuffle<i16>(low, high, 1, 2, 3, 4, 5, 6, 7, 8), two = v128.shuffle<i16>(low, high, 2, 3, 4, 5, 6, 7, 8, 9);
  const three = v128.shuffle<i16>(low, high, 3, 4, 5, 6, 7, 8, 9, 10);
  return i16x8.add(
    i16x8.add(i16x8.q15mulr_sat_s(low, v128.load16_splat(across)), i16x8.q15mulr_sat_s(one, v128.load16_splat(across, 2))),
    i16x8.add(i16x8.q15mulr_sat_s(two, v128.load16_splat(across, 4)), i16x8.q15mulr_sat_s(three, v128.load16_splat(across, 6))),
  );
}
