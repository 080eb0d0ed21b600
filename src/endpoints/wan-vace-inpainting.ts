/** Inpainting by background: what the mask marks gives way to what is behind it, or to a picture laid in front of that. */
import { fieldError, type Loc } from "../errors.ts";
import type { ProducedVideo } from "../operations/operations.ts";
import type { EndpointContext, EndpointOutput } from "./endpoint.ts";
import { given, type Need, need } from "./needs.ts";
import { canvasSize, timingOf } from "./wan-vace-canvas.ts";
import {
  BETWEEN,
  encodingOf,
  interpolateVace,
  isInterpolated,
  type VaceInput,
  vaceOutput,
  warnOfModelParameters,
} from "./wan-vace-result.ts";

/** What inpainting takes beside what all tasks take. */
export type InpaintingInput = VaceInput & {
  readonly mask_video_url?: string;
  readonly mask_image_url?: string;
  readonly ref_image_urls?: readonly string[];
};

/** Frames considered together by removal. */
const WINDOW = 101;

/** Operations that inpainting with this input needs, the removal itself aside. */
export function inpaintingNeeds(input: Readonly<Record<string, unknown>>): Need[] {
  const needs: Need[] = [need("conform", "video_url")];
  const pictures = Array.isArray(input.ref_image_urls) ? input.ref_image_urls.length : 0;
  if (pictures > 0) needs.push(need("placePicture", "ref_image_urls"));
  if (pictures > 1) {
    needs.push(need("generateVideo", "ref_image_urls", "More than one picture must be composed into one scene"));
  }
  for (const field of ["first_frame_url", "last_frame_url"]) {
    if (given(input[field])) needs.push(need("generateVideo", field, "The video must be changed to meet that picture"));
  }
  if (input.return_frames_zip === true) needs.push(need("zipFrames", "return_frames_zip"));
  return needs;
}

/** The task `inpainting` of Wan VACE: white is replaced, black is kept. */
export async function inpaint(input: InpaintingInput, context: EndpointContext): Promise<EndpointOutput> {
  warnOfModelParameters(input, context);
  // A mask image stands for the mask video.
  const maskField = given(input.mask_image_url) ? "mask_image_url" : "mask_video_url";
  const maskLoc: Loc = ["body", maskField];
  const source = await context.open("video_url");
  const mask = await context.open(maskLoc);
  const picture = given(input.ref_image_urls?.[0]) ? await context.open(["body", "ref_image_urls", 0]) : undefined;
  const { video } = await context.operations.probe({ media: source });
  // What cannot be read is refused before the long part of the work.
  if (picture && !(await context.operations.probe({ media: picture })).video)
    throw fieldError("image_load_error", ["body", "ref_image_urls", 0], "The file has no picture");
  if (!video) throw fieldError("video_load_error", ["body", "video_url"], "The file has no video stream");

  context.stage("fitting the video", 0, 0.15);
  const size = canvasSize(input.resolution, input.aspect_ratio, video);
  const fitted = await context.operations.conform({
    video: source,
    mask: { media: mask, polarity: "white-removes" },
    timing: timingOf(input),
    size,
    keepSound: true,
    ...BETWEEN,
  });
  const polarity = "white-removes" as const;
  const fittedMask = { media: fitted.mask!, polarity };
  const interpolates = isInterpolated(input, fitted.plan);
  const final = interpolates ? BETWEEN : { delivery: input.reshoot_output, encoding: encodingOf(input) };
  const finish = async (made: ProducedVideo): Promise<EndpointOutput> => {
    if (!interpolates) return vaceOutput(made, input, context);
    context.stage("interpolating", 0.8, 0.95);
    return vaceOutput(await interpolateVace(made.video, fitted.plan, input, context), input, context);
  };
  const end = interpolates ? 0.8 : 0.95;

  context.stage("filling the background", 0.15, picture ? 0.7 : end);
  const filled = await context.operations.removeObject({
    video: fitted.video,
    mask: fittedMask,
    window: WINDOW,
    refine: false,
    seed: input.seed ?? context.defaultSeed,
    ...(picture ? BETWEEN : final),
  });
  if (!picture) {
    context.log("INFO", "Without ref_image_urls the masked part is filled with the background behind it");
    return finish(filled);
  }
  context.stage("placing the picture", 0.7, end);
  const placed = await context.operations.placePicture({ video: filled.video, mask: fittedMask, picture, ...final });
  return finish(placed);
}
