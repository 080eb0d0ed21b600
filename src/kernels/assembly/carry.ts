// What moves by itself behind a hole, in cells: squares of luma pixels whose side is a power of two.
import { interpolate } from "./gather";

/** Stands in a field of motion for "not known". */
const UNKNOWN: i32 = -32768;
/** Steps of stored motion in a pixel. */
const STEPS: f32 = 64;
/** Of eight neighbours, so many close a gap. */
const CLOSED: i32 = 5;

// The language's own exponential and logarithm bring tables along, which would lie in the memory that frames lie in.

/** e to the x, x at most 0, within some 1e-6 of it. */
// @ts-ignore: decorator
@inline
function exponential(x: f32): f32 {
  if (x < -87) return 0;
  const t = x * <f32>1.442695041, n = floor<f32>(t), f = t - n;
  const p: f32 = 1 + f * (<f32>0.693147181 + f * (<f32>0.240226507 + f * (<f32>0.055504109 + f * (<f32>0.009618129 + f * (<f32>0.001333356 + f * <f32>0.000154035)))));
  return p * reinterpret<f32>((<i32>n + 127) << 23);
}

/** The natural logarithm of a normal number above 0, within some 1e-5. */
// @ts-ignore: decorator
@inline
function logarithm(x: f32): f32 {
  const bits = reinterpret<i32>(x);
  const m = reinterpret<f32>((bits & 0x7fffff) | 0x3f800000);
  const s = (m - 1) / (m + 1), q = s * s;
  return 2 * s * (1 + q * (<f32>0.333333333 + q * (<f32>0.2 + q * (<f32>0.142857143 + q * <f32>0.111111111)))) + <f32>((bits >> 23) - 127) * <f32>0.693147181;
}

/** A map's homogeneous divisor, inverted, at a point; `h`: nine f64. */
// @ts-ignore: decorator
@inline
function inverse(h: usize, x: f64, y: f64): f64 { return 1 / (load<f64>(h, 48) * x + load<f64>(h, 56) * y + load<f64>(h, 64)); }
// @ts-ignore: decorator
@inline
function mapX(h: usize, x: f64, y: f64, w: f64): f64 { return (load<f64>(h) * x + load<f64>(h, 8) * y + load<f64>(h, 16)) * w; }
// @ts-ignore: decorator
@inline
function mapY(h: usize, x: f64, y: f64, w: f64): f64 { return (load<f64>(h, 24) * x + load<f64>(h, 32) * y + load<f64>(h, 40)) * w; }
/** Middle of a cell in luma pixels. */
// @ts-ignore: decorator
@inline
function middle(cell: i32, scale: i32): f64 { return (<f64>cell + 0.5) * scale - 0.5; }

/**
 * A field of flow between two regions of cells, less the camera's motion. The regions have `columns` x `rows` cells; the first
 * starts at cell (x0, y0), the second (dx, dy) further. `u`, `v`: f32 in cells, rows of `stride`. `h`: the camera's map in luma
 * pixels. `outU`, `outV`: f32 in luma pixels, packed; `goals`: i32, the cell of a map of `mapWidth` x `mapHeight` that each goes to,
 * -1 beyond it.
 */
export function cameraResidual(
  u: usize, v: usize, stride: i32, columns: i32, rows: i32, x0: i32, y0: i32, dx: i32, dy: i32,
  mapWidth: i32, mapHeight: i32, scale: i32, h: usize, outU: usize, outV: usize, goals: usize,
): void {
  for (let y = 0; y < rows; y++) {
    const fy = middle(y + y0, scale);
    for (let x = 0; x < columns; x++) {
      const fx = middle(x + x0, scale);
      const w = inverse(h, fx, fy);
      const from = <usize>(y * stride + x) << 2, to = <usize>(y * columns + x) << 2;
      const mx = <f64>load<f32>(u + from) + <f64>dx, my = <f64>load<f32>(v + from) + <f64>dy;
      store<f32>(outU + to, <f32>(mx * scale - (mapX(h, fx, fy, w) - fx)));
      store<f32>(outV + to, <f32>(my * scale - (mapY(h, fx, fy, w) - fy)));
      const gx = <i32>floor<f64>(<f64>(x + x0) + mx + 0.5), gy = <i32>floor<f64>(<f64>(y + y0) + my + 0.5);
      store<i32>(goals + to, gx >= 0 && gy >= 0 && gx < mapWidth && gy < mapHeight ? gy * mapWidth + gx : -1);
    }
  }
}

