// One Gauss-Newton step of direct image alignment, inverse compositional (Baker and Matthews 2004), with Cauchy weights.

/** Adds the four lanes of `v` to four doubles. */
// @ts-ignore: decorator
@inline
function flush(v: v128, target: usize): void {
  store<f64>(target, load<f64>(target) + <f64>f32x4.extract_lane(v, 0));
  store<f64>(target, load<f64>(target, 8) + <f64>f32x4.extract_lane(v, 1), 8);
  store<f64>(target, load<f64>(target, 16) + <f64>f32x4.extract_lane(v, 2), 16);
  store<f64>(target, load<f64>(target, 24) + <f64>f32x4.extract_lane(v, 3), 24);
}

/**
 * Accumulates the normal equations of one step over the pixels [x0, x1) x [y0, y1) of the template, every `step`-th in
 * both directions.
 *
 * `warp`: 11 f64: homography from template to image pixels (row major), gain, offset. Coordinates of the Jacobian are
 * (x - cx) * unit, (y - cy) * unit. `out`: 120 f64 (10 rows of 12: eight homography parameters, gain, offset, then the
 * residual's column), then 256 u32, a histogram of |residual| in quarters of a level, then the u32 number of pixels.
 * `out` is cleared first. Blocked pixels (non-zero) take no part.
 */
