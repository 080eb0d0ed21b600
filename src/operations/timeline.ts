/** Files as they are: their properties, and tracks laid beside, over and after each other. */
import type { Delivery, MediaHandle, MediaInfo, OperationOptions, ProducedVideo, Unoffered } from "./operations.ts";

/** See {@link Operations}. */
export type TimelineOperations = {
  /** Container, streams, durations. Fails with a media error that names the field. */
  probe(params: { media: MediaHandle }, options: OperationOptions): Promise<MediaInfo>;

  /** Lays an audio track under a video; stream copy where the containers allow it. */
  muxAudio(
    params: {
      video: MediaHandle;
      /** An audio file, or a video whose first audio track is used. */
      audio: MediaHandle;
      /** Seconds into the video at which the audio starts; negative cuts the start of the audio. */
      startOffset: number;
      delivery: Delivery;
    },
    options: OperationOptions,
  ): Promise<ProducedVideo>;

  composeTimeline: Unoffered;
  mergeVideos: Unoffered;
  mergeAudios: Unoffered;
  extractFrame: Unoffered;
  normalizeLoudness: Unoffered;
  drawWaveform: Unoffered;
  imagesToVideo: Unoffered;
};
