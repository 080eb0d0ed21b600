/** The motion from one frame to its neighbour. */
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

/** Makes a field whose edges are repeated around it. */
export function findMotion(context: JobContext, { plan, from, to, target }: MotionInput): void {
  computeFlow(context, plan.flow, { from, to, target });
  const { width, height, stride } = plan.flow.levels[plan.flow.finest]!;
  const { u, v } = fieldAt(plan.flow, target);
  for (const plane of [u, v]) context.kernels.flowMargin(plane, width, height, stride);
}
