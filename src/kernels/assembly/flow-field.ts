// Flow fields: to full size, summed, and whether both directions agree.

import { bilinearFour, flowMargin } from "./flow-pyramid";

/**
 * A field at another size, bilinearly: for each of `width` x `height` pixels (rows of `stride`) the value of a field that is `scale` times
 * smaller, times `scale`. The source has margins, which this fills.
 */
export function flowEnlarge(
  source: usize, sourceWidth: i32, sourceHeight: i32, sourceStride: i32, scale: i32, target: usize, width: i32, height: i32, stride: i32,
): void {
  const inverse: f32 = 1 / <f32>scale, half: f32 = 0.5, factor = <f32>scale;
  const bytes = <usize>sourceStride << 2;
  const lanes = f32x4(0, 1, 2, 3), low = f32x4.splat(0), maxX = f32x4.splat(<f32>(sourceWidth - 1));
  flowMargin(source, sourceWidth, sourceHeight, sourceStride);
  for (let y = 0; y < height; y++) {
    const py = min(max((<f32>y + half) * inverse - half, 0), <f32>(sourceHeight - 1));
    const iy = <i32>py;
    const fy = py - <f32>iy;
    const above = source + (<usize>(iy * sourceStride) << 2);
    const row = target + (<usize>(y * stride) << 2);
    for (let x = 0; x < width; x += 4) {
      const at = f32x4.add(f32x4.splat(<f32>x), lanes);
      const px = f32x4.min(f32x4.max(f32x4.sub(f32x4.mul(f32x4.add(at, f32x4.splat(half)), f32x4.splat(inverse)), f32x4.splat(half)), low), maxX);
      const ix = i32x4.trunc_sat_f32x4_s(px), fx = f32x4.sub(px, f32x4.convert_i32x4_s(ix));
      const a = <usize>i32x4.extract_lane(ix, 0) << 2, b = <usize>i32x4.extract_lane(ix, 1) << 2;
      const c = <usize>i32x4.extract_lane(ix, 2) << 2, d = <usize>i32x4.extract_lane(ix, 3) << 2;
      const value = f32x4.mul(f32x4.splat(factor), bilinearFour(above + a, above + b, above + c, above + d, bytes, fx, f32x4.splat(fy)));
      const to = row + (<usize>x << 2);
      if (x + 4 <= width) {
        v128.store(to, value);
        continue;
      }
      v128.store32_lane(to, value, 0);
      if (x + 1 < width) v128.store32_lane(to, value, 1, 4);
      if (x + 2 < width) v128.store32_lane(to, value, 2, 8);
    }
  }
}

/**
 * Where following a field and then the one back does not return: |f(p) + b(p + f(p))|^2 > share * (|f|^2 + |b|^2) + slack
 * (Sundaram, Brox and Keutzer 2010), or where the field leads out of the picture. Fields packed with `stride`.
 * @param target width * height bytes, packed: 1 where they disagree, else 0.
 */
export function flowDisagreement(
  u: usize, v: usize, backU: usize, backV: usize, width: i32, height: i32, stride: i32, share: f32, slack: f32, target: usize,
): void {
  const maxX = <f32>(width - 1), maxY = <f32>(height - 1);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const o = <usize>(y * stride + x) << 2;
      const du = load<f32>(u + o), dv = load<f32>(v + o);
      const px = <f32>x + du, py = <f32>y + dv;
      let wrong: u8 = 1;
      if (px >= 0 && py >= 0 && px <= maxX && py <= maxY) {
        const ix = <i32>px, iy = <i32>py;
        const fx = px - <f32>ix, fy = py - <f32>iy;
        const a = <usize>(iy * stride + ix) << 2;
        const right: usize = ix + 1 < width ? 4 : 0, below: usize = iy + 1 < height ? <usize>stride << 2 : 0;
        const bu = between(backU + a, right, below, fx, fy), bv = between(backV + a, right, below, fx, fy);
        const eu = du + bu, ev = dv + bv;
        wrong = eu * eu + ev * ev > share * (du * du + dv * dv + bu * bu + bv * bv) + slack ? 1 : 0;
      }
      store<u8>(target + <usize>(y * width + x), wrong);
    }
  }
}

/** Bilinear mean of four values. */
// @ts-ignore: decorator
@inline
function between(at: usize, right: usize, below: usize, fx: f32, fy: f32): f32 {
  const top = load<f32>(at) + fx * (load<f32>(at + right) - load<f32>(at));
  const bottom = load<f32>(at + below) + fx * (load<f32>(at + below + right) - load<f32>(at + below));
  return top + fy * (bottom - top);
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
