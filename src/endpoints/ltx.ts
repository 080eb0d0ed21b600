/** LTX-Video 13B distilled: video from a prompt and any number of pictures and videos at chosen frames. */
import { spellings } from "./accept.ts";
import { defineEndpoint } from "./endpoint.ts";
import { need } from "./needs.ts";
import { ASSUMED, tidy } from "./price.ts";
import {
  choice,
  File,
  filled,
  flag,
  float,
  integer,
  list,
  media,
  object,
  optional,
  promptedVideoOutput,
  text,
  videoInput,
} from "./schema.ts";

const PROMPT =
  "A vibrant, abstract composition featuring a person with outstretched arms, rendered in a kaleidoscope of colors against a deep, dark background. The figure is composed of intricate, swirling patterns reminiscent of a mosaic, with hues of orange, yellow, blue, and green that evoke the style of artists such as Wassily Kandinsky or Bridget Riley. The camera zooms into the face striking portrait of a man, reimagined through the lens of old-school video-game graphics. The subject's face is rendered in a kaleidoscope of colors, with bold blues and reds set against a vibrant yellow backdrop. His dark hair is pulled back, framing his profile in a dramatic pose.";
const NEGATIVE_PROMPT = "worst quality, inconsistent motion, blurry, jittery, distorted";

const LoRAWeight = object("LoRAWeight", {
  path: text("URL or path of the weights."),
  weight_name: optional(text("Which weights, where the path holds several.")),
  scale: filled(float("How strongly they act."), 1),
});
const strength = filled(float("How strongly it acts: 0 not at all, 1 fully.", { minimum: 0, maximum: 1 }), 1);
const startFrame = filled(
  integer("Frame of the result it applies to; a multiple of 8.", { minimum: 0, multipleOf: 8 }),
  0,
);
const ImageConditioningInput = object("ImageConditioningInput", {
  image_url: media("image", "The picture."),
  start_frame_num: startFrame,
  strength,
});
const VideoConditioningInput = object("VideoConditioningInput", {
  video_url: media("video", "The video."),
  conditioning_type: filled(choice(["rgb", "depth", "pose", "canny"], "What of the video is followed."), "rgb"),
  preprocess: optional(flag("Turn the video into that control; off when it already is one.")),
  start_frame_num: startFrame,
  strength,
  limit_num_frames: optional(flag("Use at most max_num_frames frames.")),
  max_num_frames: filled(integer("Most frames to use.", { minimum: 1 }), 1441),
  resample_fps: optional(flag("Bring the video to target_fps first.")),
  target_fps: filled(integer("Frame rate to bring the video to.", { minimum: 1 }), 24),
  reverse_video: optional(flag("Use the video backwards.")),
});

const steps = { minimum: 2, maximum: 12 };
const input = videoInput({
  prompt: text("What the video should show."),
  negative_prompt: filled(text("What the model should avoid."), NEGATIVE_PROMPT),
  loras: optional(list(LoRAWeight, "LoRA weights to load.")),
  resolution: filled(choice(["480p", "720p"], "Size of the video."), "720p"),
  aspect_ratio: filled(choice(["9:16", "1:1", "16:9", "auto"], "Shape of the video."), "auto"),
  seed: optional(integer("The same seed and input give the same video.")),
  num_frames: filled(integer("Frames to make.", { minimum: 9, maximum: 1441 }), 121),
  first_pass_num_inference_steps: filled(integer("Steps of the first pass.", steps), 8),
  first_pass_skip_final_steps: filled(
    integer("Steps the first pass leaves out at its end, so that it decides on the large shapes.", { minimum: 0 }),
    1,
  ),
  second_pass_num_inference_steps: filled(integer("Steps of the second pass.", steps), 8),
  second_pass_skip_initial_steps: filled(
    integer("Steps the second pass leaves out at its start, so that it decides on details.", {
      minimum: 1,
      maximum: 11,
    }),
    5,
  ),
  frame_rate: filled(integer("Frames per second.", { minimum: 1, maximum: 60 }), 30),
  expand_prompt: optional(flag("Let a language model enrich the prompt.")),
  reverse_video: optional(flag("Play the result backwards.")),
  enable_safety_checker: filled(flag("Check the result's content, where a checker is configured."), true),
  constant_rate_factor: filled(
    integer("How strongly given pictures and videos are compressed first: nearer to what the model knows.", {
      minimum: 0,
      maximum: 51,
    }),
    35,
  ),
  images: optional(list(ImageConditioningInput, "Pictures at chosen frames.")),
  videos: optional(list(VideoConditioningInput, "Videos from chosen frames on.")),
  enable_detail_pass: optional(flag("Add a pass for details, at twice the price.")),
  temporal_adain_factor: optional(
    float("How far colours over time are evened; 0.5 when left out.", { minimum: 0, maximum: 1 }),
  ),
  tone_map_compression_ratio: optional(
    float("How far extreme tones are compressed; 0 when left out.", { minimum: 0, maximum: 1 }),
  ),
});

/** LTX with several conditions. */
export const ltx = defineEndpoint({
  id: "fal-ai/ltx-video-13b-distilled/multiconditioning",
  aliases: [],
  family: "LTX",
  title: "LTX-Video 13B distilled: multiconditioning",
  description: "Makes a video from a description and any number of pictures and videos.",
  category: "video-to-video",
  transport: "request",
  vendor: "fal",
  input,
  output: promptedVideoOutput(File),
  examples: [
    {
      prompt: PROMPT,
      negative_prompt: NEGATIVE_PROMPT,
      loras: [],
      resolution: "720p",
      aspect_ratio: "auto",
      num_frames: 121,
      first_pass_num_inference_steps: 8,
      first_pass_skip_final_steps: 1,
      second_pass_num_inference_steps: 8,
      second_pass_skip_initial_steps: 5,
      frame_rate: 30,
      expand_prompt: false,
      reverse_video: false,
      enable_safety_checker: true,
      constant_rate_factor: 35,
      images: [
        {
          strength: 1,
          start_frame_num: 0,
          image_url:
            "https://storage.googleapis.com/falserverless/model_tests/ltx/NswO1P8sCLzrh1WefqQFK_9a6bdbfa54b944c9a770338159a113fd.jpg",
        },
        {
          strength: 1,
          start_frame_num: 120,
          image_url:
            "https://storage.googleapis.com/falserverless/model_tests/ltx/YAPOGvmS2tM_Krdp7q6-d_267c97e017c34f679844a4477dfcec38.jpg",
        },
      ],
      videos: [],
    },
  ],
  price: {
    unitPrice: 0.04,
    unit: "second",
    units: (value) =>
      tidy((Number(value.num_frames) / Number(value.frame_rate)) * (value.enable_detail_pass === true ? 2 : 1)),
    rule: `Per second of the result (num_frames / frame_rate); the detail pass doubles it. ${ASSUMED}`,
  },
  accept: spellings(input),
  needs: () => [need("generateVideo", "prompt")],
});
