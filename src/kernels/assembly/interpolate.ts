// Frames in between: both neighbours seen along their content's paths, blended.

import { flowMargin } from "./flow-pyramid";

/** A field's motion at any place in the lanes 0 and 2, bilinearly, edges repeated. Its v plane lies `apart` bytes behind its u plane. */
// @ts-ignore: decorator
@inline
function motionAt(field: usize, apart: usize, stride: i32, maxX: f32, maxY: f32, x: f32, y: f32): v128 {
  const px = min(max(x, 0), maxX), py = min(max(y, 0), maxY);
  const ix = <i32>px, iy = <i32>py;
  // The margin repeats the edge, so that a right and a lower neighbour are always there.
  const at = field + (<usize>(iy * stride + ix) << 2), below = at + (<usize>stride << 2);
  const top = v128.load64_lane(at + apart, v128.load64_zero(at), 1), bottom = v128.load64_lane(below + apart, v128.load64_zero(below), 1);
  const left = f32x4.add(top, f32x4.mul(f32x4.splat(py - <f32>iy), f32x4.sub(bottom, top)));
  const right = v128.shuffle<f32>(left, left, 1, 1, 3, 3);
  return f32x4.add(left, f32x4.mul(f32x4.splat(px - <f32>ix), f32x4.sub(right, left)));
}

/** How much of a pixel lies in the picture: 1 inside, 0 from one pixel outside on. */
// @ts-ignore: decorator
@inline
function inside(x: f32, y: f32, maxX: f32, maxY: f32): f32 {
  const one: f32 = 1;
  return max(0, min(one, one + min(min(x, y), min(maxX - x, maxY - y))));
}

/**
 * The motion at the time `t` of what passes a place then: by the field of the first picture (`sign` 1) or of the second, back to the first
 * (`sign` -1), found by following it from where it says that it comes from.
 */
// @ts-ignore: decorator
@inline
function passing(field: usize, apart: usize, stride: i32, maxX: f32, maxY: f32, x: f32, y: f32, t: f32, sign: f32): v128 {
  let motion = motionAt(field, apart, stride, maxX, maxY, x, y);
  for (let n = 0; n < 2; n++) {
    motion = motionAt(
      field, apart, stride, maxX, maxY, x - t * f32x4.extract_lane(motion, 0), y - t * f32x4.extract_lane(motion, 2),
    );
  }
  return f32x4.mul(motion, f32x4.splat(sign));
}

/**
 * One path through (x, y) with the motion (u, v): `path` gets the displacements to the first picture and to the second, x and y each, `share` the
 * share of the second.
 */
function storePath(
  path: usize, share: usize, x: f32, y: f32, u: f32, v: f32, t: f32,
  before: usize, after: usize, apart: usize, stride: i32, maxX: f32, maxY: f32,
): void {
  const half: f32 = 0.5, one: f32 = 1, least: f32 = 1e-3;
  const x0 = x - t * u, y0 = y - t * v, x1 = x + (one - t) * u, y1 = y + (one - t) * v;
  let qu: f32 = 0, qv: f32 = 0;
  if (before && after) {
    const b = motionAt(before, apart, stride, maxX, maxY, x0, y0), n = motionAt(after, apart, stride, maxX, maxY, x1, y1);
    const bu = -f32x4.extract_lane(b, 0), bv = -f32x4.extract_lane(b, 2), nu = f32x4.extract_lane(n, 0), nv = f32x4.extract_lane(n, 2);
    const au = (nu - bu) * half, av = (nv - bv) * half;
    const ju = nu - u - u + bu, jv = nv - v - v + bv;
    const bend = au * au + av * av, jerk = ju * ju + jv * jv;
    // Motion that jerks says little about what happens in between; noise below a seventh of a pixel says nothing.
    const noise: f32 = 0.02;
    const trust = bend / (bend + jerk + noise) * t * (one - t) * half;
    qu = au * trust; qv = av * trust;
  }
  const w0 = (one - t) * (least + inside(x0 + qu, y0 + qv, maxX, maxY)), w1 = t * (least + inside(x1 + qu, y1 + qv, maxX, maxY));
  store<f32>(path, qu + x0 - x);
  store<f32>(path, qv + y0 - y, 4);
  store<f32>(path, qu + x1 - x, 8);
  store<f32>(path, qv + y1 - y, 12);
  store<f32>(share, w1 / (w0 + w1));
}

