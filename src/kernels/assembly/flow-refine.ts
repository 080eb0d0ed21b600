// Variational refinement of a flow field (Brox et al. 2004; Kroeger et al. 2016, section 2.3): constancy of values and gradients,
// both normalised and robust, and a smooth field with edges.

import { bilinearFour, flowMargin, MARGIN } from "./flow-pyramid";

/** Below this, squared, gradients count as noise. */
const NOISE: f32 = 0.01;
/** Makes absolute values differentiable, squared. */
const ROUND: f32 = 1e-4;
/** Over-relaxation; more is not stable, because four neighbours in a row are computed at once. */
const RELAX: f32 = 1.2;

/** A picture seen through a field: bilinear samples at (x + factor * u, y + factor * v), edges repeated. */
export function flowWarp(
  image: usize, width: i32, height: i32, stride: i32, u: usize, v: usize, factor: f32, target: usize,
): void {
  const scale = f32x4.splat(factor), lanes = f32x4(0, 1, 2, 3);
  const low = f32x4.splat(0), maxX = f32x4.splat(<f32>(width - 1)), maxY = f32x4.splat(<f32>(height - 1));
  const strides = i32x4.splat(stride);
  for (let y = 0; y < height; y++) {
    const row = <usize>(y * stride) << 2;
    for (let x = 0; x < width; x += 4) {
      const o = row + (<usize>x << 2);
      const px = f32x4.min(f32x4.max(f32x4.add(f32x4.add(f32x4.splat(<f32>x), lanes), f32x4.mul(scale, v128.load(u + o))), low), maxX);
      const py = f32x4.min(f32x4.max(f32x4.add(f32x4.splat(<f32>y), f32x4.mul(scale, v128.load(v + o))), low), maxY);
      const ix = i32x4.trunc_sat_f32x4_s(px), iy = i32x4.trunc_sat_f32x4_s(py);
      const fx = f32x4.sub(px, f32x4.convert_i32x4_s(ix)), fy = f32x4.sub(py, f32x4.convert_i32x4_s(iy));
      const at = i32x4.shl(i32x4.add(i32x4.mul(iy, strides), ix), 2);
      const p0 = image + <usize>i32x4.extract_lane(at, 0), p1 = image + <usize>i32x4.extract_lane(at, 1);
      const p2 = image + <usize>i32x4.extract_lane(at, 2), p3 = image + <usize>i32x4.extract_lane(at, 3);
      v128.store(target + o, bilinearFour(p0, p1, p2, p3, <usize>stride << 2, fx, fy));
    }
  }
  flowMargin(target, width, height, stride);
}

/** Central difference along `bytes`. */
// @ts-ignore: decorator
@inline
function slope(at: usize, bytes: usize): v128 {
  return f32x4.mul(f32x4.sub(v128.load(at + bytes), v128.load(at - bytes)), f32x4.splat(0.5));
}

/** Mean gradients of both pictures and their difference. */
function derivatives(first: usize, second: usize, width: i32, height: i32, stride: i32, ix: usize, iy: usize, iz: usize): void {
  const bytes = <usize>stride << 2;
  const half = f32x4.splat(0.5);
  for (let y = 0; y < height; y++) {
    const row = <usize>y * bytes;
    for (let x: usize = 0; x < (<usize>width << 2); x += 16) {
      const o = row + x;
      v128.store(ix + o, f32x4.mul(half, f32x4.add(slope(first + o, 4), slope(second + o, 4))));
      v128.store(iy + o, f32x4.mul(half, f32x4.add(slope(first + o, bytes), slope(second + o, bytes))));
      v128.store(iz + o, f32x4.sub(v128.load(second + o), v128.load(first + o)));
    }
  }
  flowMargin(ix, width, height, stride); flowMargin(iy, width, height, stride); flowMargin(iz, width, height, stride);
}

/**
 * Refines a field between two pictures of which the second has already been seen through it, so that what remains is
 * small: `u` and `v` grow by what still moves the first onto the second. All planes share the level's stride and margins.
 * `smooth`, `value`, `gradient`: weights of the three terms. `work`: 11 planes of `planeBytes`, each address being that of its first pixel.
 */
export function flowRefine(
  first: usize, second: usize, width: i32, height: i32, stride: i32, u: usize, v: usize,
  smooth: f32, value: f32, gradient: f32, rounds: i32, sweeps: i32, work: usize, planeBytes: usize,
): void {
  const ix = work, iy = ix + planeBytes, iz = iy + planeBytes;
  const u0 = iz + planeBytes, v0 = u0 + planeBytes;
  const system = v0 + planeBytes;
  const bytes = <usize>stride << 2;
  const lead: usize = <usize>MARGIN * bytes + (<usize>MARGIN << 2);
  derivatives(first, second, width, height, stride, ix, iy, iz);
  memory.copy(u0 - lead, u - lead, planeBytes);
  memory.copy(v0 - lead, v - lead, planeBytes);
  for (let round = 0; round < rounds; round++) {
    flowMargin(u, width, height, stride); flowMargin(v, width, height, stride);
    assemble(width, height, stride, ix, planeBytes, u, v, smooth, value, gradient);
    for (let n = 0; n < sweeps; n++) sweep(width, height, stride, system, planeBytes, u, v, (n & 1) == 1);
  }
  flowMargin(u, width, height, stride); flowMargin(v, width, height, stride);
}

