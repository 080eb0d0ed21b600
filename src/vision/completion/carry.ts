/**
 * Job: what moves by itself behind the hole. Its content is carried from frame to frame: the motion that is seen around the
 * hole is spread into it along the even parts of the picture (an arm's motion through the arm, a wall's through the wall), and
 * every cell remembers the frame and place that its content was last seen at, so that nothing is interpolated twice.
 */
import { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import type { Layout } from "../frames/layout.ts";
import type { Homography } from "../registration/homography.ts";
import type { Region } from "./camera-residual.ts";
import { type CellMap, cellMap, type MotionField, UNKNOWN } from "./pair-motion.ts";

/** Cells of a hole behind which something moves. */
export type Carried = {
  /** y * width + x of the cells' map. */
  readonly cells: Int32Array;
  /** The frame that shows the content, by address, and where, in its luma pixels. */
  readonly bases: Uint32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** How little is known of the motion that led here, 0 upwards: -log of what spread from seen motion, summed over frames. */
  readonly doubt: Float32Array;
};

/** Nothing is carried. */
export const NOTHING: Carried = {
  cells: new Int32Array(0),
  bases: new Uint32Array(0),
  x: new Float32Array(0),
  y: new Float32Array(0),
  doubt: new Float32Array(0),
};

/** What {@link carry} is asked. */
export type CarryInput = {
  readonly layout: Layout;
  /** Addresses of two neighbours in time. */
  readonly from: number;
  readonly to: number;
  /** Whether the first has a hole: then its filled picture is looked at. */
  readonly filled: boolean;
  /** The camera's map from the one to the other. */
  readonly homography: Homography;
  readonly field: MotionField;
  /** What was carried to `from`. */
  readonly carried: Carried;
};

/** Pixels from frame to frame beyond the camera's motion above which a cell's content is carried. */
const MOVES = 0.4;
/** How little may arrive from seen motion until a cell is taken to follow the camera. */
const WEAK = 1e-6;
/** How far motion reaches over an even picture, in pixels; in passes, each half as wide as the one before. */
const [REACH, PASSES] = [60, 3];
/** Levels of difference between neighbouring cells that noise makes. */
const EDGE_NOISE = 12;
/** Bytes of a record of what the kernel lists. */
const RECORD = 20;

/** Bytes of scratch that {@link carry} needs. */
export function carryScratch(layout: Layout): number {
  const map = cellMap(layout);
  // Guide, shares, values and motion of the region; sums, doubts, index, lists and records of the map.
  return map ? map.width * map.height * (12 + 8 + 16 + 4 + 16 + 4 + 4 + 20 + RECORD) + 1024 : 0;
}

/** @returns what is carried to `to`. */
export function carry(context: JobContext, input: CarryInput): Carried {
  const { kernels, memory, scratch } = context;
  const { layout, field, carried, from, to } = input;
  const map = cellMap(layout);
  if (!map) throw new RangeError("too small a picture to follow motion in");
  const region = visible(field, map);
  const cells = region.columns * region.rows;
  const count = map.width * map.height;
  const arena = new Arena(scratch.start, scratch.end);
  const put = (data: Int32Array | Uint32Array | Float32Array | Float64Array | Int16Array): number => {
    const at = arena.take(data.byteLength);
    new Uint8Array(memory.buffer, at, data.byteLength).set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
    return at;
  };
  const h = put(Float64Array.from(input.homography));
  const lists = [carried.cells, carried.bases, carried.x, carried.y, carried.doubt].map(put) as Lists;
  const motion = put(cut(field, region));
  const values = spread(context, arena, input, region, map, { lists, motion });
  const inside = arena.take(4 * count);
  const index = new Int32Array(memory.buffer, inside, count).fill(-1);
  for (let i = 0; i < carried.cells.length; i++) index[carried.cells[i]!] = i;
  const [sums, doubts, target] = [arena.take(16 * count), arena.take(4 * count), arena.take(RECORD * cells)];
  const { x0, y0, columns, rows } = region;
  const blocked = layout.levels[map.level]!.blocked;
  kernels.carrySplat(
    motion,
    values,
    x0,
    y0,
    columns,
    rows,
    map.scale,
    h,
    inside,
    from + blocked,
    map.width,
    map.height,
    MOVES,
    WEAK,
    sums,
    doubts,
  );
  const found = kernels.carryCollect(
    x0,
    y0,
    columns,
    rows,
    map.scale,
    inside,
    from + blocked,
    to + blocked,
    map.width,
    map.height,
    sums,
    doubts,
    from,
    lists[1],
    lists[2],
    lists[3],
    lists[4],
    layout.levels[0]!.blocked,
    layout.format.width - 1,
    layout.format.height - 1,
    target,
  );
  return unpack(memory, target, found);
}

type Lists = [number, number, number, number, number];

/** Spreads the motion that is seen. @returns the address of four f32 a cell. */
function spread(
  { kernels, memory }: JobContext,
  arena: Arena,
  { layout, from, filled, carried }: CarryInput,
  { x0, y0, columns, rows }: Region,
  map: CellMap,
  { lists, motion }: { lists: Lists; motion: number },
): number {
  const cells = columns * rows;
  const values = arena.take(16 * cells);
  const numbers = new Float32Array(memory.buffer, values, 4 * cells).fill(0);
  const seen = new Int16Array(memory.buffer, motion, 2 * cells);
  for (let i = 0; i < cells; i++) {
    if (seen[2 * i] === UNKNOWN) continue;
    numbers[4 * i] = seen[2 * i]! / 64;
    numbers[4 * i + 1] = seen[2 * i + 1]! / 64;
    numbers[4 * i + 2] = 1;
  }
  const guide = arena.take(12 * cells);
  const means = layout.sampleBytes === 1 ? kernels.cellMeans8 : kernels.cellMeans16;
  for (const plane of [0, 1, 2]) {
    const { width, height, shiftX, shiftY } = layout.sizes[plane]!;
    means(
      from + (filled ? layout.fills : layout.planes)[plane]!,
      width,
      height,
      shiftX,
      shiftY,
      map.scale,
      2 ** (8 - layout.format.bitDepth),
      x0,
      y0,
      columns,
      rows,
      guide + plane * 4 * cells,
      carried.cells.length,
      map.width,
      layout.planes[plane]!,
      lists[0],
      lists[1],
      lists[2],
      lists[3],
    );
  }
  kernels.spreadMotion(guide, columns, rows, map.scale, EDGE_NOISE, REACH, PASSES, values, arena.take(8 * cells));
  return values;
}

/** The part of a region that lies in the picture. */
function visible({ x0, y0, columns, rows }: Region, { width, height }: CellMap): Region {
  const [left, top] = [Math.max(0, x0), Math.max(0, y0)];
  return {
    x0: left,
    y0: top,
    columns: Math.max(0, Math.min(width, x0 + columns) - left),
    rows: Math.max(0, Math.min(height, y0 + rows) - top),
  };
}

/** The motion of a part of a field. */
function cut(field: MotionField, { x0, y0, columns, rows }: Region): Int16Array {
  if (columns === field.columns && rows === field.rows) return field.motion;
  const out = new Int16Array(2 * columns * rows);
  for (let y = 0; y < rows; y++) {
    const start = 2 * ((y + y0 - field.y0) * field.columns + x0 - field.x0);
    out.set(field.motion.subarray(start, start + 2 * columns), 2 * y * columns);
  }
  return out;
}

function unpack(memory: WebAssembly.Memory, at: number, count: number): Carried {
  const words = new Int32Array(memory.buffer, at, 5 * count);
  const floats = new Float32Array(memory.buffer, at, 5 * count);
  const out = {
    cells: new Int32Array(count),
    bases: new Uint32Array(count),
    x: new Float32Array(count),
    y: new Float32Array(count),
    doubt: new Float32Array(count),
  };
  for (let i = 0; i < count; i++) {
    out.cells[i] = words[5 * i]!;
    out.bases[i] = words[5 * i + 1]!;
    out.x[i] = floats[5 * i + 2]!;
    out.y[i] = floats[5 * i + 3]!;
    out.doubt[i] = floats[5 * i + 4]!;
  }
  return out;
}
