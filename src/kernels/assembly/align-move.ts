// Solves for the change that a Gauss-Newton step of alignment asks for, and applies it. Maps are nine f64, row major.

/** Kernel parameters: eight of a homography, gain and offset. */
const PARAMETERS: i32 = 10;
/** Words of a row of the system. */
const ROW: i32 = 12;

// Models by number: what may change with a map.
const TRANSLATION: i32 = 0, SIMILARITY: i32 = 1, AFFINE: i32 = 2;

/** The direction that a kernel parameter is part of, or -1 where the model keeps it. */
function directionOf(model: i32, parameter: i32): i32 {
  if (parameter >= 8) return parameter - (model == TRANSLATION ? 6 : model == SIMILARITY ? 4 : model == AFFINE ? 2 : 0);
  if (model == TRANSLATION) return parameter == 2 ? 0 : parameter == 5 ? 1 : -1;
  if (model == SIMILARITY) return parameter == 0 || parameter == 4 ? 0 : parameter == 1 || parameter == 3 ? 1 : parameter == 2 ? 2 : parameter == 5 ? 3 : -1;
  return model == AFFINE && parameter > 5 ? -1 : parameter;
}

/** How a direction changes a parameter: a similarity turns by the second and, against it, the fourth. */
// @ts-ignore: decorator
@inline
function factorOf(model: i32, parameter: i32): f64 { return model == SIMILARITY && parameter == 3 ? -1 : 1; }

// @ts-ignore: decorator
@inline
function get(at: usize, i: i32): f64 { return load<f64>(at + (<usize>i << 3)); }
// @ts-ignore: decorator
@inline
function put(at: usize, i: i32, value: f64): void { store<f64>(at + (<usize>i << 3), value); }

/**
 * Solves a symmetric positive definite system of `n` rows by Cholesky decomposition, with a little of the diagonal added so that
 * directions the data say nothing about stay at zero. `right` receives the answer. `lower`: scratch of n * n f64. Returns false when the system is
 * not positive definite.
 */
export function solveSymmetric(matrix: usize, right: usize, n: i32, lower: usize): bool {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = get(matrix, i * n + j) * (i == j ? 1 + 1e-6 : 1);
      for (let k = 0; k < j; k++) sum -= get(lower, i * n + k) * get(lower, j * n + k);
      if (i != j) put(lower, i * n + j, sum / get(lower, j * n + j));
      else if (sum > 1e-9) put(lower, i * n + i, Math.sqrt(sum));
      else return false;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) put(right, i, get(right, i) - get(lower, i * n + k) * get(right, k));
    put(right, i, get(right, i) / get(lower, i * n + i));
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) put(right, i, get(right, i) - get(lower, k * n + i) * get(right, k));
    put(right, i, get(right, i) / get(lower, i * n + i));
  }
  return true;
}

function setMap(at: usize, a: f64, b: f64, c: f64, d: f64, e: f64, f: f64, g: f64, h: f64, i: f64): void {
  put(at, 0, a); put(at, 1, b); put(at, 2, c); put(at, 3, d); put(at, 4, e); put(at, 5, f); put(at, 6, g); put(at, 7, h); put(at, 8, i);
}

/** A last element of 1 where that is possible. */
function normalise(h: usize): void {
  const last = get(h, 8);
  if (Math.abs(last) > 1e-9) for (let i = 0; i < 9; i++) put(h, i, get(h, i) / last);
}

/** First `b`, then `a`. `out` is neither. */
function compose(a: usize, b: usize, out: usize): void {
  for (let row = 0; row < 9; row += 3)
    for (let column = 0; column < 3; column++)
      put(out, row + column, get(a, row) * get(b, column) + get(a, row + 1) * get(b, 3 + column) + get(a, row + 2) * get(b, 6 + column));
  normalise(out);
}

/** The map back. A map that has none gives the identity. */
function invert(at: usize, out: usize): void {
  const a = get(at, 0), b = get(at, 1), c = get(at, 2), d = get(at, 3), e = get(at, 4), f = get(at, 5), g = get(at, 6), i = get(at, 7), k = get(at, 8);
  const whole = a * (e * k - f * i) - b * (d * k - f * g) + c * (d * i - e * g);
  if (!(Math.abs(whole) > 1e-12)) return setMap(out, 1, 0, 0, 0, 1, 0, 0, 0, 1);
  setMap(out, (e * k - f * i) / whole, (c * i - b * k) / whole, (b * f - c * e) / whole, (f * g - d * k) / whole, (a * k - c * g) / whole,
    (c * d - a * f) / whole, (d * i - e * g) / whole, (b * g - a * i) / whole, (a * e - b * d) / whole);
  normalise(out);
}

