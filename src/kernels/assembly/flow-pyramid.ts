// Pictures for dense flow: f32 levels with a margin of repeated edge pixels, so that patches may reach beyond the picture.

/** Pixels of margin on every side of a level; a multiple of four keeps rows aligned. */
export const MARGIN: i32 = 16;

/** Repeats a level's edge pixels into its margin. `level` is the address of its first pixel, `stride` in pixels. */
export function flowMargin(level: usize, width: i32, height: i32, stride: i32): void {
  const bytes = <usize>stride << 2;
  const right = stride - MARGIN - width;
  for (let y = 0; y < height; y++) {
    const row = level + <usize>y * bytes;
    const first = f32x4.splat(load<f32>(row));
    v128.store(row - 64, first); v128.store(row - 48, first); v128.store(row - 32, first); v128.store(row - 16, first);
    const last = load<f32>(row + (<usize>(width - 1) << 2));
    for (let x = width; x < width + right; x++) store<f32>(row + (<usize>x << 2), last);
  }
  const top = level - 64, bottom = top + <usize>(height - 1) * bytes;
  for (let y = 1; y <= MARGIN; y++) {
    memory.copy(top - <usize>y * bytes, top, bytes);
    memory.copy(bottom + <usize>y * bytes, bottom, bytes);
  }
}

/** Four samples from `at`, as floats. */
// @ts-ignore: decorator
@inline
function four<T>(at: usize): v128 {
  if (sizeof<T>() == 1) return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at))));
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(v128.load64_zero(at)));
}

/** A picture's samples times `scale` as a level of the same size. `source` is packed; reads up to three samples past a row's end. */
// @ts-ignore: decorator
@inline
function widen<T>(source: usize, width: i32, height: i32, scale: f32, level: usize, stride: i32): void {
  const factor = f32x4.splat(scale);
  for (let y = 0; y < height; y++) {
    const from = source + <usize>(y * width) * sizeof<T>();
    const to = level + (<usize>(y * stride) << 2);
    for (let x = 0; x < width; x += 4) {
      v128.store(to + (<usize>x << 2), f32x4.mul(four<T>(from + <usize>x * sizeof<T>()), factor));
    }
  }
  flowMargin(level, width, height, stride);
}

/** {@link widen} of 8-bit samples. */
export function flowWiden8(source: usize, width: i32, height: i32, scale: f32, level: usize, stride: i32): void {
  widen<u8>(source, width, height, scale, level, stride);
}

/** {@link widen} of 16-bit samples. */
export function flowWiden16(source: usize, width: i32, height: i32, scale: f32, level: usize, stride: i32): void {
  widen<u16>(source, width, height, scale, level, stride);
}

/** Halves a level by 2x2 means; odd sizes take the margin's repeated pixels. */
export function flowHalve(source: usize, width: i32, height: i32, sourceStride: i32, level: usize, stride: i32): void {
  const quarter = f32x4.splat(0.25);
  const w2 = (width + 1) >> 1, h2 = (height + 1) >> 1;
  for (let y = 0; y < h2; y++) {
    const top = source + (<usize>(2 * y * sourceStride) << 2);
    const bottom = top + (<usize>sourceStride << 2);
    const to = level + (<usize>(y * stride) << 2);
    for (let x = 0; x < w2; x += 4) {
      const o = <usize>x << 3;
      const a = f32x4.add(v128.load(top + o), v128.load(bottom + o));
      const b = f32x4.add(v128.load(top + o, 16), v128.load(bottom + o, 16));
      const even = v128.shuffle<f32>(a, b, 0, 2, 4, 6), odd = v128.shuffle<f32>(a, b, 1, 3, 5, 7);
      v128.store(to + (<usize>x << 2), f32x4.mul(f32x4.add(even, odd), quarter));
    }
  }
  flowMargin(level, w2, h2, stride);
}

/**
 * How alike two levels are once brightness and contrast are taken out: their correlation, -1 to 1. Pictures without contrast are like everything.
 */
export function flowLikeness(a: usize, b: usize, width: i32, height: i32, stride: i32): f64 {
  let sumA: f64 = 0, sumB: f64 = 0, squaresA: f64 = 0, squaresB: f64 = 0, products: f64 = 0;
  for (let y = 0; y < height; y++) {
    const row = <usize>(y * stride) << 2;
    for (let x: usize = 0; x < <usize>width << 2; x += 4) {
      const p = <f64>load<f32>(a + row + x), q = <f64>load<f32>(b + row + x);
      sumA += p; sumB += q; squaresA += p * p; squaresB += q * q; products += p * q;
    }
  }
  // A level's square of noise everywhere makes flat pictures alike.
  const count = <f64>(width * height);
  const ownA = max<f64>(0, squaresA - sumA * sumA / count) + count, ownB = max<f64>(0, squaresB - sumB * sumB / count) + count;
  return (products - sumA * sumB / count + count) / Math.sqrt(ownA * ownB);
}

/** Four values of a level, bilinearly: `a` to `d` are the addresses of their upper left neighbours, `fx` and `fy` how far they lie past them. */
// @ts-ignore: decorator
@inline
export function bilinearFour(a: usize, b: usize, c: usize, d: usize, bytes: usize, fx: v128, fy: v128): v128 {
  const t01 = v128.load64_lane(b, v128.load64_zero(a), 1), t23 = v128.load64_lane(d, v128.load64_zero(c), 1);
  const b01 = v128.load64_lane(b + bytes, v128.load64_zero(a + bytes), 1), b23 = v128.load64_lane(d + bytes, v128.load64_zero(c + bytes), 1);
  const tl = v128.shuffle<f32>(t01, t23, 0, 2, 4, 6), tr = v128.shuffle<f32>(t01, t23, 1, 3, 5, 7);
  const bl = v128.shuffle<f32>(b01, b23, 0, 2, 4, 6), br = v128.shuffle<f32>(b01, b23, 1, 3, 5, 7);
  const top = f32x4.add(tl, f32x4.mul(fx, f32x4.sub(tr, tl)));
  const bottom = f32x4.add(bl, f32x4.mul(fx, f32x4.sub(br, bl)));
  return f32x4.add(top, f32x4.mul(fy, f32x4.sub(bottom, top)));
}
