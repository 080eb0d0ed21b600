/** fal's FFmpeg endpoints that make or read videos. */
import type { Issue } from "../errors.ts";
import { spellings } from "./accept.ts";
import { defineEndpoint, type Endpoint } from "./endpoint.ts";
import { compose } from "./ffmpeg-compose.ts";
import { openAll, tooMany } from "./ffmpeg-lists.ts";
import { metadata } from "./ffmpeg-metadata.ts";
import { ffmpegPrice, ffmpegPriceOf } from "./ffmpeg-price.ts";
import { need } from "./needs.ts";
import {
  choice,
  File,
  filled,
  float,
  Image,
  integer,
  list,
  media,
  object,
  optional,
  videoInput,
  videoOutput,
} from "./schema.ts";
import { type Static, Type } from "./typebox.ts";

const VIDEO = "https://storage.googleapis.com/falserverless/example_inputs/ffmpeg-video.mp4";
const AUDIO = "https://storage.googleapis.com/falserverless/example_inputs/ffmpeg-audio.wav";
const IMAGE =
  "https://storage.googleapis.com/falserverless/model_tests/ltx/NswO1P8sCLzrh1WefqQFK_9a6bdbfa54b944c9a770338159a113fd.jpg";

const common = {
  aliases: [],
  family: "FFmpeg",
  transport: "request",
  vendor: "fal",
  price: ffmpegPrice,
} as const;

const mergeInput = videoInput({
  video_url: media("video", "Video whose picture is kept."),
  audio_url: media("audio", "Audio to lay under it; of a video, its sound is used."),
  start_offset: optional(float("Seconds into the video at which the audio starts; 0 when left out.")),
});

/** The sizes that fal's models know by name. */
const SIZES = {
  square_hd: { width: 1024, height: 1024 },
  square: { width: 512, height: 512 },
  portrait_4_3: { width: 768, height: 1024 },
  portrait_16_9: { width: 576, height: 1024 },
  landscape_4_3: { width: 1024, height: 768 },
  landscape_16_9: { width: 1024, height: 576 },
} as const;

const ImageSize = object("ImageSize", {
  width: filled(integer("Width in pixels.", { minimum: 512, maximum: 2048 }), 512),
  height: filled(integer("Height in pixels.", { minimum: 512, maximum: 2048 }), 512),
});
const mergeVideosInput = videoInput({
  video_urls: list(media("video", "A video."), "Videos in their order.", { minItems: 1 }),
  target_fps: optional(
    float("Frames per second of the result; the lowest of the videos' when left out.", { minimum: 1, maximum: 60 }),
  ),
  resolution: optional(
    Type.Union(
      [
        ImageSize,
        choice(
          ["square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"],
          "A usual size.",
        ),
      ],
      { description: "Size of the result; the smallest width and height of the videos when left out." },
    ),
  ),
  resolution_aspect_ratio_video_index: optional(
    integer("Which video's shape the result takes, counted from 0.", { minimum: 0 }),
  ),
});

function checkMerge(input: Static<typeof mergeVideosInput>): readonly Issue[] {
  const { video_urls: videos, resolution_aspect_ratio_video_index: index } = input;
  const issues = [...tooMany(["video_urls"], videos)];
  if (index !== undefined && index >= videos.length) {
    const msg = `Value error, there are ${videos.length} videos, counted from 0`;
    issues.push({ loc: ["body", "resolution_aspect_ratio_video_index"], msg, type: "value_error", input: index });
  }
  return issues;
}

const extractInput = Type.Object({
  video_url: media("video", "Video to take a frame from."),
  frame_type: filled(choice(["first", "middle", "last"], "Which frame."), "first"),
});

const StillImage = object("StillImage", {
  url: media("image", "The picture."),
  frames: filled(integer("Frames it stays.", { minimum: 1 }), 1),
});
const imagesInput = videoInput({
  images: list(StillImage, "Pictures in their order.", { minItems: 1 }),
  fps: filled(integer("Frames per second.", { minimum: 1, maximum: 120 }), 24),
});

