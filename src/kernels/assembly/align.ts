// One Gauss-Newton step of direct image alignment, inverse compositional (Baker and Matthews 2004), with Cauchy weights.

/** Pixels whose terms are collected before they are summed. */
const CHUNK: i32 = 256;

/** The sum of four lanes, in pairs. */
// @ts-ignore: decorator
@inline
function total(v: v128): f64 {
  return (<f64>f32x4.extract_lane(v, 0) + <f64>f32x4.extract_lane(v, 1)) + (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3));
}

// @ts-ignore: decorator
@inline
function add(out: usize, row: i32, column: i32, value: f64): void {
  const at = out + <usize>((row * 12 + column) << 3);
  store<f64>(at, load<f64>(at) + value);
}

/** One byte of each lane as a float. */
// @ts-ignore: decorator
@inline
function byte(v: v128, index: i32): v128 {
  return f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(v, 8 * index), i32x4.splat(255)));
}

/** Counts one residual. */
// @ts-ignore: decorator
@inline
function tally(histogram: usize, bin: i32): void {
  const at = histogram + (<usize>bin << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/**
 * Adds pixels of one row to the normal equations. The Jacobian of a homography (see `alignStep`) is made of the gradient
 * times monomials of u and v, and v is the same for a whole row: only moments of u are summed pixel by pixel.
 * `terms`: six arrays of CHUNK words: column (i32), fractions of the place in the image (f32, f32), the four image samples
 * (u8 from the low end: top left, top right, bottom left, bottom right), template samples left, own, right, and above,
 * below. After the `used` ones come zeros with columns of -1 up to a multiple of 4. `settings`: 5 f32: cx, unit, gain, offset, 1 / scale^2.
 */
function addRow(terms: usize, used: i32, v: f64, settings: usize, equations: i32, out: usize): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const cx = f32x4.splat(load<f32>(settings)), unit = f32x4.splat(load<f32>(settings, 4));
  const gain = f32x4.splat(load<f32>(settings, 8)), offset = f32x4.splat(load<f32>(settings, 12)), inverseScale = load<f32>(settings, 16);
  const perUnit = f32x4.div(f32x4.splat(0.5), unit);
  const histogram = out + 120 * 8;
  let a0 = zero, a1 = zero, a2 = zero, a3 = zero, a4 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero, c0 = zero, c1 = zero, c2 = zero;
  let d0 = zero, d1 = zero, d2 = zero, d3 = zero, d4 = zero, e0 = zero, e1 = zero, e2 = zero, e3 = zero, e4 = zero;
  let f0 = zero, f1 = zero, f2 = zero, f3 = zero, f4 = zero, g0 = zero, g1 = zero, g2 = zero, g3 = zero, g4 = zero;
  for (let i = 0; i < used; i += 4) {
    const t = terms + (<usize>i << 2);
    const column = v128.load(t), ax = v128.load(t, CHUNK * 4), ay = v128.load(t, CHUNK * 8);
    const image = v128.load(t, CHUNK * 12), across = v128.load(t, CHUNK * 16), along = v128.load(t, CHUNK * 20);
    const real = i32x4.ge_s(column, i32x4.splat(0));
    const u = f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(column), cx), unit);
    const own = byte(across, 1);
    const gu = f32x4.mul(f32x4.sub(byte(across, 2), byte(across, 0)), perUnit);
    const gv = f32x4.mul(f32x4.sub(byte(along, 1), byte(along, 0)), perUnit);
    const p00 = byte(image, 0), p10 = byte(image, 2);
    const above = f32x4.add(p00, f32x4.mul(f32x4.sub(byte(image, 1), p00), ax));
    const below = f32x4.add(p10, f32x4.mul(f32x4.sub(byte(image, 3), p10), ax));
    const seen = f32x4.add(above, f32x4.mul(f32x4.sub(below, above), ay));
    const residual = f32x4.sub(f32x4.sub(seen, f32x4.mul(gain, own)), offset);
    const value = f32x4.mul(own, f32x4.splat(0.0078125));
    const bins = i32x4.min_s(i32x4.trunc_sat_f32x4_s(f32x4.mul(f32x4.abs(residual), f32x4.splat(4))), i32x4.splat(255));
    tally(histogram, i32x4.extract_lane(bins, 0));
    if (i + 1 < used) tally(histogram, i32x4.extract_lane(bins, 1));
    if (i + 2 < used) tally(histogram, i32x4.extract_lane(bins, 2));
    if (i + 3 < used) tally(histogram, i32x4.extract_lane(bins, 3));
    if (!equations) continue;
    let w = f32x4.div(one, f32x4.add(one, f32x4.mul(f32x4.mul(residual, residual), f32x4.splat(inverseScale))));
    w = v128.and(w, real);
    const wgu = f32x4.mul(w, gu), wgv = f32x4.mul(w, gv);
    let m = f32x4.mul(wgu, gu);
    a0 = f32x4.add(a0, m); m = f32x4.mul(m, u); a1 = f32x4.add(a1, m); m = f32x4.mul(m, u); a2 = f32x4.add(a2, m);
    m = f32x4.mul(m, u); a3 = f32x4.add(a3, m); m = f32x4.mul(m, u); a4 = f32x4.add(a4, m);
    m = f32x4.mul(wgu, gv);
    b0 = f32x4.add(b0, m); m = f32x4.mul(m, u); b1 = f32x4.add(b1, m); m = f32x4.mul(m, u); b2 = f32x4.add(b2, m);
    m = f32x4.mul(m, u); b3 = f32x4.add(b3, m);
    m = f32x4.mul(wgv, gv);
    c0 = f32x4.add(c0, m); m = f32x4.mul(m, u); c1 = f32x4.add(c1, m); m = f32x4.mul(m, u); c2 = f32x4.add(c2, m);
    m = f32x4.mul(wgu, value);
    d0 = f32x4.add(d0, m); m = f32x4.mul(m, u); d1 = f32x4.add(d1, m); m = f32x4.mul(m, u); d2 = f32x4.add(d2, m);
    m = f32x4.mul(wgv, value);
    d3 = f32x4.add(d3, m); d4 = f32x4.add(d4, f32x4.mul(m, u));
    m = wgu;
    e0 = f32x4.add(e0, m); m = f32x4.mul(m, u); e1 = f32x4.add(e1, m); m = f32x4.mul(m, u); e2 = f32x4.add(e2, m);
    e3 = f32x4.add(e3, wgv); e4 = f32x4.add(e4, f32x4.mul(wgv, u));
    m = f32x4.mul(wgu, residual);
    f0 = f32x4.add(f0, m); m = f32x4.mul(m, u); f1 = f32x4.add(f1, m); m = f32x4.mul(m, u); f2 = f32x4.add(f2, m);
    m = f32x4.mul(wgv, residual);
    f3 = f32x4.add(f3, m); f4 = f32x4.add(f4, f32x4.mul(m, u));
    m = f32x4.mul(w, value);
    g0 = f32x4.add(g0, f32x4.mul(m, value)); g1 = f32x4.add(g1, m); g2 = f32x4.add(g2, f32x4.mul(m, residual));
    g3 = f32x4.add(g3, w); g4 = f32x4.add(g4, f32x4.mul(w, residual));
  }
  if (!equations) return;
  const A0 = total(a0), A1 = total(a1), A2 = total(a2), A3 = total(a3), A4 = total(a4);
  const B0 = total(b0), B1 = total(b1), B2 = total(b2), B3 = total(b3), C0 = total(c0), C1 = total(c1), C2 = total(c2);
  const v2 = v * v;
  // Rows of the system: gu u, gu v, gu, gv u, gv v, gv, -(gu u + gv v) u, -(gu u + gv v) v, value, 1.
  add(out, 0, 0, A2); add(out, 0, 1, A1 * v); add(out, 0, 2, A1); add(out, 0, 3, B2); add(out, 0, 4, B1 * v); add(out, 0, 5, B1);
  add(out, 0, 6, -(A3 + v * B2)); add(out, 0, 7, -v * (A2 + v * B1));
  add(out, 1, 1, A0 * v2); add(out, 1, 2, A0 * v); add(out, 1, 3, B1 * v); add(out, 1, 4, B0 * v2); add(out, 1, 5, B0 * v);
  add(out, 1, 6, -v * (A2 + v * B1)); add(out, 1, 7, -v2 * (A1 + v * B0));
  add(out, 2, 2, A0); add(out, 2, 3, B1); add(out, 2, 4, B0 * v); add(out, 2, 5, B0);
  add(out, 2, 6, -(A2 + v * B1)); add(out, 2, 7, -v * (A1 + v * B0));
  add(out, 3, 3, C2); add(out, 3, 4, C1 * v); add(out, 3, 5, C1); add(out, 3, 6, -(B3 + v * C2)); add(out, 3, 7, -v * (B2 + v * C1));
  add(out, 4, 4, C0 * v2); add(out, 4, 5, C0 * v); add(out, 4, 6, -v * (B2 + v * C1)); add(out, 4, 7, -v2 * (B1 + v * C0));
  add(out, 5, 5, C0); add(out, 5, 6, -(B2 + v * C1)); add(out, 5, 7, -v * (B1 + v * C0));
  add(out, 6, 6, A4 + 2 * v * B3 + v2 * C2); add(out, 6, 7, v * (A3 + 2 * v * B2 + v2 * C1));
  add(out, 7, 7, v2 * (A2 + 2 * v * B1 + v2 * C0));
  addColumn(out, 8, v, total(d0), total(d1), total(d2), total(d3), total(d4));
  addColumn(out, 9, v, total(e0), total(e1), total(e2), total(e3), total(e4));
  addColumn(out, 10, v, total(f0), total(f1), total(f2), total(f3), total(f4));
  add(out, 8, 8, total(g0)); add(out, 8, 9, total(g1)); add(out, 8, 10, total(g2)); add(out, 9, 9, total(g3)); add(out, 9, 10, total(g4));
}

