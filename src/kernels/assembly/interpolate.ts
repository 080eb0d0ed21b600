// Frames in between: both neighbours seen along their content's paths, blended.

import { flowMargin } from "./flow-pyramid";

/** A value of a field at any place, bilinearly, edges repeated. */
// @ts-ignore: decorator
@inline
function fieldAt(field: usize, stride: i32, maxX: f32, maxY: f32, x: f32, y: f32): f32 {
  const px = min(max(x, 0), maxX), py = min(max(y, 0), maxY);
  const ix = <i32>px, iy = <i32>py;
  const fx = px - <f32>ix, fy = py - <f32>iy;
  // The margin repeats the edge, so that a right and a lower neighbour are always there.
  const at = field + (<usize>(iy * stride + ix) << 2), below = at + (<usize>stride << 2);
  const top = load<f32>(at) + fx * (load<f32>(at, 4) - load<f32>(at));
  const bottom = load<f32>(below) + fx * (load<f32>(below, 4) - load<f32>(below));
  return top + fy * (bottom - top);
}

/** How much of a pixel lies in the picture: 1 inside, 0 from one pixel outside on. */
// @ts-ignore: decorator
@inline
function inside(x: f32, y: f32, maxX: f32, maxY: f32): f32 {
  const one: f32 = 1;
  return max(0, min(one, one + min(min(x, y), min(maxX - x, maxY - y))));
}

/**
 * Paths at the time `t` (0 to 1) between two pictures, from the motion centred between them (`u`, `v`: pixels from the first to the second)
 * and, where not 0, the motions before and after, which tell how it accelerates (Xu, Siyao, Sun, Yin and Yang, "Quadratic video
 * interpolation", 2019). `paths`: five planes of `planeBytes`, each address its first pixel: displacement to the first picture in x and y,
 * to the second, and the share of the second, 0 to 1. All planes share the level's stride and margins.
 */
export function interpolatePaths(
  u: usize, v: usize, beforeU: usize, beforeV: usize, afterU: usize, afterV: usize,
  width: i32, height: i32, stride: i32, t: f32, paths: usize, planeBytes: usize,
): void {
  const maxX = <f32>(width - 1), maxY = <f32>(height - 1);
  const half: f32 = 0.5, one: f32 = 1, least: f32 = 1e-3;
  const fromMiddle = t - half, curve = t * (one - t) * half;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const o = <usize>(y * stride + x) << 2;
      const px = <f32>x, py = <f32>y;
      let mu = load<f32>(u + o), mv = load<f32>(v + o);
      if (fromMiddle != 0) {
        for (let n = 0; n < 2; n++) {
          const cx = px - fromMiddle * mu, cy = py - fromMiddle * mv;
          mu = fieldAt(u, stride, maxX, maxY, cx, cy); mv = fieldAt(v, stride, maxX, maxY, cx, cy);
        }
      }
      let qu: f32 = 0, qv: f32 = 0;
      if (beforeU && afterU) {
        let bu = mu, bv = mv, nu = mu, nv = mv;
        for (let n = 0; n < 2; n++) {
          const bx = px - t * mu - half * bu, by = py - t * mv - half * bv;
          bu = fieldAt(beforeU, stride, maxX, maxY, bx, by); bv = fieldAt(beforeV, stride, maxX, maxY, bx, by);
          const nx = px + (one - t) * mu + half * nu, ny = py + (one - t) * mv + half * nv;
          nu = fieldAt(afterU, stride, maxX, maxY, nx, ny); nv = fieldAt(afterV, stride, maxX, maxY, nx, ny);
        }
        const au = (nu - bu) * half, av = (nv - bv) * half;
        const ju = nu - mu - mu + bu, jv = nv - mv - mv + bv;
        const bend = au * au + av * av, jerk = ju * ju + jv * jv;
        // Motion that jerks says little about what happens in between; noise below a seventh of a pixel says nothing.
        const noise: f32 = 0.02;
        const trust = bend / (bend + jerk + noise) * curve;
        qu = au * trust; qv = av * trust;
      }
      const u0 = qu - t * mu, v0 = qv - t * mv, u1 = qu + (one - t) * mu, v1 = qv + (one - t) * mv;
      const w0 = (one - t) * (least + inside(px + u0, py + v0, maxX, maxY)), w1 = t * (least + inside(px + u1, py + v1, maxX, maxY));
      store<f32>(paths + o, u0);
      store<f32>(paths + planeBytes + o, v0);
      store<f32>(paths + 2 * planeBytes + o, u1);
      store<f32>(paths + 3 * planeBytes + o, v1);
      store<f32>(paths + 4 * planeBytes + o, w1 / (w0 + w1));
    }
  }
}

