/** Luma's reframing: the canvas of each shape, and where the source lies on it. */
import { fieldError, type Issue } from "../errors.ts";
import type { FramePlacement } from "../operations/frames.ts";
import type { Delivery, MediaInfo } from "../operations/operations.ts";
import type { EndpointContext, EndpointOutput } from "./endpoint.ts";

/** Pixels. The vendor says nothing of sizes: these have the area of 1280x720, the exact shape, and sides in multiples of 16. */
export const REFRAME_CANVASES = {
  "1:1": { width: 960, height: 960 },
  "16:9": { width: 1280, height: 720 },
  "9:16": { width: 720, height: 1280 },
  "4:3": { width: 1088, height: 816 },
  "3:4": { width: 816, height: 1088 },
  "21:9": { width: 1456, height: 624 },
  "9:21": { width: 624, height: 1456 },
} as const;

/** What reframing takes. */
export type LumaReframeInput = {
  readonly aspect_ratio: keyof typeof REFRAME_CANVASES;
  readonly prompt?: string;
  readonly grid_position_x?: number;
  readonly grid_position_y?: number;
  readonly x_start?: number;
  readonly x_end?: number;
  readonly y_start?: number;
  readonly y_end?: number;
  readonly reshoot_output: Delivery;
};

type Axis = "x" | "y";
type Sides = { readonly x: number; readonly y: number };

/** Frames considered together. */
const WINDOW = 101;
/** Canvas pixels of a rectangle that must be inside. */
const LEAST_INSIDE = 4;

/** The rectangle of a reframing must have an inside, and that must be on the canvas. */
export function checkLumaReframe(input: LumaReframeInput): readonly Issue[] {
  const { width, height } = REFRAME_CANVASES[input.aspect_ratio];
  return (["x", "y"] as const).flatMap((axis): Issue[] => {
    const [start, end] = [input[`${axis}_start`], input[`${axis}_end`]];
    const side = axis === "x" ? width : height;
    if (start !== undefined && end !== undefined && start >= end) {
      const msg = `Input should be greater than ${axis}_start (${start})`;
      return [{ loc: ["body", `${axis}_end`], msg, type: "greater_than", ctx: { gt: start }, input: end }];
    }
    const first = start === undefined ? (end === undefined ? `grid_position_${axis}` : undefined) : `${axis}_start`;
    const value = first && input[first as keyof LumaReframeInput];
    const issues: Issue[] = [];
    if (typeof value === "number" && value > side - LEAST_INSIDE) {
      const le = side - LEAST_INSIDE;
      const msg = `Input should be less than or equal to ${le}: the canvas is ${width}x${height}`;
      issues.push({ loc: ["body", first!], msg, type: "less_than_equal", ctx: { le }, input: value });
    }
    if (end !== undefined && end < LEAST_INSIDE) {
      const msg = `Input should be greater than or equal to ${LEAST_INSIDE}: nothing of the video would be seen`;
      issues.push({
        loc: ["body", `${axis}_end`],
        msg,
        type: "greater_than_equal",
        ctx: { ge: LEAST_INSIDE },
        input: end,
      });
    }
    return issues;
  });
}

/** Brings a video into another shape: all of it stays, and what is missing beside it is painted. */
export async function reframeLuma(input: LumaReframeInput, context: EndpointContext): Promise<EndpointOutput> {
  if (input.prompt) context.log("WARN", "prompt steers a generative model and changes nothing here");
  const source = await context.open("video_url");
  const { video } = await context.operations.probe({ media: source });
  if (!video) throw fieldError("video_load_error", ["body", "video_url"], "The file has no video stream");
  context.stage("drawing the new frame", 0, 0.95);
  const made = await context.operations.reframe({
    video: source,
    canvas: REFRAME_CANVASES[input.aspect_ratio],
    placement: placementOf(input, video),
    trimBorders: false,
    window: WINDOW,
    seed: context.defaultSeed,
    delivery: input.reshoot_output,
    keepSound: true,
  });
  return { video: { $file: made.video } };
}

/**
 * Where the source lies: whole and in the middle, unless coordinates say otherwise. `x_start`, `x_end`, `y_start` and `y_end`
 * are the edges of a rectangle on the canvas that the source fills. A missing edge is where the source's own shape puts it;
 * with none at all along an axis, the grid position is the first edge. What is said of one axis sizes the other.
 */
export function placementOf(
  input: LumaReframeInput,
  { width, height, sampleAspect }: Pick<NonNullable<MediaInfo["video"]>, "width" | "height" | "sampleAspect">,
): FramePlacement {
  const edges = [input.x_start, input.x_end, input.y_start, input.y_end, input.grid_position_x, input.grid_position_y];
  if (edges.every((edge) => edge === undefined)) return { kind: "fit", zoom: 0 };
  const canvas = REFRAME_CANVASES[input.aspect_ratio];
  const shown: Sides = { x: (width * sampleAspect[0]) / sampleAspect[1], y: height };
  const whole: Sides = { x: canvas.width, y: canvas.height };
  const said = (axis: Axis): number | undefined => {
    const [start, end] = [input[`${axis}_start`], input[`${axis}_end`]];
    return start === undefined || end === undefined ? undefined : end - start;
  };
  const fitted = Math.min(whole.x / shown.x, whole.y / shown.y);
  const scale = Math.max(0, ...(["x", "y"] as const).map((axis) => (said(axis) ?? 0) / shown[axis])) || fitted;
  const along = (axis: Axis): { start: number; size: number } => {
    const size = Math.max(1, said(axis) ?? shown[axis] * scale);
    const [start, end] = [input[`${axis}_start`], input[`${axis}_end`]];
    if (start !== undefined) return { start, size };
    if (end !== undefined) return { start: end - size, size };
    return { start: input[`grid_position_${axis}`] ?? (whole[axis] - size) / 2, size };
  };
  const [x, y] = [along("x"), along("y")];
  return { kind: "rectangle", x: x.start, y: y.start, width: x.size, height: y.size };
}