/**
 * Paths at the time `t` (0 to 1) between two pictures, from the motion of the first to the second (`forward`), back (`backward`) and, where not
 * 0, the one centred between them (`middle`), and, where not 0, the motions from the first to the picture before it and from the second to
 * the one behind it, which tell how motion changes (Xu, Siyao, Sun, Yin and Yang, "Quadratic video interpolation", 2019). Fields are of the
 * level's stride with margins, addresses those of first pixels; a field's v plane lies `planeBytes` behind its u plane.
 *
 * `paths`: four sets of `setBytes`, each four f32 a pixel (displacements to the first picture and to the second), then one f32 a pixel (the
 * share of the second); packed. The first set holds the mean of both directions. Where they differ by more than `apart` pixels, `marks`
 * (a byte a pixel) is 1 and the other sets hold the paths by forward, backward and middle.
 */
export function interpolatePaths(
  forward: usize, backward: usize, middle: usize, before: usize, after: usize, planeBytes: usize,
  width: i32, height: i32, stride: i32, t: f32, apart: f32, paths: usize, setBytes: usize, marks: usize,
): void {
  const maxX = <f32>(width - 1), maxY = <f32>(height - 1);
  const half: f32 = 0.5, one: f32 = 1;
  const shares = paths + (<usize>(width * height) << 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const index = <usize>(y * width + x);
      const px = <f32>x, py = <f32>y;
      const f = passing(forward, planeBytes, stride, maxX, maxY, px, py, t, one);
      const g = passing(backward, planeBytes, stride, maxX, maxY, px, py, one - t, -one);
      const fu = f32x4.extract_lane(f, 0), fv = f32x4.extract_lane(f, 2), gu = f32x4.extract_lane(g, 0), gv = f32x4.extract_lane(g, 2);
      let path = paths + (index << 4), share = shares + (index << 2);
      storePath(path, share, px, py, (fu + gu) * half, (fv + gv) * half, t, before, after, planeBytes, stride, maxX, maxY);
      const du = fu - gu, dv = fv - gv;
      const differ = du * du + dv * dv > apart * apart;
      store<u8>(marks + index, differ ? 1 : 0);
      if (!differ) continue;
      path += setBytes; share += setBytes;
      storePath(path, share, px, py, fu, fv, t, before, after, planeBytes, stride, maxX, maxY);
      path += setBytes; share += setBytes;
      storePath(path, share, px, py, gu, gv, t, before, after, planeBytes, stride, maxX, maxY);
      if (!middle) continue;
      // The middle's motion is that of what passes half way.
      let m = motionAt(middle, planeBytes, stride, maxX, maxY, px, py);
      if (t != half) {
        for (let n = 0; n < 2; n++) {
          const mx = px + (half - t) * f32x4.extract_lane(m, 0), my = py + (half - t) * f32x4.extract_lane(m, 2);
          m = motionAt(middle, planeBytes, stride, maxX, maxY, mx, my);
        }
      }
      path += setBytes; share += setBytes;
      storePath(
        path, share, px, py, f32x4.extract_lane(m, 0), f32x4.extract_lane(m, 2), t, before, after, planeBytes, stride, maxX, maxY,
      );
    }
  }
}

/** Places between two samples that are told apart. */
const STEPS: i32 = 128;
/** Bytes of {@link fillWeights}'s table. */
const TABLE: usize = 2064;

