/** Turns a decoder's pictures into frames: planar YUV, upright, without alpha, each with samples of its own. */
import {
  AV_PIX_FMT_RGB0,
  AV_PIX_FMT_RGBA,
  AVCHROMA_LOC_UNSPECIFIED,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_RGB,
  AVCOL_TRC_BT709,
} from "node-av/constants";
import type { Frame as NativeFrame } from "node-av/lib";
import { allocatePicture, check, createScaler } from "./ffmpeg.ts";
import { alphaForPlane, flattenPlane, premultiply } from "./flatten.ts";
import type { Frame, FrameFormat, Plane } from "./frame.ts";
import { type Orientation, turnPlane, UPRIGHT } from "./orientation.ts";
import { planarFormat, type Reading, readingOf } from "./pixel-format.ts";

/** What the numbers of a picture mean, in FFmpeg's constants (ITU-T H.273); range is in {@link FrameFormat}. */
export type ColorTags = {
  readonly matrix: NativeFrame["colorSpace"];
  readonly primaries: NativeFrame["colorPrimaries"];
  readonly transfer: NativeFrame["colorTrc"];
  readonly chromaLocation: NativeFrame["chromaLocation"];
};

/** The colours of today's ordinary video (ITU-R BT.709). */
export const BT709: ColorTags = {
  matrix: AVCOL_SPC_BT709,
  primaries: AVCOL_PRI_BT709,
  transfer: AVCOL_TRC_BT709,
  chromaLocation: AVCHROMA_LOC_UNSPECIFIED,
};

/** Reads every picture of a stream into the format of its first one. */
export type PictureReader = {
  readonly format: FrameFormat;
  readonly color: ColorTags;
  readonly hasAlpha: boolean;
  read(picture: NativeFrame): Frame;
  close(): void;
};

