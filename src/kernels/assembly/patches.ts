// Completion of a picture by its own patches: which patch of what is known is most like each that touches the hole, and what
// these say of the hole. Pictures have three f32 channels interleaved by four; the fourth is 1. `sure` (f32) says how much each
// pixel counts; `centres` (i32) lists the pixels whose patches are looked for; `from` (i32) is the centre of the patch that is
// most like the one around a pixel, -1: none yet; `errors` (f32) the weighted mean squared difference of the two, and `near`
// times their squared distance, of which up and down counts double.

/** The error of `from` for every centre after the picture has changed. */
export function patchErrors(
  pixels: usize, sure: usize, width: i32, height: i32, radius: i32, centres: usize, count: i32, from: usize, errors: usize, near: f32,
): void {
  for (let k = 0; k < count; k++) {
    const at = load<i32>(centres + (<usize>k << 2));
    const place = load<i32>(from + (<usize>at << 2));
    const whole = weightOf(sure, width, height, radius, at);
    const error = place < 0 ? f32.MAX_VALUE : cost(pixels, sure, width, height, radius, at, whole, place, near, f32.MAX_VALUE);
    store<f32>(errors + (<usize>at << 2), error);
  }
}

/** Looks for something better at every `source` (u8: the middle of a patch that is known) of the picture. */
export function patchScan(
  pixels: usize, sure: usize, width: i32, height: i32, radius: i32, centres: usize, count: i32, from: usize, errors: usize, near: f32, source: usize,
): void {
  const all = width * height;
  for (let k = 0; k < count; k++) {
    const at = load<i32>(centres + (<usize>k << 2));
    const whole = weightOf(sure, width, height, radius, at);
    let best = load<f32>(errors + (<usize>at << 2));
    let place = load<i32>(from + (<usize>at << 2));
    for (let other = 0; other < all; other++) {
      if (!load<u8>(source + <usize>other)) continue;
      const error = cost(pixels, sure, width, height, radius, at, whole, other, near, best);
      if (error < best) { best = error; place = other; }
    }
    store<f32>(errors + (<usize>at << 2), best);
    store<i32>(from + (<usize>at << 2), place);
  }
}

/**
 * Looks for something better where the neighbours have found theirs, forwards or backwards (coherence search: Ashikhmin 2001),
 * and up to `jitter` pixels beside the own.
 */
export function patchFollow(
  pixels: usize, sure: usize, width: i32, height: i32, radius: i32, centres: usize, count: i32, from: usize, errors: usize, near: f32, source: usize,
  backwards: i32, jitter: i32,
): void {
  const all = width * height;
  const side = backwards ? 1 : -1;
  for (let k = 0; k < count; k++) {
    const at = load<i32>(centres + (<usize>(backwards ? count - 1 - k : k) << 2));
    const x = at % width;
    const whole = weightOf(sure, width, height, radius, at);
    let best = load<f32>(errors + (<usize>at << 2));
    let place = load<i32>(from + (<usize>at << 2));
    for (let n = 0; n < 4; n++) {
      // Those that this pass has been to: the one beside, and the row before.
      const dx = n == 0 ? side : n - 2, dy = n == 0 ? 0 : side;
      const neighbour = at + dy * width + dx;
      if (x + dx < 0 || x + dx >= width || neighbour < 0 || neighbour >= all) continue;
      const found = load<i32>(from + (<usize>neighbour << 2));
      const other = found - dy * width - dx;
      if (found < 0 || other == place || other < 0 || other >= all || !load<u8>(source + <usize>other)) continue;
      const error = cost(pixels, sure, width, height, radius, at, whole, other, near, best);
      if (error < best) { best = error; place = other; }
    }
    const middle = place;
    if (jitter && middle >= 0) {
      for (let dy = -jitter; dy <= jitter; dy++) {
        for (let dx = -jitter; dx <= jitter; dx++) {
          const other = middle + dy * width + dx;
          if (other == place || other < 0 || other >= all || !load<u8>(source + <usize>other)) continue;
          const error = cost(pixels, sure, width, height, radius, at, whole, other, near, best);
          if (error < best) { best = error; place = other; }
        }
      }
    }
    store<f32>(errors + (<usize>at << 2), best);
    store<i32>(from + (<usize>at << 2), place);
  }
}

/** Levels of a channel by which a patch may be brighter or darker where it is copied to, and how much that counts, squared. */
const SHIFT: f32 = 12;
const SHIFTED: f32 = 0.5;

/**
 * The weighted mean squared difference of two patches, of which the second is whole, after its channels have been shifted to
 * fit the first, and what the shift costs; the largest number where it exceeds `most`.
 */
