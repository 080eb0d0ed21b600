/** The motion most of a picture shares: what the camera does. */
import type { FlowLevel } from "../flow/plan.ts";

/**
 * An affine motion in pixels of the full size: u = a x + b y + c, v = d x + e y + f, places counted from the picture's corner so that a
 * level's pixel centres lie at (x + 0.5) * scale.
 */
export type AffineMotion = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** About so many places of a field are looked at. */
const SAMPLES = 400;
const ROUNDS = 8;

/**
 * Fits a motion to a field, robustly: what moves otherwise ends up without weight (Geman and McClure's weights, with a
 * scale that shrinks from round to round, starting at the medians).
 * @param u @param v the field's planes in rows of the level's stride. @param scale full pixels a pixel of the level.
 * @returns undefined when the places do not decide it.
 */
export function fitAffine(
  u: Float32Array,
  v: Float32Array,
  { width, height, stride }: FlowLevel,
  scale: number,
): AffineMotion | undefined {
  const step = Math.max(1, Math.floor(Math.sqrt((width * height) / SAMPLES)));
  // Places are normed by the width, so that the equations are well scaled.
  const unit = width * scale;
  const points: Point[] = [];
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) {
      const at = y * stride + x;
      points.push({
        x: ((x + 0.5) * scale) / unit,
        y: ((y + 0.5) * scale) / unit,
        u: u[at]! * scale,
        v: v[at]! * scale,
      });
    }
  }
  let mu = [0, 0, median(points.map((point) => point.u))];
  let mv = [0, 0, median(points.map((point) => point.v))];
  let spread = 16;
  for (let round = 0; round < ROUNDS; round++) {
    let [xx, xy, x1, yy, y1, n] = [1e-6, 0, 0, 1e-6, 0, 1e-6];
    let [ux, uy, u1, vx, vy, v1] = [0, 0, 0, 0, 0, 0];
    for (const { x, y, u: pu, v: pv } of points) {
      const ru = pu - (mu[0]! * x + mu[1]! * y + mu[2]!);
      const rv = pv - (mv[0]! * x + mv[1]! * y + mv[2]!);
      const weight = 1 / (1 + (ru * ru + rv * rv) / (spread * spread)) ** 2;
      const [wx, wy] = [weight * x, weight * y];
      xx += wx * x;
      xy += wx * y;
      x1 += wx;
      yy += wy * y;
      y1 += wy;
      n += weight;
      ux += wx * pu;
      uy += wy * pu;
      u1 += weight * pu;
      vx += wx * pv;
      vy += wy * pv;
      v1 += weight * pv;
    }
    const matrix = [xx, xy, x1, xy, yy, y1, x1, y1, n];
    const [bu, bv] = [
      [ux, uy, u1],
      [vx, vy, v1],
    ];
    const [nu, nv] = [solve(matrix, bu), solve(matrix, bv)];
    if (!nu || !nv) return undefined;
    [mu, mv] = [nu, nv];
    spread = Math.max(scale / 2, spread * 0.6);
  }
  return [mu[0]! / unit, mu[1]! / unit, mu[2]!, mv[0]! / unit, mv[1]! / unit, mv[2]!];
}

type Point = { readonly x: number; readonly y: number; readonly u: number; readonly v: number };

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

/** Three linear equations, by elimination; undefined when they are not independent. */
function solve(matrix: readonly number[], right: readonly number[]): number[] | undefined {
  const rows = [0, 1, 2].map((i) => [...matrix.slice(3 * i, 3 * i + 3), right[i]!]);
  for (let i = 0; i < 3; i++) {
    let pivot = i;
    for (let j = i + 1; j < 3; j++) if (Math.abs(rows[j]![i]!) > Math.abs(rows[pivot]![i]!)) pivot = j;
    [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
    if (Math.abs(rows[i]![i]!) < 1e-12) return undefined;
    for (let j = 0; j < 3; j++) {
      if (j === i) continue;
      const factor = rows[j]![i]! / rows[i]![i]!;
      for (let k = i; k < 4; k++) rows[j]![k]! -= factor * rows[i]![k]!;
    }
  }
  return rows.map((row, i) => row[3]! / row[i]!);
}
