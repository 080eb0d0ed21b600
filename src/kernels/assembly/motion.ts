// Which cells of a picture move by themselves: squares of its luma pixels, whose sides are a power of two.

/** Mean 8-bit levels by which a moving patch differs from where the camera should see it again, at least. */
const LEAST_MISFIT: f64 = 3;
/** How many times better its own motion must explain it: flow wanders over stripes and where there is no texture. */
const BETTER: f64 = 2;
/** More levels than this count as this: what is covered says nothing of motion. */
const MOST_MISFIT: f64 = 40;

/**
 * Grows the cells that are `value` by `radius` on every side: those that are 0, or those that are not. `target` receives 0 and 1. `scratch`: a
 * byte a cell.
 */
export function growCells(cells: usize, width: i32, height: i32, radius: i32, value: i32, target: usize, scratch: usize): void {
  for (let y = 0; y < height; y++) {
    const row = cells + <usize>(y * width), to = scratch + <usize>(y * width) - <usize>radius;
    // The last cell so far that grows.
    let last = -2 * radius - 1;
    for (let x = 0; x < width + radius; x++) {
      if (x < width && (load<u8>(row + <usize>x) ? 1 : 0) == value) last = x;
      if (x >= radius) store<u8>(to + <usize>x, last >= x - 2 * radius ? value : 1 - value);
    }
  }
  for (let y = 0; y < height; y++) {
    const first = max(0, y - radius), end = min(height, y + radius + 1), out = target + <usize>(y * width);
    let x = 0;
    for (; x + 16 <= width; x += 16) {
      let found = v128.load(scratch + <usize>(first * width + x));
      for (let ny = first + 1; ny < end; ny++) {
        const next = v128.load(scratch + <usize>(ny * width + x));
        found = value ? v128.or(found, next) : v128.and(found, next);
      }
      v128.store(out + <usize>x, found);
    }
    for (; x < width; x++) {
      let found = load<u8>(scratch + <usize>(first * width + x));
      for (let ny = first + 1; ny < end; ny++) {
        const next = load<u8>(scratch + <usize>(ny * width + x));
        found = value ? found | next : found & next;
      }
      store<u8>(out + <usize>x, found);
    }
  }
}

/**
 * Cells that go by more than the root of `least` luma pixels (`u`, `v`, f32, beyond the camera's motion) to a cell of the map (`goals`, i32):
 * 1 in `moves` where they are neither `near` the object nor go `there` where it is; else 1 in `beside` unless they have a bit of `close` in one
 * of both maps of the object, `object` and `objectThere`.
 */
export function motionMoves(
  u: usize, v: usize, goals: usize, near: usize, there: usize, object: usize, objectThere: usize, close: i32, count: i32, least: f64,
  moves: usize, beside: usize,
): void {
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 2;
    const x = <f64>load<f32>(u + at), y = <f64>load<f32>(v + at);
    const goal = load<i32>(goals + at);
    const moving = goal >= 0 && x * x + y * y > least;
    const free = moving && !load<u8>(near + <usize>i) && !load<u8>(there + <usize>goal);
    const open = moving && !((<i32>load<u8>(object + <usize>i) | <i32>load<u8>(objectThere + <usize>goal)) & close);
    store<u8>(moves + <usize>i, free ? 1 : 0);
    store<u8>(beside + <usize>i, open && !free ? 1 : 0);
  }
}

/** Puts a cell that is left in `beside` behind the others if it moves like the cell `from`. Returns how many there are then. */
// @ts-ignore: decorator
@inline
function reach(beside: usize, cell: i32, from: i32, u: usize, v: usize, alike: f64, list: usize, size: i32): i32 {
  if (load<u8>(beside + <usize>cell) != 1) return size;
  const a = <usize>from << 2, b = <usize>cell << 2;
  const x = <f64>load<f32>(u + a), y = <f64>load<f32>(v + a);
  const dx = <f64>load<f32>(u + b) - x, dy = <f64>load<f32>(v + b) - y;
  if (dx * dx + dy * dy > alike * alike * (x * x + y * y)) return size;
  store<u8>(beside + <usize>cell, 2);
  store<i32>(list + (<usize>size << 2), cell);
  return size + 1;
}

/** {@link reach} for the cells around one, by their sides. */
function reachAround(
  beside: usize, from: i32, width: i32, height: i32, u: usize, v: usize, alike: f64, list: usize, size: i32,
): i32 {
  const x = from % width, y = from / width;
  if (x > 0) size = reach(beside, from - 1, from, u, v, alike, list, size);
  if (x + 1 < width) size = reach(beside, from + 1, from, u, v, alike, list, size);
  if (y > 0) size = reach(beside, from - width, from, u, v, alike, list, size);
  if (y + 1 < height) size = reach(beside, from + width, from, u, v, alike, list, size);
  return size;
}

/**
 * Leaves of the cells `beside` the object those that go on, from cell to cell, with the motion of what is `sure` to move, up to a difference of
 * the share `alike` of it: others may have got the object's. `list`: scratch of an i32 a cell.
 */
export function motionGoOn(beside: usize, sure: usize, width: i32, height: i32, u: usize, v: usize, alike: f64, list: usize): void {
  const count = width * height;
  let size = 0;
  for (let i = 0; i < count; i++) if (load<u8>(sure + <usize>i)) size = reachAround(beside, i, width, height, u, v, alike, list, size);
  for (let k = 0; k < size; k++) size = reachAround(beside, load<i32>(list + (<usize>k << 2)), width, height, u, v, alike, list, size);
  for (let i = 0; i < count; i++) store<u8>(beside + <usize>i, load<u8>(beside + <usize>i) == 2 ? 1 : 0);
}

