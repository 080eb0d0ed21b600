// Dense inverse search (Kroeger, Timofte, Dai and Van Gool, "Fast optical flow using dense inverse search", 2016).

/** Side of a patch, in pixels. */
const SIDE: i32 = 8;
/** Bytes between the rows' parts of a prepared patch: values, gradients in x, gradients in y. */
const PART: usize = 256;

/** The sum of four lanes. */
// @ts-ignore: decorator
@inline
function total(v: v128): f32 {
  return (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/**
 * Copies the 8x8 pixels from `at` and their central differences to `patch`, and stores behind them (at 3 * PART) the
 * inverse of the normal matrix of a mean-free patch: xx, xy, yy, then the sums of both gradients.
 */
function preparePatch(at: usize, bytes: usize, patch: usize): void {
  const half = f32x4.splat(0.5);
  let sx = f32x4.splat(0), sy = sx, xx = sx, xy = sx, yy = sx;
  for (let y = 0; y < SIDE; y++) {
    const row = at + <usize>y * bytes;
    for (let x: usize = 0; x < 32; x += 16) {
      const p = row + x;
      const gx = f32x4.mul(f32x4.sub(v128.load(p + 4), v128.load(p - 4)), half);
      const gy = f32x4.mul(f32x4.sub(v128.load(p + bytes), v128.load(p - bytes)), half);
      const to = patch + (<usize>y << 5) + x;
      v128.store(to, v128.load(p));
      v128.store(to, gx, PART);
      v128.store(to, gy, 2 * PART);
      sx = f32x4.add(sx, gx); sy = f32x4.add(sy, gy);
      xx = f32x4.add(xx, f32x4.mul(gx, gx)); xy = f32x4.add(xy, f32x4.mul(gx, gy)); yy = f32x4.add(yy, f32x4.mul(gy, gy));
    }
  }
  const x = total(sx), y = total(sy);
  const count: f32 = 64;
  // The addend keeps flat patches where they are.
  const a: f32 = total(xx) - x * x / count + 8, b: f32 = total(xy) - x * y / count, c: f32 = total(yy) - y * y / count + 8;
  const inverse: f32 = 1 / (a * c - b * b);
  store<f32>(patch, c * inverse, 3 * PART);
  store<f32>(patch, -b * inverse, 3 * PART + 4);
  store<f32>(patch, a * inverse, 3 * PART + 8);
  store<f32>(patch, x, 3 * PART + 12);
  store<f32>(patch, y, 3 * PART + 16);
}

/**
 * Compares a prepared patch with the picture at (x, y), bilinearly, both free of their means. Stores at 3 * PART + 32 the products of the
 * difference with both gradients, and returns the sum of squared differences.
 */
function comparePatch(patch: usize, image: usize, stride: i32, x: f32, y: f32): f32 {
  const fx0 = Mathf.floor(x), fy0 = Mathf.floor(y);
  const fx = f32x4.splat(x - fx0), fy = f32x4.splat(y - fy0);
  const bytes = <usize>stride << 2;
  let row = image + (<usize>(<i32>fy0 * stride + <i32>fx0) << 2);
  let a = v128.load(row), b = v128.load(row, 16);
  let aboveA = f32x4.add(a, f32x4.mul(fx, f32x4.sub(v128.load(row, 4), a)));
  let aboveB = f32x4.add(b, f32x4.mul(fx, f32x4.sub(v128.load(row, 20), b)));
  let sum = f32x4.splat(0), squares = sum, bx = sum, by = sum;
  for (let to = patch, end = patch + PART; to < end; to += 32) {
    row += bytes;
    a = v128.load(row); b = v128.load(row, 16);
    a = f32x4.add(a, f32x4.mul(fx, f32x4.sub(v128.load(row, 4), a)));
    b = f32x4.add(b, f32x4.mul(fx, f32x4.sub(v128.load(row, 20), b)));
    const dA = f32x4.sub(f32x4.add(aboveA, f32x4.mul(fy, f32x4.sub(a, aboveA))), v128.load(to));
    const dB = f32x4.sub(f32x4.add(aboveB, f32x4.mul(fy, f32x4.sub(b, aboveB))), v128.load(to, 16));
    sum = f32x4.add(sum, f32x4.add(dA, dB));
    squares = f32x4.add(squares, f32x4.add(f32x4.mul(dA, dA), f32x4.mul(dB, dB)));
    bx = f32x4.add(bx, f32x4.add(f32x4.mul(dA, v128.load(to, PART)), f32x4.mul(dB, v128.load(to, PART + 16))));
    by = f32x4.add(by, f32x4.add(f32x4.mul(dA, v128.load(to, 2 * PART)), f32x4.mul(dB, v128.load(to, 2 * PART + 16))));
    aboveA = a; aboveB = b;
  }
  const s = total(sum), count: f32 = 64;
  store<f32>(patch, total(bx) - s * load<f32>(patch, 3 * PART + 12) / count, 3 * PART + 32);
  store<f32>(patch, total(by) - s * load<f32>(patch, 3 * PART + 16) / count, 3 * PART + 36);
  return total(squares) - s * s / count;
}

/** Where the patch of a grid index begins: every `step` pixels, the last one at the picture's end. */
// @ts-ignore: decorator
@inline
function place(index: i32, step: i32, size: i32): i32 {
  return max(0, min(index * step, size - SIDE));
}

/**
 * Finds for every patch of a grid over the first picture where it lies in the second.
 * `patches`: columns * rows of (u, v, cost) f32 triples, displacements in pixels of this level; they hold the first guess and receive
 * the result, `cost` being the sum of squared differences of 64 pixels. Two passes, one from each corner, each
 * offering a patch what its finished neighbours found. `scratch`: 1 KiB.
 */
export function flowSearch(
  first: usize, second: usize, width: i32, height: i32, stride: i32,
  patches: usize, columns: i32, rows: i32, step: i32, iterations: i32, scratch: usize,
): void {
  const lowest: f32 = -7;
  const maxX = <f32>(width - 1), maxY = <f32>(height - 1);
  const side = <f32>SIDE;
  for (let pass = 0; pass < 2; pass++) {
    const sign = pass == 0 ? -1 : 1;
    for (let j = 0; j < rows; j++) {
      const row = pass == 0 ? j : rows - 1 - j;
      const y = place(row, step, height);
      for (let i = 0; i < columns; i++) {
        const column = pass == 0 ? i : columns - 1 - i;
        const x = place(column, step, width);
        const at = patches + <usize>((row * columns + column) * 12);
        const px = <f32>x, py = <f32>y;
        let u = load<f32>(at), v = load<f32>(at, 4), cost = load<f32>(at, 8);
        let tx: f32 = 0, ty: f32 = 0, isPrepared = false, isLast = false, isNew = false;
        if (pass == 0) {
          preparePatch(first + (<usize>(y * stride + x) << 2), <usize>stride << 2, scratch);
          tx = min(max(px + u, lowest), maxX); ty = min(max(py + v, lowest), maxY);
          cost = comparePatch(scratch, second, stride, tx, ty);
          u = tx - px; v = ty - py;
          isPrepared = true; isLast = true; isNew = true;
        }
        // The neighbours' displacements, where they fit better.
        for (let k = 0; k < 2; k++) {
          if (k == 0 ? i == 0 : j == 0) continue;
          const other = k == 0 ? at + <usize>(sign * 12) : at + <usize>(sign * columns * 12);
          const ou = load<f32>(other), ov = load<f32>(other, 4);
          if (Mathf.abs(ou - u) + Mathf.abs(ov - v) < 0.05) continue;
          if (!isPrepared) { preparePatch(first + (<usize>(y * stride + x) << 2), <usize>stride << 2, scratch); isPrepared = true; }
          tx = min(max(px + ou, lowest), maxX); ty = min(max(py + ov, lowest), maxY);
          const c = comparePatch(scratch, second, stride, tx, ty);
          isLast = c < cost;
          if (isLast) { cost = c; u = tx - px; v = ty - py; isNew = true; }
        }
        // What the first pass found is as good as it gets.
        if (!isNew) continue;
        const startU = u, startV = v, startCost = cost;
        // Gauss-Newton from the best of them, as long as it helps.
        if (!isLast) comparePatch(scratch, second, stride, px + u, py + v);
        for (let n = 0; n < iterations; n++) {
          const bx = load<f32>(scratch, 3 * PART + 32), by = load<f32>(scratch, 3 * PART + 36);
          const xx = load<f32>(scratch, 3 * PART), xy = load<f32>(scratch, 3 * PART + 4), yy = load<f32>(scratch, 3 * PART + 8);
          const du = xx * bx + xy * by, dv = xy * bx + yy * by;
          tx = min(max(px + u - du, lowest), maxX); ty = min(max(py + v - dv, lowest), maxY);
          const c = comparePatch(scratch, second, stride, tx, ty);
          if (c >= cost) break;
          cost = c; u = tx - px; v = ty - py;
          if (du * du + dv * dv < 0.0004) break;
        }
        if (Mathf.abs(u - startU) > side || Mathf.abs(v - startV) > side) { u = startU; v = startV; cost = startCost; }
        store<f32>(at, u); store<f32>(at, v, 4); store<f32>(at, cost, 8);
      }
    }
  }
}

/**
 * The displacement of every pixel: the mean of the patches that cover it, those counting most under which it looks most alike.
 * `u`, `v`: f32 fields of the level's stride; `weight`: as much scratch.
 */
export function flowDensify(
  first: usize, second: usize, width: i32, height: i32, stride: i32,
  patches: usize, columns: i32, rows: i32, step: i32, u: usize, v: usize, weight: usize,
): void {
  const one = f32x4.splat(1);
  const bytes = <usize>stride << 2;
  const all = <usize>(max(height, SIDE)) * bytes;
  memory.fill(u, 0, all); memory.fill(v, 0, all); memory.fill(weight, 0, all);
  for (let row = 0; row < rows; row++) {
    const y = place(row, step, height);
    for (let column = 0; column < columns; column++) {
      const x = place(column, step, width);
      const at = patches + <usize>((row * columns + column) * 12);
      const pu = load<f32>(at), pv = load<f32>(at, 4);
      const tx = <f32>x + pu, ty = <f32>y + pv;
      const fx0 = Mathf.floor(tx), fy0 = Mathf.floor(ty);
      const fx = f32x4.splat(tx - fx0), fy = f32x4.splat(ty - fy0);
      const own = <usize>(y * stride + x) << 2;
      const U = f32x4.splat(pu), V = f32x4.splat(pv);
      for (let half: usize = 0; half < 32; half += 16) {
        let from = second + (<usize>(<i32>fy0 * stride + <i32>fx0) << 2) + half;
        let a = v128.load(from);
        let above = f32x4.add(a, f32x4.mul(fx, f32x4.sub(v128.load(from, 4), a)));
        let to = own + half;
        for (let n = 0; n < SIDE; n++) {
          from += bytes;
          a = v128.load(from);
          a = f32x4.add(a, f32x4.mul(fx, f32x4.sub(v128.load(from, 4), a)));
          const d = f32x4.sub(f32x4.add(above, f32x4.mul(fy, f32x4.sub(a, above))), v128.load(first + to));
          const w = f32x4.div(one, f32x4.max(f32x4.abs(d), one));
          v128.store(u + to, f32x4.add(v128.load(u + to), f32x4.mul(w, U)));
          v128.store(v + to, f32x4.add(v128.load(v + to), f32x4.mul(w, V)));
          v128.store(weight + to, f32x4.add(v128.load(weight + to), w));
          above = a;
          to += bytes;
        }
      }
    }
  }
  for (let y = 0; y < height; y++) {
    const row = <usize>y * bytes;
    for (let x: usize = 0; x < (<usize>width << 2); x += 16) {
      const o = row + x;
      const inverse = f32x4.div(one, f32x4.max(v128.load(weight + o), f32x4.splat(1e-6)));
      v128.store(u + o, f32x4.mul(v128.load(u + o), inverse));
      v128.store(v + o, f32x4.mul(v128.load(v + o), inverse));
    }
  }
}

/** First guesses for a level's patches from the field of the level above it (half as large), at the patches' centres. */
export function flowSeed(
  u: usize, v: usize, coarseWidth: i32, coarseHeight: i32, coarseStride: i32,
  patches: usize, columns: i32, rows: i32, step: i32, width: i32, height: i32,
): void {
  for (let row = 0; row < rows; row++) {
    const y = min((place(row, step, height) + (SIDE >> 1)) >> 1, coarseHeight - 1);
    for (let column = 0; column < columns; column++) {
      const x = min((place(column, step, width) + (SIDE >> 1)) >> 1, coarseWidth - 1);
      const from = <usize>(y * coarseStride + x) << 2;
      const at = patches + <usize>((row * columns + column) * 12);
      store<f32>(at, 2 * load<f32>(u + from));
      store<f32>(at, 2 * load<f32>(v + from), 4);
    }
  }
}

/**
 * Puts another guess in place of a patch's own where it fits about as well. `guesses`: columns * rows of (u, v) f32 pairs. A guess wins up to
 * `favour` times the own cost plus `slack`.
 */
export function flowOffer(
  first: usize, second: usize, width: i32, height: i32, stride: i32,
  patches: usize, columns: i32, rows: i32, step: i32, guesses: usize, favour: f32, slack: f32, scratch: usize,
): void {
  const lowest: f32 = -7;
  const maxX = <f32>(width - 1), maxY = <f32>(height - 1);
  for (let row = 0; row < rows; row++) {
    const y = place(row, step, height);
    for (let column = 0; column < columns; column++) {
      const x = place(column, step, width);
      const index = row * columns + column;
      const at = patches + <usize>(index * 12), guess = guesses + <usize>(index * 8);
      const px = <f32>x, py = <f32>y;
      const u = load<f32>(at), v = load<f32>(at, 4), gu = load<f32>(guess), gv = load<f32>(guess, 4);
      if (Mathf.abs(gu - u) + Mathf.abs(gv - v) < 0.25) continue;
      preparePatch(first + (<usize>(y * stride + x) << 2), <usize>stride << 2, scratch);
      const own = comparePatch(scratch, second, stride, min(max(px + u, lowest), maxX), min(max(py + v, lowest), maxY));
      const other = comparePatch(scratch, second, stride, min(max(px + gu, lowest), maxX), min(max(py + gv, lowest), maxY));
      if (other <= favour * own + slack) { store<f32>(at, gu); store<f32>(at, gv, 4); }
    }
  }
}