/** Mean over a rectangle of samples, edges repeated. */
// @ts-ignore: decorator
@inline
function mean<T>(plane: usize, width: i32, height: i32, left: i32, top: i32, w: i32, h: i32): f32 {
  let sum = 0;
  for (let y = top; y < top + h; y++) {
    const row = plane + <usize>(min(max(y, 0), height - 1) * width) * sizeof<T>();
    for (let x = left; x < left + w; x++) sum += <i32>load<T>(row + <usize>min(max(x, 0), width - 1) * sizeof<T>());
  }
  return <f32>sum / <f32>(w * h);
}

/**
 * Means of a region's cells of a plane, times `factor`; then `count` cells are overwritten with the picture elsewhere: `cells` (i32, of a map of
 * `mapWidth`), `bases` (u32: a frame's address, its plane lies `offset` behind it), `xs`, `ys` (f32, luma pixels).
 */
// @ts-ignore: decorator
@inline
function cellMeans<T>(
  plane: usize, width: i32, height: i32, shiftX: i32, shiftY: i32, scale: i32, factor: f32,
  x0: i32, y0: i32, columns: i32, rows: i32, target: usize,
  count: i32, mapWidth: i32, offset: usize, cells: usize, bases: usize, xs: usize, ys: usize,
): void {
  const w = max(1, scale >> shiftX), h = max(1, scale >> shiftY);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++)
      store<f32>(target + (<usize>(y * columns + x) << 2),
        factor * mean<T>(plane, width, height, ((x + x0) * scale) >> shiftX, ((y + y0) * scale) >> shiftY, w, h));
  const half: f32 = <f32>(scale - 1) * 0.5;
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 2;
    const cell = load<i32>(cells + at), x = cell % mapWidth - x0, y = cell / mapWidth - y0;
    if (x < 0 || y < 0 || x >= columns || y >= rows) continue;
    const left = <i32>floor<f32>(load<f32>(xs + at) - half + 0.5) >> shiftX, top = <i32>floor<f32>(load<f32>(ys + at) - half + 0.5) >> shiftY;
    store<f32>(target + (<usize>(y * columns + x) << 2), factor * mean<T>(<usize>load<u32>(bases + at) + offset, width, height, left, top, w, h));
  }
}

/** {@link cellMeans} of 8-bit planes. */
export function cellMeans8(
  plane: usize, width: i32, height: i32, shiftX: i32, shiftY: i32, scale: i32, factor: f32,
  x0: i32, y0: i32, columns: i32, rows: i32, target: usize,
  count: i32, mapWidth: i32, offset: usize, cells: usize, bases: usize, xs: usize, ys: usize,
): void {
  cellMeans<u8>(plane, width, height, shiftX, shiftY, scale, factor, x0, y0, columns, rows, target, count, mapWidth, offset, cells, bases, xs, ys);
}

/** {@link cellMeans} of 16-bit planes. */
export function cellMeans16(
  plane: usize, width: i32, height: i32, shiftX: i32, shiftY: i32, scale: i32, factor: f32,
  x0: i32, y0: i32, columns: i32, rows: i32, target: usize,
  count: i32, mapWidth: i32, offset: usize, cells: usize, bases: usize, xs: usize, ys: usize,
): void {
  cellMeans<u16>(plane, width, height, shiftX, shiftY, scale, factor, x0, y0, columns, rows, target, count, mapWidth, offset, cells, bases, xs, ys);
}

/**
 * Carries values from where they are known to where they are not, along even parts of a picture and hardly across its edges
 * (the domain transform's recursive filter, Gastal and Oliveira 2011).
 *
 * `guide`: three f32 planes of 8-bit levels, `columns` * `rows` each. Neighbouring cells are `step` pixels apart, and one more for each level by
 * which they differ beyond `noise`; values reach `reach` pixels. `values`: four f32 a cell: two that are carried, times the third, which
 * is 1 where they are known and 0 elsewhere. Overwritten: the first two over the third are what arrived, the third how much
 * did. `scratch`: two f32 a cell.
 */
