/** Job: which visible parts of a frame move by themselves, that is other than the camera makes everything move. */
import { Arena, padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { buildPyramid, computeFlow } from "../flow/flow.ts";
import { BALANCED_FLOW, type FlowPlan, planFlow } from "../flow/plan.ts";
import { bytesAt, CLOSE, type Layout, MASKED, MOVING } from "../frames/layout.ts";
import type { Box } from "../registration/align.ts";
import { apply, type Homography, toLevel } from "../registration/homography.ts";
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
/** Mean 8-bit levels by which a moving patch differs from where the camera should see it again, at least. */
const LEAST_MISFIT = 3;
/** How many times better its own motion must explain it: flow wanders over stripes and where there is no texture. */
const BETTER = 2;
/** More levels than this count as this: what is covered says nothing of motion. */
const MOST_MISFIT = 40;
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
  return 2 * padded(plan.pyramidBytes) + padded(plan.fieldBytes) + residualBytes(cells) + plan.scratchBytes + 1024;
}

/**
 * Sets {@link MOVING} in the frame's finest map of blocked pixels.
 * @returns the share of the visible surroundings of the hole that moves.
 */
export function markMotion(context: JobContext, input: MotionInput): { share: number } {
  const { memory, scratch } = context;
  const { layout, base } = input;
  const level = motionLevel(layout);
  if (level === undefined) return { share: 0 };
  const plan = planAt(layout, level);
  const { luma, blocked, width, height } = layout.levels[level]!;
  const arena = new Arena(scratch.start, scratch.end);
  const own = arena.take(plan.pyramidBytes);
  const other = arena.take(plan.pyramidBytes);
  const target = arena.take(plan.fieldBytes);
  const count = width * height;
  const result = arena.take(residualBytes(count));
  const inner: JobContext = { ...context, scratch: { start: arena.take(0), end: scratch.end } };
  const object = bytesAt(memory, base + blocked, count);
  const near = extreme(flags(object), width, height, BLEED, 1);
  const marks = new Uint8Array(count);
  buildPyramid(inner, plan, { luma: base + luma, bitDepth: 8 }, own);
  const region = { x0: 0, y0: 0, columns: width, rows: height };
  for (const { base: neighbour, homography, gain, offset } of input.neighbours) {
    buildPyramid(inner, plan, { luma: neighbour + luma, bitDepth: 8 }, other);
    computeFlow(inner, plan, { from: own, to: other, target });
    const map = { width, height, scale: 2 ** level };
    const { u, v, goals } = cameraResidual(context, plan, { field: target, region, map, homography, target: result });
    const objectThere = bytesAt(memory, neighbour + blocked, count);
    const there = extreme(flags(objectThere), width, height, BLEED, 1);
    for (const plane of [u, v]) boxMean(plane, width, height, SMOOTH);
    const least = (LEAST * 2 ** level) ** 2;
    const moves = new Uint8Array(count);
    const beside = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const goal = goals[i]!;
      if (goal < 0 || u[i]! * u[i]! + v[i]! * v[i]! <= least) continue;
      if (!near[i] && !there[goal]) moves[i] = 1;
      else if (!(object[i]! & CLOSE) && !(objectThere[goal]! & CLOSE)) beside[i] = 1;
    }
    const [before, after] = [base, neighbour].map((frame) => bytesAt(memory, frame + luma, count));
    const camera = toLevel(homography, level);
    const misfit = (i: number, own: 0 | 1): number => {
      const goal = apply(camera, i % width, Math.floor(i / width));
      if (!goal) return 0;
      const [x, y] = [goal[0] + (own * u[i]!) / map.scale, goal[1] + (own * v[i]!) / map.scale];
      return Math.min(MOST_MISFIT, Math.abs(between(after!, width, height, x, y) - gain * before![i]! - offset));
    };
    const sure = new Uint8Array(count);
    keepExplained(moves, width, height, misfit, sure);
    goOn(beside, sure, u, v, width);
    keepExplained(beside, width, height, misfit, sure);
    for (let i = 0; i < count; i++) marks[i]! |= sure[i]!;
  }
  const closed = extreme(extreme(marks, width, height, GAP, 1), width, height, GAP, 0);
  const wide = extreme(closed, width, height, GROW, 1);
  const further = extreme(wide, width, height, GROW_BESIDE, 1);
  for (let i = 0; i < count; i++) if (further[i] && near[i]) wide[i] = 1;
  return { share: store(memory, input, wide, level) };
}