export function alignStep(
  template: usize, templateBlocked: usize, image: usize, imageBlocked: usize, width: i32, height: i32,
  x0: i32, y0: i32, x1: i32, y1: i32, step: i32, cx: f32, cy: f32, unit: f32, warp: usize, scale: f32, out: usize,
): void {
  memory.fill(out, 0, 120 * 8 + 256 * 4 + 4);
  const histogram = out + 120 * 8;
  const h0 = <f32>load<f64>(warp), h1 = <f32>load<f64>(warp, 8), h2 = <f32>load<f64>(warp, 16);
  const h3 = <f32>load<f64>(warp, 24), h4 = <f32>load<f64>(warp, 32), h5 = <f32>load<f64>(warp, 40);
  const h6 = <f32>load<f64>(warp, 48), h7 = <f32>load<f64>(warp, 56), h8 = <f32>load<f64>(warp, 64);
  const gain = <f32>load<f64>(warp, 72), offset = <f32>load<f64>(warp, 80);
  const perUnit: f32 = 0.5 / unit;
  const inverseScale: f32 = 1 / (scale * scale);
  const maxX = <f32>(width - 1);
  const maxY = <f32>(height - 1);
  let count: u32 = 0;
  x0 = max(x0, 1); y0 = max(y0, 1); x1 = min(x1, width - 1); y1 = min(y1, height - 1);
  for (let y = y0; y < y1; y += step) {
    const row = template + <usize>(y * width);
    const blockedRow = templateBlocked + <usize>(y * width);
    const fy = <f32>y;
    const v = (fy - cy) * unit;
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, b0 = a0, b1 = a0, b2 = a0, c0 = a0, c1 = a0, c2 = a0, d0 = a0, d1 = a0, d2 = a0;
    let e1 = a0, e2 = a0, f1 = a0, f2 = a0, g1 = a0, g2 = a0, i1 = a0, i2 = a0, j2 = a0, k2 = a0;
    for (let x = x0; x < x1; x += step) {
      if (load<u8>(blockedRow + x)) continue;
      const fx = <f32>x;
      const w: f32 = h6 * fx + h7 * fy + h8;
      if (w <= 0) continue;
      const r: f32 = 1 / w;
      const qx: f32 = (h0 * fx + h1 * fy + h2) * r;
      const qy: f32 = (h3 * fx + h4 * fy + h5) * r;
      if (!(qx >= 0 && qy >= 0 && qx < maxX && qy < maxY)) continue;
      const ix = <i32>qx, iy = <i32>qy;
      const ax: f32 = qx - <f32>ix, ay: f32 = qy - <f32>iy;
      const near = <usize>((iy + <i32>(ay >= 0.5)) * width + ix + <i32>(ax >= 0.5));
      if (load<u8>(imageBlocked + near)) continue;
      const p = image + <usize>(iy * width + ix);
      const p00 = <f32>load<u8>(p), p01 = <f32>load<u8>(p, 1);
      const p10 = <f32>load<u8>(p + <usize>width), p11 = <f32>load<u8>(p + <usize>width, 1);
      const above: f32 = p00 + (p01 - p00) * ax;
      const below: f32 = p10 + (p11 - p10) * ax;
      const t = row + <usize>x;
      const value = <f32>load<u8>(t);
      const residual: f32 = above + (below - above) * ay - gain * value - offset;
      count++;
      const bin = histogram + (<usize>min(<i32>(abs(residual) * 4), 255) << 2);
      store<u32>(bin, load<u32>(bin) + 1);
      const gu: f32 = (<f32>load<u8>(t + 1) - <f32>load<u8>(t - 1)) * perUnit;
      const gv: f32 = (<f32>load<u8>(t + <usize>width) - <f32>load<u8>(t - <usize>width)) * perUnit;
      const u: f32 = (fx - cx) * unit;
      const q: f32 = gu * u + gv * v;
      const weight: f32 = 1 / (1 + residual * residual * inverseScale);
      const n0 = f32x4(gu * u, gu * v, gu, gv * u);
      const n1 = f32x4(gv * v, gv, -q * u, -q * v);
      const n2 = f32x4(value * 0.0078125, 1, residual, 0);
      let s = f32x4.splat(gu * u * weight);
      a0 = f32x4.add(a0, f32x4.mul(s, n0)); a1 = f32x4.add(a1, f32x4.mul(s, n1)); a2 = f32x4.add(a2, f32x4.mul(s, n2));
      s = f32x4.splat(gu * v * weight);
      b0 = f32x4.add(b0, f32x4.mul(s, n0)); b1 = f32x4.add(b1, f32x4.mul(s, n1)); b2 = f32x4.add(b2, f32x4.mul(s, n2));
      s = f32x4.splat(gu * weight);
      c0 = f32x4.add(c0, f32x4.mul(s, n0)); c1 = f32x4.add(c1, f32x4.mul(s, n1)); c2 = f32x4.add(c2, f32x4.mul(s, n2));
      s = f32x4.splat(gv * u * weight);
      d0 = f32x4.add(d0, f32x4.mul(s, n0)); d1 = f32x4.add(d1, f32x4.mul(s, n1)); d2 = f32x4.add(d2, f32x4.mul(s, n2));
      s = f32x4.splat(gv * v * weight);
      e1 = f32x4.add(e1, f32x4.mul(s, n1)); e2 = f32x4.add(e2, f32x4.mul(s, n2));
      s = f32x4.splat(gv * weight);
      f1 = f32x4.add(f1, f32x4.mul(s, n1)); f2 = f32x4.add(f2, f32x4.mul(s, n2));
      s = f32x4.splat(-q * u * weight);
      g1 = f32x4.add(g1, f32x4.mul(s, n1)); g2 = f32x4.add(g2, f32x4.mul(s, n2));
      s = f32x4.splat(-q * v * weight);
      i1 = f32x4.add(i1, f32x4.mul(s, n1)); i2 = f32x4.add(i2, f32x4.mul(s, n2));
      j2 = f32x4.add(j2, f32x4.mul(f32x4.splat(value * 0.0078125 * weight), n2));
      k2 = f32x4.add(k2, f32x4.mul(f32x4.splat(weight), n2));
    }
    flush(a0, out); flush(a1, out + 32); flush(a2, out + 64);
    flush(b0, out + 96); flush(b1, out + 128); flush(b2, out + 160);
    flush(c0, out + 192); flush(c1, out + 224); flush(c2, out + 256);
    flush(d0, out + 288); flush(d1, out + 320); flush(d2, out + 352);
    flush(e1, out + 416); flush(e2, out + 448);
    flush(f1, out + 512); flush(f2, out + 544);
    flush(g1, out + 608); flush(g2, out + 640);
    flush(i1, out + 704); flush(i2, out + 736);
    flush(j2, out + 832);
    flush(k2, out + 928);
  }
  store<u32>(histogram + 256 * 4, count);
}
