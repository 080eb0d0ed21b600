/** How each codec is driven: which layouts it takes, and which of its options stand for a quality and an effort. */
import {
  FF_ENCODER_GIF,
  FF_ENCODER_LIBVPX_VP9,
  FF_ENCODER_LIBX264,
  FF_ENCODER_LIBX265,
  FF_ENCODER_MPEG4,
  FF_ENCODER_PRORES_KS,
  type FFVideoEncoder,
} from "node-av/constants";
import type { VideoEffort, VideoQuality } from "../operations/encoding.ts";
import type { Ratio } from "./ffmpeg.ts";
import type { FrameFormat } from "./frame.ts";
import type { Layout } from "./pixel-format.ts";

/** Codecs that are written. */
export type VideoCodec = "h264" | "h265" | "vp9" | "prores" | "mpeg4" | "gif";

/** Encoder threads: pinned, because the output of some encoders depends on their number. */
export const ENCODER_THREADS = 4;

/** FFmpeg's unit of quantisers (FF_QP2LAMBDA). */
const LAMBDA = 118;

/** What an encoder is asked for. */
export type EncoderRequest = {
  /** `lossless` beats the others; codecs that cannot take their best quality. */
  readonly quality: VideoQuality | "lossless";
  readonly effort: VideoEffort;
  readonly layout: Layout;
  /** Of the pictures, in pixels. */
  readonly size: { readonly width: number; readonly height: number };
};

/** One codec. */
export type VideoEncoder = {
  readonly name: FFVideoEncoder;
  /** Whether nothing need be lost. */
  readonly hasLossless: boolean;
  /** Only limited range can be told from the file. */
  readonly limitedRange: boolean;
  readonly threads: number;
  /** Shortest and longest side of a picture, in pixels. */
  readonly sides: readonly [shortest: number, longest: number];
  /** The layout a frame is encoded in: its own where the codec takes it, else the next that loses least. */
  layout(format: FrameFormat): Layout;
  options(request: EncoderRequest): Readonly<Record<string, string>>;
  /** The clock of the codec's own stream; finer ones are rounded to it. */
  timeBase(frames: Ratio): Ratio;
};

const any = (timeBase: Ratio): Ratio => timeBase;

/**
 * `draft`, `fast`, `balanced` and `small`. At crf 16, measured on real clips of 640x360 and 1280x720: `faster` gives 0.9 to 2.1 dB of
 * luma PSNR above `veryfast` at 3 to 8 % more bytes; `fast` costs up to twice the time for less than another 1.3 dB.
 */
const X264_PRESETS = { draft: "superfast", fast: "veryfast", balanced: "faster", small: "slow" } as const;
const X265_PRESETS = { draft: "ultrafast", fast: "ultrafast", balanced: "veryfast", small: "medium" } as const;
const VP9_SPEEDS = {
  draft: { deadline: "realtime", "cpu-used": "8" },
  fast: { deadline: "realtime", "cpu-used": "6" },
  balanced: { deadline: "good", "cpu-used": "5" },
  small: { deadline: "good", "cpu-used": "2" },
} as const;

