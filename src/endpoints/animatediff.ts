/** Fast AnimateDiff: short clips from words, or from a video's motion. */
import { spellings } from "./accept.ts";
import { defineEndpoint, type Endpoint } from "./endpoint.ts";
import { need } from "./needs.ts";
import { ASSUMED, flat } from "./price.ts";
import {
  choice,
  filled,
  float,
  integer,
  list,
  media,
  object,
  optional,
  seededVideoOutput,
  text,
  videoInput,
} from "./schema.ts";
import { Type } from "./typebox.ts";

const T2V = { prompt: "panda playing a guitar, on a boat, in the ocean, high quality, ultra HD, realistic" };

const ImageSize = object("ImageSize", {
  width: filled(integer("Width in pixels.", { minimum: 1, maximum: 2048 }), 512),
  height: filled(integer("Height in pixels.", { minimum: 1, maximum: 2048 }), 512),
});
const SIZES = ["square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"] as const;

const prompts = {
  prompt: text("What the video should show, as fully as possible."),
  negative_prompt: filled(
    text("What the model should avoid."),
    "(bad quality, worst quality:1.2), ugly faces, bad anime",
  ),
};
const stepsOf = (value: number) => ({
  num_inference_steps: filled(integer("Sampling steps; turbo likes 4 to 12.", { minimum: 1, maximum: 50 }), value),
});
const guidance = (value: number) => ({
  guidance_scale: filled(float("How strictly the prompt is followed.", { minimum: 0, maximum: 20 }), value),
});
const seed = { seed: optional(integer("The same seed and input give the same video.")) };
const fps = { fps: filled(integer("Frames per second.", { minimum: 1, maximum: 16 }), 8) };
const motions = {
  motions: optional(
    list(
      choice(["zoom-out", "zoom-in", "pan-left", "pan-right", "tilt-up", "tilt-down"], "A camera motion."),
      "Camera motions to add.",
    ),
  ),
};
const numFrames = { num_frames: filled(integer("Frames to make.", { minimum: 1, maximum: 128 }), 16) };
const videoSize = {
  video_size: filled(Type.Union([ImageSize, choice(SIZES, "A usual size.")], { description: "Size." }), "square"),
};

const textInput = videoInput({
  ...prompts,
  ...numFrames,
  ...stepsOf(25),
  ...guidance(7.5),
  ...seed,
  ...fps,
  ...motions,
  ...videoSize,
});
const turboTextInput = videoInput({
  ...prompts,
  ...numFrames,
  ...stepsOf(8),
  ...guidance(2),
  ...seed,
  ...fps,
  ...videoSize,
});
const turboVideoInput = videoInput({
  video_url: media("video", "Video whose motion is kept; GIF works too."),
  first_n_seconds: filled(integer("Seconds from the start that are used.", { minimum: 2, maximum: 4 }), 3),
  ...prompts,
  ...stepsOf(8),
  strength: filled(float("How far the result may leave the video.", { minimum: 0, maximum: 1 }), 0.7),
  ...guidance(1),
  ...seed,
  ...fps,
  ...motions,
});

const common = {
  aliases: [],
  family: "AnimateDiff",
  transport: "request",
  vendor: "fal",
  output: seededVideoOutput,
  price: flat(0.02, "video", `Every video costs the same; the vendor charges by compute time. ${ASSUMED}`),
} as const;

/** All AnimateDiff endpoints. */
export const animatediff: readonly Endpoint[] = [
  defineEndpoint({
    ...common,
    id: "fal-ai/fast-animatediff/text-to-video",
    title: "AnimateDiff: text to video",
    description: "Makes a clip of a second or two from a description.",
    category: "text-to-video",
    input: textInput,
    examples: [T2V],
    needs: () => [need("generateVideo", "prompt")],
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/fast-animatediff/turbo/text-to-video",
    title: "AnimateDiff turbo: text to video",
    description: "Makes a clip of a second or two from a description in few steps.",
    category: "text-to-video",
    input: turboTextInput,
    examples: [T2V],
    needs: () => [need("generateVideo", "prompt")],
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/fast-animatediff/turbo/video-to-video",
    title: "AnimateDiff turbo: video to video",
    description: "Repaints the first seconds of a video by a description in few steps.",
    category: "video-to-video",
    input: turboVideoInput,
    examples: [
      {
        video_url:
          "https://huggingface.co/datasets/huggingface/documentation-images/resolve/main/diffusers/animatediff-vid2vid-input-2.gif",
        first_n_seconds: 3,
        prompt: "closeup of tony stark, robert downey jr, fireworks, high quality, ultra HD",
        negative_prompt: "(bad quality, worst quality:1.2), ugly faces, bad anime",
        num_inference_steps: 8,
        strength: 0.7,
        guidance_scale: 1,
        fps: 8,
      },
    ],
    accept: spellings(turboVideoInput),
    needs: () => [need("restyle", "video_url")],
  }),
];
