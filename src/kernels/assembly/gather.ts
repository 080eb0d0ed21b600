// Collects, for each hole pixel, the samples that other frames hold of the same background point, and combines them.

/** Keys' cubic convolution weights for the four samples around a fraction, a = -0.5 (Keys 1981). */
// @ts-ignore: decorator
@inline
function cubic(t: f32): v128 {
  const t2: f32 = t * t, t3: f32 = t2 * t;
  return f32x4(
    -0.5 * t3 + t2 - 0.5 * t, 1.5 * t3 - 2.5 * t2 + 1, -1.5 * t3 + 2 * t2 + 0.5 * t, 0.5 * t3 - 0.5 * t2,
  );
}

// @ts-ignore: decorator
@inline
function four<T>(p: usize): v128 {
  if (sizeof<T>() == 1) return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(p))));
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(v128.load64_zero(p)));
}

/**
 * `pixels`: `count` i32, y << 16 | x in the plane. `sources`: `sourceCount` records of 24 words: plane and blocked-map
 * pointers (u32, u32; the map has luma size, 0: none), exact (u32, 1: same pixel grid), pad, homography from target to
 * source in luma pixels (9 f32), gain, offset, weight (f32), pads. A source's sample is (sample - offset) / gain.
 * Sources are tried in order until `most` samples are found. `values` f32 and `counts` u8 receive the combined sample and how many were
 * found (0: none, value untouched). `scratch`: 2 * most f32. `floor`: the noise, in levels, that agreeing samples may
 * differ by.
 */
// @ts-ignore: decorator
@inline
function gather<T>(
  pixels: usize, count: i32, width: i32, height: i32, shiftX: i32, shiftY: i32, lumaWidth: i32, lumaHeight: i32,
  sources: usize, sourceCount: i32, most: i32, floor: f32, scratch: usize, values: usize, counts: usize,
): void {
  const scaleX = <f32>(1 << shiftX), scaleY = <f32>(1 << shiftY);
  const backX: f32 = 1 / scaleX, backY: f32 = 1 / scaleY;
  const size = <usize>sizeof<T>();
  const weights = scratch + (<usize>most << 2);
  const lumaMaxX = <f32>(lumaWidth - 1), lumaMaxY = <f32>(lumaHeight - 1);
  for (let i = 0; i < count; i++) {
    const at = load<i32>(pixels + (<usize>i << 2));
    const x = at & 0xffff, y = at >> 16;
    const fx: f32 = (<f32>x + 0.5) * scaleX - 0.5, fy: f32 = (<f32>y + 0.5) * scaleY - 0.5;
    let found = 0;
    for (let k = 0; k < sourceCount && found < most; k++) {
      const s = sources + <usize>(k * 96);
      const plane = <usize>load<u32>(s), blocked = <usize>load<u32>(s, 4);
      let sample: f32 = 0;
      if (load<u32>(s, 8)) {
        if (blocked && load<u8>(blocked + <usize>(min(y << shiftY, lumaHeight - 1) * lumaWidth + min(x << shiftX, lumaWidth - 1)))) continue;
        sample = <f32>load<T>(plane + <usize>(y * width + x) * size);
      } else {
        const w: f32 = load<f32>(s, 40) * fx + load<f32>(s, 44) * fy + load<f32>(s, 48);
        if (w <= 0) continue;
        const r: f32 = 1 / w;
        const lx: f32 = (load<f32>(s, 16) * fx + load<f32>(s, 20) * fy + load<f32>(s, 24)) * r;
        const ly: f32 = (load<f32>(s, 28) * fx + load<f32>(s, 32) * fy + load<f32>(s, 36)) * r;
        if (!(lx >= 0 && ly >= 0 && lx <= lumaMaxX && ly <= lumaMaxY)) continue;
        if (blocked && load<u8>(blocked + <usize>(<i32>(ly + 0.5) * lumaWidth + <i32>(lx + 0.5)))) continue;
        const px: f32 = (lx + 0.5) * backX - 0.5, py: f32 = (ly + 0.5) * backY - 0.5;
        const ix = <i32>floor32(px), iy = <i32>floor32(py);
        const wx = cubic(px - <f32>ix), wy = cubic(py - <f32>iy);
        let sum: v128;
        if (ix >= 1 && iy >= 1 && ix + 2 < width && iy + 2 < height) {
          const stride = <usize>width * size;
          const p = plane + <usize>((iy - 1) * width + ix - 1) * size;
          sum = f32x4.mul(four<T>(p), f32x4.splat(f32x4.extract_lane(wy, 0)));
          sum = f32x4.add(sum, f32x4.mul(four<T>(p + stride), f32x4.splat(f32x4.extract_lane(wy, 1))));
          sum = f32x4.add(sum, f32x4.mul(four<T>(p + 2 * stride), f32x4.splat(f32x4.extract_lane(wy, 2))));
          sum = f32x4.add(sum, f32x4.mul(four<T>(p + 3 * stride), f32x4.splat(f32x4.extract_lane(wy, 3))));
        } else {
          sum = f32x4.splat(0);
          const c0 = <usize>min(max(ix - 1, 0), width - 1) * size, c1 = <usize>min(max(ix, 0), width - 1) * size;
          const c2 = <usize>min(max(ix + 1, 0), width - 1) * size, c3 = <usize>min(max(ix + 2, 0), width - 1) * size;
          for (let j = 0; j < 4; j++) {
            const row = plane + <usize>(min(max(iy - 1 + j, 0), height - 1) * width) * size;
            const line = f32x4(<f32>load<T>(row + c0), <f32>load<T>(row + c1), <f32>load<T>(row + c2), <f32>load<T>(row + c3));
            let v: f32 = f32x4.extract_lane(wy, 0);
            if (j == 1) v = f32x4.extract_lane(wy, 1);
            else if (j == 2) v = f32x4.extract_lane(wy, 2);
            else if (j == 3) v = f32x4.extract_lane(wy, 3);
            sum = f32x4.add(sum, f32x4.mul(line, f32x4.splat(v)));
          }
        }
        sum = f32x4.mul(sum, wx);
        sample = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3);
      }
      sample = (sample - load<f32>(s, 56)) / load<f32>(s, 52);
      const weight = load<f32>(s, 60);
      // Insertion keeps the samples sorted: the quartiles below read them by rank.
      let slot = found;
      while (slot > 0 && load<f32>(scratch + ((<usize>slot - 1) << 2)) > sample) {
        const from = (<usize>slot - 1) << 2;
        store<f32>(scratch + from, load<f32>(scratch + from), 4);
        store<f32>(weights + from, load<f32>(weights + from), 4);
        slot--;
      }
      store<f32>(scratch + (<usize>slot << 2), sample);
      store<f32>(weights + (<usize>slot << 2), weight);
      found++;
    }
    store<u8>(counts + i, min(found, 255));
    if (found > 0) store<f32>(values + (<usize>i << 2), combine(scratch, weights, found, floor));
  }
}