// @ts-ignore: decorator
@inline
function cost(pixels: usize, sure: usize, width: i32, height: i32, radius: i32, at: i32, whole: f32, other: i32, near: f32, most: f32): f32 {
  const x = at % width, y = at / width;
  const dx = other % width - x, dy = other / width - y;
  const own = near * <f32>(dx * dx + 4 * dy * dy);
  if (own >= most) return f32.MAX_VALUE;
  const left = max(-radius, -x), right = min(radius, width - 1 - x);
  const top = max(-radius, -y), bottom = min(radius, height - 1 - y);
  const bound = most < f32.MAX_VALUE ? (most - own) * whole : f32.MAX_VALUE;
  let weights = f32x4.splat(0), sum = f32x4.splat(0), squares = f32x4.splat(0);
  for (let m = top; m <= bottom; m++) {
    const row = m * width + left;
    let a = pixels + (<usize>(at + row) << 4), b = pixels + (<usize>(other + row) << 4), c = sure + (<usize>(at + row) << 2);
    for (let n = left; n <= right; n++, a += 16, b += 16, c += 4) {
      const d = f32x4.sub(v128.load(a), v128.load(b)), weight = v128.load32_splat(c);
      const weighted = f32x4.mul(d, weight);
      weights = f32x4.add(weights, weight);
      sum = f32x4.add(sum, weighted);
      squares = f32x4.add(squares, f32x4.mul(weighted, d));
    }
    // No shift of the whole patch makes less of these rows than their own best shift.
    if (m >= -1 && m < bottom && channels(f32x4.sub(squares, f32x4.div(f32x4.mul(sum, sum), f32x4.mul(f32x4.splat(1 + SHIFTED), weights)))) >= bound) return f32.MAX_VALUE;
  }
  const scale = f32x4.div(f32x4.splat(1), weights);
  const mean = f32x4.mul(sum, scale), square = f32x4.mul(squares, scale);
  const shift = shiftOf(mean);
  // mean of (d - shift)^2, and the shift's own cost
  const twice = f32x4.mul(f32x4.splat(2), mean);
  const rest = f32x4.sub(square, f32x4.mul(shift, f32x4.sub(twice, f32x4.mul(f32x4.splat(1 + SHIFTED), shift))));
  return own + channels(rest);
}

// @ts-ignore: decorator
@inline
function channels(values: v128): f32 {
  return f32x4.extract_lane(values, 0) + f32x4.extract_lane(values, 1) + f32x4.extract_lane(values, 2);
}

/** How much all pixels of a patch count. */
function weightOf(sure: usize, width: i32, height: i32, radius: i32, at: i32): f32 {
  const x = at % width, y = at / width;
  const left = max(-radius, -x), right = min(radius, width - 1 - x);
  const top = max(-radius, -y), bottom = min(radius, height - 1 - y);
  let sum: f32 = 0;
  for (let dy = top; dy <= bottom; dy++) {
    for (let dx = left; dx <= right; dx++) sum += load<f32>(sure + (<usize>(at + dy * width + dx) << 2));
  }
  return sum;
}

/** The best shift of each channel, by the mean difference: what it gains is weighed against what it costs. */
// @ts-ignore: decorator
@inline
function shiftOf(mean: v128): v128 {
  const best = f32x4.mul(mean, f32x4.splat(1 / (1 + SHIFTED)));
  return f32x4.max(f32x4.splat(-SHIFT), f32x4.min(f32x4.splat(SHIFT), best));
}

/** The shift of the patch at `other` that fits it to the one at `at`. */
function shiftTo(pixels: usize, sure: usize, width: i32, height: i32, radius: i32, at: i32, other: i32): v128 {
  const x = at % width, y = at / width;
  const left = max(-radius, -x), right = min(radius, width - 1 - x);
  const top = max(-radius, -y), bottom = min(radius, height - 1 - y);
  let weights = f32x4.splat(0), sum = f32x4.splat(0);
  for (let dy = top; dy <= bottom; dy++) {
    for (let dx = left; dx <= right; dx++) {
      const i = dy * width + dx;
      const d = f32x4.sub(v128.load(pixels + (<usize>(at + i) << 4)), v128.load(pixels + (<usize>(other + i) << 4)));
      const weight = v128.load32_splat(sure + (<usize>(at + i) << 2));
      weights = f32x4.add(weights, weight);
      sum = f32x4.add(sum, f32x4.mul(d, weight));
    }
  }
  return shiftOf(f32x4.div(sum, weights));
}

/**
 * What the patches say: every pixel that is not `filled` (u8) becomes the mean of what all patches over it show there, each as
 * sure as its own centre and the less the worse it fits: half at an error of `misfit`.
 * @param sums scratch, four f32 a pixel.
 */
export function patchVote(
  pixels: usize, sure: usize, width: i32, height: i32, radius: i32, centres: usize, count: i32, from: usize, errors: usize, near: f32, filled: usize,
  misfit: f32, sums: usize,
): void {
  const all = width * height;
  memory.fill(sums, 0, <usize>all << 4);
  for (let k = 0; k < count; k++) {
    const at = load<i32>(centres + (<usize>k << 2));
    const place = load<i32>(from + (<usize>at << 2));
    if (place < 0) continue;
    const share = load<f32>(errors + (<usize>at << 2)) / misfit;
    const weight = f32x4.splat(load<f32>(sure + (<usize>at << 2)) / (1 + share * share * share));
    const shift = shiftTo(pixels, sure, width, height, radius, at, place);
    const x = at % width, y = at / width;
    const left = max(-radius, -x), right = min(radius, width - 1 - x);
    const top = max(-radius, -y), bottom = min(radius, height - 1 - y);
    for (let dy = top; dy <= bottom; dy++) {
      const row = dy * width + left;
      let a = sums + (<usize>(at + row) << 4), b = pixels + (<usize>(place + row) << 4);
      for (let dx = left; dx <= right; dx++, a += 16, b += 16) {
        v128.store(a, f32x4.add(v128.load(a), f32x4.mul(weight, f32x4.add(v128.load(b), shift))));
      }
    }
  }
  for (let at = 0; at < all; at++) {
    if (load<u8>(filled + <usize>at)) continue;
    const sum = v128.load(sums + (<usize>at << 4));
    const weight = f32x4.extract_lane(sum, 3);
    if (weight > 0) v128.store(pixels + (<usize>at << 4), f32x4.div(sum, f32x4.splat(weight)));
  }
}