/** A picture between its pixels, bilinearly, edges repeated. */
// @ts-ignore: decorator
@inline
function between(picture: usize, width: i32, height: i32, x: f64, y: f64): f64 {
  const cx = Math.min(<f64>(width - 1), Math.max(0, x)), cy = Math.min(<f64>(height - 1), Math.max(0, y));
  const ix = <i32>cx, iy = <i32>cy;
  const right: usize = ix + 1 < width ? 1 : 0, below: usize = iy + 1 < height ? <usize>width : 0;
  const at = picture + <usize>(iy * width + ix);
  const fx = cx - <f64>ix, fy = cy - <f64>iy;
  const t = <f64>load<u8>(at), b = <f64>load<u8>(at + below);
  const top = t + fx * (<f64>load<u8>(at + right) - t), bottom = b + fx * (<f64>load<u8>(at + below + right) - b);
  return top + fy * (bottom - top);
}

/** By how much a cell differs from where the camera, and its own motion (0 or 1 times), take it. `h`: the camera's map in cells, nine f64. */
// @ts-ignore: decorator
@inline
function misfit(
  cell: i32, own: f64, u: usize, v: usize, scale: f64, h: usize, before: usize, after: usize, width: i32, height: i32, gain: f64, offset: f64,
): f64 {
  const x = <f64>(cell % width), y = <f64>(cell / width), at = <usize>cell << 2;
  const w = load<f64>(h, 48) * x + load<f64>(h, 56) * y + load<f64>(h, 64);
  if (!(w > 1e-9)) return 0;
  const px = (load<f64>(h) * x + load<f64>(h, 8) * y + load<f64>(h, 16)) / w + (own * <f64>load<f32>(u + at)) / scale;
  const py = (load<f64>(h, 24) * x + load<f64>(h, 32) * y + load<f64>(h, 40)) / w + (own * <f64>load<f32>(v + at)) / scale;
  return Math.min(MOST_MISFIT, Math.abs(between(after, width, height, px, py) - gain * <f64>load<u8>(before + <usize>cell) - offset));
}

/** Puts a cell that is left in `moves` behind the others of its patch. Returns how many there are then. */
// @ts-ignore: decorator
@inline
function take(moves: usize, cell: i32, patch: usize, size: i32): i32 {
  if (!load<u8>(moves + <usize>cell)) return size;
  store<u8>(moves + <usize>cell, 0);
  store<i32>(patch + (<usize>size << 2), cell);
  return size + 1;
}

/**
 * Marks the connected patches of `moves` that their own motion (`u`, `v`: f32, luma pixels beyond the camera's motion) explains better than the
 * camera's (`h`: nine f64, in cells of `scale` luma pixels). `before`, `after`: the two pictures, a byte a cell; `after` = gain * `before` +
 * offset. `moves` is used up. `patch`: scratch of an i32 a cell.
 */
export function motionKeep(
  moves: usize, width: i32, height: i32, u: usize, v: usize, scale: f64, h: usize, before: usize, after: usize, gain: f64, offset: f64,
  marks: usize, patch: usize,
): void {
  for (let start = 0; start < width * height; start++) {
    let size = take(moves, start, patch, 0);
    let camera = 0.0, own = 0.0;
    for (let k = 0; k < size; k++) {
      const i = load<i32>(patch + (<usize>k << 2)), x = i % width, y = i / width;
      camera += misfit(i, 0, u, v, scale, h, before, after, width, height, gain, offset);
      own += misfit(i, 1, u, v, scale, h, before, after, width, height, gain, offset);
      if (x > 0) size = take(moves, i - 1, patch, size);
      if (x + 1 < width) size = take(moves, i + 1, patch, size);
      if (y > 0) size = take(moves, i - width, patch, size);
      if (y + 1 < height) size = take(moves, i + width, patch, size);
    }
    if (!(camera > BETTER * own && camera > LEAST_MISFIT * <f64>size)) continue;
    for (let k = 0; k < size; k++) store<u8>(marks + <usize>load<i32>(patch + (<usize>k << 2)), 1);
  }
}

/**
 * Sets the bit `moving` in a map of luma pixels where their cells are not 0 (a map of `columns`, halved `level` times) and they have not the bit
 * `close`, and clears it elsewhere.
 * Returns the share of the pixels of the rectangle [x0, x1) x [y0, y1) without the bit `masked` whose cells of a second map, `counted`, are
 * not 0.
 */
export function motionStore(
  cells: usize, counted: usize, columns: i32, level: i32, blocked: usize, width: i32, height: i32, x0: i32, y0: i32, x1: i32, y1: i32, masked: i32, close: i32, moving: i32,
): f64 {
  let visible = 0, moves = 0;
  for (let y = 0; y < height; y++) {
    const row = <usize>((y >> level) * columns);
    for (let x = 0; x < width; x++) {
      const at = blocked + <usize>(y * width + x);
      const bits = <i32>load<u8>(at) & ~moving, cell = row + <usize>(x >> level);
      store<u8>(at, load<u8>(cells + cell) && !(bits & close) ? bits | moving : bits);
      if (bits & masked || x < x0 || x >= x1 || y < y0 || y >= y1) continue;
      visible++;
      if (load<u8>(counted + cell)) moves++;
    }
  }
  return visible > 0 ? <f64>moves / <f64>visible : 0;
}