/** Keys' cubic (a = -0.5) weights of the four samples around a place n / STEPS past the second, for n from 0 to STEPS: four f32 each. */
function fillWeights(table: usize): void {
  for (let n = 0; n <= STEPS; n++) {
    const t = <f32>n / <f32>STEPS, t2 = t * t, t3 = t2 * t;
    const h: f32 = 0.5, a: f32 = 1.5, b: f32 = 2.5, two: f32 = 2, one: f32 = 1;
    const at = table + (<usize>n << 4);
    store<f32>(at, -h * t3 + t2 - h * t);
    store<f32>(at, a * t3 - b * t2 + one, 4);
    store<f32>(at, -a * t3 + two * t2 + h * t, 8);
    store<f32>(at, h * t3 - h * t2, 12);
  }
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
function cubic<T>(plane: usize, width: i32, height: i32, x: f32, y: f32, table: usize): f32 {
  const half: f32 = 0.5;
  const px = min(max(x, 0), <f32>(width - 1)), py = min(max(y, 0), <f32>(height - 1));
  const ix = <i32>px, iy = <i32>py;
  const wx = v128.load(table + (<usize><i32>((px - <f32>ix) * <f32>STEPS + half) << 4));
  const wy = table + (<usize><i32>((py - <f32>iy) * <f32>STEPS + half) << 4);
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
    f32x4.add(f32x4.mul(a, v128.load32_splat(wy)), f32x4.mul(b, v128.load32_splat(wy, 4))),
    f32x4.add(f32x4.mul(c, v128.load32_splat(wy, 8)), f32x4.mul(d, v128.load32_splat(wy, 12))),
  );
  sum = f32x4.mul(sum, wx);
  sum = f32x4.add(sum, v128.shuffle<f32>(sum, sum, 2, 3, 0, 1));
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1);
}

/** How many samples apart four neighbours may end up and still be looked up together. */
const ALIKE: f32 = 0.08;

/** Four columns of four rows from `at`, each summed with the weights at `wy`. */
// @ts-ignore: decorator
@inline
function columns<T>(at: usize, bytes: usize, wy: usize): v128 {
  return f32x4.add(
    f32x4.add(
      f32x4.mul(four<T>(at), v128.load32_splat(wy)), f32x4.mul(four<T>(at + bytes), v128.load32_splat(wy, 4)),
    ),
    f32x4.add(
      f32x4.mul(four<T>(at + 2 * bytes), v128.load32_splat(wy, 8)), f32x4.mul(four<T>(at + 3 * bytes), v128.load32_splat(wy, 12)),
    ),
  );
}

/** Whether {@link cubicFour} may be asked for (x, y). */
// @ts-ignore: decorator
@inline
function hasFour(width: i32, height: i32, x: f32, y: f32): bool {
  return x >= 1 && y >= 1 && x < <f32>(width - 6) && y < <f32>(height - 2);
}

/** Four neighbours of a row, the first of them at (x, y), by cubic convolution. */
// @ts-ignore: decorator
@inline
function cubicFour<T>(plane: usize, width: i32, x: f32, y: f32, table: usize): v128 {
  const half: f32 = 0.5;
  const ix = <i32>x, iy = <i32>y;
  const wx = table + (<usize><i32>((x - <f32>ix) * <f32>STEPS + half) << 4);
  const wy = table + (<usize><i32>((y - <f32>iy) * <f32>STEPS + half) << 4);
  const at = plane + <usize>((iy - 1) * width + ix - 1) * sizeof<T>();
  const bytes = <usize>width * sizeof<T>();
  const left = columns<T>(at, bytes, wy), right = columns<T>(at + 4 * sizeof<T>(), bytes, wy);
  return f32x4.add(
    f32x4.add(
      f32x4.mul(left, v128.load32_splat(wx)), f32x4.mul(v128.shuffle<f32>(left, right, 1, 2, 3, 4), v128.load32_splat(wx, 4)),
    ),
    f32x4.add(
      f32x4.mul(v128.shuffle<f32>(left, right, 2, 3, 4, 5), v128.load32_splat(wx, 8)),
      f32x4.mul(v128.shuffle<f32>(left, right, 3, 4, 5, 6), v128.load32_splat(wx, 12)),
    ),
  );
}