/** Laying audio under a video: the one FFmpeg endpoint that is composed of an operation engines offer now. */
const mergeAudioVideo = defineEndpoint({
  ...common,
  id: "fal-ai/ffmpeg-api/merge-audio-video",
  title: "FFmpeg: merge audio and video",
  description: "Lays an audio track under a video, in place of its own sound.",
  category: "video-to-video",
  input: mergeInput,
  output: videoOutput,
  examples: [{ video_url: VIDEO, audio_url: AUDIO }],
  accept: spellings(mergeInput),
  needs: () => [need("muxAudio", "audio_url")],
  async run(input, context) {
    const [video, audio] = await Promise.all([context.open("video_url"), context.open("audio_url")]);
    context.stage("merging", 0, 1);
    const merged = await context.operations.muxAudio({
      video,
      audio,
      startOffset: input.start_offset ?? 0,
      delivery: input.reshoot_output,
    });
    return { video: { $file: merged.video } };
  },
});

/** All FFmpeg endpoints whose subject is a video. */
export const ffmpegVideo: readonly Endpoint[] = [
  mergeAudioVideo,
  compose,
  metadata,
  defineEndpoint({
    ...common,
    id: "fal-ai/ffmpeg-api/merge-videos",
    title: "FFmpeg: merge videos",
    description: "Plays videos one after the other, as one.",
    category: "video-to-video",
    input: mergeVideosInput,
    output: Type.Object({
      video: File,
      metadata: object("MergeMetadata", {}, "What the videos were and what the result is."),
    }),
    examples: [{ video_urls: [VIDEO, VIDEO] }],
    accept: spellings(mergeVideosInput),
    check: checkMerge,
    needs: () => [need("mergeVideos", "video_urls")],
    async run(input, context) {
      const videos = await openAll(context, ["video_urls"], input.video_urls);
      context.stage("merging", 0, 1);
      const { target_fps: fps, resolution, resolution_aspect_ratio_video_index: shapeOf } = input;
      const size = typeof resolution === "string" ? SIZES[resolution] : resolution;
      const { video, width, height, frameCount, ...facts } = await context.operations.mergeVideos({
        videos,
        ...(fps !== undefined && { fps }),
        ...(size && { size }),
        ...(shapeOf !== undefined && { shapeOf }),
        delivery: input.reshoot_output,
      });
      const metadata = { ...facts, width, height, num_frames: frameCount, num_videos: videos.length };
      return { video: { $file: video }, metadata };
    },
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/ffmpeg-api/extract-frame",
    title: "FFmpeg: extract frame",
    description: "Takes the first, middle or last frame of a video as a picture.",
    category: "json",
    input: extractInput,
    output: Type.Object({ images: list(Image, "The picture, as a list of one.") }),
    examples: [{ video_url: VIDEO, frame_type: "first" }],
    accept: spellings(extractInput),
    needs: () => [need("extractFrame", "video_url")],
    async run(input, context) {
      const video = await context.open("video_url");
      context.stage("extracting", 0, 1);
      const { image, width, height } = await context.operations.extractFrame({ video, which: input.frame_type });
      return { images: [{ $file: image, width, height }] };
    },
  }),
  defineEndpoint({
    ...common,
    price: ffmpegPriceOf<Static<typeof imagesInput>>(
      ({ images, fps }) => images.reduce((sum, { frames }) => sum + frames, 0) / fps,
    ),
    id: "fal-ai/ffmpeg-api/images-to-video",
    title: "FFmpeg: images to video",
    description: "Makes a video of still pictures, each held for some frames.",
    category: "image-to-video",
    input: imagesInput,
    output: videoOutput,
    examples: [{ images: [{ url: IMAGE, frames: 48 }], fps: 24 }],
    check: (input) => tooMany(["images"], input.images),
    needs: () => [need("imagesToVideo", "images")],
    async run(input, context) {
      const urls = input.images.map(({ url }) => url);
      const media = await openAll(context, ["images"], urls, ["url"]);
      context.stage("composing", 0, 1);
      const images = input.images.map(({ frames }, index) => ({ media: media[index]!, frames }));
      const { fps, reshoot_output: delivery } = input;
      const { video } = await context.operations.imagesToVideo({ images, fps, delivery });
      return { video: { $file: video } };
    },
  }),
];
