/** VOID: removes an object and fills what was behind it. fal's and WaveSpeed's endpoints are one job with two spellings. */
import type { Static } from "typebox";
import Type from "typebox";
import { fieldError, type Loc, ReshootError } from "../errors.ts";
import type { Delivery, MediaHandle } from "../operations/operations.ts";
import { spellings } from "./accept.ts";
import { defineEndpoint, type EndpointContext, type EndpointOutput } from "./endpoint.ts";
import { given, type Need, need } from "./needs.ts";
import { EXTENSION, File, filled, flag, float, integer, media, object, optional, text, videoInput } from "./schema.ts";

const NEGATIVE_PROMPT =
  "The video is not of a high quality, it has a low resolution. Watermark present in each frame. The background is solid. Strange body and strange trajectory. Distortion.";

const MASK =
  "Mask video. Grey levels: 0 remove, 63 remove and affected, 127 affected (shadow, reflection), 255 keep. A plain mask with 0 for remove and 255 for keep works too.";

const steps = () => filled(integer("Denoising steps of a diffusion engine.", { minimum: 1, maximum: 50 }), 30);
const guidance = () =>
  filled(float("How strictly a diffusion engine follows the prompt.", { minimum: 0, maximum: 20 }), 1);
const strength = () => filled(float("How much a diffusion engine repaints; 1 is all.", { minimum: 0, maximum: 1 }), 1);
const numFrames = () =>
  filled(
    integer("Frames looked at together. Rounded to the nearest of 69, 77, 85, …, 197.", { minimum: 1, maximum: 197 }),
    85,
  );
const timings = object("Timings", {}, "Seconds that each stage took.");
const maskFile = () => ({
  ...File,
  description: "The mask that was used, where it was made here: white is the object.",
  [EXTENSION]: true,
});

const falInput = videoInput({
  video_url: media("video", "Video with the object to remove."),
  quad_mask_video_url: filled(media("video", `${MASK} Without it the object is found from mask_prompt.`), ""),
  mask_prompt: optional(text("What to remove, in words. Used when there is no mask video.")),
  prompt: text("What should be seen once the object is gone."),
  enable_pass2_refinement: optional(flag("Take a second pass over time, which is slower and flickers less.")),
  negative_prompt: filled(text("What a diffusion engine should avoid."), NEGATIVE_PROMPT),
  num_inference_steps: steps(),
  guidance_scale: guidance(),
  strength: strength(),
  seed: optional(integer("The same seed and input give the same video.")),
  num_frames: numFrames(),
  enable_safety_checker: filled(flag("Check the result's content, where a checker is configured."), true),
});

const wavespeedInput = videoInput({
  video: media("video", "Video with the object to remove."),
  prompt: text("What should be seen once the object is gone."),
  mask_video: optional(media("video", `${MASK} Without it the object is found from mask_prompt.`)),
  mask_prompt: optional(text("What to remove, in words. Used when there is no mask video.")),
  enable_pass2_refinement: filled(flag("Take a second pass over time, which is slower and flickers less."), false),
  negative_prompt: optional(text("What a diffusion engine should avoid.")),
  num_inference_steps: steps(),
  guidance_scale: guidance(),
  strength: strength(),
  num_frames: numFrames(),
  seed: optional(integer("The same seed and input give the same video.")),
});

const output = Type.Object({
  video: File,
  seed: integer("The seed that was used."),
  timings,
  mask_video: optional(maskFile()),
});

/**
 * The nearest number of frames that VOID's video codec and patches allow: 8k + 5 from 69 to 197 (its latent count,
 * (n - 1) / 4 + 1, must be even).
 */
export function snapFrames(frames: number): number {
  return Math.min(197, Math.max(69, 8 * Math.round((frames - 5) / 8) + 5));
}

/** A removal in neither vendor's spelling. */
type Removal = {
  readonly videoField: string;
  readonly maskField: string;
  readonly hasMask: boolean;
  /** What to remove, in words. */
  readonly words: string | undefined;
  readonly numFrames: number;
  readonly refine: boolean;
  readonly seed: number | undefined;
  readonly checkSafety: boolean;
  readonly delivery: Delivery;
};

function fromFal(input: Static<typeof falInput>): Removal {
  return {
    videoField: "video_url",
    maskField: "quad_mask_video_url",
    hasMask: given(input.quad_mask_video_url),
    words: given(input.mask_prompt) ? input.mask_prompt : undefined,
    numFrames: input.num_frames,
    refine: input.enable_pass2_refinement ?? false,
    seed: input.seed,
    checkSafety: input.enable_safety_checker,
    delivery: input.reshoot_output,
  };
}

function fromWavespeed(input: Static<typeof wavespeedInput>): Removal {
  return {
    videoField: "video",
    maskField: "mask_video",
    hasMask: given(input.mask_video),
    words: given(input.mask_prompt) ? input.mask_prompt : undefined,
    numFrames: input.num_frames,
    refine: input.enable_pass2_refinement,
    seed: input.seed,
    checkSafety: false,
    delivery: input.reshoot_output,
  };
}

/** What to look for when no mask was given and no words either. */
const MOVING = "moving object";
/** The share of the progress bar that finding the object takes. */
const SEARCH_SHARE = 0.4;

function needs(removal: Removal): readonly Need[] {
  if (removal.hasMask) return [need("removeObject", removal.maskField)];
  const why = `Without ${removal.maskField} the object must be found`;
  return [
    need("segment", removal.words === undefined ? removal.videoField : "mask_prompt", why),
    need("removeObject", removal.videoField),
  ];
}

