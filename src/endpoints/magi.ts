/** MAGI-1: video made chunk by chunk, 24 frames each, from words, a picture, or the end of a video. */
import { spellings } from "./accept.ts";
import { defineEndpoint, type Endpoint, type Price } from "./endpoint.ts";
import { need } from "./needs.ts";
import { choice, filled, flag, integer, media, optional, seededVideoOutput, text, videoInput } from "./schema.ts";

const prompt = { prompt: text("What the video should show; may be empty.") };
const frames = {
  num_frames: filled(
    integer("Frames to make; each 24 beyond 96 are one more billing unit.", { minimum: 96, maximum: 192 }),
    96,
  ),
};
const rest = {
  seed: optional(integer("The same seed and input give the same video.")),
  resolution: filled(choice(["480p", "720p"], "Size; 480p is half a billing unit."), "720p"),
  num_inference_steps: filled(choice(["4", "8", "16", "32", "64"], "Sampling steps: more is better and slower."), "16"),
  enable_safety_checker: filled(flag("Check the result's content, where a checker is configured."), true),
  aspect_ratio: filled(choice(["auto", "16:9", "9:16", "1:1"], "Shape; auto keeps the input's."), "auto"),
};

const textInput = videoInput({ ...prompt, ...frames, ...rest });
const imageInput = videoInput({
  ...prompt,
  image_url: media("image", "Picture the video starts with; cropped in the middle to fit the shape."),
  ...frames,
  ...rest,
});
const extendInput = videoInput({
  ...prompt,
  video_url: media("video", "Video to continue; cropped in the middle to fit the shape."),
  ...frames,
  start_frame: optional(
    integer("Frames kept before the new ones begin; 32 before the video's end when left out.", { minimum: 0 }),
  ),
  ...rest,
});

/** Units of 96 frames plus one per 24 begun beyond, halved at 480p. */
const price: Price = {
  unitPrice: 0.8,
  unit: "unit",
  units: (input) =>
    (1 + Math.max(0, Math.ceil((Number(input.num_frames) - 96) / 24))) * (input.resolution === "480p" ? 0.5 : 1),
  rule: "One unit for 96 frames, one more for each 24 begun beyond, half of that at 480p.",
};

const common = {
  aliases: [],
  family: "MAGI",
  transport: "request",
  vendor: "fal",
  output: seededVideoOutput,
  price,
} as const;

/** All MAGI endpoints. */
export const magi: readonly Endpoint[] = [
  defineEndpoint({
    ...common,
    id: "fal-ai/magi",
    title: "MAGI-1: text to video",
    description: "Makes a video from a description.",
    category: "text-to-video",
    input: textInput,
    examples: [{ prompt: "An old sea captain looks at the horizon while the camera circles him" }],
    needs: () => [need("generateVideo", "prompt")],
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/magi/image-to-video",
    title: "MAGI-1: image to video",
    description: "Makes a video that starts with a given picture.",
    category: "image-to-video",
    input: imageInput,
    examples: [
      {
        prompt: "The horse starts to gallop",
        image_url: "https://fal.media/files/koala/Kv2821G03ggpKK2AiZX71_d5fa7bacf06049cfaeb9588f6003b6d5.jpg",
      },
    ],
    accept: spellings(imageInput),
    needs: () => [need("generateVideo", "image_url")],
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/magi/extend-video",
    title: "MAGI-1: extend video",
    description: "Continues a video with new frames and leaves those before them as they are.",
    category: "video-to-video",
    input: extendInput,
    examples: [
      {
        prompt: "",
        video_url: "https://v3.fal.media/files/zebra/w4T087gvzG5LMGipMpPCO_pour-2s.mp4",
        num_frames: 96,
        resolution: "720p",
        num_inference_steps: 16,
        enable_safety_checker: true,
        aspect_ratio: "auto",
      },
    ],
    accept: spellings(extendInput),
    needs: () => [need("extendVideo", "video_url")],
  }),
];
