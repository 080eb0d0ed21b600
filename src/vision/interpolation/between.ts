/** One frame in between: every sample is looked up in both neighbours along its path, and blended. */
import { padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { fieldAt } from "../flow/flow.ts";
import type { Motions } from "./memory.ts";
import { type InterpolationPlan, PATH_PLANES, PATH_WORK, RECORD_BYTES } from "./plan.ts";

/** What {@link between} takes: addresses. */
export type BetweenInput = {
  readonly plan: InterpolationPlan;
  readonly first: number;
  readonly second: number;
  /** Between the first and the second. */
  readonly motions: Motions;
  /** From the first to the frame before it and from the second to the one behind it, where these are of the same scene. */
  readonly before?: number;
  readonly after?: number;
  /** 0 at the first, 1 at the second. */
  readonly time: number;
  readonly target: number;
};

/** Pixels of the motion's level by which both directions may differ and still be taken for one motion. */
const APART = 0.5;

/** Makes the frame. */
export function between({ kernels, scratch }: JobContext, input: BetweenInput): void {
  const { plan, first, second, time, target, motions } = input;
  const { flow, planes, offsets, bitDepth, pathBytes } = plan;
  const { width, height, stride, planeBytes } = flow.levels[flow.finest]!;
  const pixels = height * (width + 3);
  const paths = scratch.start;
  const records = paths + PATH_PLANES * pathBytes;
  const marks = records + padded(pixels * RECORD_BYTES);
  const pathWork = marks + padded(pixels);
  const work = pathWork + padded(PATH_WORK);
  const at = (field: number | undefined): number => (field === undefined ? 0 : fieldAt(flow, field).u);
  const bends = input.before !== undefined && input.after !== undefined;
  kernels.interpolatePaths(
    at(motions.forward),
    at(motions.backward),
    plan.hasMiddle ? at(motions.middle) : 0,
    bends ? at(input.before) : 0,
    bends ? at(input.after) : 0,
    padded(planeBytes),
    width,
    height,
    stride,
    time,
    APART,
    paths,
    pathBytes,
    marks,
    records,
    pathWork,
  );
  const blend = bitDepth > 8 ? kernels.interpolateBlend16 : kernels.interpolateBlend8;
  const [luma, chroma] = planes;
  // Both planes of chroma at once: what moves there is looked up at the same places.
  for (const { plane, index, count } of [
    { plane: luma, index: 0, count: 1 },
    { plane: chroma, index: 1, count: 2 },
  ] as const) {
    blend(
      first + offsets[index],
      second + offsets[index],
      target + offsets[index],
      count,
      offsets[2] - offsets[1],
      plane.width,
      plane.height,
      2 ** bitDepth - 1,
      paths,
      pathBytes,
      marks,
      records,
      plan.hasMiddle ? 3 : 2,
      width,
      height,
      plane.spanX,
      plane.spanY,
      work,
    );
  }
}
