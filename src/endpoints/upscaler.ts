/** Video upscaler: more pixels for every frame. */
import { spellings } from "./accept.ts";
import { defineEndpoint } from "./endpoint.ts";
import { need } from "./needs.ts";
import { ASSUMED, tidy } from "./price.ts";
import { filled, float, media, videoInput, videoOutput } from "./schema.ts";

const VIDEO = "https://storage.googleapis.com/falserverless/videos/_o3VmzjOytBwRjCVPFX6i_output.mp4";

const input = videoInput({
  video_url: media("video", "Video to enlarge."),
  scale: filled(float("How many times as wide and high.", { minimum: 1, maximum: 8 }), 2),
});

/** fal's video upscaler. */
export const videoUpscaler = defineEndpoint({
  id: "fal-ai/video-upscaler",
  aliases: [],
  family: "Upscaler",
  title: "Video upscaler",
  description: "Enlarges a video up to eight times.",
  category: "video-to-video",
  transport: "request",
  vendor: "fal",
  input,
  output: videoOutput,
  examples: [{ video_url: VIDEO, scale: 2 }],
  price: {
    unitPrice: 0.0005,
    unit: "megapixel",
    units(value, facts) {
      const video = facts.media?.video;
      if (!video) return 1;
      const frames = video.frameCount || Math.round(video.duration * video.fps);
      return tidy((video.width * video.height * Number(value.scale) ** 2 * frames) / 1e6);
    },
    rule: `Per megapixel of all frames of the result. ${ASSUMED}`,
  },
  accept: spellings(input),
  needs: () => [need("upscale", "video_url")],
  async run(input, context) {
    context.stage("enlarging", 0, 1);
    const video = await context.open("video_url");
    const { scale, reshoot_output: delivery } = input;
    const result = await context.operations.upscale({ video, scale, delivery });
    return { video: { $file: result.video } };
  },
});
