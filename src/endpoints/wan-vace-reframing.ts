/** Outpainting and reframing: the source on another canvas, and around it what the clip itself shows or suggests. */
import { fieldError } from "../errors.ts";
import type { FramePlacement } from "../operations/frames.ts";
import type { MediaHandle } from "../operations/operations.ts";
import type { EndpointContext, EndpointOutput } from "./endpoint.ts";
import { given, type Need, need } from "./needs.ts";
import { canvasSize, type Size, timingOf } from "./wan-vace-canvas.ts";
import {
  BETWEEN,
  encodingOf,
  interpolateVace,
  isInterpolated,
  type VaceInput,
  type VacePlan,
  vaceOutput,
  warnOfModelParameters,
} from "./wan-vace-result.ts";

/** What the two tasks take beside what all tasks take; the endpoint of all tasks has none of it. */
export type ReframingInput = VaceInput & {
  readonly expand_left?: boolean;
  readonly expand_right?: boolean;
  readonly expand_top?: boolean;
  readonly expand_bottom?: boolean;
  readonly expand_ratio?: number;
  readonly zoom_factor?: number;
  readonly trim_borders?: boolean;
};

/** Frames considered together. */
const WINDOW = 101;

/** Operations that the tasks need with this input, the reframing itself aside. */
export function reframingNeeds(input: Readonly<Record<string, unknown>>): Need[] {
  const needs: Need[] = [need("conform", "video_url")];
  if (Array.isArray(input.ref_image_urls) && input.ref_image_urls.length > 0) {
    needs.push(need("generateVideo", "ref_image_urls", "What they show must be painted into the scene"));
  }
  for (const field of ["first_frame_url", "last_frame_url"]) {
    if (given(input[field])) needs.push(need("generateVideo", field, "The video must be changed to meet that picture"));
  }
  if (input.return_frames_zip === true) needs.push(need("zipFrames", "return_frames_zip"));
  return needs;
}

/** The task `outpainting` of Wan VACE: room on the sides that were asked for. */
export async function outpaint(input: ReframingInput, context: EndpointContext): Promise<EndpointOutput> {
  const ratio = input.expand_ratio ?? 0;
  const side = (wanted: boolean | undefined): number => (wanted ? ratio : 0);
  const room = {
    left: side(input.expand_left),
    right: side(input.expand_right),
    top: side(input.expand_top),
    bottom: side(input.expand_bottom),
  };
  const isAsked = room.left + room.right + room.top + room.bottom > 0;
  if (!isAsked && input.aspect_ratio === "auto") {
    context.log("WARN", "No side to expand and no other shape was asked for: nothing is painted");
  }
  const shape = { width: 1 + room.left + room.right, height: 1 + room.top + room.bottom };
  return onCanvas(input, context, { kind: "expand", ...room }, shape, false);
}

/** The task `reframe` of Wan VACE: another shape, without the black bars the source may have. */
export async function reframe(input: ReframingInput, context: EndpointContext): Promise<EndpointOutput> {
  const placement: FramePlacement = { kind: "fit", zoom: input.zoom_factor ?? 0 };
  return onCanvas(input, context, placement, { width: 1, height: 1 }, input.trim_borders ?? true);
}

/** @param room the picture that is to fill the canvas, in shares of the source's sides. */
async function onCanvas(
  input: ReframingInput,
  context: EndpointContext,
  placement: FramePlacement,
  room: Size,
  trimBorders: boolean,
): Promise<EndpointOutput> {
  warnOfModelParameters(input, context);
  const source = await context.open("video_url");
  const { video } = await context.operations.probe({ media: source });
  if (!video) throw fieldError("video_load_error", ["body", "video_url"], "The file has no video stream");
  const canvas = canvasSize(input.resolution, input.aspect_ratio, {
    width: video.width * room.width,
    height: video.height * room.height,
    sampleAspect: video.sampleAspect,
  });
  const { clip, plan } = await retimed(input, source, context);
  const interpolates = plan !== undefined && isInterpolated(input, plan);
  context.stage("drawing the new frame", plan ? 0.1 : 0, interpolates ? 0.8 : 0.95);
  const made = await context.operations.reframe({
    video: clip,
    canvas,
    placement,
    trimBorders,
    window: WINDOW,
    seed: input.seed ?? context.defaultSeed,
    ...(interpolates ? BETWEEN : { delivery: input.reshoot_output, encoding: encodingOf(input) }),
    keepSound: true,
  });
  if (!interpolates) return vaceOutput(made, input, context);
  context.stage("interpolating", 0.8, 0.95);
  return vaceOutput(await interpolateVace(made.video, plan, input, context), input, context);
}

/**
 * The clip at the length and rate that were asked for: the source itself where both are its own.
 * @returns its plan with it, where it had to be made.
 */
async function retimed(
  input: ReframingInput,
  source: MediaHandle,
  context: EndpointContext,
): Promise<{ clip: MediaHandle; plan?: VacePlan }> {
  const timing = timingOf(input);
  const isSource = timing.frames === "input" && timing.fps === "input" && timing.every === 1;
  if (isSource && !input.num_interpolated_frames) return { clip: source };
  context.stage("choosing the frames", 0, 0.1);
  const { video, plan } = await context.operations.conform({ video: source, timing, keepSound: true, ...BETWEEN });
  return { clip: video, plan };
}