export function spreadMotion(
  guide: usize, columns: i32, rows: i32, step: f32, noise: f32, reach: f32, passes: i32, values: usize, scratch: usize,
): void {
  const cells = columns * rows;
  const plane = <usize>cells << 2;
  const across = scratch, down = scratch + plane;
  // The widest pass comes first; each further one reaches half as far.
  const sigma = reach * Mathf.sqrt(3) * <f32>(1 << (passes - 1)) / Mathf.sqrt(<f32>((1 << (2 * passes)) - 1));
  const rate = -Mathf.sqrt(2) / sigma;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const o = <usize>(y * columns + x) << 2;
      if (x > 0) store<f32>(across + o, exponential(rate * (step + edge(guide + o, guide + o - 4, plane, noise))));
      if (y > 0) store<f32>(down + o, exponential(rate * (step + edge(guide + o, guide + o - (<usize>columns << 2), plane, noise))));
    }
  }
  for (let pass = 0; pass < passes; pass++) {
    for (let y = 0; y < rows; y++) {
      const first = y * columns, last = first + columns - 1;
      for (let i = first + 1; i <= last; i++) pull(values, i, i - 1, load<f32>(across + (<usize>i << 2)));
      for (let i = last - 1; i >= first; i--) pull(values, i, i + 1, load<f32>(across + (<usize>(i + 1) << 2)));
    }
    for (let i = columns; i < cells; i++) pull(values, i, i - columns, load<f32>(down + (<usize>i << 2)));
    for (let i = cells - columns - 1; i >= 0; i--) pull(values, i, i + columns, load<f32>(down + (<usize>(i + columns) << 2)));
    for (let i = 0; i < 2 * cells; i++) {
      const share = load<f32>(scratch + (<usize>i << 2));
      store<f32>(scratch + (<usize>i << 2), share * share);
    }
  }
}

// @ts-ignore: decorator
@inline
function edge(a: usize, b: usize, plane: usize, noise: f32): f32 {
  const d = abs<f32>(load<f32>(a) - load<f32>(b)) + abs<f32>(load<f32>(a + plane) - load<f32>(b + plane)) +
    abs<f32>(load<f32>(a + 2 * plane) - load<f32>(b + 2 * plane));
  return max<f32>(0, d - noise);
}

// @ts-ignore: decorator
@inline
function pull(values: usize, to: i32, from: i32, share: f32): void {
  const at = values + (<usize>to << 4);
  const own = v128.load(at);
  v128.store(at, f32x4.add(own, f32x4.mul(f32x4.splat(share), f32x4.sub(v128.load(values + (<usize>from << 4)), own))));
}

/**
 * Moves a region's cells on. `motion`: two i16 a cell, 64ths of a luma pixel beyond the camera's motion, -32768: not known. `values`: what
 * {@link spreadMotion} made of it. `inside` (i32, a map of `mapWidth`): the index of what was carried to a cell, or -1; `here` (u8): cells that
 * show nothing. Cells that move by less than `moves` pixels stay behind unless they were carried. `weak`: how much must
 * arrive for motion to be believed in full. `sums`: four f32 a cell of the map: what lands there and its weighted way, in cells; `doubts`:
 * f32 a cell of the map, -log of what arrived, 0 where nothing moved.
 */
export function carrySplat(
  motion: usize, values: usize, x0: i32, y0: i32, columns: i32, rows: i32, scale: i32, h: usize,
  inside: usize, here: usize, mapWidth: i32, mapHeight: i32, moves: f32, weak: f32, sums: usize, doubts: usize,
): void {
  const step: f32 = 1 / STEPS, least: f32 = 1e-6;
  memory.fill(sums, 0, <usize>(mapWidth * mapHeight) << 4);
  memory.fill(doubts, 0, <usize>(mapWidth * mapHeight) << 2);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const cx = x + x0, cy = y + y0;
      if (cx >= mapWidth || cy >= mapHeight) continue;
      const i = cy * mapWidth + cx, cell = y * columns + x;
      const held = load<i32>(inside + (<usize>i << 2)) >= 0;
      if (!held && load<u8>(here + i)) continue;
      const mx = <i32>load<i16>(motion + (<usize>cell << 2)), my = <i32>load<i16>(motion + (<usize>cell << 2), 2);
      let u: f32, v: f32, doubt: f32 = 0;
      if (mx != UNKNOWN) {
        u = <f32>mx * step;
        v = <f32>my * step;
      } else {
        const at = values + (<usize>cell << 4);
        const weight = load<f32>(at, 8);
        const sure = weight / (weight + weak) / max<f32>(weight, least);
        u = load<f32>(at) * sure;
        v = load<f32>(at, 4) * sure;
        doubt = -logarithm(min<f32>(1, max<f32>(weight, least)));
      }
      if (!held && u * u + v * v <= moves * moves) continue;
      store<f32>(doubts + (<usize>i << 2), doubt);
      const fx = middle(cx, scale), fy = middle(cy, scale);
      const w = inverse(h, fx, fy);
      const dx = <f32>((<f64>u + mapX(h, fx, fy, w) - fx) / scale), dy = <f32>((<f64>v + mapY(h, fx, fy, w) - fy) / scale);
      const tx = <f32>cx + dx, ty = <f32>cy + dy;
      const ix = <i32>floor<f32>(tx), iy = <i32>floor<f32>(ty);
      for (let corner = 0; corner < 4; corner++) {
        const nx = ix + (corner & 1), ny = iy + (corner >> 1);
        if (nx < 0 || ny < 0 || nx >= mapWidth || ny >= mapHeight) continue;
        const share: f32 = (1 - abs<f32>(tx - <f32>nx)) * (1 - abs<f32>(ty - <f32>ny));
        const to = sums + (<usize>(ny * mapWidth + nx) << 4);
        v128.store(to, f32x4.add(v128.load(to), f32x4.mul(f32x4.splat(share), f32x4(1, dx, dy, 0))));
      }
    }
  }
}

