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
  readonly planes: readonly [PlaneSize, PlaneSize, PlaneSize];
  readonly bitDepth: number;
  readonly planeBytes: readonly [number, number, number];
  /** Bytes of scratch memory that every job has room in. */
  readonly scratchBytes: number;
};

/** Motion is searched on pictures of about this many pixels: more says nothing new and costs as much as it is larger. */
const MOST_PIXELS = 1920 * 1088 * 1.1;

/** Planes of the finest level that the search for motion works in. */
export const MOTION_PLANES = 20;
/** Those of a frame in between: the paths. */
export const PATH_PLANES = 5;

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
  const bytes = (plane: PlaneSize): number => plane.width * plane.height * (bitDepth > 8 ? 2 : 1);
  const patches = padded(own.columns * own.rows * 12) + padded(own.columns * own.rows * 8) + 1024;
  const motion = patches + MOTION_PLANES * padded(own.planeBytes);
  const paths = PATH_PLANES * padded(own.planeBytes) + 5 * padded(own.stride * 4);
  return {
    flow,
    planes: [luma, chroma, chroma],
    bitDepth,
    planeBytes: [bytes(luma), bytes(chroma), bytes(chroma)],
    scratchBytes: Math.max(flow.scratchBytes, motion, paths),
  };
}

function optionsFor(pixels: number, effort: Effort): FlowOptions {
  if (effort === "draft") return { finest: 2, step: 4, iterations: 4, rounds: 0, sweeps: 0 };
  const finest = pixels > MOST_PIXELS ? 2 : 1;
  return { finest, step: 4, iterations: 5, rounds: 3, sweeps: 5 };
}
