/**
 * Job: what moves by itself behind the hole. Its content is carried from frame to frame: the flow that is seen around the
 * hole is spread into it along the even parts of the picture (an arm's motion through the arm, a wall's through the wall), and
 * every cell remembers the frame and place that its content was last seen at, so that nothing is interpolated twice.
 */
import { Arena, padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { buildPyramid, computeFlow, markDisagreement } from "../flow/flow.ts";
import type { FlowPlan } from "../flow/plan.ts";
import { bytesAt, type Layout, samplesAt } from "../frames/layout.ts";
import type { Box } from "../registration/align.ts";
import type { Homography } from "../registration/homography.ts";
import { residualMotion } from "./motion.ts";
import { grown } from "./pixels.ts";
import { spread } from "./spread.ts";

/** Cells (pixels of the flow's size) of a hole behind which something moves. */
export type Carried = {
  /** y * width + x. */
  readonly cells: Int32Array;
  /** The frame that shows the content, by address, and where, in its luma pixels. */
  readonly bases: Uint32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** How little is known of the motion that led here, 0 upwards: -log of what spread from seen motion, summed over frames. */
  readonly doubt: Float32Array;
};

/** What {@link carry} is asked. */
export type CarryInput = {
  readonly layout: Layout;
  readonly plan: FlowPlan;
  /** Addresses of two neighbours in time. */
  readonly from: number;
  readonly to: number;
  /** The camera's map from the one to the other. */
  readonly homography: Homography;
  /** What was carried to `from`. */
  readonly carried: Carried;
  readonly fromHole: Box | undefined;
  readonly toHole: Box;
};

/** Pixels around a hole from which motion may spread into it. */
const AROUND = 64;
/** Pixels from frame to frame beyond the camera's motion above which a cell's content is carried. */
const MOVES = 0.4;
/** How little may arrive from seen motion until a cell is taken to follow the camera. */
const WEAK = 1e-6;
const LEAST_WEIGHT = 1e-6;
/** What a level of difference counts in the distance across an edge: luma, chroma; and the difference that noise makes. */
const [LUMA_EDGE, CHROMA_EDGE, EDGE_NOISE] = [1, 1, 12];

/** Bytes of scratch that {@link carry} needs. */
export function carryScratch(plan: FlowPlan): number {
  const { width, height } = plan.levels[0]!;
  return (
    2 * padded(plan.pyramidBytes) + 2 * padded(plan.fieldBytes) + 2 * padded(width * height) + plan.scratchBytes + 1024
  );
}

/** @returns what is carried to `to`. */
export function carry(context: JobContext, input: CarryInput): Carried {
  const { memory, scratch } = context;
  const { layout, plan, from, to } = input;
  const { width, height } = plan.levels[plan.finest]!;
  const scale = 2 ** plan.finest;
  const arena = new Arena(scratch.start, scratch.end);
  const pyramids = [arena.take(plan.pyramidBytes), arena.take(plan.pyramidBytes)] as const;
  const fields = [arena.take(plan.fieldBytes), arena.take(plan.fieldBytes)] as const;
  const doubtful = arena.take(width * height);
  const picture = arena.take(layout.format.width * layout.format.height);
  const inner: JobContext = { ...context, scratch: { start: arena.take(0), end: scratch.end } };
  const guide = paint(context, input, picture);
  buildPyramid(inner, plan, { luma: picture, bitDepth: 8 }, pyramids[0]);
  copyLuma(context, layout, to, picture);
  buildPyramid(inner, plan, { luma: picture, bitDepth: 8 }, pyramids[1]);
  computeFlow(inner, plan, { from: pyramids[0], to: pyramids[1], target: fields[0] });
  computeFlow(inner, plan, { from: pyramids[1], to: pyramids[0], target: fields[1] });
  markDisagreement(inner, plan, { forward: fields[0], backward: fields[1], target: doubtful });
  const { planes, goals } = residualMotion(memory, plan, fields[0], input.homography);
  const blockedAt = layout.levels[plan.finest]!.blocked;
  const [here, there] = [from, to].map((base) => bytesAt(memory, base + blockedAt, width * height)) as [
    Uint8Array,
    Uint8Array,
  ];
  const disagrees = bytesAt(memory, doubtful, width * height);
  const full = union(input.fromHole, input.toHole);
  const region = cellsOf(grown(full, AROUND, layout.format), scale, width, height);
  const columns = region.x1 - region.x0;
  const rows = region.y1 - region.y0;
  const values = new Float32Array(3 * columns * rows);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const i = (y + region.y0) * width + x + region.x0;
      if (here[i] || disagrees[i] || goals[i]! < 0 || there[goals[i]!]) continue;
      const at = 3 * (y * columns + x);
      values[at] = planes[0][i]!;
      values[at + 1] = planes[1][i]!;
      values[at + 2] = 1;
    }
  }
  const known = Uint8Array.from({ length: columns * rows }, (_, i) => values[3 * i + 2]!);
  const { across, down } = distances(guide, width, region, scale);
  spread(values, { width: columns, height: rows }, across, down);
  return splat(input, region, { values, known, planes, here, there }, width, height, scale);
}

