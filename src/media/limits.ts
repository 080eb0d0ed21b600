/** What an input may be, and the errors when it is not. */
import { type ErrorCode, fieldError, type ReshootError } from "../errors.ts";
import type { MediaHandle } from "../operations/operations.ts";

/** Limits on one input file; the configured ones. */
export type MediaLimits = {
  /** Longest video or audio, in seconds. */
  readonly inputSeconds: number;
  /** Largest picture: width times height. */
  readonly inputPixels: number;
};

/** Limits on one input file and on what is put together from several. */
export type TimelineLimits = MediaLimits & {
  /** Longest result, in seconds. */
  readonly outputSeconds: number;
};

/** For a file that has been opened under the real limits before. */
export const ALREADY_CHECKED: MediaLimits = { inputSeconds: Number.POSITIVE_INFINITY, inputPixels: 2 ** 31 - 1 };

/** What an input is used as: decides the words of its errors. */
export type MediaKind = "video" | "audio" | "image" | "media";

/** A file with more streams is refused: every one costs memory before anything is known about it. */
export const MAX_STREAMS = 64;

/** Pictures a second of the longest allowed input; more is an attack on time, not a video. */
export const MAX_FRAME_RATE = 250;

const LOAD: Record<MediaKind, ErrorCode> = {
  video: "video_load_error",
  audio: "audio_load_error",
  image: "image_load_error",
  media: "video_load_error",
};

const FORMAT: Record<MediaKind, ErrorCode> = {
  video: "unsupported_video_format",
  audio: "unsupported_audio_format",
  image: "unsupported_image_format",
  media: "unsupported_video_format",
};

/** The file is damaged, or lacks what it should have. */
export function loadError(media: MediaHandle, kind: MediaKind, message: string, cause?: unknown): ReshootError {
  return fieldError(LOAD[kind], media.loc, message, cause === undefined ? {} : { cause });
}

/** The file is of a type that is not read. */
export function formatError(media: MediaHandle, kind: MediaKind, message: string): ReshootError {
  return fieldError(FORMAT[kind], media.loc, message);
}

/** @throws `image_too_large` when a picture has more pixels than allowed. */
export function checkPixels(media: MediaHandle, width: number, height: number, limits: MediaLimits): void {
  if (width * height <= limits.inputPixels) return;
  const message = `The picture is ${width}x${height}; at most ${limits.inputPixels} pixels are allowed`;
  const ctx = { max_pixels: limits.inputPixels, provided_width: width, provided_height: height };
  throw fieldError("image_too_large", media.loc, message, { ctx });
}

/** @throws `video_duration_too_long` or `audio_duration_too_long`. */
export function checkDuration(media: MediaHandle, kind: MediaKind, seconds: number, limits: MediaLimits): void {
  if (seconds <= limits.inputSeconds) return;
  const code = kind === "audio" ? "audio_duration_too_long" : "video_duration_too_long";
  const message = `The ${kind === "audio" ? "audio" : "video"} is longer than ${limits.inputSeconds} seconds`;
  const ctx = { max_duration: limits.inputSeconds, provided_duration: seconds };
  throw fieldError(code, media.loc, message, { ctx });
}