/** Both pictures along a path, mixed. `x` and `y` are the sample's place, `path` its four displacements in samples. */
// @ts-ignore: decorator
@inline
function mixed<T>(first: usize, second: usize, width: i32, height: i32, x: i32, y: i32, path: v128, share: f32, table: usize): f32 {
  const a = cubic<T>(first, width, height, <f32>x + f32x4.extract_lane(path, 0), <f32>y + f32x4.extract_lane(path, 1), table);
  const b = cubic<T>(second, width, height, <f32>x + f32x4.extract_lane(path, 2), <f32>y + f32x4.extract_lane(path, 3), table);
  return a + share * (b - a);
}

/** The path at the sample `x` of a row of paths, and its share. */
// @ts-ignore: decorator
@inline
function pathAt(row: usize, x: i32, perX: f32, levelWidth: i32): v128 {
  const half: f32 = 0.5;
  const px = min(max((<f32>x + half) * perX - half, 0), <f32>(levelWidth - 1));
  const ix = <i32>px;
  const at = row + (<usize>ix << 4), left = v128.load(at);
  return f32x4.add(left, f32x4.mul(f32x4.splat(px - <f32>ix), f32x4.sub(v128.load(at, 16), left)));
}

/** The share of the second picture there. */
// @ts-ignore: decorator
@inline
function shareAt(row: usize, x: i32, perX: f32, levelWidth: i32): f32 {
  const half: f32 = 0.5;
  const px = min(max((<f32>x + half) * perX - half, 0), <f32>(levelWidth - 1));
  const ix = <i32>px;
  const at = row + (<usize>ix << 2), left = load<f32>(at);
  return left + (px - <f32>ix) * (load<f32>(at, 4) - left);
}

/**
 * One plane of the frame in between. `first`, `second`, `target`: packed planes of `width` x `height` samples up to `highest`. `paths` and `marks`
 * as {@link interpolatePaths} makes them, of a level of `levelWidth` x `levelHeight` pixels, one of which is `spanX` x `spanY` samples of
 * this plane. A sample that is marked is the mean of what the `count` sets of paths behind the first say. `work`: TABLE + (levelWidth + 1) * 20
 * bytes.
 */