/** Moves what moves on, and lists what of it comes to lie in the hole. */
function splat(
  { layout, from, homography, carried }: CarryInput,
  region: Box,
  motion: {
    values: Float32Array;
    known: Uint8Array;
    planes: readonly [Float32Array, Float32Array];
    here: Uint8Array;
    there: Uint8Array;
  },
  width: number,
  height: number,
  scale: number,
): Carried {
  const { values, known, planes, here, there } = motion;
  const columns = region.x1 - region.x0;
  const inside = new Int32Array(width * height).fill(-1);
  for (let i = 0; i < carried.cells.length; i++) inside[carried.cells[i]!] = i;
  // Per cell: weight, and the weighted way that led there and doubt.
  const sums = new Float32Array(4 * width * height);
  const h = homography;
  const doubts = new Float32Array(width * height);
  for (let y = region.y0; y < region.y1; y++) {
    for (let x = region.x0; x < region.x1; x++) {
      const i = y * width + x;
      const cell = (y - region.y0) * columns + x - region.x0;
      const held = inside[i]! >= 0;
      if (here[i] && !held) continue;
      const weight = values[3 * cell + 2]!;
      const sure = weight / (weight + WEAK) / Math.max(weight, LEAST_WEIGHT);
      const u = known[cell] ? planes[0][i]! : values[3 * cell]! * sure;
      const v = known[cell] ? planes[1][i]! : values[3 * cell + 1]! * sure;
      if (!held && u * u + v * v <= MOVES * MOVES) continue;
      doubts[i] = known[cell] ? 0 : -Math.log(Math.min(1, Math.max(weight, LEAST_WEIGHT)));
      const [fx, fy] = [(x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5];
      const w = 1 / (h[6]! * fx + h[7]! * fy + h[8]!);
      const dx = (u + (h[0]! * fx + h[1]! * fy + h[2]!) * w - fx) / scale;
      const dy = (v + (h[3]! * fx + h[4]! * fy + h[5]!) * w - fy) / scale;
      const [tx, ty] = [x + dx, y + dy];
      const [ix, iy] = [Math.floor(tx), Math.floor(ty)];
      for (let corner = 0; corner < 4; corner++) {
        const [cx, cy] = [ix + (corner & 1), iy + (corner >> 1)];
        if (cx < 0 || cy < 0 || cx >= width || cy >= height) continue;
        const share = (1 - Math.abs(tx - cx)) * (1 - Math.abs(ty - cy));
        const at = 4 * (cy * width + cx);
        sums[at]! += share;
        sums[at + 1]! += share * dx;
        sums[at + 2]! += share * dy;
      }
    }
  }
  const found: number[][] = [];
  const limit = { x: layout.format.width - 1, y: layout.format.height - 1 };
  for (let y = region.y0; y < region.y1; y++) {
    for (let x = region.x0; x < region.x1; x++) {
      const i = y * width + x;
      if (!there[i] || sums[4 * i]! <= 0.5) continue;
      const [sx, sy] = [x - sums[4 * i + 1]! / sums[4 * i]!, y - sums[4 * i + 2]! / sums[4 * i]!];
      const [rx, ry] = [Math.round(sx), Math.round(sy)];
      if (rx < 0 || ry < 0 || rx >= width || ry >= height) continue;
      const origin = ry * width + rx;
      const held = inside[origin]!;
      if (held < 0 && here[origin]) continue;
      const [ox, oy] = [(sx - rx) * scale, (sy - ry) * scale];
      const px = (held < 0 ? (rx + 0.5) * scale - 0.5 : carried.x[held]!) + ox;
      const py = (held < 0 ? (ry + 0.5) * scale - 0.5 : carried.y[held]!) + oy;
      if (px < 0 || py < 0 || px > limit.x || py > limit.y) continue;
      const doubt = (held < 0 ? 0 : carried.doubt[held]!) + doubts[origin]!;
      found.push([i, held < 0 ? from : carried.bases[held]!, px, py, doubt]);
    }
  }
  return {
    cells: Int32Array.from(found, (one) => one[0]!),
    bases: Uint32Array.from(found, (one) => one[1]!),
    x: Float32Array.from(found, (one) => one[2]!),
    y: Float32Array.from(found, (one) => one[3]!),
    doubt: Float32Array.from(found, (one) => one[4]!),
  };
}

/** The picture at `from` with its hole filled and what was carried painted over, at `target`. @returns it in cells: luma, then chroma, 8-bit levels. */
function paint(context: JobContext, { layout, plan, from, fromHole, carried }: CarryInput, target: number): Guide {
  const { memory } = context;
  const { width, height } = plan.levels[plan.finest]!;
  const scale = 2 ** plan.finest;
  copyLuma(context, layout, from, target, fromHole === undefined);
  const luma = bytesAt(memory, target, layout.format.width * layout.format.height);
  const depth = 2 ** (layout.format.bitDepth - 8);
  const planesAt = fromHole ? layout.fills : layout.planes;
  const chroma = [1, 2].map((plane) => {
    const size = layout.sizes[plane]!;
    const samples = samplesAt(memory, from + planesAt[plane]!, size.width * size.height, layout.sampleBytes);
    const out = new Float32Array(width * height);
    for (let y = 0; y < height; y++) {
      const row = Math.min(size.height - 1, (y * scale) >> size.shiftY) * size.width;
      for (let x = 0; x < width; x++)
        out[y * width + x] = samples[row + Math.min(size.width - 1, (x * scale) >> size.shiftX)]! / depth;
    }
    return out;
  }) as [Float32Array, Float32Array];
  for (let k = 0; k < carried.cells.length; k++) {
    const [cx, cy] = [carried.cells[k]! % width, Math.floor(carried.cells[k]! / width)];
    const base = carried.bases[k]!;
    for (const plane of [1, 2]) {
      const size = layout.sizes[plane]!;
      const samples = samplesAt(memory, base + layout.planes[plane]!, size.width * size.height, layout.sampleBytes);
      const x = Math.min(size.width - 1, Math.round(carried.x[k]!) >> size.shiftX);
      const y = Math.min(size.height - 1, Math.round(carried.y[k]!) >> size.shiftY);
      chroma[plane - 1]![carried.cells[k]!] = samples[y * size.width + x]! / depth;
    }
    const source = bytesAt(memory, base + layout.levels[0]!.luma, luma.length);
    for (let y = cy * scale; y < Math.min(layout.format.height, (cy + 1) * scale); y++) {
      for (let x = cx * scale; x < Math.min(layout.format.width, (cx + 1) * scale); x++) {
        const sx = Math.round(carried.x[k]! + x - (cx + 0.5) * scale + 0.5);
        const sy = Math.round(carried.y[k]! + y - (cy + 0.5) * scale + 0.5);
        luma[y * layout.format.width + x] =
          source[
            Math.min(layout.format.height - 1, Math.max(0, sy)) * layout.format.width +
              Math.min(layout.format.width - 1, Math.max(0, sx))
          ]!;
      }
    }
  }
  const reduced = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [sum, count] = [0, 0];
      for (let ny = y * scale; ny < Math.min(layout.format.height, (y + 1) * scale); ny++) {
        for (let nx = x * scale; nx < Math.min(layout.format.width, (x + 1) * scale); nx++) {
          sum += luma[ny * layout.format.width + nx]!;
          count++;
        }
      }
      reduced[y * width + x] = sum / count;
    }
  }
  return [reduced, ...chroma];
}

