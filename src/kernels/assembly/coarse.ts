// Rough motion between two small pictures, by trying every shift.

/** Numbers the eight lanes of a vector of words. */
// @ts-ignore: decorator
@inline
function lanes(): v128 { return i16x8(0, 1, 2, 3, 4, 5, 6, 7); }

// @ts-ignore: decorator
@inline
function total(v: v128): f64 {
  return <f64>(i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3));
}

/** Eight bytes as words. */
// @ts-ignore: decorator
@inline
function words(at: usize): v128 { return i16x8.extend_low_i8x16_u(v128.load64_zero(at)); }

/** Correlation of two overlapping parts of `n` samples, 1 when both are flat. */
function correlation(n: f64, a: f64, b: f64, aa: f64, bb: f64, ab: f64): f64 {
  const varianceA = aa / n - (a / n) * (a / n), varianceB = bb / n - (b / n) * (b / n);
  const flat = 4.0;
  if (varianceA < flat && varianceB < flat) return Math.abs(a - b) / n < 24 ? 1 : 0;
  return (ab / n - (a / n) * (b / n)) / Math.sqrt(Math.max(varianceA, flat) * Math.max(varianceB, flat));
}

/**
 * Tries every shift of up to half of both sides. Blocked pixels (non-zero) of either picture take no part; a shift that leaves fewer
 * than `least` pixels to compare does not count. `out`: 3 f64: the shift (x, y) from `own` to `other` of the highest correlation, and the
 * correlation. Returns 0 when no shift counts. Pictures of at most 64 x 64 8-bit samples.
 */
export function coarseShift(
  own: usize, ownBlocked: usize, other: usize, otherBlocked: usize, width: i32, height: i32, least: f64, out: usize,
): i32 {
  const reachX = width >> 1, reachY = height >> 1, zero = i16x8.splat(0);
  let found = 0, best = -Infinity;
  for (let dy = -reachY; dy <= reachY; dy++) {
    for (let dx = -reachX; dx <= reachX; dx++) {
      const x0 = max(0, -dx), x1 = min(width, width - dx), y1 = min(height, height - dy);
      let n = zero, a = zero, b = zero, aa = zero, bb = zero, ab = zero;
      for (let y = max(0, -dy); y < y1; y++) {
        const row = <usize>(y * width), shifted = <usize>((y + dy) * width + dx);
        for (let x = x0; x < x1; x += 8) {
          const p = row + <usize>x, q = shifted + <usize>x;
          const blocked = v128.or(words(ownBlocked + p), words(otherBlocked + q));
          const free = v128.and(i16x8.eq(blocked, zero), i16x8.lt_s(lanes(), i16x8.splat(<i16>(x1 - x))));
          const u = v128.and(words(own + p), free), v = v128.and(words(other + q), free);
          n = i16x8.sub(n, free);
          a = i32x4.add(a, i32x4.extadd_pairwise_i16x8_s(u));
          b = i32x4.add(b, i32x4.extadd_pairwise_i16x8_s(v));
          aa = i32x4.add(aa, i32x4.dot_i16x8_s(u, u));
          bb = i32x4.add(bb, i32x4.dot_i16x8_s(v, v));
          ab = i32x4.add(ab, i32x4.dot_i16x8_s(u, v));
        }
      }
      const count = total(i32x4.extadd_pairwise_i16x8_s(n));
      if (count < least) continue;
      const likeness = correlation(count, total(a), total(b), total(aa), total(bb), total(ab));
      // Small shifts win ties: a flat or periodic picture says nothing about larger ones.
      const score = likeness - 0.002 * Math.sqrt(<f64>(dx * dx + dy * dy));
      if (score <= best) continue;
      best = score;
      found = 1;
      store<f64>(out, dx); store<f64>(out, dy, 8); store<f64>(out, likeness, 16);
    }
  }
  return found;
}
