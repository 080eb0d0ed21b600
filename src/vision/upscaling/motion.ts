/** Jobs: a frame's pyramid, and the motion between two neighbours both ways. */
import { Arena, padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { buildPyramid, computeFlow, fieldAt } from "../flow/flow.ts";
import { type FlowOptions, type FlowPlan, planFlow } from "../flow/plan.ts";
import type { PlaneAt } from "./planes.ts";

/** How motion is found: coarsely, and then to a fraction of a pixel at full size. */
export type MotionPlan = {
  readonly coarse: FlowPlan;
  readonly full: FlowPlan;
  readonly scratchBytes: number;
};

/** What {@link prepare} takes: a source's luma, and where its pyramid goes. */
export type PrepareInput = { readonly plan: MotionPlan; readonly luma: PlaneAt; readonly pyramid: number };

/** What {@link findMotion} takes: addresses of two pyramids and of the field from the first to the second. */
export type MotionInput = {
  readonly plan: MotionPlan;
  readonly from: number;
  readonly to: number;
  readonly target: number;
};

/** Larger pictures are enlarged one by one: their motion would cost more memory than it brings detail. */
const MOST_PIXELS = 1920 * 1088 * 1.1;
/** Smaller sides have too little in them. */
const LEAST_SIDE = 16;
/** Up to so many pixels motion is searched on every pixel; beyond, on every other one. */
const SMALL = 400 * 300;
/** The squared gradient, in levels a pixel, below which a window says nothing. */
const FLAT = 0.5;

/** Every so many rows are looked at to tell a cut. */
const SPARSE = 4;

/** How motion between sources of this size is found; undefined where it is not. */
export function planMotion(width: number, height: number): MotionPlan | undefined {
  if (width * height > MOST_PIXELS || Math.min(width, height) < LEAST_SIDE) return undefined;
  const search = { step: 4, iterations: 5 } as const;
  // What is sharpened afterwards needs no refinement before.
  const options: FlowOptions =
    width * height <= SMALL
      ? { ...search, finest: 0, rounds: 1, sweeps: 5 }
      : { ...search, finest: 1, rounds: 0, sweeps: 0 };
  const coarse = planFlow(width, height, options);
  // Nothing is searched at full size, and a pyramid that begins there takes no scratch.
  const full = { ...planFlow(width, height, { ...options, finest: 0 }), scratchBytes: 0 };
  const scratchBytes =
    coarse.scratchBytes + padded(coarse.fieldBytes) + padded(full.levels[0]!.planeBytes) + workBytes(full);
  return { coarse, full, scratchBytes };
}

function workBytes({ levels }: FlowPlan): number {
  return 86 * 4 * (levels[0]!.width + 32);
}

/** See {@link PrepareInput}. */
export function prepare(context: JobContext, { plan, luma, pyramid }: PrepareInput): void {
  buildPyramid(context, plan.full, { luma: luma.at, bitDepth: luma.bitDepth }, pyramid);
}

/** See {@link MotionInput}. @returns how alike the two are along the motion, -1 to 1: below about 0.75 they are of different scenes. */
export function findMotion(context: JobContext, { plan, from, to, target }: MotionInput): number {
  const { kernels, scratch } = context;
  const { coarse, full } = plan;
  const arena = new Arena(scratch.start + coarse.scratchBytes, scratch.end);
  const [whole, field] = [full.levels[0]!, fieldAt(full, target)];
  const { width, height, stride } = whole;
  const [first, second] = [from + full.offsets[0]!, to + full.offsets[0]!];
  const seen = arena.take(whole.planeBytes) + whole.lead;
  if (coarse.finest === 0) {
    computeFlow(context, coarse, { from, to, target });
    kernels.flowWarp(second, width, height, stride, field.u, field.v, 1, seen);
  } else {
    const found = arena.take(coarse.fieldBytes);
    const work = arena.take(workBytes(full));
    // The coarse plan's pyramids begin where full size ends.
    const skipped = full.offsets[1]! - coarse.offsets[1]!;
    computeFlow(context, coarse, { from: from + skipped, to: to + skipped, target: found });
    const rough = fieldAt(coarse, found);
    const half = coarse.levels[1]!.stride;
    for (const axis of ["u", "v"] as const)
      kernels.flowDouble(rough[axis], half, field[axis], width, height, stride, work);
    kernels.flowWarp(second, width, height, stride, field.u, field.v, 1, seen);
    kernels.flowSharpen(first, seen, width, height, stride, field.u, field.v, FLAT, work, 4 * (width + 32));
  }
  return kernels.flowLikeness(first, seen, width, Math.ceil(height / SPARSE), stride * SPARSE);
}