type Guide = readonly [Float32Array, Float32Array, Float32Array];

/** A frame's luma in 8 bits, hole filled (`source`: as it came), at `target`. */
function copyLuma({ kernels, memory }: JobContext, layout: Layout, base: number, target: number, source = false): void {
  const { width, height, bitDepth } = layout.format;
  const count = width * height;
  const from = base + (source ? layout.planes : layout.fills)[0];
  if (layout.sampleBytes === 2) kernels.narrow(from, count, bitDepth - 8, target);
  else bytesAt(memory, target, count).set(bytesAt(memory, from, count));
}

/** Distances between neighbouring cells of a region, long across edges of the guide. */
function distances(
  guide: Guide,
  width: number,
  region: Box,
  scale: number,
): { across: Float32Array; down: Float32Array } {
  const columns = region.x1 - region.x0;
  const rows = region.y1 - region.y0;
  const across = new Float32Array(columns * rows);
  const down = new Float32Array(columns * rows);
  const edge = (i: number, j: number) =>
    Math.max(
      0,
      LUMA_EDGE * Math.abs(guide[0][i]! - guide[0][j]!) +
        CHROMA_EDGE * (Math.abs(guide[1][i]! - guide[1][j]!) + Math.abs(guide[2][i]! - guide[2][j]!)) -
        EDGE_NOISE,
    );
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const i = (y + region.y0) * width + x + region.x0;
      if (x > 0) across[y * columns + x] = scale + edge(i, i - 1);
      if (y > 0) down[y * columns + x] = scale + edge(i, i - width);
    }
  }
  return { across, down };
}

function union(a: Box | undefined, b: Box): Box {
  if (!a) return b;
  return { x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1) };
}

function cellsOf(box: Box, scale: number, width: number, height: number): Box {
  return {
    x0: Math.floor(box.x0 / scale),
    y0: Math.floor(box.y0 / scale),
    x1: Math.min(width, Math.ceil(box.x1 / scale)),
    y1: Math.min(height, Math.ceil(box.y1 / scale)),
  };
}
