// Frames in between: both neighbours seen along their content's paths, blended.

import { BITS, DOWN, eight, fillWeights, mixFour, sample, STEPS, TABLES } from "./interpolate-sample";

/** How many samples from their middle the content of a group's pixels may move and still be looked up with it. */
const ALIKE: f32 = 0.06;
/** Samples of a group; bytes of what {@link levelRow} says about one. */
const EIGHT: i32 = 8;
const ABOUT: usize = 32;

/** Stores a sample, rounded. */
// @ts-ignore: decorator
@inline
function put<T>(target: usize, index: i32, value: f32, highest: f32): void {
  const half: f32 = 0.5;
  store<T>(target + <usize>index * sizeof<T>(), <T>(min(max(value, 0), highest) + half));
}

/** Mean of the two floats in the middle of those from the byte `from` to the byte `to`. */
// @ts-ignore: decorator
@inline
function middleOf(row: usize, from: usize, to: usize): f32 {
  const half: f32 = 0.5, step = (to - from) >> 3 << 2;
  return half * (load<f32>(row + from + step) + load<f32>(row + to - step));
}

/** Whether all of them lie within `limit` of `value`. */
// @ts-ignore: decorator
@inline
function allNear(row: usize, from: usize, to: usize, value: f32, limit: v128): bool {
  const middle = f32x4.splat(value);
  const last = to > 12 ? to - 12 : 0;
  for (let o = from; o < last; o += 16) {
    if (!i32x4.all_true(f32x4.lt(f32x4.abs(f32x4.sub(v128.load(row + o), middle)), limit))) return false;
  }
  return i32x4.all_true(f32x4.lt(f32x4.abs(f32x4.sub(v128.load(row + last), middle)), limit));
}

/**
 * Of every group of eight samples over a row of paths: the four displacements in their middle, in samples, the share, and whether all of them move
 * alike. `offsets`: of every sample, that of the float to its left.
 */
function levelRow(paths: usize, pathBytes: usize, offsets: usize, groups: i32, spanX: f32, spanY: f32, about: usize): void {
  const limitX = f32x4.splat(ALIKE / spanX), limitY = f32x4.splat(ALIKE / spanY);
  const second = paths + pathBytes, third = second + pathBytes, fourth = third + pathBytes;
  for (let g = 0; g < groups; g++) {
    const from = <usize>load<i32>(offsets), to = <usize>load<i32>(offsets, 28) + 4;
    offsets += 32;
    const ax = middleOf(paths, from, to), ay = middleOf(second, from, to), bx = middleOf(third, from, to), by = middleOf(fourth, from, to);
    const isAlike =
      allNear(paths, from, to, ax, limitX) && allNear(second, from, to, ay, limitY) &&
      allNear(third, from, to, bx, limitX) && allNear(fourth, from, to, by, limitY);
    store<f32>(about, ax * spanX); store<f32>(about, ay * spanY, 4); store<f32>(about, bx * spanX, 8); store<f32>(about, by * spanY, 12);
    store<f32>(about, middleOf(fourth + pathBytes, from, to), 16);
    store<i32>(about, isAlike ? 1 : 0, 20);
    about += ABOUT;
  }
}

/** Four values of a row between neighbours at `o0` to `o3` (bytes) and those behind them. */
// @ts-ignore: decorator
@inline
function betweenFour(row: usize, o0: usize, o1: usize, o2: usize, o3: usize, f: v128): v128 {
  const a = v128.load64_lane(row + o1, v128.load64_zero(row + o0), 1), b = v128.load64_lane(row + o3, v128.load64_zero(row + o2), 1);
  const left = v128.shuffle<f32>(a, b, 0, 2, 4, 6), right = v128.shuffle<f32>(a, b, 1, 3, 5, 7);
  return f32x4.add(left, f32x4.mul(f, f32x4.sub(right, left)));
}

/** Paths of four samples of a row: the four displacements, in samples, and the share, 16 bytes each. `below`: bytes to the row of paths below. */
function pathsOfFour(
  paths: usize, pathBytes: usize, below: usize, offsets: usize, fractions: usize, fy: v128, spanX: f32, spanY: f32, out: usize,
): void {
  const one: f32 = 1;
  const o0 = <usize>load<i32>(offsets), o1 = <usize>load<i32>(offsets, 4), o2 = <usize>load<i32>(offsets, 8), o3 = <usize>load<i32>(offsets, 12);
  const fx = v128.load(fractions);
  for (let n: usize = 0; n < 5; n++, paths += pathBytes) {
    const top = betweenFour(paths, o0, o1, o2, o3, fx), bottom = betweenFour(paths + below, o0, o1, o2, o3, fx);
    const factor = f32x4.splat(n == 4 ? one : n & 1 ? spanY : spanX);
    v128.store(out + (n << 4), f32x4.mul(factor, f32x4.add(top, f32x4.mul(fy, f32x4.sub(bottom, top)))));
  }
}

