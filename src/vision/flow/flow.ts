/**
 * Dense optical flow between two pictures: inverse search of small patches, coarse to fine, with variational refinement
 * (Kroeger, Timofte, Dai and Van Gool, "Fast optical flow using dense inverse search", ECCV 2016). One call runs whole on
 * one thread, so results do not depend on how many threads there are; callers run both directions, and pairs, in parallel.
 */

import { padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import type { FlowLevel, FlowOptions, FlowPlan } from "./plan.ts";

/** A packed luma plane in kernel memory: `width * height` samples of the plan's full size. */
export type FlowPicture = {
  readonly luma: number;
  /** 8 for bytes, more for 16-bit words. */
  readonly bitDepth: number;
};

/** Weights of the refinement's smoothness, value and gradient terms. */
const WEIGHTS = [20, 5, 10] as const;

/** A field's planes: addresses of their first pixels. Pixels (f32) of the finest level, in rows of its stride. */
export type FlowField = { readonly u: number; readonly v: number };

/** The planes of the field at `target`. */
export function fieldAt(plan: FlowPlan, target: number): FlowField {
  const { planeBytes, lead } = plan.levels[plan.finest]!;
  return { u: target + lead, v: target + padded(planeBytes) + lead };
}

/** Makes a picture's pyramid at `base` (`plan.pyramidBytes`): 8-bit levels as f32, whatever its depth. */
export function buildPyramid(
  { kernels, scratch }: JobContext,
  plan: FlowPlan,
  picture: FlowPicture,
  base: number,
): void {
  checkScratch(plan, scratch);
  const { levels, finest, offsets } = plan;
  // Levels finer than the finest are only passed through.
  const at = (i: number): number =>
    i >= finest ? base + offsets[i]! : scratch.start + (i % 2) * padded(levels[0]!.planeBytes) + levels[i]!.lead;
  const { width, height, stride } = levels[0]!;
  if (picture.bitDepth === 8) kernels.flowWiden8(picture.luma, width, height, 1, at(0), stride);
  else kernels.flowWiden16(picture.luma, width, height, 2 ** (8 - picture.bitDepth), at(0), stride);
  for (let i = 1; i < levels.length; i++) {
    const from = levels[i - 1]!;
    kernels.flowHalve(at(i - 1), from.width, from.height, from.stride, at(i), levels[i]!.stride);
  }
}

/**
 * Where each pixel of the picture whose pyramid is at `from` lies in the one at `to`: a field at `target` (`plan.fieldBytes`) of
 * displacements in pixels of the finest level.
 */
export function computeFlow(
  context: JobContext,
  plan: FlowPlan,
  { from, to, target }: { from: number; to: number; target: number },
): void {
  checkScratch(plan, context.scratch);
  const { memory, scratch, kernels } = context;
  const { levels, finest, options } = plan;
  const own = levels[finest]!;
  const patches = scratch.start + 1024;
  const planes = patches + padded(own.columns * own.rows * 12);
  const plane = (level: FlowLevel, index: number) => planes + index * padded(own.planeBytes) + level.lead;
  const coarsest = levels.length - 1;
  for (let i = coarsest; i >= finest; i--) {
    const level = levels[i]!;
    const { width, height, stride, columns, rows } = level;
    const [first, second] = [from + plan.offsets[i]!, to + plan.offsets[i]!];
    const turn = 2 * (i % 2);
    const field: FlowField =
      i === finest ? fieldAt(plan, target) : { u: plane(level, turn), v: plane(level, turn + 1) };
    if (i === coarsest) new Uint8Array(memory.buffer, patches, columns * rows * 12).fill(0);
    else {
      const above = levels[i + 1]!;
      const [u, v] = [plane(above, 2 - turn), plane(above, 3 - turn)];
      kernels.flowSeed(
        u,
        v,
        above.width,
        above.height,
        above.stride,
        patches,
        columns,
        rows,
        options.step,
        width,
        height,
      );
    }
    const seen = plane(level, 4);
    matchLevel(context, options, level, { first, second, patches, ...field, weight: seen });
    if (options.rounds > 0) {
      kernels.flowWarp(second, width, height, stride, field.u, field.v, 1, seen);
      const [smooth, value, gradient] = WEIGHTS;
      const { rounds, sweeps } = options;
      kernels.flowRefine(
        first,
        seen,
        width,
        height,
        stride,
        field.u,
        field.v,
        smooth,
        value,
        gradient,
        rounds,
        sweeps,
        plane(level, 5),
        level.planeBytes,
      );
    }
  }
}

/**
 * One level of the search: from the guesses that the level's `patches` (f32 triples) hold to the displacement of every pixel at `u` and `v`.
 * `first` and `second`: the level of both pictures. `weight`: a plane to work with. All are addresses, those of planes of their first pixels.
 */
export function matchLevel(
  { kernels, scratch }: JobContext,
  { step, iterations }: FlowOptions,
  { width, height, stride, columns, rows }: FlowLevel,
  at: { first: number; second: number; patches: number; u: number; v: number; weight: number },
): void {
  const { first, second, patches, u, v, weight } = at;
  kernels.flowSearch(first, second, width, height, stride, patches, columns, rows, step, iterations, scratch.start);
  kernels.flowDensify(first, second, width, height, stride, patches, columns, rows, step, u, v, weight);
}

/** A field at full size at `target`: u, then v, `width * height` f32 each, packed, in full pixels. */
export function enlargeFlow({ kernels }: JobContext, plan: FlowPlan, source: number, target: number): void {
  const from = plan.levels[plan.finest]!;
  const { width, height } = plan.levels[0]!;
  const { u, v } = fieldAt(plan, source);
  const scale = 2 ** plan.finest;
  for (const [plane, to] of [
    [u, target],
    [v, target + width * height * 4],
  ] as const)
    kernels.flowEnlarge(plane, from.width, from.height, from.stride, scale, to, width, height, width);
}

/**
 * Marks at `target` (`width * height` bytes of the finest level, packed) with 1 where the fields at `forward` and `backward` contradict
 * each other or lead out of the picture: what is hidden in the other picture, and what was not found (Sundaram, Brox and
 * Keutzer, ECCV 2010).
 */
export function markDisagreement(
  { kernels }: JobContext,
  plan: FlowPlan,
  { forward, backward, target }: { forward: number; backward: number; target: number },
): void {
  const { width, height, stride } = plan.levels[plan.finest]!;
  const [own, back] = [fieldAt(plan, forward), fieldAt(plan, backward)];
  kernels.flowDisagreement(own.u, own.v, back.u, back.v, width, height, stride, 0.01, 0.5, target);
}

function checkScratch({ scratchBytes }: FlowPlan, { start, end }: JobContext["scratch"]): void {
  if (end - start < scratchBytes) throw new RangeError("too little scratch memory for flow");
}