/** Adds to one column the products of the eight homography rows with the column's own factor. */
function addColumn(out: usize, column: i32, v: f64, u0: f64, u1: f64, u2: f64, v0: f64, v1: f64): void {
  add(out, 0, column, u1); add(out, 1, column, u0 * v); add(out, 2, column, u0);
  add(out, 3, column, v1); add(out, 4, column, v0 * v); add(out, 5, column, v0);
  add(out, 6, column, -(u2 + v * v1)); add(out, 7, column, -v * (u1 + v * v0));
}

/** Notes one pixel for `addRow` unless it is blocked on either side. Returns how many were noted. */
// @ts-ignore: decorator
@inline
function fetch(
  terms: usize, n: i32, t: usize, b: usize, image: usize, imageBlocked: usize, width: i32,
  column: i32, ax: f32, ay: f32, corner: i32, near: i32,
): i32 {
  // Masked or moving. The bits above these are set while other threads look at the same map.
  if ((load<u8>(b) | load<u8>(imageBlocked + <usize>near)) & 3) return 0;
  const p = image + <usize>corner;
  const at = terms + (<usize>n << 2);
  store<i32>(at, column);
  store<f32>(at, ax, CHUNK * 4);
  store<f32>(at, ay, CHUNK * 8);
  store<u32>(at, <u32>load<u16>(p) | (<u32>load<u16>(p + <usize>width) << 16), CHUNK * 12);
  store<u32>(at, <u32>load<u16>(t - 1) | (<u32>load<u8>(t, 1) << 16), CHUNK * 16);
  store<u32>(at, <u32>load<u8>(t - <usize>width) | (<u32>load<u8>(t + <usize>width) << 8), CHUNK * 20);
  return 1;
}