/**
 * The linear system of one round: b1, b2, a12, the stiffness of every pixel's links to the right and below, and in place of a11 and a22 one
 * over the sum of each and the stiffness of all four links.
 */
function assemble(
  width: i32, height: i32, stride: i32, ix: usize, planeBytes: usize, u: usize, v: usize, smooth: f32, value: f32, gradient: f32,
): void {
  const iy = ix + planeBytes, iz = iy + planeBytes, u0 = iz + planeBytes, v0 = u0 + planeBytes;
  const a11 = v0 + planeBytes, a12 = a11 + planeBytes, a22 = a12 + planeBytes;
  const b1 = a22 + planeBytes, b2 = b1 + planeBytes, link = b2 + planeBytes;
  const bytes = <usize>stride << 2;
  const noise = f32x4.splat(NOISE), round = f32x4.splat(ROUND), one = f32x4.splat(1), least = f32x4.splat(1e-3);
  const valueWeight = f32x4.splat(value), gradientWeight = f32x4.splat(gradient), smoothWeight = f32x4.splat(smooth);
  for (let y = 0; y < height; y++) {
    const row = <usize>y * bytes;
    for (let x: usize = 0; x < (<usize>width << 2); x += 16) {
      const o = row + x;
      const U = v128.load(u + o), V = v128.load(v + o);
      const U0 = v128.load(u0 + o), V0 = v128.load(v0 + o);
      const du = f32x4.sub(U, U0), dv = f32x4.sub(V, V0);
      const gx = v128.load(ix + o), gy = v128.load(iy + o), gz = v128.load(iz + o);
      const n0 = f32x4.div(one, f32x4.add(f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy)), noise));
      const r = f32x4.add(gz, f32x4.add(f32x4.mul(gx, du), f32x4.mul(gy, dv)));
      const k = f32x4.div(f32x4.mul(valueWeight, n0), f32x4.sqrt(f32x4.add(f32x4.mul(f32x4.mul(r, r), n0), round)));
      const xx = slope(ix + o, 4), xy = slope(ix + o, bytes), yy = slope(iy + o, bytes);
      const xz = slope(iz + o, 4), yz = slope(iz + o, bytes);
      const xyxy = f32x4.mul(xy, xy);
      const n1 = f32x4.div(one, f32x4.add(f32x4.add(f32x4.mul(xx, xx), xyxy), noise));
      const n2 = f32x4.div(one, f32x4.add(f32x4.add(f32x4.mul(yy, yy), xyxy), noise));
      const rx = f32x4.add(xz, f32x4.add(f32x4.mul(xx, du), f32x4.mul(xy, dv)));
      const ry = f32x4.add(yz, f32x4.add(f32x4.mul(xy, du), f32x4.mul(yy, dv)));
      const kg = f32x4.div(gradientWeight, f32x4.sqrt(f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(rx, rx), n1), f32x4.mul(f32x4.mul(ry, ry), n2)), round)));
      const k1 = f32x4.mul(kg, n1), k2 = f32x4.mul(kg, n2);
      const m11 = f32x4.add(least, f32x4.add(f32x4.mul(k, f32x4.mul(gx, gx)), f32x4.add(f32x4.mul(k1, f32x4.mul(xx, xx)), f32x4.mul(k2, xyxy))));
      const m12 = f32x4.add(f32x4.mul(k, f32x4.mul(gx, gy)), f32x4.mul(xy, f32x4.add(f32x4.mul(k1, xx), f32x4.mul(k2, yy))));
      const m22 = f32x4.add(least, f32x4.add(f32x4.mul(k, f32x4.mul(gy, gy)), f32x4.add(f32x4.mul(k1, xyxy), f32x4.mul(k2, f32x4.mul(yy, yy)))));
      const kz = f32x4.mul(k, gz), k1z = f32x4.mul(k1, xz), k2z = f32x4.mul(k2, yz);
      const r1 = f32x4.add(f32x4.mul(kz, gx), f32x4.add(f32x4.mul(k1z, xx), f32x4.mul(k2z, xy)));
      const r2 = f32x4.add(f32x4.mul(kz, gy), f32x4.add(f32x4.mul(k1z, xy), f32x4.mul(k2z, yy)));
      v128.store(a11 + o, m11); v128.store(a12 + o, m12); v128.store(a22 + o, m22);
      v128.store(b1 + o, f32x4.sub(f32x4.add(f32x4.mul(m11, U0), f32x4.mul(m12, V0)), r1));
      v128.store(b2 + o, f32x4.sub(f32x4.add(f32x4.mul(m12, U0), f32x4.mul(m22, V0)), r2));
      const ux = f32x4.sub(v128.load(u + o, 4), U), uy = f32x4.sub(v128.load(u + o + bytes), U);
      const vx = f32x4.sub(v128.load(v + o, 4), V), vy = f32x4.sub(v128.load(v + o + bytes), V);
      const bend = f32x4.add(f32x4.add(f32x4.mul(ux, ux), f32x4.mul(uy, uy)), f32x4.add(f32x4.mul(vx, vx), f32x4.mul(vy, vy)));
      v128.store(link + o, f32x4.div(smoothWeight, f32x4.sqrt(f32x4.add(bend, round))));
    }
    // At the picture's ends a link leads to the pixel itself.
    store<f32>(link + row - 4, load<f32>(link + row));
    if (y == 0) memory.copy(link - bytes, link, <usize>width << 2);
    for (let x: usize = 0; x < (<usize>width << 2); x += 16) {
      const o = row + x, own = v128.load(link + o);
      const stiff = f32x4.add(f32x4.add(own, own), f32x4.add(v128.load(link + o - 4), v128.load(link + o - bytes)));
      v128.store(a11 + o, f32x4.div(one, f32x4.add(v128.load(a11 + o), stiff)));
      v128.store(a22 + o, f32x4.div(one, f32x4.add(v128.load(a22 + o), stiff)));
    }
  }
}

