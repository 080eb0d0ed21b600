// Motion of a small picture's patches, for following an object: Lucas-Kanade by inverse composition on a grid of patches,
// then averaged into a dense field (Kroeger et al., "Fast optical flow using dense inverse search", 2016).

const SIZE: i32 = 8;
const STRIDE: i32 = 4;

// @ts-ignore: decorator
@inline
function bytes4(at: usize): v128 {
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at))));
}

/** Four bilinear samples along a row; `next` is the row below. */
// @ts-ignore: decorator
@inline
function sample4(at: usize, next: usize, w00: v128, w01: v128, w10: v128, w11: v128): v128 {
  return f32x4.add(
    f32x4.add(f32x4.mul(bytes4(at), w00), f32x4.mul(bytes4(at + 1), w01)),
    f32x4.add(f32x4.mul(bytes4(next), w10), f32x4.mul(bytes4(next + 1), w11)),
  );
}

// @ts-ignore: decorator
@inline
function total(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3);
}

/** Sum of squared differences, less its mean's, of the patch at (x, y) and the one moved by (u, v). Differences go to `out` (64 f32). */
function compare(current: usize, previous: usize, width: i32, height: i32, x: i32, y: i32, u: f32, v: f32, out: usize): f32 {
  const px = min(max(<f32>x + u, 0), <f32>(width - SIZE) - <f32>1.001), py = min(max(<f32>y + v, 0), <f32>(height - SIZE) - <f32>1.001);
  const ix = <i32>px, iy = <i32>py;
  const fx = px - <f32>ix, fy = py - <f32>iy;
  const w00 = f32x4.splat((1 - fx) * (1 - fy)), w01 = f32x4.splat(fx * (1 - fy)), w10 = f32x4.splat((1 - fx) * fy), w11 = f32x4.splat(fx * fy);
  let sum = f32x4.splat(0), squares = f32x4.splat(0);
  for (let row = 0; row < SIZE; row++) {
    const own = current + <usize>((y + row) * width + x), at = previous + <usize>((iy + row) * width + ix), next = at + <usize>width;
    const a = f32x4.sub(sample4(at, next, w00, w01, w10, w11), bytes4(own));
    const b = f32x4.sub(sample4(at + 4, next + 4, w00, w01, w10, w11), bytes4(own + 4));
    v128.store(out + (<usize>row << 5), a);
    v128.store(out + (<usize>row << 5), b, 16);
    sum = f32x4.add(sum, f32x4.add(a, b));
    squares = f32x4.add(squares, f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b)));
  }
  const mean = total(sum) / 64;
  return total(squares) - 64 * mean * mean;
}

/**
 * Where each pixel of `current` (u8) lies in `previous`: two f32 planes `flowX`, `flowY` of width * height, in pixels.
 * `coarse` (0: none) is the field between the pictures halved, two planes one after the other of `coarseWidth` *
 * `coarseHeight`. At least 10 x 10 pixels. `scratch`: (columns * rows * 2 + 64 * 4) f32 and width * height f32, where columns and
 * rows count patches every four pixels.
 */