// @ts-ignore: decorator
@inline
function blend<T>(
  first: usize, second: usize, width: i32, height: i32, highest: f32, paths: usize, setBytes: usize, count: i32, marks: usize,
  levelWidth: i32, levelHeight: i32, spanX: f32, spanY: f32, work: usize, target: usize,
): void {
  const half: f32 = 0.5, one: f32 = 1;
  const perX = one / spanX, perY = one / spanY, perCount = one / <f32>count;
  const span = f32x4(spanX, spanY, spanX, spanY);
  const pixels = <usize>(levelWidth * levelHeight);
  const shares = paths + (pixels << 4);
  const row = work + TABLE, rowShares = row + (<usize>(levelWidth + 1) << 4);
  fillWeights(work);
  for (let y = 0; y < height; y++) {
    const py = min(max((<f32>y + half) * perY - half, 0), <f32>(levelHeight - 1));
    const iy = <i32>py;
    const fy = py - <f32>iy, by = f32x4.splat(fy);
    const line = <usize>(iy * levelWidth);
    const below: usize = iy + 1 < levelHeight ? <usize>levelWidth : 0;
    for (let x: usize = 0; x < <usize>levelWidth; x++) {
      const at = paths + ((line + x) << 4), top = v128.load(at);
      v128.store(row + (x << 4), f32x4.mul(span, f32x4.add(top, f32x4.mul(by, f32x4.sub(v128.load(at + (below << 4)), top)))));
      const from = shares + ((line + x) << 2), share = load<f32>(from);
      store<f32>(rowShares + (x << 2), share + fy * (load<f32>(from + (below << 2)) - share));
    }
    const end = <usize>levelWidth;
    v128.store(row + (end << 4), v128.load(row + (end << 4) - 16));
    store<f32>(rowShares + (end << 2), load<f32>(rowShares + (end << 2) - 4));
    const nearest = <usize>(min(<i32>((<f32>y + half) * perY), levelHeight - 1) * levelWidth);
    for (let x = 0; x < width; x++) {
      const own = nearest + <usize>min(<i32>((<f32>x + half) * perX), levelWidth - 1);
      if (load<u8>(marks + own)) {
        let path = paths + setBytes + (own << 4), share = shares + setBytes + (own << 2);
        let value: f32 = 0;
        for (let n = 0; n < count; n++) {
          value += mixed<T>(first, second, width, height, x, y, f32x4.mul(span, v128.load(path)), load<f32>(share), work);
          path += setBytes; share += setBytes;
        }
        put<T>(target, y * width + x, value * perCount, highest);
        continue;
      }
      const path = pathAt(row, x, perX, levelWidth), share = shareAt(rowShares, x, perX, levelWidth);
      // Four samples whose content moves alike are looked up together, as the two in the middle move.
      if (x + 3 < width) {
        const last = nearest + <usize>min(<i32>((<f32>(x + 3) + half) * perX), levelWidth - 1);
        let marked: i32 = 0;
        for (let at = own + 1; at <= last; at++) marked |= load<u8>(marks + at);
        const other = pathAt(row, x + 3, perX, levelWidth), otherShare = shareAt(rowShares, x + 3, perX, levelWidth);
        const near = i32x4.all_true(f32x4.lt(f32x4.abs(f32x4.sub(other, path)), f32x4.splat(ALIKE)));
        if (!marked && near && Mathf.abs(otherShare - share) < <f32>0.01) {
          const mean = f32x4.mul(f32x4.add(path, other), f32x4.splat(half));
          const x0 = <f32>x + f32x4.extract_lane(mean, 0), y0 = <f32>y + f32x4.extract_lane(mean, 1);
          const x1 = <f32>x + f32x4.extract_lane(mean, 2), y1 = <f32>y + f32x4.extract_lane(mean, 3);
          if (hasFour(width, height, x0, y0) && hasFour(width, height, x1, y1)) {
            const a = cubicFour<T>(first, width, x0, y0, work), b = cubicFour<T>(second, width, x1, y1, work);
            const mix = f32x4.add(a, f32x4.mul(f32x4.splat((share + otherShare) * half), f32x4.sub(b, a)));
            const value = f32x4.add(f32x4.min(f32x4.max(mix, f32x4.splat(0)), f32x4.splat(highest)), f32x4.splat(half));
            const whole = i32x4.trunc_sat_f32x4_s(value), words = i16x8.narrow_i32x4_u(whole, whole);
            const to = target + <usize>(y * width + x) * sizeof<T>();
            if (sizeof<T>() == 1) v128.store32_lane(to, i8x16.narrow_i16x8_u(words, words), 0);
            else v128.store64_lane(to, words, 0);
            x += 3;
            continue;
          }
        }
      }
      put<T>(target, y * width + x, mixed<T>(first, second, width, height, x, y, path, share, work), highest);
    }
  }
}

/** Stores a sample, rounded. */
// @ts-ignore: decorator
@inline
function put<T>(target: usize, index: i32, value: f32, highest: f32): void {
  const half: f32 = 0.5;
  store<T>(target + <usize>index * sizeof<T>(), <T>(min(max(value, 0), highest) + half));
}

/** {@link blend} over 8-bit planes. */
export function interpolateBlend8(
  first: usize, second: usize, width: i32, height: i32, highest: f32, paths: usize, setBytes: usize, count: i32, marks: usize,
  levelWidth: i32, levelHeight: i32, spanX: f32, spanY: f32, work: usize, target: usize,
): void {
  blend<u8>(
    first, second, width, height, highest, paths, setBytes, count, marks, levelWidth, levelHeight, spanX, spanY, work, target,
  );
}

/** {@link blend} over 16-bit planes. */
export function interpolateBlend16(
  first: usize, second: usize, width: i32, height: i32, highest: f32, paths: usize, setBytes: usize, count: i32, marks: usize,
  levelWidth: i32, levelHeight: i32, spanX: f32, spanY: f32, work: usize, target: usize,
): void {
  blend<u16>(
    first, second, width, height, highest, paths, setBytes, count, marks, levelWidth, levelHeight, spanX, spanY, work, target,
  );
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