/** Keys' cubic (a = -0.5) weights of the four samples around a place `t` past the second. */
// @ts-ignore: decorator
@inline
function weights(t: f32): v128 {
  const t2 = t * t, t3 = t2 * t;
  const h: f32 = 0.5, a: f32 = 1.5, b: f32 = 2.5, two: f32 = 2, one: f32 = 1;
  return f32x4(-h * t3 + t2 - h * t, a * t3 - b * t2 + one, -a * t3 + two * t2 + h * t, h * t3 - h * t2);
}

/** Four samples from `at` as floats. */
// @ts-ignore: decorator
@inline
function four<T>(at: usize): v128 {
  if (sizeof<T>() == 1) return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at))));
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(v128.load64_zero(at)));
}

/** Four samples of a row whose columns may lie outside. */
// @ts-ignore: decorator
@inline
function fourClamped<T>(row: usize, ix: i32, last: i32): v128 {
  const size = sizeof<T>();
  return f32x4(
    <f32>load<T>(row + <usize>min(max(ix - 1, 0), last) * size), <f32>load<T>(row + <usize>min(max(ix, 0), last) * size),
    <f32>load<T>(row + <usize>min(max(ix + 1, 0), last) * size), <f32>load<T>(row + <usize>min(max(ix + 2, 0), last) * size),
  );
}

/** A packed plane at any place by cubic convolution, edges repeated. */
// @ts-ignore: decorator
@inline
function cubic<T>(plane: usize, width: i32, height: i32, x: f32, y: f32): f32 {
  const px = min(max(x, 0), <f32>(width - 1)), py = min(max(y, 0), <f32>(height - 1));
  const ix = <i32>px, iy = <i32>py;
  const wx = weights(px - <f32>ix), wy = weights(py - <f32>iy);
  const bytes = <usize>width * sizeof<T>();
  let a: v128, b: v128, c: v128, d: v128;
  if (ix >= 1 && iy >= 1 && ix + 2 < width && iy + 2 < height) {
    const p = plane + <usize>((iy - 1) * width + ix - 1) * sizeof<T>();
    a = four<T>(p); b = four<T>(p + bytes); c = four<T>(p + 2 * bytes); d = four<T>(p + 3 * bytes);
  } else {
    const last = width - 1;
    a = fourClamped<T>(plane + <usize>max(iy - 1, 0) * bytes, ix, last);
    b = fourClamped<T>(plane + <usize>iy * bytes, ix, last);
    c = fourClamped<T>(plane + <usize>min(iy + 1, height - 1) * bytes, ix, last);
    d = fourClamped<T>(plane + <usize>min(iy + 2, height - 1) * bytes, ix, last);
  }
  let sum = f32x4.add(
    f32x4.add(f32x4.mul(a, v128.shuffle<f32>(wy, wy, 0, 0, 0, 0)), f32x4.mul(b, v128.shuffle<f32>(wy, wy, 1, 1, 1, 1))),
    f32x4.add(f32x4.mul(c, v128.shuffle<f32>(wy, wy, 2, 2, 2, 2)), f32x4.mul(d, v128.shuffle<f32>(wy, wy, 3, 3, 3, 3))),
  );
  sum = f32x4.mul(sum, wx);
  return (f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1)) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3));
}

/**
 * One plane of the frame in between. `first`, `second`, `target`: packed planes of `width` x `height` samples up to `highest`. `paths` as
 * {@link interpolatePaths} makes them, of a level of which one pixel is `spanX` x `spanY` pixels of this plane. `row`: 5 rows of `stride` words.
 */
