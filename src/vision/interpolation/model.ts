/** The motion most of a picture shares: what the camera does. */
import type { FlowLevel } from "../flow/plan.ts";

/**
 * An affine motion in pixels of the full size: u = a x + b y + c, v = d x + e y + f, places counted from the picture's corner so that a
 * level's pixel centres lie at (x + 0.5) * scale.
 */
export type AffineMotion = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** About so many places of a field are looked at. */
const SAMPLES = 150;
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
  const [columns, rows] = [Math.ceil(width / step), Math.ceil(height / step)];
  const count = columns * rows;
  // Places are normed by the width, so that the equations are well scaled.
  const unit = width * scale;
  const [pu, pv] = [new Float64Array(count), new Float64Array(count)];
  for (let k = 0; k < count; k++) {
    const at = Math.floor(k / columns) * step * stride + (k % columns) * step;
    pu[k] = u[at]! * scale;
    pv[k] = v[at]! * scale;
  }
  let mu = [0, 0, median(pu)];
  let mv = [0, 0, median(pv)];
  let spread = 16;
  for (let round = 0; round < ROUNDS; round++) {
    let [xx, xy, x1, yy, y1, n] = [1e-6, 0, 0, 1e-6, 0, 1e-6];
    let [ux, uy, u1, vx, vy, v1] = [0, 0, 0, 0, 0, 0];
    const [ua, ub, uc] = mu as [number, number, number];
    const [va, vb, vc] = mv as [number, number, number];
    for (let k = 0; k < count; k++) {
      const x = ((k % columns) * step + 0.5) / width;
      const y = (Math.floor(k / columns) * step + 0.5) / width;
      const ru = pu[k]! - (ua * x + ub * y + uc);
      const rv = pv[k]! - (va * x + vb * y + vc);
      const closeness = 1 + (ru * ru + rv * rv) / (spread * spread);
      const weight = 1 / (closeness * closeness);
      const wx = weight * x;
      const wy = weight * y;
      xx += wx * x;
      xy += wx * y;
      x1 += wx;
      yy += wy * y;
      y1 += wy;
      n += weight;
      ux += wx * pu[k]!;
      uy += wy * pu[k]!;
      u1 += weight * pu[k]!;
      vx += wx * pv[k]!;
      vy += wy * pv[k]!;
      v1 += weight * pv[k]!;
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

function median(values: Float64Array): number {
  return values.slice().sort()[values.length >> 1]!;
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