export function segmentFlow(
  current: usize, previous: usize, width: i32, height: i32, coarse: usize, coarseWidth: i32, coarseHeight: i32,
  iterations: i32, flowX: usize, flowY: usize, scratch: usize,
): void {
  const columns = (width - SIZE - 1) / STRIDE + 1, rows = (height - SIZE - 1) / STRIDE + 1;
  const difference = scratch, gradX = scratch + 256, gradY = scratch + 512, trial = scratch + 768;
  const grid = scratch + 1024, weights = grid + (<usize>(columns * rows) << 3);
  const pixels = <usize>(width * height);
  memory.fill(weights, 0, pixels << 2);
  memory.fill(flowX, 0, pixels << 2);
  memory.fill(flowY, 0, pixels << 2);
  for (let row = 0; row < rows; row++) {
    const y = min(row * STRIDE, height - SIZE - 1);
    for (let column = 0; column < columns; column++) {
      const x = min(column * STRIDE, width - SIZE - 1);
      let u: f32 = 0, v: f32 = 0;
      if (coarse) {
        const at = coarse + (<usize>(min((y + 4) >> 1, coarseHeight - 1) * coarseWidth + min((x + 4) >> 1, coarseWidth - 1)) << 2);
        u = 2 * load<f32>(at);
        v = 2 * load<f32>(at + (<usize>(coarseWidth * coarseHeight) << 2));
      }
      let cost = compare(current, previous, width, height, x, y, u, v, difference);
      // Neighbours that were found know of motions that the coarse field is too blunt for.
      for (let n = 0; n < 2; n++) {
        if (n == 0 ? column == 0 : row == 0) continue;
        const at = grid + (<usize>(n == 0 ? row * columns + column - 1 : (row - 1) * columns + column) << 3);
        const nu = load<f32>(at), nv = load<f32>(at, 4);
        if (abs(nu - u) + abs(nv - v) < 0.5) continue;
        const other = compare(current, previous, width, height, x, y, nu, nv, trial);
        if (other < cost * 0.9) {
          cost = other;
          u = nu;
          v = nv;
          memory.copy(difference, trial, 256);
        }
      }
      let xx: f32 = 0, xy: f32 = 0, yy: f32 = 0, sx: f32 = 0, sy: f32 = 0;
      for (let i = 0; i < 64; i++) {
        const cx = x + (i & 7), cy = y + (i >> 3);
        const at = current + <usize>(cy * width);
        const gx = <f32>(<i32>load<u8>(at + <usize>min(cx + 1, width - 1)) - <i32>load<u8>(at + <usize>max(cx - 1, 0))) * <f32>0.5;
        const gy = <f32>(<i32>load<u8>(current + <usize>(min(cy + 1, height - 1) * width + cx)) - <i32>load<u8>(current + <usize>(max(cy - 1, 0) * width + cx))) * <f32>0.5;
        store<f32>(gradX + (<usize>i << 2), gx);
        store<f32>(gradY + (<usize>i << 2), gy);
        xx += gx * gx; xy += gx * gy; yy += gy * gy; sx += gx; sy += gy;
      }
      xx += 16 - sx * sx / 64; yy += 16 - sy * sy / 64; xy -= sx * sy / 64;
      const determinant = xx * yy - xy * xy;
      const startU = u, startV = v, startCost = cost;
      let nowU = u, nowV = v;
      for (let i = 0; i < iterations; i++) {
        let bx = f32x4.splat(0), by = f32x4.splat(0), sum = f32x4.splat(0);
        for (let k: usize = 0; k < 256; k += 16) {
          const d = v128.load(difference + k);
          bx = f32x4.add(bx, f32x4.mul(d, v128.load(gradX + k)));
          by = f32x4.add(by, f32x4.mul(d, v128.load(gradY + k)));
          sum = f32x4.add(sum, d);
        }
        const mean = total(sum) / 64;
        const ex = total(bx) - mean * sx, ey = total(by) - mean * sy;
        const du = (yy * ex - xy * ey) / determinant, dv = (xx * ey - xy * ex) / determinant;
        nowU -= du;
        nowV -= dv;
        if (abs(nowU - startU) + abs(nowV - startV) > 12) break;
        const next = compare(current, previous, width, height, x, y, nowU, nowV, difference);
        if (next >= cost) break;
        cost = next;
        u = nowU;
        v = nowV;
        if (abs(du) + abs(dv) < 0.03) break;
      }
      if (!(cost <= startCost)) { u = startU; v = startV; }
      const to = grid + (<usize>(row * columns + column) << 3);
      store<f32>(to, u);
      store<f32>(to, v, 4);
      compare(current, previous, width, height, x, y, u, v, difference);
      for (let i = 0; i < 64; i++) {
        const at = <usize>((y + (i >> 3)) * width + x + (i & 7)) << 2;
        const weight: f32 = 1 / max(<f32>1, abs(load<f32>(difference + (<usize>i << 2))));
        store<f32>(weights + at, load<f32>(weights + at) + weight);
        store<f32>(flowX + at, load<f32>(flowX + at) + weight * u);
        store<f32>(flowY + at, load<f32>(flowY + at) + weight * v);
      }
    }
  }
  for (let y = 0; y < height; y++) {
    // Rows and columns behind the last patch take the flow of the one before.
    for (let x = 0; x < width; x++) {
      const at = <usize>(y * width + x) << 2;
      const weight = load<f32>(weights + at);
      if (weight > 0) {
        store<f32>(flowX + at, load<f32>(flowX + at) / weight);
        store<f32>(flowY + at, load<f32>(flowY + at) / weight);
      } else {
        const from = x > 0 && load<f32>(weights + at - 4) > 0 ? at - 4 : y > 0 ? at - (<usize>width << 2) : at;
        store<f32>(flowX + at, load<f32>(flowX + from));
        store<f32>(flowY + at, load<f32>(flowY + from));
        store<f32>(weights + at, -1);
      }
    }
  }
}