// @ts-ignore: decorator
@inline
function floor32(v: f32): f32 { return floor<f32>(v); }

/** Weighted mean of sorted samples with Tukey's biweight around the weighted median. */
// @ts-ignore: decorator
@inline
function combine(samples: usize, weights: usize, n: i32, floor: f32): f32 {
  if (n == 1) return load<f32>(samples);
  let total: f32 = 0;
  for (let i = 0; i < n; i++) total += load<f32>(weights + (<usize>i << 2));
  let seen: f32 = 0;
  let middle = 0;
  while (middle < n - 1) {
    seen += load<f32>(weights + (<usize>middle << 2));
    if (seen >= total * 0.5) break;
    middle++;
  }
  const median = load<f32>(samples + (<usize>middle << 2));
  const quarter = n >> 2;
  const spread: f32 = (load<f32>(samples + (<usize>(n - 1 - quarter) << 2)) - load<f32>(samples + (<usize>quarter << 2))) * 0.7413;
  // Few samples cannot tell spread from disagreement: then only those near the median count.
  const sigma: f32 = n >= 8 ? min(max(spread, floor), 3 * floor) : floor;
  const reach: f32 = 1 / (4 * sigma);
  let sum: f32 = 0, norm: f32 = 0;
  for (let i = 0; i < n; i++) {
    const v = load<f32>(samples + (<usize>i << 2));
    const d: f32 = (v - median) * reach;
    const b: f32 = 1 - d * d;
    if (b <= 0) continue;
    const w: f32 = b * b * load<f32>(weights + (<usize>i << 2));
    sum += w * v;
    norm += w;
  }
  return norm > 0 ? sum / norm : median;
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