/** Whether a map could be a camera's: no flip, no fold, area changed less than tenfold either way. `corners`: scratch of eight f64. */
function plausible(h: usize, width: i32, height: i32, corners: usize): bool {
  for (let i = 0; i < 9; i++) if (!isFinite(get(h, i))) return false;
  for (let i = 0; i < 4; i++) {
    const x = i == 1 || i == 2 ? <f64>(width - 1) : 0, y = i > 1 ? <f64>(height - 1) : 0;
    const w = get(h, 6) * x + get(h, 7) * y + get(h, 8);
    if (!(w > 1e-9)) return false;
    put(corners, 2 * i, (get(h, 0) * x + get(h, 1) * y + get(h, 2)) / w);
    put(corners, 2 * i + 1, (get(h, 3) * x + get(h, 4) * y + get(h, 5)) / w);
  }
  let area = 0.0;
  for (let i = 0; i < 4; i++) {
    const j = (i + 1) & 3, k = (i + 2) & 3;
    const px = get(corners, 2 * i), py = get(corners, 2 * i + 1), qx = get(corners, 2 * j), qy = get(corners, 2 * j + 1);
    if ((qx - px) * (get(corners, 2 * k + 1) - qy) - (qy - py) * (get(corners, 2 * k) - qx) <= 0) return false;
    area += px * qy - qx * py;
  }
  const ratio = area / 2 / Math.max(1, <f64>((width - 1) * (height - 1)));
  return ratio > 0.1 && ratio < 10;
}

/**
 * Changes a warp as the normal equations of `alignStep` ask for within a model (0: translation, 1: similarity, 2: affine, 3: homography; brightness
 * always). `cx`, `cy`, `unit`: as there; `width`, `height`: the picture's. `warp`: 11 f64: the map, gain, offset. `scratch`: 260 f64.
 * Returns the shift in pixels that the change amounts to at the picture's edge; -1 when the equations have no answer, and -2 when the map is not
 * one that a camera can make.
 */
export function alignMove(
  system: usize, model: i32, cx: f64, cy: f64, unit: f64, width: i32, height: i32, warp: usize, scratch: usize,
): f64 {
  const n = directionOf(model, PARAMETERS - 1) + 1;
  const matrix = scratch, lower = scratch + 800, right = scratch + 1600, change = scratch + 1680, step = scratch + 1760, other = scratch + 1840;
  const third = scratch + 1920;
  memory.fill(matrix, 0, 800);
  memory.fill(right, 0, 80);
  for (let a = 0; a < PARAMETERS; a++) {
    const i = directionOf(model, a);
    if (i < 0) continue;
    for (let b = 0; b < PARAMETERS; b++) {
      const j = directionOf(model, b);
      if (j < 0) continue;
      const entry = factorOf(model, a) * factorOf(model, b) * get(system, min(a, b) * ROW + max(a, b));
      put(matrix, i * n + j, get(matrix, i * n + j) + entry);
    }
    put(right, i, get(right, i) + factorOf(model, a) * get(system, a * ROW + PARAMETERS));
  }
  if (!solveSymmetric(matrix, right, n, lower)) return -1;
  let moved = 0.0;
  for (let a = 0; a < PARAMETERS; a++) {
    const i = directionOf(model, a);
    put(change, a, i < 0 ? 0 : factorOf(model, a) * get(right, i));
    if (a < 8) moved += Math.abs(get(change, a));
  }
  put(warp, 9, Math.min(4, Math.max(0.25, get(warp, 9) + get(change, 8) * 0.0078125)));
  put(warp, 10, Math.min(128, Math.max(-128, get(warp, 10) + get(change, 9))));
  put(change, 0, 1 + get(change, 0));
  put(change, 4, 1 + get(change, 4));
  put(change, 8, 1);
  invert(change, step);
  // From the equations' units to pixels.
  setMap(other, 1 / unit, 0, cx, 0, 1 / unit, cy, 0, 0, 1);
  compose(other, step, third);
  setMap(other, unit, 0, -cx * unit, 0, unit, -cy * unit, 0, 0, 1);
  compose(third, other, step);
  compose(warp, step, other);
  for (let i = 0; i < 9; i++) put(warp, i, get(other, i));
  return plausible(warp, width, height, third) ? moved / unit : -2;
}