/** Fills the last group of four. Returns `n`. */
function pad(terms: usize, n: i32): i32 {
  for (let i = n; i & 3; i++) {
    const at = terms + (<usize>i << 2);
    store<i32>(at, -1); store<f32>(at, 0, CHUNK * 4); store<f32>(at, 0, CHUNK * 8);
    store<u32>(at, 0, CHUNK * 12); store<u32>(at, 0, CHUNK * 16); store<u32>(at, 0, CHUNK * 20);
  }
  return n;
}

/**
 * Accumulates the normal equations of one step over the pixels [x0, x1) x [y0, y1) of the template, every `step`-th in
 * both directions.
 *
 * `warp`: 11 f64: homography from template to image pixels (row major), gain, offset. Coordinates of the Jacobian are
 * (x - cx) * unit, (y - cy) * unit. `out`: 120 f64 (10 rows of 12: eight homography parameters, gain, offset, then the
 * residual's column), then 256 u32, a histogram of |residual| in quarters of a level, then the u32 number of pixels.
 * `out` is cleared first. Without `equations` (0) only the histogram and the number are filled in. Blocked pixels (non-zero) take no part. `terms`: 6 * 256 + 5 words of scratch.
 */
export function alignStep(
  template: usize, templateBlocked: usize, image: usize, imageBlocked: usize, width: i32, height: i32,
  x0: i32, y0: i32, x1: i32, y1: i32, step: i32, cx: f32, cy: f32, unit: f32, warp: usize, scale: f32, equations: i32, out: usize, terms: usize,
): void {
  memory.fill(out, 0, 120 * 8 + 256 * 4 + 4);
  const histogram = out + 120 * 8;
  const h0 = <f32>load<f64>(warp), h1 = <f32>load<f64>(warp, 8), h2 = <f32>load<f64>(warp, 16);
  const h3 = <f32>load<f64>(warp, 24), h4 = <f32>load<f64>(warp, 32), h5 = <f32>load<f64>(warp, 40);
  const h6 = <f32>load<f64>(warp, 48), h7 = <f32>load<f64>(warp, 56), h8 = <f32>load<f64>(warp, 64);
  const gain = <f32>load<f64>(warp, 72), offset = <f32>load<f64>(warp, 80);
  const settings = terms + CHUNK * 24;
  store<f32>(settings, cx); store<f32>(settings, unit, 4); store<f32>(settings, gain, 8); store<f32>(settings, offset, 12);
  store<f32>(settings, 1 / (scale * scale), 16);
  const maxX = f32x4.splat(<f32>(width - 1)), maxY = f32x4.splat(<f32>(height - 1));
  const zero = f32x4.splat(0), one = f32x4.splat(1), half = f32x4.splat(0.5), stride = i32x4.splat(width);
  let count: u32 = 0;
  x0 = max(x0, 1); y0 = max(y0, 1); x1 = min(x1, width - 1); y1 = min(y1, height - 1);
  const end = f32x4.splat(<f32>x1);
  for (let y = y0; y < y1; y += step) {
    const row = template + <usize>(y * width);
    const blockedRow = templateBlocked + <usize>(y * width);
    const fy = <f32>y;
    const v = <f64>((fy - cy) * unit);
    const p0 = f32x4.splat(h1 * fy + h2), p1 = f32x4.splat(h4 * fy + h5), p2 = f32x4.splat(h7 * fy + h8);
    let n = 0;
    for (let x = x0; x < x1; x += 4 * step) {
      const columns = i32x4(x, x + step, x + 2 * step, x + 3 * step);
      const fx = f32x4.convert_i32x4_s(columns);
      const w = f32x4.add(f32x4.mul(f32x4.splat(h6), fx), p2);
      const r = f32x4.div(one, w);
      const qx = f32x4.mul(f32x4.add(f32x4.mul(f32x4.splat(h0), fx), p0), r);
      const qy = f32x4.mul(f32x4.add(f32x4.mul(f32x4.splat(h3), fx), p1), r);
      const inside = i32x4.bitmask(v128.and(
        v128.and(v128.and(f32x4.gt(w, zero), f32x4.lt(fx, end)), v128.and(f32x4.ge(qx, zero), f32x4.ge(qy, zero))),
        v128.and(f32x4.lt(qx, maxX), f32x4.lt(qy, maxY)),
      ));
      if (!inside) continue;
      const ix = i32x4.trunc_sat_f32x4_s(qx), iy = i32x4.trunc_sat_f32x4_s(qy);
      const ax = f32x4.sub(qx, f32x4.convert_i32x4_s(ix)), ay = f32x4.sub(qy, f32x4.convert_i32x4_s(iy));
      const corner = i32x4.add(i32x4.mul(iy, stride), ix);
      // Comparisons give -1 where true.
      const near = i32x4.sub(i32x4.sub(corner, f32x4.ge(ax, half)), i32x4.mul(f32x4.ge(ay, half), stride));
      const t = row + <usize>x, b = blockedRow + <usize>x;
      if (inside & 1) n += fetch(terms, n, t, b, image, imageBlocked, width, x, f32x4.extract_lane(ax, 0), f32x4.extract_lane(ay, 0), i32x4.extract_lane(corner, 0), i32x4.extract_lane(near, 0));
      if (inside & 2) n += fetch(terms, n, t + <usize>step, b + <usize>step, image, imageBlocked, width, x + step, f32x4.extract_lane(ax, 1), f32x4.extract_lane(ay, 1), i32x4.extract_lane(corner, 1), i32x4.extract_lane(near, 1));
      if (inside & 4) n += fetch(terms, n, t + <usize>(2 * step), b + <usize>(2 * step), image, imageBlocked, width, x + 2 * step, f32x4.extract_lane(ax, 2), f32x4.extract_lane(ay, 2), i32x4.extract_lane(corner, 2), i32x4.extract_lane(near, 2));
      if (inside & 8) n += fetch(terms, n, t + <usize>(3 * step), b + <usize>(3 * step), image, imageBlocked, width, x + 3 * step, f32x4.extract_lane(ax, 3), f32x4.extract_lane(ay, 3), i32x4.extract_lane(corner, 3), i32x4.extract_lane(near, 3));
      if (n > CHUNK - 4) {
        count += n;
        addRow(terms, pad(terms, n), v, settings, equations, out);
        n = 0;
      }
    }
    count += n;
    if (n > 0) addRow(terms, pad(terms, n), v, settings, equations, out);
  }
  store<u32>(histogram + 256 * 4, count);
}