/** Marks the connected patches that their own motion (1) explains better than the camera's (0). `moves` is used up. */
function keepExplained(
  moves: Uint8Array,
  width: number,
  height: number,
  misfit: (cell: number, motion: 0 | 1) => number,
  marks: Uint8Array,
): void {
  const patch: number[] = [];
  for (let start = 0; start < moves.length; start++) {
    if (!moves[start]) continue;
    patch.length = 0;
    patch.push(start);
    moves[start] = 0;
    let [camera, own] = [0, 0];
    for (let k = 0; k < patch.length; k++) {
      const i = patch[k]!;
      camera += misfit(i, 0);
      own += misfit(i, 1);
      const [x, y] = [i % width, Math.floor(i / width)];
      for (const next of [x > 0 ? i - 1 : -1, x + 1 < width ? i + 1 : -1, i - width, y + 1 < height ? i + width : -1]) {
        if (next < 0 || !moves[next]) continue;
        moves[next] = 0;
        patch.push(next);
      }
    }
    if (camera > BETTER * own && camera > LEAST_MISFIT * patch.length) for (const i of patch) marks[i] = 1;
  }
}

/**
 * Leaves of the cells beside the object those that go on, from cell to cell, with the motion of what surely moves: others may have got
 * the object's.
 */
function goOn(beside: Uint8Array, sure: Uint8Array, u: Float32Array, v: Float32Array, width: number): void {
  const reached: number[] = [];
  const visit = (from: number) => {
    const x = from % width;
    for (const next of [x > 0 ? from - 1 : -1, x + 1 < width ? from + 1 : -1, from - width, from + width]) {
      if (beside[next] !== 1) continue;
      if (Math.hypot(u[next]! - u[from]!, v[next]! - v[from]!) > ALIKE * Math.hypot(u[from]!, v[from]!)) continue;
      beside[next] = 2;
      reached.push(next);
    }
  };
  for (let i = 0; i < sure.length; i++) if (sure[i]) visit(i);
  for (let k = 0; k < reached.length; k++) visit(reached[k]!);
  for (let i = 0; i < beside.length; i++) beside[i] = beside[i] === 2 ? 1 : 0;
}

/** A picture between its pixels, bilinearly, edges repeated. */
function between(picture: Uint8Array, width: number, height: number, x: number, y: number): number {
  const [cx, cy] = [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
  const [ix, iy] = [Math.floor(cx), Math.floor(cy)];
  const [right, below] = [ix + 1 < width ? 1 : 0, iy + 1 < height ? width : 0];
  const at = iy * width + ix;
  const top = picture[at]! + (cx - ix) * (picture[at + right]! - picture[at]!);
  const bottom = picture[at + below]! + (cx - ix) * (picture[at + below + right]! - picture[at + below]!);
  return top + (cy - iy) * (bottom - top);
}

function planAt({ levels }: Layout, level: number): FlowPlan {
  return planFlow(levels[level]!.width, levels[level]!.height, { ...BALANCED_FLOW, finest: 0 });
}

function store(
  memory: WebAssembly.Memory,
  { layout, base, hole }: MotionInput,
  moving: Uint8Array,
  level: number,
): number {
  const { width, height } = layout.format;
  const columns = layout.levels[level]!.width;
  const blocked = bytesAt(memory, base + layout.levels[0]!.blocked, width * height);
  const box = hole && grown(hole, AROUND, layout.format);
  let [visible, moves] = [0, 0];
  for (let y = 0; y < height; y++) {
    const inside = box && y >= box.y0 && y < box.y1;
    const row = (y >> level) * columns;
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const bits = blocked[i]! & ~MOVING;
      const one = moving[row + (x >> level)]!;
      blocked[i] = bits | (one && !(bits & CLOSE) ? MOVING : 0);
      if (!inside || bits & MASKED || x < box.x0 || x >= box.x1) continue;
      visible++;
      moves += one;
    }
  }
  return visible > 0 ? moves / visible : 0;
}

/** Replaces each number by the mean of the square around it. */
function boxMean(plane: Float32Array, width: number, height: number, radius: number): void {
  const rows = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let n = -radius; n <= radius; n++) sum += plane[y * width + Math.min(width - 1, Math.max(0, x + n))]!;
      rows[y * width + x] = sum;
    }
  }
  const area = (2 * radius + 1) ** 2;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let n = -radius; n <= radius; n++) sum += rows[Math.min(height - 1, Math.max(0, y + n)) * width + x]!;
      plane[y * width + x] = sum / area;
    }
  }
}

/** 1 where a map is not 0. */
function flags(map: Uint8Array): Uint8Array {
  const out = new Uint8Array(map.length);
  for (let i = 0; i < map.length; i++) out[i] = map[i] ? 1 : 0;
  return out;
}

/** Grows the cells that are `value` (0 or 1) by `radius`. */
function extreme(cells: Uint8Array, width: number, height: number, radius: number, value: 0 | 1): Uint8Array {
  const rows = cells.slice();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (cells[y * width + x] !== value) continue;
      const end = Math.min(width, x + radius + 1);
      for (let nx = Math.max(0, x - radius); nx < end; nx++) rows[y * width + nx] = value;
    }
  }
  const out = rows.slice();
  for (let y = 0; y < height; y++) {
    const top = Math.max(0, y - radius);
    const bottom = Math.min(height, y + radius + 1);
    for (let x = 0; x < width; x++) {
      if (rows[y * width + x] !== value) continue;
      for (let ny = top; ny < bottom; ny++) out[ny * width + x] = value;
    }
  }
  return out;
}