/** @param first decides size, layout, depth and colours; later pictures that differ are scaled and converted to them. */
export function createPictureReader(first: NativeFrame, orientation: Orientation): PictureReader {
  const reading = readingOf(first.format as never, first.width, first.height);
  const { width, height } = first;
  const isRgb = reading.way === "rgb";
  // Turned 4:2:2, 4:4:0 and 4:1:1 have no name in most encoders: 4:4:4 keeps all their samples.
  const layout =
    orientation.swap && reading.chromaShiftX !== reading.chromaShiftY
      ? { chromaShiftX: 0 as const, chromaShiftY: 0 as const, bitDepth: reading.bitDepth }
      : reading;
  const unspecifiedIsFull = reading.isFull || reading.way === "grey";
  const fullRange =
    !isRgb && (first.colorRange === AVCOL_RANGE_JPEG || (unspecifiedIsFull && first.colorRange !== AVCOL_RANGE_MPEG));
  const range = fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  const color: ColorTags = isRgb
    ? BT709
    : {
        matrix: first.colorSpace === AVCOL_SPC_RGB ? AVCOL_SPC_BT709 : first.colorSpace,
        primaries: first.colorPrimaries,
        transfer: first.colorTrc,
        chromaLocation: orientation.swap ? AVCHROMA_LOC_UNSPECIFIED : first.chromaLocation,
      };
  const format: FrameFormat = {
    width: orientation.swap ? height : width,
    height: orientation.swap ? width : height,
    chromaShiftX: layout.chromaShiftX,
    chromaShiftY: layout.chromaShiftY,
    bitDepth: layout.bitDepth,
    fullRange,
  };
  const wanted = planarFormat(layout, reading.hasAlpha && !isRgb);
  const neutral = 1 << (format.bitDepth - 1);
  const scaler = createScaler();

  const scaled = (picture: NativeFrame, pixelFormat: NativeFrame["format"]): NativeFrame => {
    const result = allocatePicture(width, height, pixelFormat);
    const toRgb = pixelFormat === AV_PIX_FMT_RGBA;
    result.colorSpace = toRgb ? AVCOL_SPC_RGB : color.matrix;
    result.colorRange = toRgb ? AVCOL_RANGE_JPEG : range;
    check(scaler.scaleFrameSync(result, picture), "converting a picture");
    return result;
  };

  /** A planar picture of the wanted layout: the given one itself where it is that already. */
  const toPlanar = (picture: NativeFrame): NativeFrame => {
    const current = readingOf(picture.format as never, picture.width, picture.height);
    if (current.way === "rgb" && current.hasAlpha) {
      const rgba = scaled(picture, AV_PIX_FMT_RGBA);
      premultiply(rgba.data![0]!);
      rgba.format = AV_PIX_FMT_RGB0;
      const result = scaled(rgba, wanted);
      rgba.free();
      return result;
    }
    const isSame = picture.width === width && picture.height === height && sameFormat(picture, wanted, current);
    return isSame && picture.linesize[0]! > 0 ? picture : scaled(picture, wanted);
  };

  return {
    format,
    color,
    hasAlpha: reading.hasAlpha,
    read(picture) {
      const isGrey = reading.way === "grey" && picture.format === first.format && picture.width === width;
      const planar = isGrey && format.bitDepth === 8 && picture.height === height ? picture : toPlanar(picture);
      const alpha = planar.format === wanted && reading.hasAlpha && !isRgb && samplesOf(planar, 3, format.bitDepth);
      const shifts = [[0, 0] as const, [layout.chromaShiftX, layout.chromaShiftY] as const];
      const alphas = alpha && shifts.map(([x, y]) => alphaForPlane(alpha, width, height, x, y));
      const plane = (index: number): Plane => {
        const [shiftX, shiftY] = index === 0 ? [0, 0] : [layout.chromaShiftX, layout.chromaShiftY];
        const [w, h] = [(width + (1 << shiftX) - 1) >> shiftX, (height + (1 << shiftY) - 1) >> shiftY];
        if (index > 0 && reading.way === "grey") return flatPlane(w, h, neutral, format.bitDepth, orientation);
        const source = samplesOf(planar, index, format.bitDepth);
        if (alphas) {
          const black = index > 0 ? neutral : fullRange ? 0 : 16 << (format.bitDepth - 8);
          const flat = flattenPlane(source, alphas[index === 0 ? 0 : 1]!, w, h, black, (1 << format.bitDepth) - 1);
          if (orientation === UPRIGHT) return { data: flat, width: w, height: h, stride: w };
          return turnPlane(flat, w, w, h, orientation);
        }
        return turnPlane(source.data, source.stride, w, h, orientation);
      };
      const frame: Frame = { planes: [plane(0), plane(1), plane(2)] };
      if (planar !== picture) planar.free();
      return frame;
    },
    close: () => scaler.freeContext(),
  };
}

function sameFormat(picture: NativeFrame, wanted: NativeFrame["format"], current: Reading): boolean {
  if (picture.format === wanted) return true;
  // The yuvj formats differ from their plain twins in name only.
  return current.isFull && current.way === "planes" && planarFormat(current) === wanted;
}

/** One native plane as samples; the view is valid as long as the picture. */
export function samplesOf(
  picture: NativeFrame,
  index: number,
  bitDepth: number,
): { data: Uint8Array | Uint16Array; stride: number } {
  const bytes = picture.data![index]!;
  const stride = picture.linesize[index]!;
  if (bitDepth === 8) return { data: bytes, stride };
  return { data: new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1), stride: stride >> 1 };
}

function flatPlane(width: number, height: number, value: number, bitDepth: number, { swap }: Orientation): Plane {
  const data = bitDepth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
  data.fill(value);
  const [w, h] = swap ? [height, width] : [width, height];
  return { data, width: w, height: h, stride: w };
}

/** Copies samples into one plane of a native picture. */
export function fillPlane(native: NativeFrame, index: number, plane: Plane, bitDepth: number): void {
  const { data, stride } = samplesOf(native, index, bitDepth);
  if (stride === plane.stride) {
    data.set(plane.data.subarray(0, plane.stride * (plane.height - 1) + plane.width));
    return;
  }
  for (let y = 0; y < plane.height; y++) {
    data.set(plane.data.subarray(y * plane.stride, y * plane.stride + plane.width), y * stride);
  }
}
