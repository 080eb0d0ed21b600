/** The camera's motion among a field of motions: the affine one that most of the picture shares. */
import type { Flow, Workspace } from "./workspace.ts";

/** Motion of the scene at (x, y): `u = ux[0] + ux[1] x + ux[2] y`, `v` likewise. */
export type CameraMotion = {
  readonly ux: readonly [number, number, number];
  readonly vx: readonly [number, number, number];
  /** Spread of the motions that follow it, in pixels. */
  readonly spread: number;
};

type Affine = readonly [number, number, number];
type Plane = Float64Array;

const STEP = 5;
const ROUNDS = 6;

/** @param excluded above 0.5 where the object is: it does not move with the camera. */
export function cameraMotion(workspace: Workspace, flow: Flow, excluded?: Float32Array): CameraMotion {
  const { width, height } = workspace;
  const places: number[] = [];
  for (let y = STEP; y < height - STEP; y += STEP) {
    for (let x = STEP; x < width - STEP; x += STEP) {
      const i = y * width + x;
      if (!(excluded && excluded[i]! > 0.5)) places.push(i);
    }
  }
  const count = places.length;
  const [xs, ys, us, vs] = [0, 0, 0, 0].map(() => new Float64Array(count)) as [Plane, Plane, Plane, Plane];
  for (let k = 0; k < count; k++) {
    const i = places[k]!;
    xs[k] = (i % width) / width;
    ys[k] = Math.floor(i / width) / width;
    us[k] = flow.x[i]!;
    vs[k] = flow.y[i]!;
  }
  // Coordinates are shares of the width here, so that the equations are well scaled.
  let u: Affine = [middle(us), 0, 0];
  let v: Affine = [middle(vs), 0, 0];
  let spread = 4;
  const errors = new Float64Array(count);
  for (let round = 0; round < ROUNDS && count > 12; round++) {
    for (let k = 0; k < count; k++) {
      const du = us[k]! - (u[0] + u[1] * xs[k]! + u[2] * ys[k]!);
      const dv = vs[k]! - (v[0] + v[1] * xs[k]! + v[2] * ys[k]!);
      errors[k] = Math.sqrt(du * du + dv * dv);
    }
    spread = Math.max(0.15, 1.2 * middle(errors));
    const reach = 2.5 * spread;
    let [w1, wx, wy, wxx, wxy, wyy, u1, uX, uY, v1, vX, vY] = [1e-3, 0, 0, 1e-3, 0, 1e-3, 0, 0, 0, 0, 0, 0];
    for (let k = 0; k < count; k++) {
      const share = errors[k]! / reach;
      const weight = 1 / (1 + share * share * share * share);
      const [x, y] = [xs[k]!, ys[k]!];
      const [wu, wv] = [weight * us[k]!, weight * vs[k]!];
      w1 += weight;
      wx += weight * x;
      wy += weight * y;
      wxx += weight * x * x;
      wxy += weight * x * y;
      wyy += weight * y * y;
      u1 += wu;
      uX += wu * x;
      uY += wu * y;
      v1 += wv;
      vX += wv * x;
      vY += wv * y;
    }
    const normal = [w1, wx, wy, wx, wxx, wxy, wy, wxy, wyy];
    const [su, sv] = [workspace.solve(normal, [u1, uX, uY]), workspace.solve(normal, [v1, vX, vY])];
    if (!su || !sv) break;
    u = [su[0]!, su[1]!, su[2]!];
    v = [sv[0]!, sv[1]!, sv[2]!];
  }
  return { ux: [u[0], u[1] / width, u[2] / width], vx: [v[0], v[1] / width, v[2] / width], spread };
}

/** The value that half of them are below, by selection (Hoare, 1961); 0 of none. */
function middle(values: Plane): number {
  const own = values.slice();
  const at = own.length >> 1;
  for (let [from, to] = [0, own.length - 1]; from < to; ) {
    const pivot = own[at]!;
    let [i, j] = [from, to];
    while (i <= j) {
      while (own[i]! < pivot) i++;
      while (own[j]! > pivot) j--;
      if (i > j) break;
      const value = own[i]!;
      own[i++] = own[j]!;
      own[j--] = value;
    }
    if (j < at) from = i;
    if (at < i) to = j;
  }
  return own[at] ?? 0;
}
