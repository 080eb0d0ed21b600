/** What the pictures of a result are: size, samples, colours and rate, chosen from what goes into it. */
import {
  AVCHROMA_LOC_UNSPECIFIED,
  AVCOL_PRI_UNSPECIFIED,
  AVCOL_SPC_UNSPECIFIED,
  AVCOL_TRC_ARIB_STD_B67,
  AVCOL_TRC_SMPTE2084,
  AVCOL_TRC_UNSPECIFIED,
  type AVPixelFormat,
} from "node-av/constants";
import type { Ratio } from "../ffmpeg.ts";
import type { FrameFormat } from "../frame.ts";
import { BT709, type ColorTags } from "../picture.ts";
import { planarFormat } from "../pixel-format.ts";
import type { PictureFacts } from "./pictures.ts";

/** What every picture of a result is brought to. Its pixels are square. */
export type Canvas = {
  readonly format: FrameFormat;
  readonly color: ColorTags;
  readonly pixelFormat: AVPixelFormat;
  /** Frames a second. */
  readonly rate: Ratio;
};

/** Rates that a player can be expected to show. */
const MOST_FRAMES = 120;
const LEAST_FRAMES = 1;
const DROP_FRAME = [24, 30, 48, 60, 120];

/**
 * The samples and colours are the videos' own where all videos agree, so that nothing is converted; otherwise 4:2:0 in
 * BT.709, of 10 bits if any of them has more than 8. With half the colour samples, sizes become even.
 */
export function chooseCanvas(
  facts: readonly PictureFacts[],
  size: { readonly width: number; readonly height: number },
  rate: Ratio,
): Canvas {
  const videos = facts.filter(({ isStill, isRgb }) => !isStill && !isRgb);
  const [first] = videos;
  const agree = first && videos.every((other) => sameSamples(other.format, first.format));
  const { chromaShiftX, chromaShiftY } = agree ? first.format : { chromaShiftX: 1 as const, chromaShiftY: 1 as const };
  const isOrdinary = chromaShiftX <= 1 && chromaShiftX >= chromaShiftY;
  const layout = {
    chromaShiftX: isOrdinary ? (chromaShiftX as 0 | 1) : 0,
    chromaShiftY: isOrdinary ? chromaShiftY : 0,
    bitDepth: videos.some(({ format }) => format.bitDepth > 8) ? 10 : 8,
  } as const;
  const even = (value: number, shift: number): number => Math.max(1 << shift, (value >> shift) << shift);
  const format: FrameFormat = {
    ...layout,
    width: even(size.width, layout.chromaShiftX),
    height: even(size.height, layout.chromaShiftY),
    fullRange: agree ? first.format.fullRange : false,
  };
  return { format, color: chooseColor(facts, videos), pixelFormat: planarFormat(layout), rate };
}

/** Transfer curves of HDR: PQ and HLG (ITU-R BT.2100). */
const HDR: readonly number[] = [AVCOL_TRC_SMPTE2084, AVCOL_TRC_ARIB_STD_B67];

function sameSamples(a: FrameFormat, b: FrameFormat): boolean {
  return (
    a.chromaShiftX === b.chromaShiftX &&
    a.chromaShiftY === b.chromaShiftY &&
    a.bitDepth === b.bitDepth &&
    a.fullRange === b.fullRange
  );
}

/** Colours that a file does not name are taken for the others', unless those are HDR, which no file is without saying so. */
function chooseColor(facts: readonly PictureFacts[], videos: readonly PictureFacts[]): ColorTags {
  const named = videos.map(({ color }) => color).filter(({ matrix }) => matrix !== AVCOL_SPC_UNSPECIFIED);
  const [first] = named;
  if (!first) return videos.length === facts.length ? (videos[0]?.color ?? BT709) : BT709;
  const isUnlike = named.length < videos.length && HDR.includes(first.transfer);
  const isSame = named.every(
    ({ matrix, primaries, transfer }) =>
      matrix === first.matrix && primaries === first.primaries && transfer === first.transfer,
  );
  return isSame && !isUnlike ? { ...first, chromaLocation: chromaLocation(videos) } : BT709;
}

function chromaLocation(videos: readonly PictureFacts[]): ColorTags["chromaLocation"] {
  const [first] = videos;
  const isSame = videos.every(({ color }) => color.chromaLocation === first?.color.chromaLocation);
  return isSame && first ? first.color.chromaLocation : AVCHROMA_LOC_UNSPECIFIED;
}

/** Whether pictures of these colours mean what the canvas's numbers mean. */
export function sameColors({ color, format }: PictureFacts, canvas: Canvas): boolean {
  const same = (own: number, wanted: number, unknown: number): boolean => own === wanted || own === unknown;
  return (
    format.fullRange === canvas.format.fullRange &&
    same(color.matrix, canvas.color.matrix, AVCOL_SPC_UNSPECIFIED) &&
    same(color.primaries, canvas.color.primaries, AVCOL_PRI_UNSPECIFIED) &&
    same(color.transfer, canvas.color.transfer, AVCOL_TRC_UNSPECIFIED)
  );
}

/** A number of frames a second as a ratio: 29.97 and its kin as the fractions that they stand for. */
export function rateOf(framesPerSecond: number): Ratio {
  const bounded = Math.min(MOST_FRAMES, Math.max(LEAST_FRAMES, framesPerSecond));
  const whole = DROP_FRAME.find((frames) => Math.abs(bounded - (frames * 1000) / 1001) < 0.002);
  if (whole !== undefined) return [whole * 1000, 1001];
  return reduced([Math.round(bounded * 1000), 1000]);
}

/** A measured rate, within what a player can be expected to show. */
export function boundedRate([num, den]: Ratio): Ratio {
  const value = num / den;
  if (value > MOST_FRAMES) return [MOST_FRAMES, 1];
  return value < LEAST_FRAMES ? [LEAST_FRAMES, 1] : reduced([num, den]);
}

/** A fraction in its lowest terms. */
export function reduced([num, den]: Ratio): Ratio {
  let [a, b] = [Math.abs(num), Math.abs(den)];
  while (b > 0) [a, b] = [b, a % b];
  return a === 0 ? [num, den] : [num / a, den / a];
}
