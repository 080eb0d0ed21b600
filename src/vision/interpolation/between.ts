/** One frame in between: every sample is looked up in both neighbours along its path, and blended. */
import { padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { fieldAt } from "../flow/flow.ts";
import type { Motions, Planes } from "./memory.ts";
import { type InterpolationPlan, PATH_SETS } from "./plan.ts";

/** What {@link between} takes: addresses. */
export type BetweenInput = {
  readonly plan: InterpolationPlan;
  readonly first: Planes;
  readonly second: Planes;
  /** Between the first and the second. */
  readonly motions: Motions;
  /** From the first to the frame before it and from the second to the one behind it, where these are of the same scene. */
  readonly before?: number;
  readonly after?: number;
  /** 0 at the first, 1 at the second. */
  readonly time: number;
  readonly target: Planes;
};

/** Pixels of the motion's level by which both directions may differ and still be taken for one motion. */
const APART = 0.5;

/** Makes the frame. */
export function between({ kernels, scratch }: JobContext, input: BetweenInput): void {
  const { plan, first, second, time, target, motions } = input;
  const { flow, planes, bitDepth, setBytes, blendBytes } = plan;
  const { width, height, stride, planeBytes } = flow.levels[flow.finest]!;
  const paths = scratch.start;
  const work = paths + PATH_SETS * setBytes;
  const marks = work + blendBytes;
  const isDraft = plan.effort === "draft";
  const at = (field: number | undefined): number => (field === undefined ? 0 : fieldAt(flow, field).u);
  const bends = input.before !== undefined && input.after !== undefined;
  kernels.interpolatePaths(
    at(motions.forward),
    at(motions.backward),
    isDraft ? 0 : at(motions.middle),
    bends ? at(input.before) : 0,
    bends ? at(input.after) : 0,
    padded(planeBytes),
    width,
    height,
    stride,
    time,
    APART,
    paths,
    setBytes,
    marks,
  );
  const blend = bitDepth > 8 ? kernels.interpolateBlend16 : kernels.interpolateBlend8;
  for (const [i, plane] of planes.entries()) {
    blend(
      first[i]!,
      second[i]!,
      plane.width,
      plane.height,
      2 ** bitDepth - 1,
      paths,
      setBytes,
      isDraft ? 2 : 3,
      marks,
      width,
      height,
      plane.spanX,
      plane.spanY,
      work,
      target[i]!,
    );
  }
}