// @ts-ignore: decorator
@inline
function blend<T>(
  first: usize, second: usize, width: i32, height: i32, highest: f32, paths: usize, planeBytes: usize,
  levelWidth: i32, levelHeight: i32, stride: i32, spanX: f32, spanY: f32, row: usize, target: usize,
): void {
  const half: f32 = 0.5, one: f32 = 1;
  const perX = one / spanX, perY = one / spanY;
  const rowBytes = <usize>stride << 2;
  for (let y = 0; y < height; y++) {
    const py = min(max((<f32>y + half) * perY - half, 0), <f32>(levelHeight - 1));
    const iy = <i32>py;
    const fy = f32x4.splat(py - <f32>iy);
    const below: usize = iy + 1 < levelHeight ? rowBytes : 0;
    for (let n: usize = 0; n < 5; n++) {
      const from = paths + n * planeBytes + <usize>iy * rowBytes, to = row + n * rowBytes;
      const factor = f32x4.splat(n == 4 ? one : n & 1 ? spanY : spanX);
      for (let x: usize = 0; x < (<usize>levelWidth << 2); x += 16) {
        const top = v128.load(from + x);
        v128.store(to + x, f32x4.mul(factor, f32x4.add(top, f32x4.mul(fy, f32x4.sub(v128.load(from + x + below), top)))));
      }
      store<f32>(to + (<usize>levelWidth << 2), load<f32>(to + (<usize>(levelWidth - 1) << 2)));
    }
    for (let x = 0; x < width; x++) {
      const px = min(max((<f32>x + half) * perX - half, 0), <f32>(levelWidth - 1));
      const ix = <i32>px;
      const fx = px - <f32>ix;
      const o = row + (<usize>ix << 2);
      const u0 = load<f32>(o) + fx * (load<f32>(o, 4) - load<f32>(o));
      const o1 = o + rowBytes, o2 = o1 + rowBytes, o3 = o2 + rowBytes, o4 = o3 + rowBytes;
      const v0 = load<f32>(o1) + fx * (load<f32>(o1, 4) - load<f32>(o1));
      const u1 = load<f32>(o2) + fx * (load<f32>(o2, 4) - load<f32>(o2));
      const v1 = load<f32>(o3) + fx * (load<f32>(o3, 4) - load<f32>(o3));
      const share = load<f32>(o4) + fx * (load<f32>(o4, 4) - load<f32>(o4));
      const a = cubic<T>(first, width, height, <f32>x + u0, <f32>y + v0), b = cubic<T>(second, width, height, <f32>x + u1, <f32>y + v1);
      const value = min(max(a + share * (b - a), 0), highest);
      store<T>(target + <usize>(y * width + x) * sizeof<T>(), <T>(value + half));
    }
  }
}

/** {@link blend} over 8-bit planes. */
export function interpolateBlend8(
  first: usize, second: usize, width: i32, height: i32, highest: f32, paths: usize, planeBytes: usize,
  levelWidth: i32, levelHeight: i32, stride: i32, spanX: f32, spanY: f32, row: usize, target: usize,
): void {
  blend<u8>(first, second, width, height, highest, paths, planeBytes, levelWidth, levelHeight, stride, spanX, spanY, row, target);
}

/** {@link blend} over 16-bit planes. */
export function interpolateBlend16(
  first: usize, second: usize, width: i32, height: i32, highest: f32, paths: usize, planeBytes: usize,
  levelWidth: i32, levelHeight: i32, stride: i32, spanX: f32, spanY: f32, row: usize, target: usize,
): void {
  blend<u16>(first, second, width, height, highest, paths, planeBytes, levelWidth, levelHeight, stride, spanX, spanY, row, target);
}

/** Adds one field to another, and repeats the edges into the margin. */
export function flowAdd(target: usize, source: usize, width: i32, height: i32, stride: i32): void {
  const bytes = <usize>stride << 2;
  for (let y = 0; y < height; y++) {
    const row = <usize>y * bytes;
    for (let x: usize = 0; x < (<usize>width << 2); x += 16) {
      v128.store(target + row + x, f32x4.add(v128.load(target + row + x), v128.load(source + row + x)));
    }
  }
  flowMargin(target, width, height, stride);
}
