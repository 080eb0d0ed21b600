/** Frames into a file, by default one that plays everywhere: x264 in MP4. The same frames give the same bytes. */
import {
  AV_CODEC_FLAG_BITEXACT,
  AV_CODEC_FLAG_FRAME_DURATION,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_PAL8,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
} from "node-av/constants";
import { Codec, CodecContext, Dictionary, type Frame as NativeFrame, Packet } from "node-av/lib";
import type { Encoding } from "../operations/encoding.ts";
import type { Delivery, MediaHandle } from "../operations/operations.ts";
import { type AudioFeed, type AudioPlan, addAudio } from "./audio-feed.ts";
import { allocatePicture, check, createScaler, type Ratio, rational, rescale, toSeconds } from "./ffmpeg.ts";
import type { Frame, FrameFormat } from "./frame.ts";
import { createGifPalette, SHORTEST_GIF_STEP } from "./gif-palette.ts";
import { ALREADY_CHECKED, type MediaLimits } from "./limits.ts";
import { createOutput, isIsoMedia, type Output } from "./output.ts";
import { type ColorTags, fillPlane } from "./picture.ts";
import { planarFormat } from "./pixel-format.ts";
import { VIDEO_ENCODERS } from "./video-encoders.ts";
import { DEFAULT_FORMAT, VIDEO_FORMATS } from "./video-formats.ts";

/** Pictures of fewer pixels are encoded sooner than another thread has heard of them. */
const LEAST_PIXELS = 64 * 64;

/** x265 never sets the decoding times of clips of up to this many frames, which are too short to be reordered. */
const MOST_UNORDERED = 2;

