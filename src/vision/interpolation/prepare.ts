/** A frame's pyramid, once for both of its neighbours. */
import type { JobContext } from "../../kernels/pool.ts";
import { buildPyramid } from "../flow/flow.ts";
import type { InterpolationPlan } from "./plan.ts";

/** What {@link prepare} takes: addresses. */
export type PrepareInput = { readonly plan: InterpolationPlan; readonly luma: number; readonly pyramid: number };

/** Makes the pyramid of a packed luma plane. */
export function prepare(context: JobContext, { plan, luma, pyramid }: PrepareInput): void {
  buildPyramid(context, plan.flow, { luma, bitDepth: plan.bitDepth }, pyramid);
}