/**
 * Lists what {@link carrySplat} left in a region's cells that show nothing in the next frame (`there`), as records of cell (i32), frame (u32),
 * x, y (f32, luma pixels) and doubt (f32) at `target`. `from`: the frame that was carried from; `bases`, `xs`, `ys`, `olds`: what had been carried
 * to it. `blocked`: from a frame's address to its finest map, whose lowest bit marks the object. `maxX`, `maxY`: the picture's last column and
 * row.
 * @returns how many.
 */
export function carryCollect(
  x0: i32, y0: i32, columns: i32, rows: i32, scale: i32, inside: usize, here: usize, there: usize, mapWidth: i32, mapHeight: i32,
  sums: usize, doubts: usize, from: u32, bases: usize, xs: usize, ys: usize, olds: usize, blocked: usize, maxX: f32, maxY: f32, target: usize,
): i32 {
  let found = 0;
  for (let cy = y0; cy < min(y0 + rows, mapHeight); cy++) {
    for (let cx = x0; cx < min(x0 + columns, mapWidth); cx++) {
      const i = cy * mapWidth + cx;
      if (!load<u8>(there + i)) continue;
      const sum = landed(sums, cx, cy, mapWidth, mapHeight);
      const weight = f32x4.extract_lane(sum, 0);
      if (weight <= 0.5) continue;
      const sx = <f32>cx - f32x4.extract_lane(sum, 1) / weight, sy = <f32>cy - f32x4.extract_lane(sum, 2) / weight;
      const rx = <i32>floor<f32>(sx + 0.5), ry = <i32>floor<f32>(sy + 0.5);
      if (rx < 0 || ry < 0 || rx >= mapWidth || ry >= mapHeight) continue;
      const origin = ry * mapWidth + rx;
      const held = load<i32>(inside + (<usize>origin << 2));
      if (held < 0 && load<u8>(here + origin)) continue;
      const ox = (sx - <f32>rx) * <f32>scale, oy = (sy - <f32>ry) * <f32>scale;
      const old = <usize>held << 2;
      const x = ox + (held < 0 ? <f32>middle(rx, scale) : load<f32>(xs + old));
      const y = oy + (held < 0 ? <f32>middle(ry, scale) : load<f32>(ys + old));
      if (!(x >= 0 && y >= 0 && x <= maxX && y <= maxY)) continue;
      const base = held < 0 ? from : load<u32>(bases + old);
      // Small errors add up from frame to frame: what they have led onto the object itself is no background.
      if (load<u8>(<usize>base + blocked + <usize>(<i32>(y + 0.5) * (<i32>maxX + 1) + <i32>(x + 0.5))) & 1) continue;
      const record = target + <usize>(found * 20);
      store<i32>(record, i);
      store<u32>(record, base, 4);
      store<f32>(record, x, 8);
      store<f32>(record, y, 12);
      store<f32>(record, load<f32>(doubts + (<usize>origin << 2)) + (held < 0 ? 0 : load<f32>(olds + old)), 16);
      found++;
    }
  }
  return found;
}

/** What landed in a cell; in a gap that most cells around have closed in on, what landed there. */
// @ts-ignore: decorator
@inline
function landed(sums: usize, cx: i32, cy: i32, mapWidth: i32, mapHeight: i32): v128 {
  const own = v128.load(sums + (<usize>(cy * mapWidth + cx) << 4));
  if (f32x4.extract_lane(own, 0) > 0.5) return own;
  let sum = own, full = 0;
  for (let y = max(0, cy - 1); y <= min(mapHeight - 1, cy + 1); y++) {
    for (let x = max(0, cx - 1); x <= min(mapWidth - 1, cx + 1); x++) {
      const one = v128.load(sums + (<usize>(y * mapWidth + x) << 4));
      if (f32x4.extract_lane(one, 0) <= 0.5) continue;
      sum = f32x4.add(sum, one);
      full++;
    }
  }
  return full >= CLOSED ? sum : own;
}

