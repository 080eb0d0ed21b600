/** Job: how what moves by itself goes from one frame to its neighbour and back, around the holes of both. */
import { Arena, padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { buildPyramid, computeFlow, markDisagreement } from "../flow/flow.ts";
import { BALANCED_FLOW, type FlowPlan, planFlow } from "../flow/plan.ts";
import { bytesAt, type Layout, samplesAt } from "../frames/layout.ts";
import type { Box } from "../registration/align.ts";
import { apply, type Homography } from "../registration/homography.ts";
import { cameraResidual, type Region, residualBytes } from "./camera-residual.ts";
import { grown } from "./pixels.ts";

/** A frame of a pair. */
export type PairFrame = {
  readonly base: number;
  /** Undefined: it shows everything, and nothing of it was filled. */
  readonly hole: Box | undefined;
  /** The camera's map to the other frame. */
  readonly homography: Homography;
};

/** What {@link pairMotion} is asked: both frames' holes are filled. */
export type PairMotionInput = { readonly layout: Layout; readonly frames: readonly [PairFrame, PairFrame] };

/** Motion beyond the camera's of a region's cells. */
export type MotionField = Region & {
  /** Two numbers a cell: 64ths of a luma pixel, {@link UNKNOWN} where motion is not seen. */
  readonly motion: Int16Array;
};

/** In a {@link MotionField}: not known. */
export const UNKNOWN = -32768;
/** Steps of stored motion in a pixel. */
const STEPS = 64;
/** The largest motion that can be stored, in pixels. */
const MOST = 500;
/** Pixels around a hole from which motion may spread into it. */
const AROUND = 64;
/** Pictures with a longer side than this are looked at in cells of four pixels instead of two. */
const WIDE = 900;

/** Cells that motion is carried in. */
export type CellMap = {
  readonly level: 1 | 2;
  readonly width: number;
  readonly height: number;
  readonly scale: number;
};

/** The cells of a picture; undefined: it is too small to follow anything in it. */
export function cellMap({ format, levels }: Layout): CellMap | undefined {
  const level = Math.max(format.width, format.height) > WIDE ? 2 : 1;
  const own = levels[level];
  if (!own || Math.min(format.width, format.height) < 96) return undefined;
  return { level, width: own.width, height: own.height, scale: 2 ** level };
}

/** Bytes of scratch that {@link pairMotion} needs. */
export function pairScratch(layout: Layout): number {
  const map = cellMap(layout);
  if (!map) return 0;
  const plan = planOf({ x0: 0, y0: 0, columns: map.width, rows: map.height }, map);
  const cells = map.width * map.height;
  return (
    2 * padded(plan.pyramidBytes) +
    2 * padded(plan.fieldBytes) +
    padded(cells) +
    residualBytes(cells) +
    padded(cells * map.scale ** 2) +
    plan.scratchBytes +
    1024
  );
}

/** @returns the motion from the first frame to the second, and back. */
export function pairMotion(context: JobContext, { layout, frames }: PairMotionInput): [MotionField, MotionField] {
  const { memory, scratch } = context;
  const map = cellMap(layout);
  if (!map) throw new RangeError("too small a picture to follow motion in");
  const first = regionOf(frames, layout, map);
  const shift = shiftOf(first, frames[0].homography, map.scale);
  const second = { ...first, x0: first.x0 + shift.x, y0: first.y0 + shift.y };
  const plan = planOf(first, map);
  const cells = first.columns * first.rows;
  const arena = new Arena(scratch.start, scratch.end);
  const pyramids = [arena.take(plan.pyramidBytes), arena.take(plan.pyramidBytes)] as const;
  const fields = [arena.take(plan.fieldBytes), arena.take(plan.fieldBytes)] as const;
  const [doubtful, result] = [arena.take(cells), arena.take(residualBytes(cells))];
  const picture = arena.take(cells * map.scale ** 2);
  const inner: JobContext = { ...context, scratch: { start: arena.take(0), end: scratch.end } };
  for (const [i, region] of [first, second].entries()) {
    copyRegion(context, layout, frames[i]!, region, map.scale, picture);
    buildPyramid(inner, plan, { luma: picture, bitDepth: 8 }, pyramids[i]!);
  }
  computeFlow(inner, plan, { from: pyramids[0], to: pyramids[1], target: fields[0] });
  computeFlow(inner, plan, { from: pyramids[1], to: pyramids[0], target: fields[1] });
  const blocked = frames.map(({ base }) =>
    bytesAt(memory, base + layout.levels[map.level]!.blocked, map.width * map.height),
  );
  const read = (own: 0 | 1): MotionField => {
    const region = own ? second : first;
    markDisagreement(inner, plan, { forward: fields[own], backward: fields[1 - own]!, target: doubtful });
    const { u, v, goals } = cameraResidual(context, plan, {
      field: fields[own],
      region,
      shift: own ? { x: -shift.x, y: -shift.y } : shift,
      map,
      homography: frames[own].homography,
      target: result,
    });
    const [here, there] = [blocked[own]!, blocked[1 - own]!];
    const disagrees = bytesAt(memory, doubtful, cells);
    const motion = new Int16Array(2 * cells).fill(UNKNOWN);
    for (let y = 0, i = 0; y < region.rows; y++) {
      for (let x = 0; x < region.columns; x++, i++) {
        const [cx, cy] = [x + region.x0, y + region.y0];
        if (cx < 0 || cy < 0 || cx >= map.width || cy >= map.height || here[cy * map.width + cx]) continue;
        if (disagrees[i] || goals[i]! < 0 || there[goals[i]!]) continue;
        if (!(Math.abs(u[i]!) < MOST && Math.abs(v[i]!) < MOST)) continue;
        motion[2 * i] = Math.round(STEPS * u[i]!);
        motion[2 * i + 1] = Math.round(STEPS * v[i]!);
      }
    }
    return { ...region, motion };
  };
  return [read(0), read(1)];
}

function planOf({ columns, rows }: Region, { level, scale }: CellMap): FlowPlan {
  return planFlow(columns * scale, rows * scale, { ...BALANCED_FLOW, finest: level });
}

/** The surroundings of both holes. */
function regionOf([a, b]: PairMotionInput["frames"], layout: Layout, { scale, width, height }: CellMap): Region {
  const holes = [a.hole, b.hole].filter((hole) => hole !== undefined);
  const box = grown(
    {
      x0: Math.min(...holes.map(({ x0 }) => x0)),
      y0: Math.min(...holes.map(({ y0 }) => y0)),
      x1: Math.max(...holes.map(({ x1 }) => x1)),
      y1: Math.max(...holes.map(({ y1 }) => y1)),
    },
    AROUND,
    layout.format,
  );
  const [x0, y0] = [Math.floor(box.x0 / scale), Math.floor(box.y0 / scale)];
  return {
    x0,
    y0,
    columns: Math.min(width, Math.ceil(box.x1 / scale)) - x0,
    rows: Math.min(height, Math.ceil(box.y1 / scale)) - y0,
  };
}

/** How far the camera moves a region's middle, in cells: there the second picture is cut out, so that little motion is left. */
function shiftOf({ x0, y0, columns, rows }: Region, homography: Homography, scale: number): { x: number; y: number } {
  const [x, y] = [(x0 + columns / 2) * scale, (y0 + rows / 2) * scale];
  const goal = apply(homography, x, y);
  return goal ? { x: Math.round((goal[0] - x) / scale), y: Math.round((goal[1] - y) / scale) } : { x: 0, y: 0 };
}

/** The region of a frame's luma, hole filled, in 8 bits at `target`; beyond the picture its edge is repeated. */
function copyRegion(
  { kernels, memory }: JobContext,
  layout: Layout,
  { base, hole }: PairFrame,
  { x0, y0, columns, rows }: Region,
  scale: number,
  target: number,
): void {
  const { width, height, bitDepth } = layout.format;
  const from = base + (hole ? layout.fills : layout.planes)[0];
  const [left, top, across] = [x0 * scale, y0 * scale, columns * scale];
  const start = Math.min(width - 1, Math.max(0, left));
  const end = Math.max(start + 1, Math.min(width, left + across));
  for (let y = 0; y < rows * scale; y++) {
    const row = Math.min(height - 1, Math.max(0, top + y)) * width + start;
    const out = bytesAt(memory, target + y * across, across);
    const inside = Math.min(across - 1, Math.max(0, start - left));
    const count = Math.min(end - start, across - inside);
    if (layout.sampleBytes === 2) kernels.narrow(from + 2 * row, count, bitDepth - 8, target + y * across + inside);
    else out.set(samplesAt(memory, from + row, count, 1), inside);
    out.fill(out[inside]!, 0, inside);
    out.fill(out[inside + count - 1]!, inside + count);
  }
}
