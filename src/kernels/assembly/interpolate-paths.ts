// Paths of a frame in between: where the content of every pixel comes from in both neighbours.

import { bilinearFour } from "./flow-pyramid";

/** Bytes of {@link storeRecords}'s record of one pixel. */
const RECORD: usize = 64;

/** Pixels below which following a field once more changes nothing. */
const ENOUGH: f32 = 0.02;

/** A field's motion at four places, bilinearly, edges repeated: u to `out`, v 16 bytes behind. Its v plane lies `apart` bytes behind its u plane. */
function motionFour(field: usize, apart: usize, stride: i32, maxX: f32, maxY: f32, x: v128, y: v128, out: usize): void {
  const zero = f32x4.splat(0);
  const px = f32x4.min(f32x4.max(x, zero), f32x4.splat(maxX)), py = f32x4.min(f32x4.max(y, zero), f32x4.splat(maxY));
  const ix = i32x4.trunc_sat_f32x4_s(px), iy = i32x4.trunc_sat_f32x4_s(py);
  const fx = f32x4.sub(px, f32x4.convert_i32x4_s(ix)), fy = f32x4.sub(py, f32x4.convert_i32x4_s(iy));
  const at = i32x4.shl(i32x4.add(i32x4.mul(iy, i32x4.splat(stride)), ix), 2);
  const a = field + <usize>i32x4.extract_lane(at, 0), b = field + <usize>i32x4.extract_lane(at, 1);
  const c = field + <usize>i32x4.extract_lane(at, 2), d = field + <usize>i32x4.extract_lane(at, 3);
  const bytes = <usize>stride << 2;
  // The margin repeats the edge, so that a right and a lower neighbour are always there.
  v128.store(out, bilinearFour(a, b, c, d, bytes, fx, fy));
  v128.store(out, bilinearFour(a + apart, b + apart, c + apart, d + apart, bytes, fx, fy), 16);
}

/** Motion at the time `t` of what passes four places then, found by following the field from where it says that they come from. */
function passing(
  field: usize, apart: usize, stride: i32, maxX: f32, maxY: f32, x: v128, y: v128, t: f32, times: i32, out: usize,
): void {
  const back = f32x4.splat(t);
  motionFour(field, apart, stride, maxX, maxY, x, y, out);
  for (let n = 0; n < times; n++) {
    const u = v128.load(out), v = v128.load(out, 16);
    motionFour(field, apart, stride, maxX, maxY, f32x4.sub(x, f32x4.mul(back, u)), f32x4.sub(y, f32x4.mul(back, v)), out);
    const changed = f32x4.max(f32x4.abs(f32x4.sub(v128.load(out), u)), f32x4.abs(f32x4.sub(v128.load(out, 16), v)));
    if (!v128.any_true(f32x4.gt(changed, f32x4.splat(ENOUGH)))) break;
  }
}

/** How much of four pixels lies in the picture: 1 inside, 0 from one pixel outside on. */
// @ts-ignore: decorator
@inline
function inside(x: v128, y: v128, maxX: f32, maxY: f32): v128 {
  const one = f32x4.splat(1);
  const least = f32x4.min(f32x4.min(x, y), f32x4.min(f32x4.sub(f32x4.splat(maxX), x), f32x4.sub(f32x4.splat(maxY), y)));
  return f32x4.max(f32x4.splat(0), f32x4.min(one, f32x4.add(one, least)));
}

/**
 * Four paths through (x, y) with the motion (u, v): displacements to the first picture (x, y), to the second (x, y), and the share of the
 * second; four f32 each, `gap` bytes from one to the next. `work`: 64 bytes.
 */
function storePaths(
  out: usize, gap: usize, x: v128, y: v128, u: v128, v: v128, t: f32,
  before: usize, after: usize, apart: usize, stride: i32, maxX: f32, maxY: f32, work: usize,
): void {
  const one: f32 = 1, half: f32 = 0.5;
  const past = f32x4.splat(t), rest = f32x4.splat(one - t);
  const x0 = f32x4.sub(x, f32x4.mul(past, u)), y0 = f32x4.sub(y, f32x4.mul(past, v));
  const x1 = f32x4.add(x, f32x4.mul(rest, u)), y1 = f32x4.add(y, f32x4.mul(rest, v));
  let qu = f32x4.splat(0), qv = qu;
  if (before && after) {
    motionFour(before, apart, stride, maxX, maxY, x0, y0, work);
    motionFour(after, apart, stride, maxX, maxY, x1, y1, work + 32);
    const bu = f32x4.neg(v128.load(work)), bv = f32x4.neg(v128.load(work, 16));
    const nu = v128.load(work, 32), nv = v128.load(work, 48);
    const au = f32x4.mul(f32x4.sub(nu, bu), f32x4.splat(half)), av = f32x4.mul(f32x4.sub(nv, bv), f32x4.splat(half));
    const ju = f32x4.add(f32x4.sub(f32x4.sub(nu, u), u), bu), jv = f32x4.add(f32x4.sub(f32x4.sub(nv, v), v), bv);
    const bend = f32x4.add(f32x4.mul(au, au), f32x4.mul(av, av)), jerk = f32x4.add(f32x4.mul(ju, ju), f32x4.mul(jv, jv));
    // Motion that jerks says little about what happens in between; noise below a seventh of a pixel says nothing.
    const noise = f32x4.splat(0.02);
    const trust = f32x4.mul(f32x4.div(bend, f32x4.add(f32x4.add(bend, jerk), noise)), f32x4.splat(t * (one - t) * half));
    qu = f32x4.mul(au, trust); qv = f32x4.mul(av, trust);
  }
  const ax = f32x4.add(x0, qu), ay = f32x4.add(y0, qv), bx = f32x4.add(x1, qu), by = f32x4.add(y1, qv);
  const least = f32x4.splat(1e-3);
  const w0 = f32x4.mul(rest, f32x4.add(least, inside(ax, ay, maxX, maxY)));
  const w1 = f32x4.mul(past, f32x4.add(least, inside(bx, by, maxX, maxY)));
  v128.store(out, f32x4.sub(ax, x));
  v128.store(out + gap, f32x4.sub(ay, y));
  v128.store(out + 2 * gap, f32x4.sub(bx, x));
  v128.store(out + 3 * gap, f32x4.sub(by, y));
  v128.store(out + 4 * gap, f32x4.div(w1, f32x4.add(w0, w1)));
}

