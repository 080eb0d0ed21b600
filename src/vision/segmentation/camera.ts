/** The camera's motion among a field of motions: the affine one that most of the picture shares. */
import { solveSymmetric } from "../registration/solve.ts";
import type { Flow } from "./workspace.ts";

/** Motion of the scene at (x, y): `u = ux[0] + ux[1] x + ux[2] y`, `v` likewise. */
export type CameraMotion = {
  readonly ux: readonly [number, number, number];
  readonly vx: readonly [number, number, number];
  /** Spread of the motions that follow it, in pixels. */
  readonly spread: number;
};

const STEP = 5;
const ROUNDS = 6;

/** @param excluded above 0.5 where the object is: it does not move with the camera. */
export function cameraMotion(flow: Flow, width: number, height: number, excluded?: Float32Array): CameraMotion {
  const samples: number[] = [];
  for (let y = STEP; y < height - STEP; y += STEP) {
    for (let x = STEP; x < width - STEP; x += STEP) {
      const i = y * width + x;
      if (!(excluded && excluded[i]! > 0.5)) samples.push(i);
    }
  }
  let ux: [number, number, number] = [middle(samples.map((i) => flow.x[i]!)), 0, 0];
  let vx: [number, number, number] = [middle(samples.map((i) => flow.y[i]!)), 0, 0];
  let spread = 4;
  for (let round = 0; round < ROUNDS && samples.length > 12; round++) {
    const errors = samples.map((i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      return Math.hypot(flow.x[i]! - (ux[0] + ux[1] * x + ux[2] * y), flow.y[i]! - (vx[0] + vx[1] * x + vx[2] * y));
    });
    spread = Math.max(0.15, 1.2 * middle(errors));
    const reach = 2.5 * spread;
    const normal = [
      [1e-3, 0, 0],
      [0, 1e-3, 0],
      [0, 0, 1e-3],
    ];
    const [bu, bv] = [
      [0, 0, 0],
      [0, 0, 0],
    ];
    for (const [k, i] of samples.entries()) {
      const weight = 1 / (1 + (errors[k]! / reach) ** 4);
      const basis = [1, (i % width) / width, Math.floor(i / width) / width];
      for (let a = 0; a < 3; a++) {
        for (let b = 0; b < 3; b++) normal[a]![b]! += weight * basis[a]! * basis[b]!;
        bu![a]! += weight * basis[a]! * flow.x[i]!;
        bv![a]! += weight * basis[a]! * flow.y[i]!;
      }
    }
    const [su, sv] = [solveSymmetric(normal, bu!), solveSymmetric(normal, bv!)];
    if (!su || !sv) break;
    ux = [su[0]!, su[1]! / width, su[2]! / width];
    vx = [sv[0]!, sv[1]! / width, sv[2]! / width];
  }
  return { ux, vx, spread };
}

/** How far each pixel's motion is from the camera's, in pixels. */
export function ownMotion(flow: Flow, { ux, vx }: CameraMotion, width: number, height: number): Float32Array {
  const out = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      out[i] = Math.hypot(flow.x[i]! - (ux[0] + ux[1] * x + ux[2] * y), flow.y[i]! - (vx[0] + vx[1] * x + vx[2] * y));
    }
  }
  return out;
}

function middle(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length >> 1] ?? 0;
}
