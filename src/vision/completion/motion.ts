/** Job: which visible parts of a frame move by themselves, that is other than the camera makes everything move. */
import { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { buildPyramid, computeFlow, fieldAt } from "../flow/flow.ts";
import type { FlowPlan } from "../flow/plan.ts";
import { bytesAt, type Layout, MASKED, MOVING } from "../frames/layout.ts";
import type { Box } from "../registration/align.ts";
import type { Homography } from "../registration/homography.ts";
import { grown } from "./pixels.ts";

/** What {@link markMotion} is asked. */
export type MotionInput = {
  readonly layout: Layout;
  readonly plan: FlowPlan;
  readonly base: number;
  readonly hole: Box | undefined;
  /** The frames before and after, as far as there are any, with the camera's maps to them. */
  readonly neighbours: readonly { readonly base: number; readonly homography: Homography }[];
};

/** Pixels from frame to frame beyond the camera's motion: less is an inexact map or noise. */
const LEAST = 0.5;
/** Cells on either side over which motion is averaged, over which gaps in what moves are closed, and by which it grows. */
const [SMOOTH, CLOSE, GROW] = [2, 2, 1];
/** Cells around the object that its own motion may have reached. */
const BLEED = 8;
/** Pixels around the hole whose motion matters to it. */
const AROUND = 80;

/**
 * Sets {@link MOVING} in the frame's finest map of blocked pixels.
 * @returns the share of the visible surroundings of the hole that moves.
 */
export function markMotion(context: JobContext, input: MotionInput): { share: number } {
  const { memory, scratch } = context;
  const { layout, plan, base } = input;
  const { width, height } = plan.levels[plan.finest]!;
  const arena = new Arena(scratch.start, scratch.end);
  const own = arena.take(plan.pyramidBytes);
  const other = arena.take(plan.pyramidBytes);
  const target = arena.take(plan.fieldBytes);
  const inner: JobContext = { ...context, scratch: { start: arena.take(0), end: scratch.end } };
  const luma = layout.levels[0]!.luma;
  const blockedAt = layout.levels[plan.finest]!.blocked;
  const count = width * height;
  const blocked = bytesAt(memory, base + blockedAt, count);
  const near = extreme(flags(blocked), width, height, BLEED, 1);
  const marks = new Uint8Array(count);
  buildPyramid(inner, plan, { luma: base + luma, bitDepth: 8 }, own);
  for (const { base: neighbour, homography } of input.neighbours) {
    buildPyramid(inner, plan, { luma: neighbour + luma, bitDepth: 8 }, other);
    computeFlow(inner, plan, { from: own, to: other, target });
    const residual = residualMotion(memory, plan, target, homography);
    const there = extreme(flags(bytesAt(memory, neighbour + blockedAt, count)), width, height, BLEED, 1);
    for (const plane of residual.planes) boxMean(plane, width, height, SMOOTH);
    const [u, v] = residual.planes;
    for (let i = 0; i < count; i++) {
      if (near[i] || Math.hypot(u[i]!, v[i]!) <= LEAST) continue;
      const goal = residual.goals[i]!;
      if (goal >= 0 && !there[goal]) marks[i] = 1;
    }
  }
  const closed = extreme(extreme(marks, width, height, CLOSE, 1), width, height, CLOSE, 0);
  const moving = extreme(closed, width, height, GROW, 1);
  return { share: store(memory, layout, plan, base, moving, input.hole) };
}

/**
 * A field in full pixels less the camera's motion, and the cell that each cell goes to (-1: out of the picture).
 * @param field as computeFlow stores it.
 */
export function residualMotion(
  memory: WebAssembly.Memory,
  plan: FlowPlan,
  field: number,
  homography: Homography,
): { planes: readonly [Float32Array, Float32Array]; goals: Int32Array } {
  const { width, height, stride } = plan.levels[plan.finest]!;
  const scale = 2 ** plan.finest;
  const { u, v } = fieldAt(plan, field);
  const [du, dv] = [u, v].map((at) => new Float32Array(memory.buffer, at, stride * height)) as [
    Float32Array,
    Float32Array,
  ];
  const planes = [new Float32Array(width * height), new Float32Array(width * height)] as const;
  const goals = new Int32Array(width * height);
  const [h0, h1, h2, h3, h4, h5, h6, h7, h8] = homography as number[] & { length: 9 };
  for (let y = 0; y < height; y++) {
    const fy = (y + 0.5) * scale - 0.5;
    for (let x = 0; x < width; x++) {
      const fx = (x + 0.5) * scale - 0.5;
      const w = 1 / (h6! * fx + h7! * fy + h8!);
      const i = y * width + x;
      const [mx, my] = [du[y * stride + x]!, dv[y * stride + x]!];
      planes[0][i] = scale * mx - ((h0! * fx + h1! * fy + h2!) * w - fx);
      planes[1][i] = scale * my - ((h3! * fx + h4! * fy + h5!) * w - fy);
      const [gx, gy] = [Math.round(x + mx), Math.round(y + my)];
      goals[i] = gx >= 0 && gy >= 0 && gx < width && gy < height ? gy * width + gx : -1;
    }
  }
  return { planes, goals };
}

function store(
  memory: WebAssembly.Memory,
  layout: Layout,
  plan: FlowPlan,
  base: number,
  moving: Uint8Array,
  hole: Box | undefined,
): number {
  const { width, height } = layout.format;
  const columns = plan.levels[plan.finest]!.width;
  const blocked = bytesAt(memory, base + layout.levels[0]!.blocked, width * height);
  const box = hole && grown(hole, AROUND, layout.format);
  let [visible, moves] = [0, 0];
  for (let y = 0; y < height; y++) {
    const inside = box && y >= box.y0 && y < box.y1;
    const row = (y >> plan.finest) * columns;
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const bits = blocked[i]! & MASKED;
      const one = moving[row + (x >> plan.finest)]!;
      blocked[i] = bits | (one ? MOVING : 0);
      if (!inside || bits || x < box.x0 || x >= box.x1) continue;
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
  return map.map((value) => (value ? 1 : 0));
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