/**
 * One sweep of successive over-relaxation, down or up the rows. A pixel's links to the right and below have its own stiffness. At
 * the picture's ends a link leads to the pixel itself.
 */
function sweep(width: i32, height: i32, stride: i32, system: usize, planeBytes: usize, u: usize, v: usize, upwards: bool): void {
  const a11 = system, a12 = a11 + planeBytes, a22 = a12 + planeBytes, b1 = a22 + planeBytes, b2 = b1 + planeBytes, link = b2 + planeBytes;
  const bytes = <usize>stride << 2;
  const relax = f32x4.splat(RELAX);
  const last = <usize>(width - 1) << 2;
  for (let n = 0; n < height; n++) {
    const y = upwards ? height - 1 - n : n;
    const row = <usize>y * bytes;
    // Ends of the row, and the rows beyond the ends of the picture, repeat the edge.
    store<f32>(u + row - 4, load<f32>(u + row)); store<f32>(v + row - 4, load<f32>(v + row));
    store<f32>(u + row + last, load<f32>(u + row + last), 4); store<f32>(v + row + last, load<f32>(v + row + last), 4);
    if (y == 0) {
      memory.copy(u - bytes, u, <usize>width << 2); memory.copy(v - bytes, v, <usize>width << 2);
    }
    if (y == height - 1) {
      memory.copy(u + row + bytes, u + row, <usize>width << 2); memory.copy(v + row + bytes, v + row, <usize>width << 2);
    }
    for (let x: usize = 0; x <= last; x += 16) {
      const o = row + x;
      const own = v128.load(link + o), left = v128.load(link + o - 4), above = v128.load(link + o - bytes);
      const U = v128.load(u + o), V = v128.load(v + o);
      const aroundU = f32x4.add(
        f32x4.mul(own, f32x4.add(v128.load(u + o, 4), v128.load(u + o + bytes))),
        f32x4.add(f32x4.mul(left, v128.load(u + o - 4)), f32x4.mul(above, v128.load(u + o - bytes))),
      );
      const aroundV = f32x4.add(
        f32x4.mul(own, f32x4.add(v128.load(v + o, 4), v128.load(v + o + bytes))),
        f32x4.add(f32x4.mul(left, v128.load(v + o - 4)), f32x4.mul(above, v128.load(v + o - bytes))),
      );
      const m12 = v128.load(a12 + o);
      const solvedU = f32x4.mul(f32x4.add(f32x4.sub(v128.load(b1 + o), f32x4.mul(m12, V)), aroundU), v128.load(a11 + o));
      const newU = f32x4.add(U, f32x4.mul(relax, f32x4.sub(solvedU, U)));
      const solvedV = f32x4.mul(f32x4.add(f32x4.sub(v128.load(b2 + o), f32x4.mul(m12, newU)), aroundV), v128.load(a22 + o));
      v128.store(u + o, newU);
      v128.store(v + o, f32x4.add(V, f32x4.mul(relax, f32x4.sub(solvedV, V))));
    }
  }
}