/** Moves four pixels' paths of one set (0 to 2) from `from` into their records: the four displacements at 16 * set, the share at 48 + 4 * set. */
// @ts-ignore: decorator
@inline
function storeRecords(from: usize, records: usize, set: usize): void {
  const a = v128.load(from), b = v128.load(from, 16), c = v128.load(from, 32), d = v128.load(from, 48);
  const low = v128.shuffle<f32>(a, b, 0, 4, 1, 5), high = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const low2 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), high2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  const to = records + (set << 4), share = records + (set << 2) + 48;
  v128.store(to, v128.shuffle<f32>(low, low2, 0, 1, 4, 5)); v128.store(to + RECORD, v128.shuffle<f32>(low, low2, 2, 3, 6, 7));
  v128.store(to + 2 * RECORD, v128.shuffle<f32>(high, high2, 0, 1, 4, 5));
  v128.store(to + 3 * RECORD, v128.shuffle<f32>(high, high2, 2, 3, 6, 7));
  for (let n: usize = 0; n < 4; n++) store<f32>(share + n * RECORD, load<f32>(from + (n << 2), 64));
}

/**
 * Paths at the time `t` (0 to 1) between two pictures, from the motion of the first to the second (`forward`), back (`backward`) and, where not
 * 0, the one centred between them (`middle`), and, where not 0, the motions from the first to the picture before it and from the second to
 * the one behind it, which tell how motion changes (Xu, Siyao, Sun, Yin and Yang, "Quadratic video interpolation", 2019). Fields are of the
 * level's stride with margins, addresses those of first pixels; a field's v plane lies `planeBytes` behind its u plane.
 *
 * Rows of what follows are `width` rounded up to four pixels. `paths`: five planes of f32, `pathBytes` each: displacements to the first
 * picture (x, y) and to the second (x, y), and the share of the second, by the mean of both directions. Where they differ by more than
 * `apart` pixels, `marks` (a byte a pixel) is 1 and `records` (64 bytes a pixel) hold the paths by forward, backward and middle: four
 * displacements each, then the three shares. `work`: 208 bytes.
 */
export function interpolatePaths(
  forward: usize, backward: usize, middle: usize, before: usize, after: usize, planeBytes: usize,
  width: i32, height: i32, stride: i32, t: f32, apart: f32, paths: usize, pathBytes: usize, marks: usize, records: usize, work: usize,
): void {
  const maxX = <f32>(width - 1), maxY = <f32>(height - 1);
  const one: f32 = 1, half = f32x4.splat(0.5), limit = f32x4.splat(apart * apart);
  const lanes = f32x4(0, 1, 2, 3);
  const there = work + 64, back = there + 32, found = back + 32;
  const columns = (width + 3) & ~3;
  for (let y = 0; y < height; y++) {
    const py = f32x4.splat(<f32>y);
    for (let x = 0; x < width; x += 4) {
      const index = <usize>(y * columns + x);
      const px = f32x4.add(f32x4.splat(<f32>x), lanes);
      passing(forward, planeBytes, stride, maxX, maxY, px, py, t, 2, there);
      passing(backward, planeBytes, stride, maxX, maxY, px, py, one - t, 2, back);
      const fu = v128.load(there), fv = v128.load(there, 16), gu = f32x4.neg(v128.load(back)), gv = f32x4.neg(v128.load(back, 16));
      const u = f32x4.mul(f32x4.add(fu, gu), half), v = f32x4.mul(f32x4.add(fv, gv), half);
      storePaths(
        paths + (index << 2), pathBytes, px, py, u, v, t, before, after, planeBytes, stride, maxX, maxY, work,
      );
      const du = f32x4.sub(fu, gu), dv = f32x4.sub(fv, gv);
      const differ = f32x4.gt(f32x4.add(f32x4.mul(du, du), f32x4.mul(dv, dv)), limit);
      const bits = v128.and(differ, i32x4.splat(1)), words = i16x8.narrow_i32x4_s(bits, bits);
      v128.store32_lane(marks + index, i8x16.narrow_i16x8_s(words, words), 0);
      if (!v128.any_true(differ)) continue;
      const record = records + index * RECORD;
      storePaths(found, 16, px, py, fu, fv, t, before, after, planeBytes, stride, maxX, maxY, work);
      storeRecords(found, record, 0);
      storePaths(found, 16, px, py, gu, gv, t, before, after, planeBytes, stride, maxX, maxY, work);
      storeRecords(found, record, 1);
      if (!middle) continue;
      // The middle's motion is that of what passes half way.
      passing(middle, planeBytes, stride, maxX, maxY, px, py, t - <f32>0.5, t == <f32>0.5 ? 0 : 2, there);
      storePaths(found, 16, px, py, v128.load(there), v128.load(there, 16), t, before, after, planeBytes, stride, maxX, maxY, work);
      storeRecords(found, record, 2);
    }
  }
}