/** How a video is written. */
export type VideoOptions = {
  readonly format: FrameFormat;
  /** Of the frames' times. */
  readonly timeBase: Ratio;
  readonly color: ColorTags;
  readonly sampleAspect: Ratio;
  readonly delivery: Delivery;
  readonly encoding?: Encoding;
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

/** Facts of a finished video. GIF's times are whole hundredths of a second. */
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
 * Creates a video. Depth and chroma are the frames' own where the codec takes them, else the next layout that loses least;
 * ProRes, MPEG-4 Part 2 and GIF have one of their own. GIF has no sound, and frames less than 1/50 s after another are left
 * out of it.
 * @param path absolute.
 * @throws ReshootError naming the audio's field; `storage_full`.
 */
export async function createVideo(path: string, options: VideoOptions): Promise<VideoSink> {
  const { format, color } = options;
  const { width, height } = format;
  const frameDuration =
    options.frameDuration ?? BigInt(Math.max(1, Math.round(options.timeBase[1] / options.timeBase[0] / 25)));
  const { container, codec: codecName } = VIDEO_FORMATS[options.encoding?.format ?? DEFAULT_FORMAT];
  const spec = VIDEO_ENCODERS[codecName];
  const isGif = codecName === "gif";
  const timeBase = spec.timeBase(options.timeBase);
  const step = rescale(frameDuration, options.timeBase, timeBase) || 1n;
  const layout = spec.layout(format);
  const sourceFormat = planarFormat(format);
  const encodedFormat = isGif ? AV_PIX_FMT_PAL8 : planarFormat(layout);
  const range = format.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  const encodedRange = spec.limitedRange ? AVCOL_RANGE_MPEG : range;
  const output = await createOutput(path, container);
  const encoder = new CodecContext();
  const isTiny = width * height < LEAST_PIXELS;
  const packet = new Packet();
  packet.alloc();
  const scaler = createScaler();
  const palette = isGif ? createGifPalette(width, height) : undefined;
  let audio: AudioFeed | undefined;
  let open = true;
  const free = async (): Promise<void> => {
    open = false;
    await audio?.close();
    packet.free();
    encoder.freeContext();
    scaler.freeContext();
    palette?.close();
  };
  const abort = async (): Promise<void> => {
    if (!open) return;
    await free();
    await output.abort();
  };

  const start = async (): Promise<void> => {
    const codec = Codec.findEncoderByName(spec.name);
    if (!codec) throw new Error(`${spec.name} is missing`);
    encoder.allocContext3(codec);
    encoder.width = width;
    encoder.height = height;
    encoder.pixelFormat = encodedFormat;
    encoder.timeBase = rational(timeBase);
    encoder.framerate = rational(frameRate(timeBase, step));
    encoder.sampleAspectRatio = rational(options.sampleAspect);
    if (!isGif) {
      encoder.colorRange = encodedRange;
      encoder.colorSpace = color.matrix;
      encoder.colorPrimaries = color.primaries;
      encoder.colorTrc = color.transfer;
      encoder.chromaLocation = color.chromaLocation;
    }
    encoder.threadCount = spec.threads;
    encoder.setFlags(AV_CODEC_FLAG_BITEXACT, AV_CODEC_FLAG_FRAME_DURATION);
    if (!isGif) encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    const { quality = "high", effort = "balanced" } = options.encoding ?? {};
    const dictionary = Dictionary.fromObject(
      spec.options({ quality: options.delivery === "lossless" ? "lossless" : quality, effort, layout, size: format }),
    );
    const opened = await encoder.open2(codec, dictionary);
    dictionary.free();
    check(opened, "opening the video encoder");
  };

  try {
    await start();
    const stream = output.addStream(encoder, timeBase);
    // Apple's players know HEVC only by this name.
    if (codecName === "h265" && isIsoMedia(container)) stream.codecpar.codecTag = "hvc1";
    stream.sampleAspectRatio = rational(options.sampleAspect);
    stream.avgFrameRate = rational(frameRate(timeBase, step));
    const plan: AudioPlan | undefined =
      options.audio ?? (options.audioFrom && { media: options.audioFrom, streams: "all", offset: 0, cutAtEnd: false });
    if (options.sound) audio = await options.sound(output);
    else if (plan && !isGif) audio = await addAudio(output, plan, options.limits ?? ALREADY_CHECKED);
    await output.start();

    let frameCount = 0;
    let firstPts = 0n;
    let lastPts = 0n;
    const drain = async (): Promise<void> => {
      while ((isTiny ? encoder.receivePacketSync(packet) : await encoder.receivePacket(packet)) >= 0) {
        if (packet.duration <= 0n) packet.duration = step;
        if (codecName === "h265" && frameCount <= MOST_UNORDERED) packet.dts = packet.pts;
        const written = toSeconds(packet.dts, timeBase);
        await output.write(packet, stream, timeBase);
        await audio?.pump(written);
      }
    };
    const encode = async (picture: NativeFrame): Promise<void> => {
      picture.duration = step;
      check(isTiny ? encoder.sendFrameSync(picture) : await encoder.sendFrame(picture), "encoding");
      await drain();
    };
    const toEncoder = (native: NativeFrame): NativeFrame => {
      native.colorSpace = color.matrix;
      native.colorRange = range;
      if (isGif || (encodedFormat === sourceFormat && encodedRange === range)) return native;
      const converted = allocatePicture(width, height, encodedFormat);
      converted.colorSpace = color.matrix;
      converted.colorRange = encodedRange;
      check(scaler.scaleFrameSync(converted, native), "converting a picture");
      native.free();
      return converted;
    };

    const writePicture = async (native: NativeFrame, frameTime: bigint): Promise<void> => {
      const pts = rescale(frameTime, options.timeBase, timeBase);
      if (frameCount > 0 && pts <= (isGif ? lastPts + SHORTEST_GIF_STEP - 1n : lastPts)) {
        native.free();
        if (isGif || timeBase !== options.timeBase) return;
        throw new Error("a video's times must increase");
      }
      const picture = toEncoder(native);
      picture.pts = pts;
      // What a source's frame was is no wish for what this one becomes.
      picture.pictType = AV_PICTURE_TYPE_NONE;
      if (frameCount++ === 0) firstPts = pts;
      lastPts = pts;
      if (palette) for (const coloured of palette.take(picture)) await encode(coloured);
      else {
        try {
          await encode(picture);
        } finally {
          picture.free();
        }
      }
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
          if (palette) for (const coloured of palette.take(null)) await encode(coloured);
          check(await encoder.sendFrame(null), "encoding");
          await drain();
          const duration = toSeconds(lastPts + step, timeBase);
          await audio?.finish(duration);
          await output.finish();
          await free();
          const fps = averageRate(frameCount, toSeconds(lastPts - firstPts, timeBase), toSeconds(step, timeBase));
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
