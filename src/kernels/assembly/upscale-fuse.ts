// What neighbouring frames show of the same thing, brought together: doubled luma of a frame and of its neighbours, whose
// samples fell elsewhere. Samples are fine (see upscale.ts); weights and shares are 16-bit, in 32768ths.
//
// The four pixels that one pixel of the source became move as one: they share a place in the neighbour and its weights.

/** Parts of a pixel that places are rounded to. */
const STEPS: i32 = 64;
/** The error of what cannot be compared. */
const UNKNOWN: f32 = 1e12;

/** The weighted sum of four rows of eight samples. */
// @ts-ignore: decorator
@inline
function down(r0: v128, r1: v128, r2: v128, r3: v128, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  return i16x8.add_sat_s(
    i16x8.add_sat_s(i16x8.q15mulr_sat_s(r1, w1), i16x8.q15mulr_sat_s(r2, w2)),
    i16x8.add_sat_s(i16x8.q15mulr_sat_s(r0, w0), i16x8.q15mulr_sat_s(r3, w3)),
  );
}

/** A place in parts of a sample. */
// @ts-ignore: decorator
@inline
function nearest(place: f32): i32 {
  const parts: f32 = 64, half: f32 = 0.5;
  return <i32>Mathf.floor(place * parts + half);
}

/**
 * How a neighbour differs from rows 2 `y` and 2 `y` + 1 of a plane, both planes packed, `width` x `height` samples, at least 8 x 8.
 * `u`, `v`: how far each of the `width` / 2 pixels of the source is from its place in the neighbour, in pixels of the source (f32).
 * `table`: of each of 64 parts of a sample, the weights of the four samples around. `differences`: two rows (i16), `pitch` bytes
 * apart. `means`, `errors`: of each pixel of the source its four samples' mean difference and that squared (f32). Beyond the
 * neighbour's edges nothing is known, and errors are larger than any limit.
 */
export function fuseCompare(
  own: usize, other: usize, width: i32, height: i32, y: i32, u: usize, v: usize, table: usize, differences: usize, pitch: usize,
  means: usize, errors: usize,
): void {
  const stride = <usize>width << 1;
  const maxX = (width - 4) * STEPS, maxY = (height - 4) * STEPS;
  const rounding = i32x4.splat(16384), ones = i16x8.splat(1);
  const mine = own + <usize>(2 * y) * stride;
  const quarter: f32 = 0.25, two: f32 = 2;
  for (let x = 0; x < width >> 1; x++) {
    const o = <usize>x << 2;
    const px = <f32>(x << 1) + two * load<f32>(u + o), py = <f32>(y << 1) + two * load<f32>(v + o);
    const nx = nearest(px), ny = nearest(py);
    // Beyond the neighbour's edges, where not all samples around are there, nothing is known.
    if (nx < STEPS || ny < STEPS || nx > maxX || ny > maxY) {
      store<i32>(differences + o, 0);
      store<i32>(differences + pitch + o, 0);
      store<f32>(means + o, 0);
      store<f32>(errors + o, UNKNOWN);
      continue;
    }
    const p = other + <usize>((ny >> 6) - 1) * stride + (<usize>((nx >> 6) - 1) << 1);
    const across = v128.load64_splat(table + (<usize>(nx & 63) << 3));
    const wy = table + (<usize>(ny & 63) << 3);
    const w0 = v128.load16_splat(wy), w1 = v128.load16_splat(wy, 2), w2 = v128.load16_splat(wy, 4), w3 = v128.load16_splat(wy, 6);
    const r1 = v128.load(p + stride), r2 = v128.load(p + 2 * stride), r3 = v128.load(p + 3 * stride);
    const top = down(v128.load(p), r1, r2, r3, w0, w1, w2, w3);
    const bottom = down(r1, r2, r3, v128.load(p + 4 * stride), w0, w1, w2, w3);
    const left = i32x4.dot_i16x8_s(i16x8.shuffle(top, bottom, 0, 1, 2, 3, 8, 9, 10, 11), across);
    const right = i32x4.dot_i16x8_s(i16x8.shuffle(top, bottom, 1, 2, 3, 4, 9, 10, 11, 12), across);
    const sums = i32x4.add(i32x4.shuffle(left, right, 0, 4, 2, 6), i32x4.shuffle(left, right, 1, 5, 3, 7));
    const four = i32x4.shr_s(i32x4.add(sums, rounding), 15);
    const here = v128.load32_lane(mine + stride + o, v128.load32_zero(mine + o), 1);
    const difference = i16x8.sub_sat_s(i16x8.narrow_i32x4_s(four, four), here);
    v128.store32_lane(differences + o, difference, 0);
    v128.store32_lane(differences + pitch + o, difference, 1);
    const total = i32x4.dot_i16x8_s(difference, ones);
    const mean = quarter * <f32>(i32x4.extract_lane(total, 0) + i32x4.extract_lane(total, 1));
    store<f32>(means + o, mean);
    store<f32>(errors + o, mean * mean);
  }
}

