// A dense field at twice its size, and the last fraction of a pixel of it: one Gauss-Newton step of every pixel's own window
// (Lucas and Kanade 1981).

/**
 * A field's plane at twice its size and with values twice as large, bilinearly. `from`: rows of `fromStride` f32, half as many as
 * `width` x `height`, rounded up. `to`: rows of `stride`; up to seven more pixels of a row are written. `work`: 4 * (width / 2 + 16) bytes.
 */
export function flowDouble(from: usize, fromStride: i32, to: usize, width: i32, height: i32, stride: i32, work: usize): void {
  const w2 = (width + 1) >> 1, last = ((height + 1) >> 1) - 1;
  const near = f32x4.splat(0.75), far = f32x4.splat(0.25), more = f32x4.splat(1.5), less = f32x4.splat(0.5);
  const row = work + 16, end = <usize>w2 << 2;
  for (let y = 0; y < height; y++) {
    const own = from + <usize>((y >> 1) * fromStride << 2);
    const other = from + <usize>(min(max((y >> 1) + (y & 1 ? 1 : -1), 0), last) * fromStride << 2);
    for (let x: usize = 0; x < end; x += 16) {
      v128.store(row + x, f32x4.add(f32x4.mul(near, v128.load(own + x)), f32x4.mul(far, v128.load(other + x))));
    }
    store<f32>(row - 4, load<f32>(row));
    store<f32>(row + end, load<f32>(row + end - 4));
    const target = to + <usize>(y * stride << 2);
    for (let x: usize = 0; x < end; x += 16) {
      const p = row + x, middle = f32x4.mul(more, v128.load(p));
      const even = f32x4.add(middle, f32x4.mul(less, v128.load(p - 4))), odd = f32x4.add(middle, f32x4.mul(less, v128.load(p + 4)));
      v128.store(target + (x << 1), v128.shuffle<f32>(even, odd, 0, 4, 1, 5));
      v128.store(target + (x << 1), v128.shuffle<f32>(even, odd, 2, 6, 3, 7), 16);
    }
  }
}

/** Pixels around one that its window reaches. */
const REACH: i32 = 7;
const WINDOW: i32 = 15;
/** Bytes that a row of products begins before the picture's, and ends behind it: a multiple of 16, REACH + 1 pixels or more. */
const SIDE: usize = 32;
/** Rows of products: xx, xy, yy, xt, yt. */
const TERMS: usize = 5;

/** Products of one row's gradients, each summed along the row over the window, in five rows of `pitch` bytes at `target`. */
// @ts-ignore: decorator
@inline
function products(first: usize, seen: usize, end: usize, bytes: usize, work: usize, pitch: usize, target: usize): void {
  const threes = work + TERMS * pitch;
  for (let x: usize = 0; x < end + 2 * SIDE; x += 16) {
    const a = first + x - SIDE, b = seen + x - SIDE;
    const gx = f32x4.add(f32x4.sub(v128.load(a + 4), v128.load(a - 4)), f32x4.sub(v128.load(b + 4), v128.load(b - 4)));
    const gy = f32x4.add(
      f32x4.sub(v128.load(a + bytes), v128.load(a - bytes)), f32x4.sub(v128.load(b + bytes), v128.load(b - bytes)),
    );
    const gt = f32x4.sub(v128.load(b), v128.load(a));
    const to = work + x;
    v128.store(to, f32x4.mul(gx, gx));
    v128.store(to + pitch, f32x4.mul(gx, gy));
    v128.store(to + 2 * pitch, f32x4.mul(gy, gy));
    v128.store(to + 3 * pitch, f32x4.mul(gx, gt));
    v128.store(to + 4 * pitch, f32x4.mul(gy, gt));
  }
  for (let k: usize = 0; k < TERMS; k++) {
    const from = work + k * pitch, to = target + k * pitch;
    for (let x: usize = 4; x < end + 2 * SIDE - 4; x += 16) {
      const p = from + x;
      v128.store(threes + x, f32x4.add(f32x4.add(v128.load(p - 4), v128.load(p)), v128.load(p + 4)));
    }
    for (let x: usize = 0; x < end; x += 16) {
      const p = threes + SIDE + x;
      const inner = f32x4.add(v128.load(p - 12), v128.load(p + 12)), outer = f32x4.add(v128.load(p - 24), v128.load(p + 24));
      v128.store(to + x, f32x4.add(f32x4.add(inner, outer), v128.load(p)));
    }
  }
}

/**
 * Moves a field's every vector (`u`, `v`: f32, rows of `stride`) by what its window says, at most one pixel either way. `first`: a picture;
 * `seen`: the other one as the field brings it there; both with their margins. `flat`: the squared gradient below which
 * nothing is said. `work`: 86 rows of `pitch` bytes, at least 4 * (width + 24).
 */
export function flowSharpen(
  first: usize, seen: usize, width: i32, height: i32, stride: i32, u: usize, v: usize, flat: f32, work: usize, pitch: usize,
): void {
  const bytes = <usize>stride << 2, end = <usize>((width + 3) & ~3) << 2;
  const sums = work + (TERMS + 1) * pitch, rows = sums + TERMS * pitch;
  const ring = TERMS * pitch;
  memory.fill(sums, 0, ring);
  // Gradients here are four times the mean of both pictures' central differences.
  const least = f32x4.splat(flat * 16 * <f32>(WINDOW * WINDOW)), most = f32x4.splat(1), four = f32x4.splat(4);
  for (let y = -REACH; y < height + REACH; y++) {
    const row = <usize>(<isize>y * <isize>bytes);
    const fresh = rows + <usize>((y + WINDOW) % WINDOW) * ring;
    // What the window leaves behind.
    if (y >= WINDOW - REACH) {
      for (let x: usize = 0; x < ring; x += 16) v128.store(sums + x, f32x4.sub(v128.load(sums + x), v128.load(fresh + x)));
    }
    products(first + row, seen + row, end, bytes, work, pitch, fresh);
    for (let x: usize = 0; x < ring; x += 16) v128.store(sums + x, f32x4.add(v128.load(sums + x), v128.load(fresh + x)));
    const at = y - REACH;
    if (at < 0) continue;
    const to = <usize>at * bytes;
    for (let x: usize = 0; x < end; x += 16) {
      const p = sums + x;
      const xx = f32x4.add(least, v128.load(p)), xy = v128.load(p + pitch), yy = f32x4.add(least, v128.load(p + 2 * pitch));
      const xt = v128.load(p + 3 * pitch), yt = v128.load(p + 4 * pitch);
      const scale = f32x4.div(four, f32x4.sub(f32x4.mul(xx, yy), f32x4.mul(xy, xy)));
      const du = f32x4.mul(scale, f32x4.sub(f32x4.mul(xy, yt), f32x4.mul(yy, xt)));
      const dv = f32x4.mul(scale, f32x4.sub(f32x4.mul(xy, xt), f32x4.mul(xx, yt)));
      const nu = f32x4.min(most, f32x4.max(f32x4.neg(most), du)), nv = f32x4.min(most, f32x4.max(f32x4.neg(most), dv));
      v128.store(u + to + x, f32x4.add(v128.load(u + to + x), nu));
      v128.store(v + to + x, f32x4.add(v128.load(v + to + x), nv));
    }
  }
}
