/** One frame in between: every sample is looked up in both neighbours along its path, and blended. */
import { padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { fieldAt } from "../flow/flow.ts";
import type { Planes } from "./memory.ts";
import { type InterpolationPlan, PATH_PLANES } from "./plan.ts";

/** What {@link between} takes: addresses. */
export type BetweenInput = {
  readonly plan: InterpolationPlan;
  readonly first: Planes;
  readonly second: Planes;
  /** Motion from the first to the second. */
  readonly field: number;
  /** Motion to the first and from the second, where these frames belong to the same scene. */
  readonly before?: number;
  readonly after?: number;
  /** 0 at the first, 1 at the second. */
  readonly time: number;
  readonly target: Planes;
};

/** Makes the frame. */
export function between({ kernels, scratch }: JobContext, input: BetweenInput): void {
  const { plan, first, second, time, target } = input;
  const { flow, planes, bitDepth } = plan;
  const level = flow.levels[flow.finest]!;
  const planeBytes = padded(level.planeBytes);
  const paths = scratch.start + level.lead;
  const row = scratch.start + PATH_PLANES * planeBytes;
  const own = fieldAt(flow, input.field);
  const [before, after] =
    input.before === undefined || input.after === undefined
      ? [NOTHING, NOTHING]
      : [fieldAt(flow, input.before), fieldAt(flow, input.after)];
  kernels.interpolatePaths(
    own.u,
    own.v,
    before.u,
    before.v,
    after.u,
    after.v,
    level.width,
    level.height,
    level.stride,
    time,
    paths,
    planeBytes,
  );
  const blend = bitDepth > 8 ? kernels.interpolateBlend16 : kernels.interpolateBlend8;
  for (const [i, { width, height, spanX, spanY }] of planes.entries()) {
    blend(
      first[i]!,
      second[i]!,
      width,
      height,
      2 ** bitDepth - 1,
      paths,
      planeBytes,
      level.width,
      level.height,
      level.stride,
      spanX,
      spanY,
      row,
      target[i]!,
    );
  }
}

const NOTHING = { u: 0, v: 0 };
