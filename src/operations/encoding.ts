/** How a produced video is written: container, codec, quality. */

/** Containers and codecs that videos are delivered in, as `container_codec`. The one table of them is in media/video-formats.ts. */
export type VideoFormat =
  | "mp4_h264"
  | "mp4_h265"
  | "webm_vp9"
  | "gif"
  | "mov_h264"
  | "mov_h265"
  | "mov_proresks"
  | "mkv_h264"
  | "mkv_h265"
  | "mkv_vp9"
  | "mkv_mpeg4";

/** How good the picture is: `high` cannot be told from the frames by eye; `maximum` leaves room for more editing. */
export type VideoQuality = "low" | "medium" | "high" | "maximum";

/** What the encoder spends: `draft` least of all, `fast` little time, `small` effort for a smaller file of the same quality. */
export type VideoEffort = "draft" | "fast" | "balanced" | "small";

/** Choices beside {@link Delivery}, which says whether anything may be lost at all. */
export type Encoding = {
  /** `mp4_h264` when absent. */
  readonly format?: VideoFormat;
  /** `high` when absent. */
  readonly quality?: VideoQuality;
  /** `balanced` when absent. */
  readonly effort?: VideoEffort;
};