/**
 * Planes of one size of the frame in between: one, or two that lie `apart` bytes apart. `first`, `second`, `target`: packed planes of
 * `width` x `height` samples up to `highest`, at most 12 bits. `paths`, `marks` and `records` as interpolatePaths makes them, of a level of
 * `levelWidth` x `levelHeight` pixels, one of which is `spanX` x `spanY` samples of these planes. A sample that is marked is the mean of what the
 * first `count` paths of its record say. `work`: TABLES + 12 * (width + 4) + 8 * width + 144 bytes.
 */
// @ts-ignore: decorator
@inline
function blend<T>(
  first: usize, second: usize, target: usize, planes: i32, apart: usize, width: i32, height: i32, highest: f32,
  paths: usize, pathBytes: usize, marks: usize, records: usize, count: i32,
  levelWidth: i32, levelHeight: i32, spanX: f32, spanY: f32, work: usize,
): void {
  const half: f32 = 0.5, one: f32 = 1, size = sizeof<T>();
  const perX = one / spanX, perY = one / spanY, perCount = one / <f32>count;
  const columns = (levelWidth + 3) & ~3, across = (width + 3) & ~3, groups = width / EIGHT;
  const offsets = work + TABLES, fractions = offsets + (<usize>across << 2), owners = fractions + (<usize>across << 2);
  const even = owners + (<usize>across << 2), odd = even + <usize>groups * ABOUT, places = odd + <usize>groups * ABOUT;
  const corner = places + 80;
  const bytes = <usize>width * size;
  const span = f32x4(spanX, spanY, spanX, spanY);
  fillWeights(work);
  for (let x = 0; x < across; x++) {
    const px = min(max((<f32>x + half) * perX - half, 0), <f32>(levelWidth - 1));
    // There is always a neighbour to the right, of full weight if need be.
    const ix = max(0, min(<i32>px, levelWidth - 2));
    store<i32>(offsets + (<usize>x << 2), ix << 2);
    store<f32>(fractions + (<usize>x << 2), px - <f32>ix);
    store<i32>(owners + (<usize>x << 2), min(<i32>((<f32>x + half) * perX), levelWidth - 1));
  }
  const lanes = f32x4(0, 1, 2, 3), zero = f32x4.splat(0), maxX = f32x4.splat(<f32>(width - 1)), maxY = f32x4.splat(<f32>(height - 1));
  const steps = f32x4.splat(<f32>STEPS), halves = f32x4.splat(half), mask = i32x4.splat(STEPS - 1);
  // Places whose four by four samples all lie in the picture, and those of groups.
  const least = i32x4.splat(STEPS), mostX = i32x4.splat((width - 2) * STEPS), mostY = i32x4.splat((height - 2) * STEPS);
  const most = i32x4((width - 9) * STEPS, (height - 2) * STEPS, (width - 9) * STEPS, (height - 2) * STEPS);
  const down = i32x4.splat(<i32>DOWN), widths = i32x4.splat(width), before = i32x4.splat(width + 1);
  const shift = 15 - (32 - clz<i32>(<i32>highest)), rounding = i16x8.splat(<i16>(<i32>1 << (shift - 3))), white = i16x8.splat(<i16>highest);
  let inEven = -1, inOdd = -1;
  for (let y = 0; y < height; y++) {
    const level = min(max((<f32>y + half) * perY - half, 0), <f32>(levelHeight - 1));
    const iy = <i32>level, next = min(iy + 1, levelHeight - 1);
    const fy = f32x4.splat(level - <f32>iy);
    const row = paths + (<usize>(iy * columns) << 2), below = <usize>((next - iy) * columns) << 2;
    const evenRow = iy & 1 ? next : iy, oddRow = iy & 1 ? iy : next;
    if (evenRow != inEven) {
      levelRow(paths + (<usize>(evenRow * columns) << 2), pathBytes, offsets, groups, spanX, spanY, even);
      inEven = evenRow;
    }
    if (oddRow != inOdd) {
      levelRow(paths + (<usize>(oddRow * columns) << 2), pathBytes, offsets, groups, spanX, spanY, odd);
      inOdd = oddRow;
    }
    const owner = min(<i32>((<f32>y + half) * perY), levelHeight - 1) * columns;
    const line = f32x4.splat(<f32>y);
    let top = iy & 1 ? odd : even, bottom = iy & 1 ? even : odd;
    for (let x = 0, end = 0; x < width; x = end) {
      const own = owners + (<usize>x << 2), firstOwner = load<i32>(own), lastX = min(x + EIGHT, width) - 1;
      // Where more pixels of the level than eight belong to them, each has to be asked.
      const further = load<i32>(owners + (<usize>lastX << 2)) - firstOwner;
      const marked = further > 7 ? 1 : load<u64>(marks + <usize>(owner + firstOwner)) << <u64>(56 - 8 * further);
      end = x + EIGHT;
      if (end <= width) {
        const isAlike = load<i32>(top, 20) & load<i32>(bottom, 20);
        const above = v128.load(top), moved = f32x4.add(above, f32x4.mul(fy, f32x4.sub(v128.load(bottom), above)));
        const shareAbove = load<f32>(top, 16), share = shareAbove + f32x4.extract_lane(fy, 0) * (load<f32>(bottom, 16) - shareAbove);
        top += ABOUT; bottom += ABOUT;
        const at = i32x4.trunc_sat_f32x4_s(
          f32x4.floor(f32x4.add(f32x4.mul(f32x4.add(f32x4(<f32>x, <f32>y, <f32>x, <f32>y), moved), steps), halves)),
        );
        if (isAlike && !marked && i32x4.all_true(v128.and(i32x4.ge_s(at, least), i32x4.lt_s(at, most)))) {
          const whole = i32x4.shr_s(at, BITS), part = i32x4.shl(v128.and(at, mask), 3);
          const a = <usize>((i32x4.extract_lane(whole, 1) - 1) * width + i32x4.extract_lane(whole, 0) - 1) * size;
          const b = <usize>((i32x4.extract_lane(whole, 3) - 1) * width + i32x4.extract_lane(whole, 2) - 1) * size;
          const ax = work + <usize>i32x4.extract_lane(part, 0), ay = work + <usize>i32x4.extract_lane(part, 1);
          const bx = work + <usize>i32x4.extract_lane(part, 2), by = work + <usize>i32x4.extract_lane(part, 3);
          const weight = i16x8.splat(<i16>(share * <f32>32767 + half));
          for (let n = 0, move: usize = 0; n < planes; n++, move += apart) {
            const one = eight<T>(first + move + a, bytes, ax, ay, shift), other = eight<T>(second + move + b, bytes, bx, by, shift);
            const mix = i16x8.add(one, i16x8.q15mulr_sat_s(i16x8.sub(other, one), weight));
            const value = i16x8.shr_s(i16x8.add(mix, rounding), shift - 2);
            const to = target + move + <usize>(y * width + x) * size;
            if (size == 1) v128.store64_lane(to, i8x16.narrow_i16x8_u(value, value), 0);
            else v128.store(to, i16x8.min_s(i16x8.max_s(value, i16x8.splat(0)), white));
          }
          continue;
        }
      }
      for (let g = x; g <= lastX; g += 4) {
        pathsOfFour(row, pathBytes, below, offsets + (<usize>g << 2), fractions + (<usize>g << 2), fy, spanX, spanY, places);
        const column = f32x4.add(f32x4.splat(<f32>g), lanes);
        const ax = f32x4.add(column, v128.load(places)), ay = f32x4.add(line, v128.load(places, 16));
        const bx = f32x4.add(column, v128.load(places, 32)), by = f32x4.add(line, v128.load(places, 48)), share = v128.load(places, 64);
        const iax = i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.mul(f32x4.min(f32x4.max(ax, zero), maxX), steps), halves));
        const iay = i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.mul(f32x4.min(f32x4.max(ay, zero), maxY), steps), halves));
        const ibx = i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.mul(f32x4.min(f32x4.max(bx, zero), maxX), steps), halves));
        const iby = i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.mul(f32x4.min(f32x4.max(by, zero), maxY), steps), halves));
        const inside = v128.and(
          i32x4.ge_s(i32x4.min_s(i32x4.min_s(iax, iay), i32x4.min_s(ibx, iby)), least),
          v128.and(i32x4.lt_s(i32x4.max_s(iax, ibx), mostX), i32x4.lt_s(i32x4.max_s(iay, iby), mostY)),
        );
        if (g + 4 <= width && i32x4.all_true(inside)) {
          let a = i32x4.sub(i32x4.add(i32x4.mul(i32x4.shr_s(iay, BITS), widths), i32x4.shr_s(iax, BITS)), before);
          let b = i32x4.sub(i32x4.add(i32x4.mul(i32x4.shr_s(iby, BITS), widths), i32x4.shr_s(ibx, BITS)), before);
          if (size == 2) { a = i32x4.shl(a, 1); b = i32x4.shl(b, 1); }
          const tax = i32x4.shl(v128.and(iax, mask), 3), tay = i32x4.add(i32x4.shl(v128.and(iay, mask), 5), down);
          const tbx = i32x4.shl(v128.and(ibx, mask), 3), tby = i32x4.add(i32x4.shl(v128.and(iby, mask), 5), down);
          for (let n = 0, move: usize = 0; n < planes; n++, move += apart) {
            const mix = mixFour<T>(first + move, second + move, bytes, work, a, tax, tay, b, tbx, tby, share);
            const value = f32x4.add(f32x4.min(f32x4.max(mix, zero), f32x4.splat(highest)), halves);
            const whole = i32x4.trunc_sat_f32x4_s(value), words = i16x8.narrow_i32x4_u(whole, whole);
            const to = target + move + <usize>(y * width + g) * size;
            if (size == 1) v128.store32_lane(to, i8x16.narrow_i16x8_u(words, words), 0);
            else v128.store64_lane(to, words, 0);
          }
        } else {
          for (let n = g; n < g + 4 && n < width; n++) {
            const at = places + (<usize>(n - g) << 2), weight = load<f32>(at, 64), px = <f32>n, py = <f32>y;
            for (let p = 0, move: usize = 0; p < planes; p++, move += apart) {
              const a = sample<T>(first + move, width, height, px + load<f32>(at), py + load<f32>(at, 16), work, corner);
              const b = sample<T>(second + move, width, height, px + load<f32>(at, 32), py + load<f32>(at, 48), work, corner);
              put<T>(target + move, y * width + n, a + weight * (b - a), highest);
            }
          }
        }
      }
      if (!marked) continue;
      for (let n = x; n <= lastX; n++) {
        const at = owner + load<i32>(owners + (<usize>n << 2));
        if (!load<u8>(marks + <usize>at)) continue;
        const record = records + (<usize>at << 6);
        for (let p = 0, move: usize = 0; p < planes; p++, move += apart) {
          let value: f32 = 0;
          for (let k = 0; k < count; k++) {
            const path = f32x4.add(f32x4(<f32>n, <f32>y, <f32>n, <f32>y), f32x4.mul(span, v128.load(record + (<usize>k << 4))));
            const a = sample<T>(
              first + move, width, height, f32x4.extract_lane(path, 0), f32x4.extract_lane(path, 1), work, corner,
            );
            const b = sample<T>(
              second + move, width, height, f32x4.extract_lane(path, 2), f32x4.extract_lane(path, 3), work, corner,
            );
            value += a + load<f32>(record + (<usize>k << 2), 48) * (b - a);
          }
          put<T>(target + move, y * width + n, value * perCount, highest);
        }
      }
    }
  }
}

/** {@link blend} over 8-bit planes. */
export function interpolateBlend8(
  first: usize, second: usize, target: usize, planes: i32, apart: usize, width: i32, height: i32, highest: f32,
  paths: usize, pathBytes: usize, marks: usize, records: usize, count: i32,
  levelWidth: i32, levelHeight: i32, spanX: f32, spanY: f32, work: usize,
): void {
  blend<u8>(
    first, second, target, planes, apart, width, height, highest, paths, pathBytes, marks, records, count, levelWidth, levelHeight,
    spanX, spanY, work,
  );
}

/** {@link blend} over 16-bit planes, samples of up to 12 bits. */
export function interpolateBlend16(
  first: usize, second: usize, target: usize, planes: i32, apart: usize, width: i32, height: i32, highest: f32,
  paths: usize, pathBytes: usize, marks: usize, records: usize, count: i32,
  levelWidth: i32, levelHeight: i32, spanX: f32, spanY: f32, work: usize,
): void {
  blend<u16>(
    first, second, target, planes, apart, width, height, highest, paths, pathBytes, marks, records, count, levelWidth, levelHeight,
    spanX, spanY, work,
  );
}
