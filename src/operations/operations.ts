/**
 * Operations: what engines can do, as engine-neutral verbs. An endpoint composes them; an engine offers some of them.
 * Media goes in and out as handles to files in the job's own folder.
 */
import type { Loc } from "../errors.ts";
import type { ConformOperations } from "./conform.ts";
import type { FrameOperations } from "./frames.ts";
import type { GenerationOperations } from "./generation.ts";
import type { PlacementOperations } from "./placement.ts";
import type { RemovalOperations } from "./removal.ts";
import type { SegmentationOperations } from "./segmentation.ts";
import type { TimelineOperations } from "./timeline.ts";

/** A media file that a job may read. */
export type MediaHandle = {
  /** Absolute path of a local file. */
  readonly path: string;
  /** The input field it came from, so that an error about the file names the field. */
  readonly loc: Loc;
  /** Declared or sniffed type, for example `video/mp4`; never trusted. */
  readonly contentType: string;
  readonly fileName: string;
};

/** Passed to every operation beside its own parameters. */
export type OperationOptions = {
  readonly signal: AbortSignal;
  /** `fraction` of this operation, 0 to 1. */
  readonly onProgress: (fraction: number, stage?: string) => void;
  readonly onLog: (level: LogLevel, message: string) => void;
};

/** Severity of a log line a caller may see. */
export type LogLevel = "DEBUG" | "INFO" | "WARN" | "ERROR";

/** How a produced video is encoded: `default` is x264 crf 16; `lossless` is x264 qp 0, for measuring and for editors. */
export type Delivery = "default" | "lossless";

/** What is known about a file before any frame is handed out. */
export type MediaInfo = {
  /** FFmpeg's short container name, for example `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly container: string;
  /** Seconds; the longest stream. */
  readonly duration: number;
  /** Bits per second, 0 when unknown. */
  readonly bitrate: number;
  /** Bytes of the file. */
  readonly size: number;
  readonly video?: {
    readonly codec: string;
    /** Pixels as displayed: after rotation, before sample aspect. */
    readonly width: number;
    readonly height: number;
    /** Average frames per second. */
    readonly fps: number;
    /** 0 when the container does not say. */
    readonly frameCount: number;
    /** Seconds. */
    readonly duration: number;
    readonly pixelFormat: string;
    /** Clockwise degrees the stored picture must turn: 0, 90, 180 or 270. */
    readonly rotation: 0 | 90 | 180 | 270;
    /** Sample aspect ratio, `[num, den]`; `[1, 1]` when square or unknown. */
    readonly sampleAspect: readonly [number, number];
    readonly profile?: string;
    readonly level?: number;
    /** Bits per second of the pictures alone, 0 when unknown. */
    readonly bitrate: number;
    readonly timeBase: readonly [number, number];
  };
  readonly audio?: {
    readonly codec: string;
    readonly channels: number;
    /** Hz. */
    readonly sampleRate: number;
    /** Bits per second, 0 when unknown. */
    readonly bitrate: number;
    /** Seconds. */
    readonly duration: number;
  };
};

/** A produced video and the facts a result reports about it. */
export type ProducedVideo = {
  readonly video: MediaHandle;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly frameCount: number;
  /** Seconds. */
  readonly duration: number;
};

/** Every operation: parameters and result. Engines implement a subset. */
export type Operations = TimelineOperations &
  ConformOperations &
  RemovalOperations &
  PlacementOperations &
  SegmentationOperations &
  FrameOperations &
  GenerationOperations;

/** An operation that endpoints name as their need, and whose parameters are fixed when the first engine offers it. */
export type Unoffered = (params: never, options: OperationOptions) => Promise<never>;

/** Name of an operation. */
export type OperationName = keyof Operations;
