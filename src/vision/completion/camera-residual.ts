/** Motion beyond the camera's. */
import { Arena, padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { fieldAt } from "../flow/flow.ts";
import type { FlowPlan } from "../flow/plan.ts";
import type { Homography } from "../registration/homography.ts";

/** A rectangle of cells: squares of `scale` luma pixels of a picture. */
export type Region = { readonly x0: number; readonly y0: number; readonly columns: number; readonly rows: number };

/** What {@link cameraResidual} is asked. */
export type ResidualInput = {
  /** A field as computeFlow makes it, of the region's cells. */
  readonly field: number;
  readonly region: Region;
  /** Where the region of the second picture lies against the first's, in cells; absent: at the same place. */
  readonly shift?: { readonly x: number; readonly y: number };
  /** The whole picture, in cells, and the side of a cell in luma pixels. */
  readonly map: { readonly width: number; readonly height: number; readonly scale: number };
  /** The camera's map from the first picture to the second, in luma pixels. */
  readonly homography: Homography;
  /** Memory for the result: {@link residualBytes}. */
  readonly target: number;
};

/** Bytes that {@link cameraResidual} takes for a region of so many cells. */
export function residualBytes(cells: number): number {
  return 3 * padded(4 * cells) + padded(72);
}

/** A field of flow in luma pixels less the camera's motion, and the cell of the map that each cell goes to (-1: out of it). */
export function cameraResidual(
  { kernels, memory }: JobContext,
  plan: FlowPlan,
  { field, region, shift = { x: 0, y: 0 }, map, homography, target }: ResidualInput,
): { u: Float32Array; v: Float32Array; goals: Int32Array } {
  const { x0, y0, columns, rows } = region;
  const cells = columns * rows;
  const own = fieldAt(plan, field);
  const arena = new Arena(target, target + residualBytes(cells));
  const h = arena.take(72);
  new Float64Array(memory.buffer, h, 9).set(homography);
  const [u, v, goals] = [arena.take(4 * cells), arena.take(4 * cells), arena.take(4 * cells)];
  kernels.cameraResidual(
    own.u,
    own.v,
    plan.levels[plan.finest]!.stride,
    columns,
    rows,
    x0,
    y0,
    shift.x,
    shift.y,
    map.width,
    map.height,
    map.scale,
    h,
    u,
    v,
    goals,
  );
  return {
    u: new Float32Array(memory.buffer, u, cells),
    v: new Float32Array(memory.buffer, v, cells),
    goals: new Int32Array(memory.buffer, goals, cells),
  };
}
