/** Sizes and places of everything dense flow needs in kernel memory. Plain data, so that jobs can take it. */
import { padded } from "../../kernels/arena.ts";

/** How much work goes into a flow field. */
export type FlowOptions = {
  /** Level at which the search ends: 0 is full size, 1 half. Fields are made at this level. */
  readonly finest: 0 | 1 | 2;
  /** Pixels between neighbouring 8 x 8 patches, 1 to 8. */
  readonly step: number;
  /** Most Gauss-Newton steps of a patch, in each of two passes. */
  readonly iterations: number;
  /** Variational refinement on every level: rounds of `sweeps` each; 0 rounds for none. */
  readonly rounds: number;
  readonly sweeps: number;
};

/** More accurate than OpenCV's DIS medium preset, at about twice its time (`npm run bench -- interpolation`). */
export const ACCURATE_FLOW: FlowOptions = { finest: 0, step: 4, iterations: 5, rounds: 1, sweeps: 5 };
/** Between OpenCV's DIS fast and medium presets. */
export const BALANCED_FLOW: FlowOptions = { finest: 1, step: 4, iterations: 5, rounds: 3, sweeps: 5 };
/** Search alone: more accurate than OpenCV's DIS fast preset. */
export const FAST_FLOW: FlowOptions = { finest: 1, step: 4, iterations: 5, rounds: 0, sweeps: 0 };

/** Pixels of repeated edge around a level; as in kernels/assembly/flow-pyramid.ts. */
const MARGIN = 16;
/** No side of the coarsest level is smaller than this, unless the picture is. */
const COARSEST = 10;
/** Side of a patch. */
const SIDE = 8;

/** One size of picture: f32 pixels in rows of `stride`, with a margin all around. */
export type FlowLevel = {
  readonly width: number;
  readonly height: number;
  /** Pixels from row to row. */
  readonly stride: number;
  /** Bytes of one plane, margins included. */
  readonly planeBytes: number;
  /** Bytes from a plane's start to its first pixel. */
  readonly lead: number;
  /** Patches in a row and rows of patches. */
  readonly columns: number;
  readonly rows: number;
};

/** Everything about flow between pictures of one size. */
export type FlowPlan = {
  readonly options: FlowOptions;
  /** Full size first, each half of the one before. */
  readonly levels: readonly FlowLevel[];
  /** Index of the level that fields have. */
  readonly finest: number;
  /** First pixel of each level within a pyramid; levels finer than `finest` are not kept (-1). */
  readonly offsets: readonly number[];
  /** Bytes of a picture's pyramid. */
  readonly pyramidBytes: number;
  /** Bytes of a field: two planes of the finest level. */
  readonly fieldBytes: number;
  /** Bytes of scratch memory that every function here needs. */
  readonly scratchBytes: number;
};

/** Plans flow for pictures of `width` x `height` pixels, each at least 1. */
export function planFlow(width: number, height: number, options: FlowOptions = BALANCED_FLOW): FlowPlan {
  const levels = [describe(width, height, options.step)];
  for (;;) {
    const { width: w, height: h } = levels.at(-1)!;
    const [w2, h2] = [(w + 1) >> 1, (h + 1) >> 1];
    if (Math.min(w2, h2) < COARSEST) break;
    levels.push(describe(w2, h2, options.step));
  }
  const finest = Math.min(options.finest, levels.length - 1);
  let pyramidBytes = 0;
  const offsets = levels.map(({ planeBytes, lead }, i) => {
    if (i < finest) return -1;
    const at = pyramidBytes + lead;
    pyramidBytes += padded(planeBytes);
    return at;
  });
  const own = levels[finest]!;
  const patches = padded(own.columns * own.rows * 12) + 1024;
  // Two fields in turn, a warped picture or weights, and the refinement's eleven planes; or the levels above the finest.
  const scratchBytes = Math.max(patches + 16 * padded(own.planeBytes), 2 * padded(levels[0]!.planeBytes));
  return { options, levels, finest, offsets, pyramidBytes, fieldBytes: 2 * padded(own.planeBytes), scratchBytes };
}

function describe(width: number, height: number, step: number): FlowLevel {
  const stride = Math.ceil(width / 4) * 4 + 2 * MARGIN;
  const count = (size: number) => 1 + Math.ceil(Math.max(0, size - SIDE) / step);
  return {
    width,
    height,
    stride,
    planeBytes: stride * (height + 2 * MARGIN) * 4,
    lead: (stride * MARGIN + MARGIN) * 4,
    columns: count(width),
    rows: count(height),
  };
}