/**
 * Takes three quarters of what a pixel's surroundings differ by on the whole (`means`, f32) off their `errors` (f32): light that changes is no error.
 * `levels`: the means rounded (i16). Writes up to three more than `count`.
 */
export function fuseLevels(means: usize, errors: usize, count: i32, levels: usize): void {
  const share = f32x4.splat(0.75);
  for (let x: usize = 0; x < <usize>count << 2; x += 16) {
    const mean = v128.load(means + x);
    v128.store(errors + x, f32x4.sub(v128.load(errors + x), f32x4.mul(share, f32x4.mul(mean, mean))));
    const whole = i32x4.trunc_sat_f32x4_s(f32x4.nearest(mean));
    v128.store64_lane(levels + (x >> 1), i16x8.narrow_i32x4_s(whole, whole), 0);
  }
}

/**
 * A row's surroundings: a 5 x 5 mean weighted 1 2 3 2 1 either way. `rows`: addresses (u32) of five rows, `count` f32 each.
 * `target`: as many, and up to three more; `work`: 4 * (count + 12) bytes.
 */
export function fuseSurroundings(rows: usize, count: i32, work: usize, target: usize): void {
  const r0 = <usize>load<u32>(rows), r1 = <usize>load<u32>(rows, 4), r2 = <usize>load<u32>(rows, 8);
  const r3 = <usize>load<u32>(rows, 12), r4 = <usize>load<u32>(rows, 16);
  const two = f32x4.splat(2), three = f32x4.splat(3), share = f32x4.splat(1.0 / 81.0);
  const inner = work + 16, end = <usize>count << 2;
  for (let x: usize = 0; x < end; x += 16) {
    const near = f32x4.add(v128.load(r1 + x), v128.load(r3 + x)), far = f32x4.add(v128.load(r0 + x), v128.load(r4 + x));
    v128.store(inner + x, f32x4.add(f32x4.add(far, f32x4.mul(two, near)), f32x4.mul(three, v128.load(r2 + x))));
  }
  const first = load<f32>(inner), last = load<f32>(inner + end - 4);
  store<f32>(inner - 8, first); store<f32>(inner - 4, first); store<f32>(inner + end, last); store<f32>(inner + end + 4, last);
  for (let x: usize = 0; x < end; x += 16) {
    const p = inner + x;
    const near = f32x4.add(v128.load(p - 4), v128.load(p + 4)), far = f32x4.add(v128.load(p - 8), v128.load(p + 8));
    const sum = f32x4.add(f32x4.add(far, f32x4.mul(two, near)), f32x4.mul(three, v128.load(p)));
    v128.store(target + x, f32x4.mul(share, sum));
  }
}

/**
 * From errors (f32) of one or two neighbours, what share (i16) each has in the mean with the frame itself: an equal one where nothing
 * differs, none where the error is `limit` or more. `second`: 0 without a second neighbour; its shares are written all the same. Writes up to
 * three more than `count`.
 */
export function fuseShares(first: usize, second: usize, limit: f32, count: i32, firstShares: usize, secondShares: usize): void {
  const one = f32x4.splat(1), none = f32x4.splat(0), inverse = f32x4.splat(<f32>1 / limit), whole = f32x4.splat(32767);
  for (let x: usize = 0; x < <usize>count << 2; x += 16) {
    let a = f32x4.max(none, f32x4.sub(one, f32x4.mul(v128.load(first + x), inverse)));
    let b = second ? f32x4.max(none, f32x4.sub(one, f32x4.mul(v128.load(second + x), inverse))) : none;
    // Close to a bell curve that ends at the limit.
    a = f32x4.mul(a, a); a = f32x4.mul(a, a);
    b = f32x4.mul(b, b); b = f32x4.mul(b, b);
    const scale = f32x4.div(whole, f32x4.add(one, f32x4.add(a, b)));
    const shareA = i32x4.trunc_sat_f32x4_s(f32x4.mul(a, scale)), shareB = i32x4.trunc_sat_f32x4_s(f32x4.mul(b, scale));
    v128.store64_lane(firstShares + (x >> 1), i16x8.narrow_i32x4_s(shareA, shareA), 0);
    v128.store64_lane(secondShares + (x >> 1), i16x8.narrow_i32x4_s(shareB, shareB), 0);
  }
}

/**
 * Adds to a row of fine samples its share of differences (i16) beyond their surroundings' level (i16); two samples have one share and level.
 * `count` samples; up to 7 more are written.
 */
export function fuseAdd(target: usize, differences: usize, levels: usize, shares: usize, count: i32): void {
  for (let x: usize = 0; x < <usize>count << 1; x += 16) {
    const difference = i16x8.sub_sat_s(v128.load(differences + x), twice(levels + (x >> 1)));
    v128.store(target + x, i16x8.add_sat_s(v128.load(target + x), i16x8.q15mulr_sat_s(difference, twice(shares + (x >> 1)))));
  }
}

/** Four numbers, each twice. */
// @ts-ignore: decorator
@inline
function twice(at: usize): v128 {
  const four = v128.load64_zero(at);
  return i16x8.shuffle(four, four, 0, 0, 1, 1, 2, 2, 3, 3);
}
