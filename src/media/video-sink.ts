/** Frames into a file that plays everywhere: x264 in MP4, the same bytes for the same frames. */
import {
  AV_CODEC_FLAG_BITEXACT,
  AV_CODEC_FLAG_FRAME_DURATION,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PICTURE_TYPE_NONE,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  FF_ENCODER_LIBX264,
} from "node-av/constants";
import { Codec, CodecContext, Dictionary, type Frame as NativeFrame, Packet } from "node-av/lib";
import type { Delivery, MediaHandle } from "../operations/operations.ts";
import { type AudioFeed, type AudioPlan, addAudio } from "./audio-feed.ts";
import { allocatePicture, check, createScaler, type Ratio, rational, toSeconds } from "./ffmpeg.ts";
import type { Frame, FrameFormat } from "./frame.ts";
import { ALREADY_CHECKED, type MediaLimits } from "./limits.ts";
import { createOutput, type Output } from "./output.ts";
import { type ColorTags, fillPlane } from "./picture.ts";
import { type Layout, planarFormat } from "./pixel-format.ts";

/** Encoder threads: pinned, because x264's output depends on their number. */
const THREADS = 4;
/**
 * At crf 16, measured on real clips of 640x360 and 1280x720: 0.9 to 2.1 dB of luma PSNR above `veryfast` at 3 to 8 % more
 * bytes; `fast` costs up to twice the time for less than another 1.3 dB.
 */
const PRESET = "faster";

/** How a video is written. */
export type VideoOptions = {
  readonly format: FrameFormat;
  /** Of the frames' times. */
  readonly timeBase: Ratio;
  readonly color: ColorTags;
  readonly sampleAspect: Ratio;
  readonly delivery: Delivery;
  /** A file whose audio streams are all kept, in step with the frames: the source the frames came from. */
  readonly audioFrom?: MediaHandle;
  /** Other sound than a source's own. Not together with `audioFrom`. */
  readonly audio?: AudioPlan;
  /** Sound that is no file's own: adds its streams to the output. Not together with the other two. */
  readonly sound?: (output: Output) => Promise<AudioFeed>;
  /** How long a frame is shown where no other follows, in the time base; a 25th of a second when absent. */
  readonly frameDuration?: bigint;
  /** For the audio file; none when it has been opened under limits before. */
  readonly limits?: MediaLimits;
};

/** Facts of a finished video. */
export type VideoFacts = {
  readonly frameCount: number;
  /** Seconds, from time zero to the end of the last frame. */
  readonly duration: number;
  /** Average over the frames. */
  readonly fps: number;
  readonly width: number;
  readonly height: number;
};

/** A video being written. */
export type VideoSink = {
  /** Encodes one frame; times must strictly increase. The frame may be changed after. */
  write(frame: Frame, pts: bigint): Promise<void>;
  /** The same for one of FFmpeg's own pictures in the video's planar format, which it frees; its samples may be shared. */
  writePicture(picture: NativeFrame, pts: bigint): Promise<void>;
  /** @throws Error when no frame was written; the file is gone then. */
  finish(): Promise<VideoFacts>;
  /** Stops and removes the file. Does nothing after `finish`. */
  abort(): Promise<void>;
};

/**
 * Creates an MP4. Depth and chroma are the frames' own; 12 bits become 10, and 4:1:1, 4:4:0 and odd sizes of subsampled
 * chroma become the next layout that x264 takes.
 * @param path absolute.
 * @throws ReshootError naming the audio's field; `storage_full`.
 */
