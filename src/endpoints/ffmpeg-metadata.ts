/** fal's FFmpeg endpoint that says what is in a file. */
import { fieldError } from "../errors.ts";
import type { MediaHandle, MediaInfo } from "../operations/operations.ts";
import { spellings } from "./accept.ts";
import { defineEndpoint } from "./endpoint.ts";
import { AnyMedia } from "./ffmpeg-media.ts";
import { ffmpegPrice } from "./ffmpeg-price.ts";
import { need } from "./needs.ts";
import { filled, flag, media } from "./schema.ts";
import { Type } from "./typebox.ts";

const VIDEO = "https://storage.googleapis.com/falserverless/example_inputs/ffmpeg-video.mp4";

const input = Type.Object({
  media_url: media("media", "Video or audio file to read."),
  extract_frames: filled(flag("Also give a video's first and last frame as pictures."), false),
});

/** What a video or audio file is. */
export const metadata = defineEndpoint({
  id: "fal-ai/ffmpeg-api/metadata",
  aliases: [],
  family: "FFmpeg",
  transport: "request",
  vendor: "fal",
  price: ffmpegPrice,
  title: "FFmpeg: metadata",
  description: "Says what is in a video or audio file.",
  category: "json",
  input,
  output: Type.Object({ media: AnyMedia }),
  examples: [{ media_url: VIDEO }],
  accept: spellings(input, { media_url: ["video_url", "audio_url", "video", "audio"] }),
  needs: ({ extract_frames }) => [
    need("probe", "media_url"),
    ...(extract_frames ? [need("extractFrame", "extract_frames")] : []),
  ],
  async run({ media_url: url, extract_frames: extract }, context) {
    const file = await context.open("media_url");
    context.stage("reading", 0, 0.5);
    const info = await context.operations.probe({ media: file, count: true });
    // FFmpeg's readers of single pictures are called png_pipe, jpeg_pipe and so on.
    if (info.container.endsWith("_pipe")) {
      throw fieldError("unsupported_video_format", file.loc, "A still picture is neither a video nor audio");
    }
    if (!info.video) return { media: describeAudio(url, file, info) };
    const described = describeVideo(url, file, info, info.video);
    if (!extract) return { media: described };
    context.stage("extracting", 0.5, 1);
    const first = await context.operations.extractFrame({ video: file, which: "first" });
    const last = await context.operations.extractFrame({ video: file, which: "last" });
    return { media: { ...described, start_frame_url: { $url: first.image }, end_frame_url: { $url: last.image } } };
  },
});

/** @param url as the input has it: a text, or a reference to a file of the store. */
function describeFile(url: unknown, file: MediaHandle, info: MediaInfo) {
  return {
    url,
    content_type: file.contentType,
    file_name: file.fileName,
    file_size: info.size,
    duration: info.duration,
    bitrate: Math.round(info.bitrate),
    container: containerName(info.container, file.fileName),
  };
}

function describeAudio(url: unknown, file: MediaHandle, info: MediaInfo) {
  const { codec, channels, sampleRate } = info.audio!;
  return { media_type: "audio", ...describeFile(url, file, info), codec, channels, sample_rate: sampleRate };
}

function describeVideo(url: unknown, file: MediaHandle, info: MediaInfo, video: NonNullable<MediaInfo["video"]>) {
  const { codec, width, height, sampleAspect } = video;
  const described = describeFile(url, file, info);
  const { audio } = info;
  return {
    media_type: "video",
    ...described,
    codec,
    // FFmpeg's own average is a guess from a GIF's first pictures.
    fps: Math.round(video.duration > 0 ? video.frameCount / video.duration : video.fps),
    frame_count: video.frameCount,
    timebase: video.timeBase.join("/"),
    resolution: { aspect_ratio: ratioName(width * sampleAspect[0], height * sampleAspect[1]), width, height },
    format: {
      container: described.container,
      video_codec: codec,
      profile: (video.profile ?? "unknown").toLowerCase(),
      level: levelOf(codec, video.level),
      pixel_format: video.pixelFormat,
      bitrate: Math.round(video.bitrate),
    },
    ...(audio && {
      audio: {
        codec: audio.codec,
        channels: audio.channels,
        sample_rate: audio.sampleRate,
        bitrate: Math.round(audio.bitrate),
      },
    }),
  };
}

/** One name out of FFmpeg's list of a family of containers: the file's own ending where it is one of them. */
function containerName(names: string, fileName: string): string {
  const family = names.split(",");
  const ending = fileName.split(".").at(-1)!.toLowerCase();
  if (family.includes(ending)) return ending;
  if (family.includes("mp4")) return "mp4";
  return family[0]!;
}

/** Levels as people write them. 0 where the codec has none. */
function levelOf(codec: string, level = 0): number {
  if (codec === "h264") return level / 10;
  if (codec === "hevc") return level / 30;
  // AV1's annex A counts four steps from 2.0 on.
  if (codec === "av1") return Number(`${2 + (level >> 2)}.${level & 3}`);
  return level;
}

function ratioName(width: number, height: number): string {
  let [a, b] = [width, height];
  while (b > 0) [a, b] = [b, a % b];
  return `${width / a}:${height / a}`;
}
