/** AMT: frames in between frames. n passes over m frames give 2^n (m - 1) + 1. */
import type { Effort } from "../operations/frames.ts";
import type { Delivery, MediaHandle } from "../operations/operations.ts";
import { spellings } from "./accept.ts";
import { defineEndpoint, type Endpoint, type EndpointContext } from "./endpoint.ts";
import { need } from "./needs.ts";
import { ASSUMED, flat } from "./price.ts";
import { EXTENSION, filled, integer, list, media, object, videoInput, videoOutput } from "./schema.ts";
import { Type } from "./typebox.ts";

const IMAGE = "https://fal.media/files/koala/Kv2821G03ggpKK2AiZX71_d5fa7bacf06049cfaeb9588f6003b6d5.jpg";
const IMAGE_2 =
  "https://storage.googleapis.com/falserverless/model_tests/ltx/YAPOGvmS2tM_Krdp7q6-d_267c97e017c34f679844a4477dfcec38.jpg";

const Frame = object("Frame", { url: media("image", "The frame.") });
const timing = (passes: number) => ({
  output_fps: filled(integer("Frames per second of the result.", { minimum: 1, maximum: 240 }), 24),
  recursive_interpolation_passes: filled(
    integer("Passes; each puts a frame between every two.", { minimum: 1, maximum: 8 }),
    passes,
  ),
  reshoot_effort: filled(
    Type.Unsafe<Effort>({
      type: "string",
      enum: ["best", "draft"],
      description: "draft is faster, and less exact where things move.",
      [EXTENSION]: true,
    }),
    "best",
  ),
});

const videoToVideo = videoInput({ video_url: media("video", "Video to interpolate; GIF works too."), ...timing(2) });
const framesToVideo = videoInput({
  frames: list(Frame, "Frames in their order; at least two.", { minItems: 2 }),
  ...timing(4),
});

type TimingInput = {
  readonly output_fps: number;
  readonly recursive_interpolation_passes: number;
  readonly reshoot_effort: Effort;
  readonly reshoot_output: Delivery;
};

/** n passes, each of which puts a frame between every two, put 2^n - 1 there. */
async function interpolate(video: MediaHandle, input: TimingInput, context: EndpointContext) {
  const made = await context.operations.interpolateFrames({
    video,
    between: 2 ** input.recursive_interpolation_passes - 1,
    fps: input.output_fps,
    effort: input.reshoot_effort,
    delivery: input.reshoot_output,
    ...(input.reshoot_effort === "draft" && { encoding: { effort: "draft" } as const }),
  });
  return { video: { $file: made.video } };
}

const common = {
  aliases: [],
  family: "Interpolation",
  transport: "request",
  vendor: "fal",
  output: videoOutput,
  price: flat(0.01, "video", `Every video costs the same; the vendor charges by compute time. ${ASSUMED}`),
} as const;

/** Both AMT endpoints. */
export const interpolation: readonly Endpoint[] = [
  defineEndpoint({
    ...common,
    id: "fal-ai/amt-interpolation",
    title: "AMT: video interpolation",
    description: "Puts frames between the frames of a video.",
    category: "video-to-video",
    input: videoToVideo,
    examples: [
      {
        video_url:
          "https://huggingface.co/datasets/huggingface/documentation-images/resolve/main/diffusers/animatediff-vid2vid-input-2.gif",
        output_fps: 24,
        recursive_interpolation_passes: 2,
      },
    ],
    accept: spellings(videoToVideo),
    needs: () => [need("interpolateFrames", "video_url")],
    async run(input, context) {
      context.stage("interpolating", 0, 1);
      return interpolate(await context.open("video_url"), input, context);
    },
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/amt-interpolation/frame-interpolation",
    title: "AMT: frame interpolation",
    description: "Makes a video that leads through given pictures.",
    category: "image-to-video",
    input: framesToVideo,
    examples: [{ frames: [{ url: IMAGE }, { url: IMAGE_2 }] }],
    needs: () => [need("interpolateFrames", "frames"), need("imagesToVideo", "frames")],
    async run(input, context) {
      const images: { media: MediaHandle; frames: number }[] = [];
      for (const index of input.frames.keys()) {
        images.push({ media: await context.open(["body", "frames", index, "url"]), frames: 1 });
      }
      context.stage("reading the pictures", 0, 0.1);
      const clip = await context.operations.imagesToVideo({ images, fps: input.output_fps, delivery: "lossless" });
      context.stage("interpolating", 0.1, 1);
      return interpolate({ ...clip.video, loc: ["body", "frames"] }, input, context);
    },
  }),
];