export async function createVideo(path: string, options: VideoOptions): Promise<VideoSink> {
  const { format, timeBase, color } = options;
  const { width, height } = format;
  const sourceFormat = planarFormat(format);
  const encodedLayout = layoutForX264(format);
  const encodedFormat = planarFormat(encodedLayout);
  const range = format.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  const frameDuration = options.frameDuration ?? BigInt(Math.max(1, Math.round(timeBase[1] / timeBase[0] / 25)));
  const output = await createOutput(path, "mp4");
  const encoder = new CodecContext();
  const packet = new Packet();
  packet.alloc();
  const scaler = createScaler();
  let audio: AudioFeed | undefined;
  let open = true;
  const free = async (): Promise<void> => {
    open = false;
    await audio?.close();
    packet.free();
    encoder.freeContext();
    scaler.freeContext();
  };
  const abort = async (): Promise<void> => {
    if (!open) return;
    await free();
    await output.abort();
  };

  const start = async (): Promise<void> => {
    const codec = Codec.findEncoderByName(FF_ENCODER_LIBX264);
    if (!codec) throw new Error("libx264 is missing");
    encoder.allocContext3(codec);
    encoder.width = width;
    encoder.height = height;
    encoder.pixelFormat = encodedFormat;
    encoder.timeBase = rational(timeBase);
    encoder.framerate = rational(frameRate(timeBase, frameDuration));
    encoder.sampleAspectRatio = rational(options.sampleAspect);
    encoder.colorRange = range;
    encoder.colorSpace = color.matrix;
    encoder.colorPrimaries = color.primaries;
    encoder.colorTrc = color.transfer;
    encoder.chromaLocation = color.chromaLocation;
    encoder.threadCount = THREADS;
    encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER, AV_CODEC_FLAG_BITEXACT, AV_CODEC_FLAG_FRAME_DURATION);
    const quality = options.delivery === "lossless" ? { qp: "0" } : { crf: "16" };
    const dictionary = Dictionary.fromObject({
      preset: PRESET,
      ...quality,
      "x264-params": "lookahead-threads=1:cpu-independent=1",
    });
    const opened = await encoder.open2(codec, dictionary);
    dictionary.free();
    check(opened, "opening the video encoder");
  };

  try {
    await start();
    const stream = output.addStream(encoder, timeBase);
    stream.sampleAspectRatio = rational(options.sampleAspect);
    stream.avgFrameRate = rational(frameRate(timeBase, frameDuration));
    const plan: AudioPlan | undefined =
      options.audio ?? (options.audioFrom && { media: options.audioFrom, streams: "all", offset: 0, cutAtEnd: false });
    if (options.sound) audio = await options.sound(output);
    else if (plan) audio = await addAudio(output, plan, options.limits ?? ALREADY_CHECKED);
    await output.start();

    let frameCount = 0;
    let firstPts = 0n;
    let lastPts = 0n;
    const drain = async (): Promise<void> => {
      while ((await encoder.receivePacket(packet)) >= 0) {
        if (packet.duration <= 0n) packet.duration = frameDuration;
        const written = toSeconds(packet.dts, timeBase);
        await output.write(packet, stream, timeBase);
        await audio?.pump(written);
      }
    };
    const toEncoder = (native: NativeFrame): NativeFrame => {
      if (encodedFormat === sourceFormat) return native;
      const converted = allocatePicture(width, height, encodedFormat);
      for (const picture of [native, converted]) {
        picture.colorSpace = color.matrix;
        picture.colorRange = range;
      }
      check(scaler.scaleFrameSync(converted, native), "converting a picture");
      native.free();
      return converted;
    };

    const writePicture = async (native: NativeFrame, pts: bigint): Promise<void> => {
      const picture = toEncoder(native);
      picture.pts = pts;
      picture.duration = frameDuration;
      // What a source's frame was is no wish for what this one becomes.
      picture.pictType = AV_PICTURE_TYPE_NONE;
      try {
        check(await encoder.sendFrame(picture), "encoding");
      } finally {
        picture.free();
      }
      if (frameCount++ === 0) firstPts = pts;
      lastPts = pts;
      await drain();
    };

    return {
      async write(frame, pts) {
        const native = allocatePicture(width, height, sourceFormat);
        for (const [index, plane] of frame.planes.entries()) fillPlane(native, index, plane, format.bitDepth);
        await writePicture(native, pts);
      },
      writePicture,
      async finish() {
        try {
          if (frameCount === 0) throw new Error("a video needs at least one frame");
          check(await encoder.sendFrame(null), "encoding");
          await drain();
          const duration = toSeconds(lastPts + frameDuration, timeBase);
          await audio?.finish(duration);
          await output.finish();
          await free();
          const fps = averageRate(
            frameCount,
            toSeconds(lastPts - firstPts, timeBase),
            toSeconds(frameDuration, timeBase),
          );
          return { frameCount, duration, fps, width, height };
        } catch (error) {
          await abort();
          throw error;
        }
      },
      abort,
    };
  } catch (error) {
    await abort();
    throw error;
  }
}

/** Frames a second over a span from the first frame to the last. */
export function averageRate(frameCount: number, span: number, frameSeconds: number): number {
  if (frameCount > 1 && span > 0) return (frameCount - 1) / span;
  return frameSeconds > 0 ? 1 / frameSeconds : 0;
}

function frameRate([num, den]: Ratio, frameDuration: bigint): Ratio {
  return [den, num * Number(frameDuration)];
}

function layoutForX264({ width, height, chromaShiftX, chromaShiftY, bitDepth }: FrameFormat): Layout {
  const depth = bitDepth === 8 ? 8 : 10;
  const half = width % 2 === 0;
  if (chromaShiftX === 1 && chromaShiftY === 1 && half && height % 2 === 0) {
    return { chromaShiftX: 1, chromaShiftY: 1, bitDepth: depth };
  }
  if (chromaShiftX >= 1 && chromaShiftY === 0 && half) return { chromaShiftX: 1, chromaShiftY: 0, bitDepth: depth };
  return { chromaShiftX: 0, chromaShiftY: 0, bitDepth: depth };
}
