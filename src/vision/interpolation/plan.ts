/** Sizes and places of everything interpolation needs in kernel memory. Plain data, so that jobs can take it. */
import { padded } from "../../kernels/arena.ts";
import type { FrameFormat } from "../../media/frame.ts";
import type { Effort } from "../../operations/frames.ts";
import { type FlowOptions, type FlowPlan, planFlow } from "../flow/plan.ts";

/** One plane of a format. */
export type PlaneSize = {
  readonly width: number;
  readonly height: number;
  /** One pixel of the motion's level is this many samples of the plane. */
  readonly spanX: number;
  readonly spanY: number;
};

/** Everything about frames of one format. */
export type InterpolationPlan = {
  readonly flow: FlowPlan;
  /** Whether the motion centred between two frames is sought too, and the level at which that ends. */
  readonly hasMiddle: boolean;
  readonly middle: number;
  /** Level on which frames are compared to tell cuts. */
  readonly compared: number;
  readonly planes: readonly [PlaneSize, PlaneSize, PlaneSize];
  readonly bitDepth: number;
  /** Where a frame's planes begin in its memory, packed, and how many bytes it has. */
  readonly offsets: readonly [number, number, number];
  readonly frameBytes: number;
  /** Bytes of one plane of paths, and of what blending works with beside them. */
  readonly pathBytes: number;
  readonly blendBytes: number;
  /** Bytes of scratch memory that every job has room in. */
  readonly scratchBytes: number;
};

/** Motion is searched on pictures of at most about so many pixels, half as wide as the frames: more would say nothing new. */
const MOST_PIXELS = 1920 * 1088 * 1.1;
/** Pixels across the level on which frames are compared, at most. */
const COMPARED_WIDTH = 128;

/** Planes of the finest level that the search for the middle's motion works in. */
export const MIDDLE_PLANES = 9;
/** Planes of paths of a frame in between. */
export const PATH_PLANES = 5;
/** Bytes of the record of a pixel that has several paths. */
export const RECORD_BYTES = 64;
/** Bytes that finding paths works with. */
export const PATH_WORK = 208;
/** Kernels read up to this many bytes past a plane's end. */
const BEHIND = 64;

/** Plans for frames of `format`. */
export function planInterpolation(format: FrameFormat, effort: Effort): InterpolationPlan {
  const { width, height, chromaShiftX, chromaShiftY, bitDepth } = format;
  const flow = planFlow(width, height, optionsFor(width * height, effort));
  const own = flow.levels[flow.finest]!;
  const span = 2 ** flow.finest;
  const chroma: PlaneSize = {
    width: (width + (1 << chromaShiftX) - 1) >> chromaShiftX,
    height: (height + (1 << chromaShiftY) - 1) >> chromaShiftY,
    spanX: span / (1 << chromaShiftX),
    spanY: span / (1 << chromaShiftY),
  };
  const luma: PlaneSize = { width, height, spanX: span, spanY: span };
  const bytes = (plane: PlaneSize): number => padded(plane.width * plane.height * (bitDepth > 8 ? 2 : 1) + BEHIND);
  const patches = padded(own.columns * own.rows * 12) + padded(own.columns * own.rows * 8) + 1024;
  const ofMiddle = patches + MIDDLE_PLANES * padded(own.planeBytes);
  const pixels = own.height * (own.width + 3);
  const pathBytes = padded(pixels * 4);
  const blendBytes = padded(2560 + 12 * (width + 4) + 8 * width + 144);
  const ofPaths =
    PATH_PLANES * pathBytes + padded(pixels * RECORD_BYTES) + padded(pixels) + padded(PATH_WORK) + blendBytes;
  const coarsest = flow.levels.length - 1;
  const small = flow.levels.findIndex((level) => level.width <= COMPARED_WIDTH);
  const compared = Math.max(flow.finest, small < 0 ? coarsest : small);
  return {
    flow,
    compared,
    // Where both directions contradict each other little depends on the last pixel.
    hasMiddle: effort === "best",
    middle: Math.min(flow.finest + 1, coarsest),
    planes: [luma, chroma, chroma],
    bitDepth,
    offsets: [0, bytes(luma), bytes(luma) + bytes(chroma)],
    frameBytes: bytes(luma) + 2 * bytes(chroma),
    pathBytes,
    blendBytes,
    scratchBytes: Math.max(flow.scratchBytes, ofMiddle, ofPaths),
  };
}

function optionsFor(pixels: number, effort: Effort): FlowOptions {
  if (effort === "draft") return { finest: 2, step: 4, iterations: 5, rounds: 1, sweeps: 5 };
  const finest = pixels > MOST_PIXELS ? 2 : 1;
  return { finest, step: 4, iterations: 5, rounds: 1, sweeps: 5 };
}
