/** What every task of Wan VACE has in common on an engine without a diffusion model: how it is told, and how it is handed over. */
import type { Encoding, VideoEffort, VideoQuality } from "../operations/encoding.ts";
import type { Delivery, MediaHandle, ProducedVideo } from "../operations/operations.ts";
import type { EndpointContext, EndpointOutput } from "./endpoint.ts";
import { given } from "./needs.ts";
import { type AspectRatio, interpolated, type Resolution, type TimingInput } from "./wan-vace-canvas.ts";

/** The parameters that all tasks share. */
export type VaceInput = TimingInput & {
  readonly prompt: string;
  readonly seed?: number;
  readonly resolution: Resolution;
  readonly aspect_ratio: AspectRatio;
  readonly enable_safety_checker?: boolean;
  readonly enable_prompt_expansion?: boolean;
  readonly num_interpolated_frames?: number;
  readonly video_quality?: VideoQuality;
  readonly video_write_mode?: VideoEffort;
  readonly return_frames_zip?: boolean;
  readonly reshoot_output: Delivery;
};

/** How a clip is kept between two steps. */
export const BETWEEN: { readonly delivery: Delivery; readonly encoding: Encoding } = {
  delivery: "lossless",
  encoding: { effort: "fast" },
};

/** How the result is written: `video_quality` and `video_write_mode`, `high` and `balanced` unless the caller says so. */
export function encodingOf({ video_quality: quality, video_write_mode: effort }: VaceInput): Encoding {
  return { ...(quality && { quality }), ...(effort && { effort }) };
}

/** What `conform` says the clip has once the frames it left out are there again. */
export type VacePlan = { readonly frames: number; readonly fps: number; readonly every: number };

/** Whether frames have to be made in between: those that were left out, and those that were asked for beside them. */
export function isInterpolated({ num_interpolated_frames: more = 0 }: VaceInput, { every }: VacePlan): boolean {
  return every > 1 || more > 0;
}

/** Makes them, of a clip of every `every`-th frame. `rife` and `film` name models; here they name the same method. */
export function interpolateVace(
  video: MediaHandle,
  plan: VacePlan,
  input: VaceInput,
  context: EndpointContext,
): Promise<ProducedVideo> {
  const more = input.num_interpolated_frames ?? 0;
  return context.operations.interpolateFrames({
    video,
    between: plan.every * (more + 1) - 1,
    ...interpolated(plan, more),
    effort: "best",
    delivery: input.reshoot_output,
    encoding: encodingOf(input),
  });
}

/** Parameters of the diffusion model, none of which an engine without one has a use for. */
const MODEL_ONLY =
  "prompt, negative_prompt, num_inference_steps, guidance_scale, sampler, shift, acceleration, transparency_mode and preprocess steer a diffusion model and change nothing here";

/** Says what the engine does not do with the input. */
export function warnOfModelParameters(input: VaceInput, context: EndpointContext): void {
  context.log("WARN", MODEL_ONLY);
  if (input.enable_prompt_expansion) {
    context.log(
      "WARN",
      "enable_prompt_expansion was asked for, but there is no language model: the prompt stays as it is",
    );
  }
  if (input.enable_safety_checker) {
    context.log(
      "WARN",
      "enable_safety_checker was asked for, but no safety checker is configured: nothing was checked",
    );
  }
}

/** The output: the video with its facts, the prompt and the seed, and the frames where they were asked for. */
export async function vaceOutput(
  made: ProducedVideo,
  input: VaceInput,
  context: EndpointContext,
): Promise<EndpointOutput> {
  const { video, width, height, fps, frameCount, duration } = made;
  const zip = input.return_frames_zip ? await context.operations.zipFrames({ video }) : undefined;
  return {
    video: { $file: video, width, height, fps: Math.round(fps * 1000) / 1000, num_frames: frameCount, duration },
    prompt: input.prompt,
    seed: given(input.seed) ? input.seed : context.defaultSeed,
    ...(zip && { frames_zip: { $file: zip.zip } }),
  };
}