async function run(removal: Removal, context: EndpointContext): Promise<EndpointOutput> {
  context.log(
    "WARN",
    "prompt, negative_prompt, num_inference_steps, guidance_scale and strength steer a diffusion model and change nothing in classical removal",
  );
  if (removal.checkSafety) {
    context.log(
      "WARN",
      "enable_safety_checker was asked for, but no safety checker is configured: nothing was checked",
    );
  }
  const video = await context.open(removal.videoField);
  const made = removal.hasMask ? undefined : await findMask(removal, video, context);
  const mask = made
    ? ({ media: made.mask, polarity: "white-removes" } as const)
    : ({ media: await context.open(removal.maskField), polarity: "void" } as const);
  context.stage("removing the object", made ? SEARCH_SHARE : 0, 1);
  const seed = removal.seed ?? context.defaultSeed;
  const result = await context.operations.removeObject({
    video,
    mask,
    window: snapFrames(removal.numFrames),
    refine: removal.refine,
    seed,
    delivery: removal.delivery,
  });
  const timings = made ? { find: made.timings.total, ...result.timings } : result.timings;
  return { video: { $file: result.video }, seed, timings, mask_video: made && { $file: made.mask } };
}

/** The mask of what the words mean, or of what moves by itself. @throws ReshootError naming mask_prompt. */
async function findMask({ words, maskField }: Removal, video: MediaHandle, context: EndpointContext) {
  const loc: Loc = ["body", "mask_prompt"];
  if (words === undefined) {
    context.log(
      "WARN",
      `Neither ${maskField} nor mask_prompt was given: the object that stands out by its motion is removed`,
    );
  }
  context.stage("finding the object", 0, SEARCH_SHARE);
  try {
    const target = { kind: "words", text: words ?? MOVING, loc } as const;
    return await context.operations.segment({ video, target });
  } catch (thrown) {
    if (!(thrown instanceof ReshootError) || thrown.code !== "no_media_generated") throw thrown;
    if (words !== undefined)
      throw fieldError(thrown.code, loc, `${thrown.message}. Or send ${maskField}`, { cause: thrown });
    const message = `No object stands out by its motion: say what to remove in mask_prompt, or send ${maskField}`;
    throw fieldError("missing", loc, message, { cause: thrown });
  }
}

/** fal's VOID. */
export const voidVideoInpainting = defineEndpoint({
  id: "fal-ai/void-video-inpainting",
  aliases: [],
  family: "VOID",
  title: "VOID video inpainting",
  description: "Removes an object from a video, with its shadow and reflection, and restores what was behind it.",
  category: "video-to-video",
  transport: "request",
  vendor: "fal",
  input: falInput,
  output,
  examples: [
    {
      video_url: "https://storage.googleapis.com/falserverless/kontext-blog/input_video.mp4",
      quad_mask_video_url: "https://storage.googleapis.com/falserverless/kontext-blog/trimask_quadmask.mp4",
      mask_prompt: "the person walking through the hallway",
      prompt: "a video of buildings reflecting on a calm river",
      negative_prompt: NEGATIVE_PROMPT,
      num_inference_steps: 30,
      guidance_scale: 1,
      strength: 1,
      num_frames: 85,
      enable_safety_checker: true,
    },
    {
      video_url: "https://storage.googleapis.com/falserverless/kontext-blog/input_video.mp4",
      prompt: "a video of buildings reflecting on a calm river",
    },
  ],
  price: {
    unitPrice: 0.05,
    unit: "unit",
    units: (input) =>
      1 +
      (input.enable_pass2_refinement === true ? 1 : 0) +
      (given(input.mask_prompt) && !given(input.quad_mask_video_url) ? 1 : 0),
    rule: "One unit; one more for the second pass; one more when the mask is made from mask_prompt.",
  },
  accept: spellings(falInput, { quad_mask_video_url: ["mask_video", "mask_video_url"] }),
  needs: (input) => needs(fromFal(input)),
  run: (input, context) => run(fromFal(input), context),
});

/** WaveSpeed's VOID. */
export const wavespeedVoid = defineEndpoint({
  id: "wavespeed-ai/void-video-inpainting/mask",
  aliases: [],
  family: "VOID",
  title: "VOID video inpainting (WaveSpeed)",
  description: "Removes an object from a video, with its shadow and reflection, and restores what was behind it.",
  category: "video-to-video",
  transport: "request",
  vendor: "wavespeed",
  input: wavespeedInput,
  output,
  examples: [
    {
      prompt: "A cinematic shot of a city at sunset, soft golden light",
      video: "https://example.com/your-input.mp4",
      enable_pass2_refinement: false,
      negative_prompt: "blurry, low quality, distorted",
      num_inference_steps: 30,
      guidance_scale: 1,
      strength: 1,
      num_frames: 85,
      seed: 0,
    },
    {
      prompt: "The man is having breakfast.",
      video: "https://example.com/your-input.mp4",
      mask_video: "https://example.com/your-mask.mp4",
    },
  ],
  price: {
    unitPrice: 0.05,
    unit: "unit",
    units: (input) => 1 + (input.enable_pass2_refinement === true ? 1 : 0) + (given(input.mask_video) ? 1 : 0),
    rule: "One unit; one more for the second pass; one more when mask_video is given.",
  },
  accept: spellings(wavespeedInput, { mask_video: ["quad_mask_video_url"] }),
  check: (input) =>
    given(input.mask_video) || given(input.mask_prompt)
      ? []
      : [{ loc: ["body", "mask_prompt"], msg: "One of mask_video and mask_prompt is required", type: "missing" }],
  needs: (input) => needs(fromWavespeed(input)),
  run: (input, context) => run(fromWavespeed(input), context),
});
