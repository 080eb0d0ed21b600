/** The motion from one frame to its neighbour, and whether both show the same scene. */
import { padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { computeFlow, fieldAt } from "../flow/flow.ts";
import type { InterpolationPlan } from "./plan.ts";

/** What {@link findMotion} takes: addresses of two pyramids, and of the field to be made. */
export type MotionInput = {
  readonly plan: InterpolationPlan;
  readonly from: number;
  readonly to: number;
  readonly target: number;
};

/**
 * Makes a field whose edges are repeated around it.
 * @returns how alike the frame is to its neighbour seen along the motion: 1 the same, 0 nothing in common.
 */
export function findMotion(context: JobContext, { plan, from, to, target }: MotionInput): number {
  const { kernels, scratch } = context;
  const { flow, compared } = plan;
  computeFlow(context, flow, { from, to, target });
  const own = flow.levels[flow.finest]!;
  const { u, v } = fieldAt(flow, target);
  for (const plane of [u, v]) kernels.flowMargin(plane, own.width, own.height, own.stride);
  const seen = (level: number): number =>
    scratch.start + (level % 2) * padded(own.planeBytes) + flow.levels[level]!.lead;
  const { width, height, stride } = own;
  kernels.flowWarp(to + flow.offsets[flow.finest]!, width, height, stride, u, v, 1, seen(flow.finest));
  for (let i = flow.finest + 1; i <= compared; i++) {
    const above = flow.levels[i - 1]!;
    kernels.flowHalve(seen(i - 1), above.width, above.height, above.stride, seen(i), flow.levels[i]!.stride);
  }
  const level = flow.levels[compared]!;
  return kernels.flowLikeness(from + flow.offsets[compared]!, seen(compared), level.width, level.height, level.stride);
}
