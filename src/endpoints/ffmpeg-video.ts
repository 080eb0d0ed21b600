/** fal's FFmpeg endpoints that make or read videos. */
import Type from "typebox";
import { spellings } from "./accept.ts";
import { defineEndpoint, type Endpoint } from "./endpoint.ts";
import { AnyMedia } from "./ffmpeg-media.ts";
import { need } from "./needs.ts";
import { ASSUMED, perSecond } from "./price.ts";
import {
  choice,
  File,
  filled,
  flag,
  float,
  Image,
  integer,
  list,
  media,
  object,
  optional,
  text,
  videoInput,
  videoOutput,
} from "./schema.ts";

const VIDEO = "https://storage.googleapis.com/falserverless/example_inputs/ffmpeg-video.mp4";
const AUDIO = "https://storage.googleapis.com/falserverless/example_inputs/ffmpeg-audio.wav";
const IMAGE =
  "https://storage.googleapis.com/falserverless/model_tests/ltx/NswO1P8sCLzrh1WefqQFK_9a6bdbfa54b944c9a770338159a113fd.jpg";

/** Shared by all FFmpeg endpoints. */
export const ffmpegPrice = perSecond(0.0002, `Per second of media. ${ASSUMED}`);
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

const Keyframe = object("Keyframe", {
  timestamp: float("Milliseconds into the result at which it starts.", { minimum: 0 }),
  duration: float("Milliseconds it lasts.", { minimum: 0 }),
  url: media("media", "The video, audio or picture."),
});
const Track = object("Track", {
  id: text("A name of its own."),
  type: choice(["video", "audio", "image"], "What it holds."),
  keyframes: list(Keyframe, "Its pieces."),
});
const composeInput = videoInput({ tracks: list(Track, "Tracks, lowest first.", { minItems: 1 }) });

const metadataInput = Type.Object({
  media_url: media("media", "Video or audio file to read."),
  extract_frames: filled(flag("Also give a video's first and last frame as pictures."), false),
});

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
  defineEndpoint({
    ...common,
    id: "fal-ai/ffmpeg-api/compose",
    title: "FFmpeg: compose",
    description: "Makes one video of several tracks of videos, pictures and audio.",
    category: "video-to-video",
    input: composeInput,
    output: Type.Object({ video_url: text("The video."), thumbnail_url: text("A picture of it.") }),
    examples: [{ tracks: [{ id: "1", type: "video", keyframes: [{ timestamp: 0, duration: 3000, url: VIDEO }] }] }],
    accept: spellings(composeInput),
    needs: () => [need("composeTimeline", "tracks")],
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/ffmpeg-api/metadata",
    title: "FFmpeg: metadata",
    description: "Says what is in a video or audio file.",
    category: "json",
    input: metadataInput,
    output: Type.Object({ media: AnyMedia }),
    examples: [{ media_url: VIDEO }],
    accept: spellings(metadataInput, { media_url: ["video_url", "audio_url", "video", "audio"] }),
    needs: (input) => [
      need("probe", "media_url"),
      ...(input.extract_frames ? [need("extractFrame", "extract_frames")] : []),
    ],
  }),
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
    needs: () => [need("mergeVideos", "video_urls")],
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
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/ffmpeg-api/images-to-video",
    title: "FFmpeg: images to video",
    description: "Makes a video of still pictures, each held for some frames.",
    category: "image-to-video",
    input: imagesInput,
    output: videoOutput,
    examples: [{ images: [{ url: IMAGE, frames: 48 }], fps: 24 }],
    needs: () => [need("imagesToVideo", "images")],
  }),
];
