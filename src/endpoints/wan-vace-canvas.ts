/** Size and timing of what Wan VACE makes, from its own parameters. */
import type { Timing } from "../operations/conform.ts";

/** Pixels. */
export type Size = { readonly width: number; readonly height: number };

/** The sizes of the model: sides in multiples of 16, and an area that depends on the resolution alone. */
const CANVASES = {
  "480p": { "16:9": [832, 480], "1:1": [624, 624], "9:16": [480, 832] },
  "580p": { "16:9": [1024, 576], "1:1": [768, 768], "9:16": [576, 1024] },
  "720p": { "16:9": [1280, 720], "1:1": [960, 960], "9:16": [720, 1280] },
} as const;
const UNIT = 16;
/** A source this near to one of the named shapes takes its size; further off it keeps its own. */
const SAME_SHAPE = 0.03;
/** Longer pictures are cropped to this shape. */
const LONGEST_SHAPE = 4;

/** Names of {@link CANVASES}. */
export type Resolution = keyof typeof CANVASES;
/** Shapes; `auto` is the source's own. */
export type AspectRatio = "auto" | "16:9" | "1:1" | "9:16";

/**
 * The size of the result. The vendor leaves open what a shape means in pixels; these are the sizes Wan 2.1 lists for its
 * resolutions, and 580p in between. `auto` has the source's shape, the area of 16:9, and sides that are multiples of 16.
 * @param source as displayed, before sample aspect.
 */
export function canvasSize(
  resolution: Resolution,
  aspectRatio: AspectRatio,
  source: Size & { readonly sampleAspect: readonly [number, number] },
): Size {
  const named = CANVASES[resolution];
  if (aspectRatio !== "auto") return toSize(named[aspectRatio]);
  const [num, den] = source.sampleAspect;
  const shape = (source.width * num) / (source.height * den);
  const near = Object.entries(named).find(([name]) => Math.abs(shape / shapeOf(name) - 1) < SAME_SHAPE);
  if (near) return toSize(near[1]);
  const aspect = Math.min(LONGEST_SHAPE, Math.max(1 / LONGEST_SHAPE, shape));
  const area = named["16:9"][0] * named["16:9"][1];
  const side = (length: number): number => Math.max(UNIT, Math.round(length / UNIT) * UNIT);
  return { width: side(Math.sqrt(area * aspect)), height: side(Math.sqrt(area / aspect)) };
}

/** Parameters that decide how many frames there are, and how fast they run. */
export type TimingInput = {
  readonly match_input_num_frames?: boolean | undefined;
  readonly num_frames: number;
  readonly match_input_frames_per_second?: boolean | undefined;
  readonly frames_per_second: number;
  readonly temporal_downsample_factor?: number | undefined;
  readonly enable_auto_downsample?: boolean | undefined;
  readonly auto_downsample_min_fps?: number | undefined;
};

/** Frames the model makes at once: what automatic downsampling brings an input down to. */
const MODEL_FRAMES = 81;
const DEFAULT_MIN_FPS = 15;

/** The timing of what is worked on. */
export function timingOf(input: TimingInput): Timing {
  const chosen = input.temporal_downsample_factor ?? 0;
  const auto = { fitFrames: MODEL_FRAMES, minFps: input.auto_downsample_min_fps ?? DEFAULT_MIN_FPS };
  return {
    frames: input.match_input_num_frames ? "input" : input.num_frames,
    fps: input.match_input_frames_per_second ? "input" : input.frames_per_second,
    every: chosen === 0 && input.enable_auto_downsample ? auto : chosen + 1,
  };
}

/**
 * Frames and rate once frames have been interpolated: the length in seconds stays.
 * @param plan of what was worked on, as `conform` reports it.
 * @param between new frames between each two.
 */
export function interpolated(
  plan: { readonly frames: number; readonly fps: number },
  between: number,
): { readonly frames: number; readonly fps: number } {
  return { frames: (plan.frames - 1) * (between + 1) + 1, fps: plan.fps * (between + 1) };
}

function shapeOf(name: string): number {
  const [width, height] = name.split(":").map(Number);
  return width! / height!;
}

function toSize([width, height]: readonly [number, number]): Size {
  return { width, height };
}
