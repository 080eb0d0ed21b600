/** The one table of containers and codecs that videos are delivered in. */
import type { VideoFormat } from "../operations/encoding.ts";
import type { MediaHandle } from "../operations/operations.ts";
import { formatError } from "./limits.ts";
import { CONTENT_TYPE, type Container } from "./output.ts";
import { VIDEO_ENCODERS, type VideoCodec } from "./video-encoders.ts";

/** Container and codec of every delivery format. */
export const VIDEO_FORMATS: Readonly<
  Record<VideoFormat, { readonly container: Container; readonly codec: VideoCodec }>
> = {
  mp4_h264: { container: "mp4", codec: "h264" },
  mp4_h265: { container: "mp4", codec: "h265" },
  webm_vp9: { container: "webm", codec: "vp9" },
  gif: { container: "gif", codec: "gif" },
  mov_h264: { container: "mov", codec: "h264" },
  mov_h265: { container: "mov", codec: "h265" },
  mov_proresks: { container: "mov", codec: "prores" },
  mkv_h264: { container: "mkv", codec: "h264" },
  mkv_h265: { container: "mkv", codec: "h265" },
  mkv_vp9: { container: "mkv", codec: "vp9" },
  mkv_mpeg4: { container: "mkv", codec: "mpeg4" },
};

/** The format used where none is asked for. */
export const DEFAULT_FORMAT: VideoFormat = "mp4_h264";

/** File name extension, with its dot, and media type of a delivery format. */
export function fileKind(format: VideoFormat = DEFAULT_FORMAT): {
  readonly extension: string;
  readonly contentType: string;
} {
  const { container } = VIDEO_FORMATS[format];
  return { extension: `.${container}`, contentType: CONTENT_TYPE[container] };
}

/** A source's file name with a suffix and the extension of the format it is delivered in. */
export function deliveredName(fileName: string, suffix: string, format: VideoFormat = DEFAULT_FORMAT): string {
  return `${fileName.replace(/\.[^.]*$/, "") || "video"}${suffix}${fileKind(format).extension}`;
}

/**
 * Refuses pictures that a format's codec cannot hold.
 * @throws ReshootError `unsupported_video_format` naming the media's field.
 */
export function requireEncodable(
  media: MediaHandle,
  { width, height }: { readonly width: number; readonly height: number },
  format: VideoFormat = DEFAULT_FORMAT,
): void {
  const { codec } = VIDEO_FORMATS[format];
  const [shortest, longest] = VIDEO_ENCODERS[codec].sides;
  if (Math.min(width, height) >= shortest && Math.max(width, height) <= longest) return;
  const message = `Pictures of ${width}x${height} do not go into ${format}, whose sides are ${shortest} to ${longest}`;
  throw formatError(media, "video", message);
}
