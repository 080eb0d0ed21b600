/** Jobs: a frame's pyramid, and the motion between two neighbours both ways. */
import type { JobContext } from "../../kernels/pool.ts";
import { buildPyramid, computeFlow, fieldAt } from "../flow/flow.ts";
import { type FlowPlan, planFlow } from "../flow/plan.ts";
import { likeness } from "../interpolation/likeness.ts";
import type { PlaneAt } from "./planes.ts";

/** What {@link prepare} takes: a source's luma, and where its pyramid goes. */
export type PrepareInput = { readonly plan: FlowPlan; readonly luma: PlaneAt; readonly pyramid: number };

/** What {@link findMotion} takes: addresses of two pyramids and of the field from the first to the second. */
export type MotionInput = {
  readonly plan: FlowPlan;
  readonly from: number;
  readonly to: number;
  readonly target: number;
};

/** Larger pictures are enlarged one by one: their motion would cost more memory than it brings detail. */
const MOST_PIXELS = 1920 * 1088 * 1.1;
/** Up to so many pixels motion is sought on every pixel; beyond, on every other one. */
const SMALL = 400 * 300;
/** Smaller sides have too little in them. */
const LEAST_SIDE = 16;

/** How motion between sources of this size is found; undefined where it is not. */
export function planMotion(width: number, height: number): FlowPlan | undefined {
  if (width * height > MOST_PIXELS || Math.min(width, height) < LEAST_SIDE) return undefined;
  const finest = width * height <= SMALL ? 0 : 1;
  return planFlow(width, height, { finest, step: 4, iterations: 5, rounds: 1, sweeps: 5 });
}

/** See {@link PrepareInput}. */
export function prepare(context: JobContext, { plan, luma, pyramid }: PrepareInput): void {
  buildPyramid(context, plan, { luma: luma.at, bitDepth: luma.bitDepth }, pyramid);
}

/** See {@link MotionInput}. @returns how alike the two are along the motion, -1 to 1: below about 0.75 they are of different scenes. */
export function findMotion(context: JobContext, { plan, from, to, target }: MotionInput): number {
  computeFlow(context, plan, { from, to, target });
  const { kernels, memory, scratch } = context;
  const level = plan.levels[plan.finest]!;
  const { u, v } = fieldAt(plan, target);
  const [first, second] = [from + plan.offsets[plan.finest]!, to + plan.offsets[plan.finest]!];
  const seen = scratch.start + level.lead;
  kernels.flowWarp(second, level.width, level.height, level.stride, u, v, 1, seen);
  const pixels = level.stride * level.height;
  return likeness(new Float32Array(memory.buffer, first, pixels), new Float32Array(memory.buffer, seen, pixels), level);
}