/** Every codec. `high` of all codecs lies within 1.5 dB of x264's crf 16. */
export const VIDEO_ENCODERS: Readonly<Record<VideoCodec, VideoEncoder>> = {
  h264: {
    name: FF_ENCODER_LIBX264,
    hasLossless: true,
    limitedRange: false,
    threads: ENCODER_THREADS,
    sides: [1, 16384],
    layout: evenLayout,
    options: ({ quality, effort }) => ({
      // Without loss, a slower search saves little.
      preset: quality === "lossless" && (effort === "draft" || effort === "fast") ? "ultrafast" : X264_PRESETS[effort],
      ...(quality === "lossless"
        ? { qp: "0" }
        : { crf: { low: "28", medium: "22", high: "16", maximum: "10" }[quality] }),
      "x264-params": "lookahead-threads=1:cpu-independent=1",
    }),
    timeBase: any,
  },
  h265: {
    name: FF_ENCODER_LIBX265,
    hasLossless: true,
    limitedRange: false,
    threads: ENCODER_THREADS,
    sides: [16, 16384],
    layout: evenLayout,
    options: ({ quality, effort, size }) => ({
      preset: X265_PRESETS[effort],
      ...(quality !== "lossless" && { crf: { low: "29", medium: "23", high: "15", maximum: "10" }[quality] }),
      // No settings in the stream, so that the same frames are the same bytes on every machine.
      "x265-params": `log-level=none:info=0:pools=${ENCODER_THREADS}:frame-threads=2:ctu=${largestUnit(size)}${quality === "lossless" ? ":lossless=1" : ""}`,
    }),
    timeBase: any,
  },
  vp9: {
    name: FF_ENCODER_LIBVPX_VP9,
    hasLossless: true,
    limitedRange: false,
    threads: ENCODER_THREADS,
    sides: [1, 16384],
    layout: ({ chromaShiftX, chromaShiftY, bitDepth }) => ({
      chromaShiftX: chromaShiftX === 0 ? 0 : 1,
      chromaShiftY: chromaShiftX === 0 ? 0 : chromaShiftY,
      bitDepth: bitDepth === 8 ? 8 : 10,
    }),
    options: ({ quality, effort }) => ({
      ...VP9_SPEEDS[effort],
      "row-mt": "1",
      b: "0",
      ...(quality === "lossless"
        ? { lossless: "1" }
        : { crf: { low: "42", medium: "32", high: "16", maximum: "8" }[quality] }),
    }),
    timeBase: any,
  },
  prores: {
    name: FF_ENCODER_PRORES_KS,
    hasLossless: false,
    limitedRange: true,
    threads: ENCODER_THREADS,
    sides: [1, 16384],
    layout: ({ width, chromaShiftX }) => {
      const shift = chromaShiftX === 0 || width % 2 === 1 ? 0 : 1;
      return { chromaShiftX: shift, chromaShiftY: 0, bitDepth: 10 };
    },
    // Profiles of prores_ks: 3 is 422 HQ, 4 is 4444.
    options: ({ layout }) => ({ profile: layout.chromaShiftX === 0 ? "4" : "3", vendor: "apl0" }),
    timeBase: any,
  },
  mpeg4: {
    name: FF_ENCODER_MPEG4,
    hasLossless: false,
    limitedRange: true,
    // Its slices would depend on the number of threads.
    threads: 1,
    sides: [1, 8184],
    layout: () => ({ chromaShiftX: 1, chromaShiftY: 1, bitDepth: 8 }),
    options: ({ quality }) => {
      const quantiser = { low: 8, medium: 4, high: 2, maximum: 1, lossless: 1 }[quality];
      return { flags: "+qscale", global_quality: String(quantiser * LAMBDA) };
    },
    // MPEG-4 Part 2 counts at most 65535 ticks a second; 60000 is a whole number of frames at every usual rate.
    timeBase: ([num, den]) => (den <= 65535 ? [num, den] : [1, 60000]),
  },
  gif: {
    name: FF_ENCODER_GIF,
    hasLossless: false,
    limitedRange: false,
    threads: 1,
    sides: [1, 65535],
    layout: evenLayout,
    options: () => ({}),
    timeBase: () => [1, 100],
  },
};

/** For x264 and x265: 12 bits become 10, and 4:1:1, 4:4:0 and odd sizes of subsampled chroma the next layout they take. */
function evenLayout({ width, height, chromaShiftX, chromaShiftY, bitDepth }: FrameFormat): Layout {
  const depth = bitDepth === 8 ? 8 : 10;
  const half = width % 2 === 0;
  if (chromaShiftX === 1 && chromaShiftY === 1 && half && height % 2 === 0) {
    return { chromaShiftX: 1, chromaShiftY: 1, bitDepth: depth };
  }
  if (chromaShiftX >= 1 && chromaShiftY === 0 && half) return { chromaShiftX: 1, chromaShiftY: 0, bitDepth: depth };
  return { chromaShiftX: 0, chromaShiftY: 0, bitDepth: depth };
}

/** x265's largest coding unit, which must fit into the picture. */
function largestUnit({ width, height }: EncoderRequest["size"]): 16 | 32 | 64 {
  const side = Math.min(width, height);
  return side >= 64 ? 64 : side >= 32 ? 32 : 16;
}
