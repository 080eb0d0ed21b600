/**
 * The motion between two frames, seen from the middle: for every pixel of the frame half way, how far its content goes from
 * the first to the second. Both frames are brought to the middle level by level, and what still moves between them is
 * searched and refined, as in ../flow/flow.ts. So every pixel of the new frame has a motion, without splatting and its holes.
 */
import { padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { type FlowField, fieldAt, matchLevel } from "../flow/flow.ts";
import type { FlowLevel } from "../flow/plan.ts";
import { type AffineMotion, fitAffine } from "./model.ts";
import { type InterpolationPlan, MIDDLE_PLANES } from "./plan.ts";

/** What {@link findMiddle} takes: addresses of two pyramids, and of the field to be made. */
export type MiddleInput = {
  readonly plan: InterpolationPlan;
  readonly first: number;
  readonly second: number;
  readonly target: number;
};

/** How much worse the camera's motion may fit a patch than its own, and still be taken: times, and squared levels. */
const FAVOUR = 1.1;
const SLACK = 64;

/** Makes a field whose edges are repeated around it. */
export function findMiddle(context: JobContext, { plan, first, second, target }: MiddleInput): void {
  const { kernels, memory, scratch } = context;
  const { levels, finest, options, offsets } = plan.flow;
  const stop = plan.middle;
  const own = levels[finest]!;
  const patches = scratch.start + 1024;
  const guesses = patches + padded(own.columns * own.rows * 12);
  const planes = guesses + padded(own.columns * own.rows * 8);
  const plane = (level: FlowLevel, index: number): number => {
    if (index >= MIDDLE_PLANES) throw new RangeError("no such plane");
    return planes + index * padded(own.planeBytes) + level.lead;
  };
  const floats = (at: number, count: number): Float32Array => new Float32Array(memory.buffer, at, count);
  let model: AffineMotion | undefined;
  let above: { readonly level: FlowLevel; readonly field: FlowField } | undefined;
  for (let i = levels.length - 1; i >= stop; i--) {
    const level = levels[i]!;
    const { width, height, stride, columns, rows, lead, planeBytes } = level;
    const turn = 2 * (i % 2);
    const field: FlowField =
      i === finest ? fieldAt(plan.flow, target) : { u: plane(level, turn), v: plane(level, turn + 1) };
    const [seenFirst, seenSecond] = [plane(level, 4), plane(level, 5)];
    const [du, dv, weight] = [plane(level, 6), plane(level, 7), plane(level, 8)];
    for (const name of ["u", "v"] as const) {
      if (above) {
        const { level: from, field: coarse } = above;
        kernels.flowEnlarge(coarse[name], from.width, from.height, from.stride, 2, field[name], width, height, stride);
      } else floats(field[name] - lead, planeBytes / 4).fill(0);
    }
    kernels.flowWarp(first + offsets[i]!, width, height, stride, field.u, field.v, -0.5, seenFirst);
    kernels.flowWarp(second + offsets[i]!, width, height, stride, field.u, field.v, 0.5, seenSecond);
    floats(patches, columns * rows * 3).fill(0);
    if (model) {
      const count = columns * rows * 2;
      offerModel(model, level, options.step, 2 ** i, {
        u: floats(field.u, stride * height),
        v: floats(field.v, stride * height),
        guesses: floats(guesses, count),
      });
      kernels.flowOffer(
        seenFirst,
        seenSecond,
        width,
        height,
        stride,
        patches,
        columns,
        rows,
        options.step,
        guesses,
        FAVOUR,
        SLACK,
        scratch.start,
      );
    }
    matchLevel(context, options, level, { first: seenFirst, second: seenSecond, patches, u: du, v: dv, weight });
    kernels.flowAdd(field.u, du, width, height, stride);
    kernels.flowAdd(field.v, dv, width, height, stride);
    if (i > stop) {
      model = fitAffine(floats(field.u, stride * height), floats(field.v, stride * height), level, 2 ** i);
    }
    above = { level, field };
  }
  if (above && stop > finest) {
    const { level: from, field: coarse } = above;
    const to = fieldAt(plan.flow, target);
    for (const name of ["u", "v"] as const) {
      const scale = 2 ** (stop - finest);
      const { width, height, stride } = own;
      kernels.flowEnlarge(coarse[name], from.width, from.height, from.stride, scale, to[name], width, height, stride);
      kernels.flowMargin(to[name], width, height, stride);
    }
  }
}

/** For every patch, what the model says that its centre still has to move. */
function offerModel(
  [a, b, c, d, e, f]: AffineMotion,
  { width, height, stride, columns, rows }: FlowLevel,
  step: number,
  scale: number,
  { u, v, guesses }: { u: Float32Array; v: Float32Array; guesses: Float32Array },
): void {
  const centre = (index: number, size: number): number => Math.max(0, Math.min(index * step, size - 8)) + 3.5;
  for (let row = 0; row < rows; row++) {
    const y = centre(row, height);
    for (let column = 0; column < columns; column++) {
      const x = centre(column, width);
      const at = Math.min(height - 1, Math.round(y)) * stride + Math.min(width - 1, Math.round(x));
      const fullX = (x + 0.5) * scale;
      const fullY = (y + 0.5) * scale;
      const to = 2 * (row * columns + column);
      guesses[to] = (a * fullX + b * fullY + c) / scale - u[at]!;
      guesses[to + 1] = (d * fullX + e * fullY + f) / scale - v[at]!;
    }
  }
}