/**
 * Paints carried cells over a plane of a frame's fills. `index` (i32 a cell of a map of `mapWidth` x `mapHeight`): the record of what a cell shows, or
 * -1. `records`: plane (u32), x, y (f32, luma pixels), gain and offset (f32, levels of the plane): a sample is
 * middle + (value - middle - offset) / gain. Painted are the `count` cells of `list` (i32) where `state` (u8 a luma pixel) is not 0; a pixel blends the four cells
 * around it with what it was, and takes them alone where state is `unseen`. Less than `least` of them paint nothing.
 */
// @ts-ignore: decorator
@inline
function layCells<T>(
  fills: usize, width: i32, height: i32, shiftX: i32, shiftY: i32, lumaWidth: i32, lumaHeight: i32, scale: i32,
  index: usize, records: usize, mapWidth: i32, mapHeight: i32, list: usize, count: i32,
  state: usize, unseen: i32, least: f32, zero: f32, top: f32,
): void {
  const half: f32 = 0.5;
  const unitX = <f32>(1 << shiftX), unitY = <f32>(1 << shiftY), back: f32 = 1 / <f32>scale;
  for (let k = 0; k < count; k++) {
    const cell = load<i32>(list + (<usize>k << 2));
    const cx = cell % mapWidth, cy = cell / mapWidth;
    const left = (cx * scale) >> shiftX, first = (cy * scale) >> shiftY;
    const right = min(width, max(left + 1, ((cx + 1) * scale) >> shiftX)), end = min(height, max(first + 1, ((cy + 1) * scale) >> shiftY));
    for (let y = first; y < end; y++) {
      for (let x = left; x < right; x++) {
        const own = <i32>load<u8>(state + <usize>(min(lumaHeight - 1, y << shiftY) * lumaWidth + min(lumaWidth - 1, x << shiftX)));
        if (!own) continue;
        const fx = (<f32>x + half) * unitX - half, fy = (<f32>y + half) * unitY - half;
        const gx = (fx + half) * back - half, gy = (fy + half) * back - half;
        const ix = <i32>floor<f32>(gx), iy = <i32>floor<f32>(gy);
        let share: f32 = 0, sum: f32 = 0;
        for (let corner = 0; corner < 4; corner++) {
          const nx = ix + (corner & 1), ny = iy + (corner >> 1);
          if (nx < 0 || ny < 0 || nx >= mapWidth || ny >= mapHeight) continue;
          const shown = load<i32>(index + (<usize>(ny * mapWidth + nx) << 2));
          if (shown < 0) continue;
          const weight: f32 = (1 - abs<f32>(gx - <f32>nx)) * (1 - abs<f32>(gy - <f32>ny));
          if (weight <= 0) continue;
          const record = records + <usize>(shown * 20);
          const px = load<f32>(record, 4) + fx - <f32>middle(nx, scale), py = load<f32>(record, 8) + fy - <f32>middle(ny, scale);
          const value = interpolate<T>(<usize>load<u32>(record), width, height, (px + half) / unitX - half, (py + half) / unitY - half);
          share += weight;
          sum += weight * (zero + (value - zero - load<f32>(record, 16)) / load<f32>(record, 12));
        }
        if (share < least) continue;
        const at = fills + <usize>(y * width + x) * sizeof<T>();
        const value = own == unseen ? sum / share : <f32>load<T>(at) * (1 - share) + sum;
        store<T>(at, <T>min<f32>(top, max<f32>(0, floor<f32>(value + half))));
      }
    }
  }
}

/** {@link layCells} over 8-bit planes. */
export function layCells8(
  fills: usize, width: i32, height: i32, shiftX: i32, shiftY: i32, lumaWidth: i32, lumaHeight: i32, scale: i32,
  index: usize, records: usize, mapWidth: i32, mapHeight: i32, list: usize, count: i32,
  state: usize, unseen: i32, least: f32, zero: f32, top: f32,
): void {
  layCells<u8>(fills, width, height, shiftX, shiftY, lumaWidth, lumaHeight, scale, index, records, mapWidth, mapHeight, list, count, state, unseen, least, zero, top);
}

/** {@link layCells} over 16-bit planes. */
export function layCells16(
  fills: usize, width: i32, height: i32, shiftX: i32, shiftY: i32, lumaWidth: i32, lumaHeight: i32, scale: i32,
  index: usize, records: usize, mapWidth: i32, mapHeight: i32, list: usize, count: i32,
  state: usize, unseen: i32, least: f32, zero: f32, top: f32,
): void {
  layCells<u16>(fills, width, height, shiftX, shiftY, lumaWidth, lumaHeight, scale, index, records, mapWidth, mapHeight, list, count, state, unseen, least, zero, top);
}
