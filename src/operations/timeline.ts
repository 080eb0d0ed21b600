/** Files as they are: their properties, and tracks laid beside, over and after each other. */
import type { Delivery, MediaHandle, MediaInfo, OperationOptions, ProducedVideo } from "./operations.ts";

/** See {@link Operations}. */
export type TimelineOperations = {
  /**
   * Container, streams, durations. Fails with a media error that names the field.
   * `count`: the whole file is read where its container does not say how many frames it has.
   */
  probe(params: { media: MediaHandle; count?: boolean }, options: OperationOptions): Promise<MediaInfo>;

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

  /**
   * Plays pieces at their times, those of higher layers over those of lower ones, and mixes their sound. The picture has
   * the shape of the first piece that has one, and the highest rate of all.
   * @param params.pieces at least one of them to be seen.
   * @throws ReshootError naming the piece's field: too long, no such stream.
   */
  composeTimeline(
    params: { pieces: readonly TimelinePiece[]; delivery: Delivery },
    options: OperationOptions,
  ): Promise<ProducedVideo & { thumbnail: MediaHandle }>;

  /** Plays videos with their sound one after the other, at one size and rate; stream copy where nothing has to change. */
  mergeVideos(
    params: {
      videos: readonly MediaHandle[];
      /** Frames a second; the lowest of the videos' when absent. */
      fps?: number;
      /** Pixels; the smallest width and height of the videos when absent. */
      size?: { readonly width: number; readonly height: number };
      /** Index of one of the videos, whose shape the result takes, as large as the size has room for. */
      shapeOf?: number;
      delivery: Delivery;
    },
    options: OperationOptions,
  ): Promise<ProducedVideo>;

  /** Plays sounds one after the other. Without `format`, WAV where no file has lost anything by its coding, else MP3. */
  mergeAudios(
    params: { audios: readonly MediaHandle[]; format?: AudioFormat },
    options: OperationOptions,
  ): Promise<{ audio: MediaHandle; duration: number }>;

  /** One frame as a PNG, upright. The middle one of an even number is the later of the two. */
  extractFrame(
    params: { video: MediaHandle; which: "first" | "middle" | "last" },
    options: OperationOptions,
  ): Promise<{ image: MediaHandle; width: number; height: number }>;

  /** Brings sound to a loudness by EBU R 128: by one gain where peak and range allow it, else dynamically. */
  normalizeLoudness(
    params: {
      audio: MediaHandle;
      /** Loudness to reach, in LUFS. */
      integrated: number;
      /** Highest true peak, in dBTP. */
      truePeak: number;
      /** Highest loudness range, in LU. */
      range: number;
      /** Gain before the limiter, in dB; found by itself when absent. */
      offset?: number;
      /** Whether one gain is wanted for the whole file; it is taken where it fits when absent. */
      linear?: boolean;
      /** To be taken for the truth instead of measuring. */
      measured?: { integrated: number; truePeak: number; range: number; threshold: number };
      /** Whether one channel counts as the two that it is played by. */
      dualMono: boolean;
    },
    options: OperationOptions,
  ): Promise<{ audio: MediaHandle; summary: LoudnessSummary }>;

  /** Heights of a sound, mixed to one channel: of each stretch its farthest sample from zero, -1 to 1, smoothed. */
  drawWaveform(
    params: {
      media: MediaHandle;
      pointsPerSecond: number;
      /** Points averaged for one; odd. */
      smoothingWindow: number;
    },
    options: OperationOptions,
  ): Promise<{ points: readonly number[] /** Seconds. */; duration: number }>;

  /** Shows pictures one after the other, each for some frames, at the size of the first. */
  imagesToVideo(
    params: { images: readonly { media: MediaHandle; frames: number }[]; fps: number; delivery: Delivery },
    options: OperationOptions,
  ): Promise<ProducedVideo>;
};

/** Something on a timeline. */
export type TimelinePiece = {
  readonly media: MediaHandle;
  /** What it is used as: a video is seen and heard, an image only seen, sound only heard. */
  readonly use: "video" | "image" | "sound";
  /** Higher lies over lower; of one layer the later in the list. */
  readonly layer: number;
  /** Seconds. */
  readonly start: number;
  /** Seconds; a video that is shorter stays on its last picture. */
  readonly duration: number;
};

/** How sound is coded. */
export type AudioFormat = {
  readonly codec: "mp3" | "opus" | "pcm" | "ulaw" | "alaw";
  /** Samples a second. */
  readonly rate: number;
  /** Bits a second; of MP3 and Opus only. */
  readonly bitRate?: number;
};

/** What loudness normalisation measured: LUFS, dBTP and LU, to two decimals. Silence is -70 LUFS and -99 dBTP. */
export type LoudnessSummary = {
  readonly inputIntegrated: number;
  readonly inputTruePeak: number;
  readonly inputRange: number;
  readonly inputThreshold: number;
  readonly outputIntegrated: number;
  readonly outputTruePeak: number;
  readonly outputRange: number;
  readonly outputThreshold: number;
  readonly type: "linear" | "dynamic";
  /** LU still missing from the target. */
  readonly targetOffset: number;
};
