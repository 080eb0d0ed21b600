/** What fal's FFmpeg endpoints say about media files. */
import Type from "typebox";
import type { LoudnessSummary } from "../operations/timeline.ts";
import { filled, float, integer, object, optional, text } from "./schema.ts";

const common = {
  url: text("Where the file can be read."),
  content_type: text("Media type of the file."),
  file_name: text("Name of the file."),
  file_size: integer("Size in bytes."),
  duration: float("Length in seconds."),
  bitrate: integer("Bits per second of the whole file."),
  codec: text("Codec of the main stream."),
  container: text("Container format."),
};

const AudioTrack = object("AudioTrack", {
  codec: text("Codec, such as aac or mp3."),
  channels: integer("Number of channels."),
  sample_rate: integer("Samples per second."),
  bitrate: integer("Bits per second."),
});

const Resolution = object("Resolution", {
  aspect_ratio: text("Shape as displayed, such as 16:9."),
  width: integer("Width in pixels."),
  height: integer("Height in pixels."),
});

const VideoFormat = object("VideoFormat", {
  container: text("Container format."),
  video_codec: text("Codec, such as h264."),
  profile: text("Profile of the codec, such as high."),
  level: float("Level of the codec, such as 4.1."),
  pixel_format: text("Pixel format, such as yuv420p."),
  bitrate: integer("Bits per second of the video stream."),
});

/** A video file, described. */
export const VideoMedia = object("Video", {
  media_type: filled(text("Always video."), "video"),
  ...common,
  fps: integer("Frames per second."),
  frame_count: integer("Number of frames."),
  timebase: text("Unit of the frames' times, such as 1/12800."),
  resolution: Resolution,
  format: VideoFormat,
  audio: optional(AudioTrack),
  start_frame_url: optional(text("The first frame as a picture, when asked for.")),
  end_frame_url: optional(text("The last frame as a picture, when asked for.")),
});

/** An audio file, described. */
export const AudioMedia = object("Audio", {
  media_type: filled(text("Always audio."), "audio"),
  ...common,
  channels: integer("Number of channels."),
  sample_rate: integer("Samples per second."),
});

/** A file of a kind that only its bytes tell. */
export const AnyMedia = Type.Union([VideoMedia, AudioMedia], { description: "What the file is." });

/** What loudness normalisation measured. */
export const LoudnormSummary = object("LoudnormSummary", {
  input_integrated: optional(float("Integrated loudness before, in LUFS.")),
  input_true_peak: optional(float("True peak before, in dBTP.")),
  input_lra: optional(float("Loudness range before, in LU.")),
  input_threshold: optional(float("Gating threshold before, in LUFS.")),
  output_integrated: optional(float("Integrated loudness after, in LUFS.")),
  output_true_peak: optional(float("True peak after, in dBTP.")),
  output_lra: optional(float("Loudness range after, in LU.")),
  output_threshold: optional(float("Gating threshold after, in LUFS.")),
  normalization_type: optional(text("Dynamic or Linear.")),
  target_offset: optional(float("Gain still missing from the target, in LU.")),
});

/** {@link LoudnormSummary} in the vendor's words. */
export function loudnormSummary(summary: LoudnessSummary): Readonly<Record<string, number | string>> {
  return {
    input_integrated: summary.inputIntegrated,
    input_true_peak: summary.inputTruePeak,
    input_lra: summary.inputRange,
    input_threshold: summary.inputThreshold,
    output_integrated: summary.outputIntegrated,
    output_true_peak: summary.outputTruePeak,
    output_lra: summary.outputRange,
    output_threshold: summary.outputThreshold,
    normalization_type: summary.type === "linear" ? "Linear" : "Dynamic",
    target_offset: summary.targetOffset,
  };
}
