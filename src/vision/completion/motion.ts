/** Job: which visible parts of a frame move by themselves, that is other than the camera makes everything move. */
import { Arena, padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { buildPyramid, computeFlow } from "../flow/flow.ts";
import { BALANCED_FLOW, type FlowPlan, planFlow } from "../flow/plan.ts";
import { bytesAt, CLOSE, type Layout, MASKED, MOVING } from "../frames/layout.ts";
import type { Box } from "../registration/align.ts";
import { type Homography, toLevel } from "../registration/homography.ts";
import { cameraResidual, residualBytes } from "./camera-residual.ts";
import { grown } from "./pixels.ts";

/** What {@link markMotion} is asked. */
export type MotionInput = {
  readonly layout: Layout;
  readonly base: number;
  readonly hole: Box | undefined;
  /** The frames before and after, as far as there are any. */
  readonly neighbours: readonly Neighbour[];
};

/** A frame beside another: the camera's map to it, and its brightness: theirs = gain * own + offset, 8-bit levels. */
export type Neighbour = {
  readonly base: number;
  readonly homography: Homography;
  readonly gain: number;
  readonly offset: number;
};

/** Motion is looked for in a picture a quarter of the size, and smaller while its longer side exceeds this. */
const WIDEST = 320;
/** Cells from frame to frame beyond the camera's motion: less is an inexact map or noise. */
const LEAST = 0.2;
/** Cells on either side over which motion is averaged, over which gaps in what moves are closed, and by which it grows. */
const [SMOOTH, GAP, GROW] = [1, 1, 1];
/** Cells around the object that its own motion may have reached. */
const BLEED = 4;
/** Cells by which what moves grows further beside the object: what goes behind it is seen in one neighbour at most. */
const GROW_BESIDE = 2;
/** Share of a motion by which a neighbouring cell's may differ and be the same thing's. */
const ALIKE = 0.75;
/** Pixels around the hole whose motion matters to it. */
const AROUND = 80;

/** The level of the pyramid that motion is looked for in; undefined: the picture is too small. */
function motionLevel({ levels }: Layout): number | undefined {
  let level = 2;
  while (Math.max(levels[level]?.width ?? 0, levels[level]?.height ?? 0) > WIDEST) level++;
  return level < levels.length ? level : undefined;
}

/** Bytes of scratch that {@link markMotion} needs. */
export function motionScratch(layout: Layout): number {
  const level = motionLevel(layout);
  if (level === undefined) return 0;
  const plan = planAt(layout, level);
  const cells = plan.levels[0]!.width * plan.levels[0]!.height;
  const maps = 8 * padded(cells) + 2 * padded(4 * cells) + 8 * (WIDEST + 2) + padded(72);
  return (
    2 * padded(plan.pyramidBytes) + padded(plan.fieldBytes) + residualBytes(cells) + maps + plan.scratchBytes + 1024
  );
}

/**
 * Sets {@link MOVING} in the frame's finest map of blocked pixels.
 * @returns the share of the visible surroundings of the hole that moves.
 */
export function markMotion(context: JobContext, input: MotionInput): { share: number } {
  const { kernels, memory, scratch } = context;
  const { layout, base, hole } = input;
  const level = motionLevel(layout);
  if (level === undefined) return { share: 0 };
  const plan = planAt(layout, level);
  const { luma, blocked, width, height } = layout.levels[level]!;
  const size = [width, height] as const;
  const count = width * height;
  const map = { width, height, scale: 2 ** level };
  const region = { x0: 0, y0: 0, columns: width, rows: height };
  const arena = new Arena(scratch.start, scratch.end);
  const own = arena.take(plan.pyramidBytes);
  const other = arena.take(plan.pyramidBytes);
  const target = arena.take(plan.fieldBytes);
  const result = arena.take(residualBytes(count));
  const take = () => arena.take(count);
  const [near, there, moves, beside] = [take(), take(), take(), take()];
  // Those that do not touch the object count for the share: its own motion makes none of them.
  const [sure, apart, marks, work] = [take(), take(), take(), take()];
  const [patch, means, camera] = [arena.take(4 * count), arena.take(4 * count + 8 * (WIDEST + 2)), arena.take(72)];
  const inner: JobContext = { ...context, scratch: arena.rest() };
  kernels.growCells(base + blocked, ...size, BLEED, 1, near, work);
  const [all, free, found] = [marks, apart, sure].map((map) => bytesAt(memory, map, count)) as Three;
  all.fill(0);
  free.fill(0);
  buildPyramid(inner, plan, { luma: base + luma, bitDepth: 8 }, own);
  for (const { base: neighbour, homography, gain, offset } of input.neighbours) {
    buildPyramid(inner, plan, { luma: neighbour + luma, bitDepth: 8 }, other);
    computeFlow(inner, plan, { from: own, to: other, target });
    const { u, v, goals } = cameraResidual(context, plan, { field: target, region, map, homography, target: result });
    for (const { byteOffset } of [u, v]) kernels.boxMean(byteOffset, ...size, SMOOTH, byteOffset, means);
    kernels.growCells(neighbour + blocked, ...size, BLEED, 1, there, work);
    const motion = [u.byteOffset, v.byteOffset] as const;
    const objects = [base + blocked, neighbour + blocked] as const;
    const least = (LEAST * map.scale) ** 2;
    kernels.motionMoves(...motion, goals.byteOffset, near, there, ...objects, CLOSE, count, least, moves, beside);
    new Float64Array(memory.buffer, camera, 9).set(toLevel(homography, level));
    const pictures = [base + luma, neighbour + luma] as const;
    const how = [...size, ...motion, map.scale, camera, ...pictures, gain, offset, sure, patch] as const;
    found.fill(0);
    kernels.motionKeep(moves, ...how);
    for (let i = 0; i < count; i++) free[i]! |= found[i]!;
    kernels.motionGoOn(beside, sure, ...size, ...motion, ALIKE, patch);
    kernels.motionKeep(beside, ...how);
    for (let i = 0; i < count; i++) all[i]! |= found[i]!;
  }
  for (const map of [marks, apart]) {
    kernels.growCells(map, ...size, GAP, 1, moves, work);
    kernels.growCells(moves, ...size, GAP, 0, there, work);
    kernels.growCells(there, ...size, GROW, 1, map, work);
  }
  kernels.growCells(marks, ...size, GROW_BESIDE, 1, beside, work);
  const [further, close] = [beside, near].map((map) => bytesAt(memory, map, count)) as [Uint8Array, Uint8Array];
  for (let i = 0; i < count; i++) if (further[i] && close[i]) all[i] = 1;
  const { x0, y0, x1, y1 } = hole ? grown(hole, AROUND, layout.format) : { x0: 0, y0: 0, x1: 0, y1: 0 };
  const whole = [base + layout.levels[0]!.blocked, layout.format.width, layout.format.height] as const;
  const bits = [MASKED, CLOSE, MOVING] as const;
  return { share: kernels.motionStore(marks, apart, width, level, ...whole, x0, y0, x1, y1, ...bits) };
}

/** Job: takes {@link MOVING} away again. */
export function unmarkMotion({ memory }: JobContext, { layout, base }: Pick<MotionInput, "layout" | "base">): void {
  const { width, height } = layout.format;
  const blocked = bytesAt(memory, base + layout.levels[0]!.blocked, width * height);
  for (let i = 0; i < blocked.length; i++) blocked[i]! &= ~MOVING;
}

type Three = [Uint8Array, Uint8Array, Uint8Array];

function planAt({ levels }: Layout, level: number): FlowPlan {
  return planFlow(levels[level]!.width, levels[level]!.height, { ...BALANCED_FLOW, finest: 0 });
}
