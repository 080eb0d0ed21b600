/** Pictures brought to a canvas: its samples and colours, as large as there is room for, upright, in the middle. */
import {
  AVCOL_PRI_UNSPECIFIED,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_RGB,
  AVCOL_SPC_UNSPECIFIED,
  AVCOL_TRC_UNSPECIFIED,
  type AVPixelFormat,
} from "node-av/constants";
import type { Frame as NativeFrame } from "node-av/lib";
import { allocatePicture, check, createScaler } from "../ffmpeg.ts";
import { alphaForPlane } from "../flatten.ts";
import { turnPlane, UPRIGHT } from "../orientation.ts";
import { fillPlane, samplesOf } from "../picture.ts";
import { planarFormat, readingOf } from "../pixel-format.ts";
import { type Canvas, sameColors } from "./canvas.ts";
import { displaySize, type PictureFacts } from "./pictures.ts";

/** A picture and where it lies on its canvas. */
export type Layer = {
  /** In the canvas's planar format, perhaps with alpha as a fourth plane. */
  readonly native: NativeFrame;
  /** Pixels from the canvas's left and top edge; whole samples of colour. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** How much of it is to be seen, for luma and for chroma samples; undefined when all is. */
  readonly alphas: readonly [Uint16Array, Uint16Array] | undefined;
};

/** Brings a file's pictures to a canvas. */
export type Fitter = {
  /** The layer of a picture; the same object for the same picture, valid until another is fitted. */
  fit(picture: NativeFrame): Layer;
  close(): void;
};

/** Closer to the canvas's edges than this many pixels, a picture is stretched to them rather than framed by a line. */
const SLACK = 2;
/** Threads of the scaler; its result is the same for any number. */
const SCALER_THREADS = 2;

/** @param facts of the file whose pictures are fitted. */
export function createFitter(facts: PictureFacts, canvas: Canvas): Fitter {
  const place = placeOn(canvas, displaySize(facts));
  const { orientation } = facts;
  const [storedWidth, storedHeight] = orientation.swap ? [place.height, place.width] : [place.width, place.height];
  const wanted = facts.hasAlpha ? planarFormat(canvas.format, true) : canvas.pixelFormat;
  const keepsColors = !facts.isRgb && sameColors(facts, canvas);
  const scaler = createScaler();
  check(scaler.setOption("threads", String(SCALER_THREADS)), "setting up the scaler");
  let source: NativeFrame | undefined;
  let layer: Layer | undefined;
  let owned: NativeFrame | undefined;

  const toCanvas = (picture: NativeFrame): NativeFrame => {
    const isSize = picture.width === storedWidth && picture.height === storedHeight;
    if (isSize && keepsColors && isFormat(picture, wanted) && picture.linesize[0]! > 0) return picture;
    const result = allocatePicture(storedWidth, storedHeight, wanted);
    tagColors(picture, result, facts, canvas);
    check(scaler.scaleFrameSync(result, picture), "scaling a picture");
    return result;
  };

  const turned = (picture: NativeFrame): NativeFrame => {
    if (orientation === UPRIGHT) return picture;
    const result = allocatePicture(place.width, place.height, wanted);
    const { bitDepth, chromaShiftX, chromaShiftY } = canvas.format;
    for (let index = 0; index < (facts.hasAlpha ? 4 : 3); index++) {
      const isChroma = index === 1 || index === 2;
      const [shiftX, shiftY] = isChroma ? [chromaShiftX, chromaShiftY] : [0, 0];
      const { data, stride } = samplesOf(picture, index, bitDepth);
      const [width, height] = [(storedWidth + shiftX) >> shiftX, (storedHeight + shiftY) >> shiftY];
      fillPlane(result, index, turnPlane(data, stride, width, height, orientation), bitDepth);
    }
    return result;
  };

  return {
    fit(picture) {
      if (layer && picture === source) return layer;
      owned?.free();
      const scaled = toCanvas(picture);
      const native = turned(scaled);
      if (native !== scaled && scaled !== picture) scaled.free();
      owned = native === picture ? undefined : native;
      source = picture;
      layer = { native, ...place, alphas: facts.hasAlpha ? alphasOf(native, canvas) : undefined };
      return layer;
    },
    close() {
      owned?.free();
      owned = undefined;
      scaler.freeContext();
    },
  };
}

/** As large as the canvas has room for, in its middle. */
function placeOn({ format }: Canvas, size: { width: number; height: number }): Omit<Layer, "native" | "alphas"> {
  const scale = Math.min(format.width / size.width, format.height / size.height);
  const fitted = (own: number, whole: number, shift: number): number => {
    const length = Math.round(own * scale);
    if (whole - length <= SLACK) return whole;
    return Math.max(1 << shift, (length >> shift) << shift);
  };
  const width = fitted(size.width, format.width, format.chromaShiftX);
  const height = fitted(size.height, format.height, format.chromaShiftY);
  const middle = (whole: number, part: number, shift: number): number => ((whole - part) >> (shift + 1)) << shift;
  return {
    x: middle(format.width, width, format.chromaShiftX),
    y: middle(format.height, height, format.chromaShiftY),
    width,
    height,
  };
}

/** The `yuvj` formats differ from their plain twins in name only. */
function isFormat(picture: NativeFrame, wanted: AVPixelFormat): boolean {
  if (picture.format === wanted) return true;
  const reading = readingOf(picture.format as AVPixelFormat, picture.width, picture.height);
  return reading.isFull && reading.way === "planes" && planarFormat(reading) === wanted;
}

/** Tells the scaler what the numbers mean. Colours that the file does not name are the canvas's. */
function tagColors(source: NativeFrame, result: NativeFrame, facts: PictureFacts, { color, format }: Canvas): void {
  const { matrix, primaries, transfer } = facts.color;
  if (facts.isRgb) {
    source.colorSpace = AVCOL_SPC_RGB;
    source.colorRange = AVCOL_RANGE_JPEG;
  } else {
    source.colorSpace = matrix === AVCOL_SPC_UNSPECIFIED ? color.matrix : matrix;
    source.colorRange = facts.format.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  }
  result.colorSpace = color.matrix;
  result.colorRange = format.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  // Stills are taken as they are: what is meant for one screen is meant for the other.
  const isKnown = primaries !== AVCOL_PRI_UNSPECIFIED && transfer !== AVCOL_TRC_UNSPECIFIED && !facts.isStill;
  source.colorPrimaries = isKnown ? primaries : color.primaries;
  source.colorTrc = isKnown ? transfer : color.transfer;
  result.colorPrimaries = color.primaries;
  result.colorTrc = color.transfer;
}

/** Undefined when nothing of the picture is hidden. */
function alphasOf(native: NativeFrame, { format }: Canvas): readonly [Uint16Array, Uint16Array] | undefined {
  const { bitDepth, chromaShiftX, chromaShiftY } = format;
  const alpha = samplesOf(native, 3, bitDepth);
  const luma = alphaForPlane(alpha, native.width, native.height, 0, 0);
  const opaque = (1 << bitDepth) - 1;
  if (luma.every((value) => value === opaque)) return undefined;
  return [luma, alphaForPlane(alpha, native.width, native.height, chromaShiftX, chromaShiftY)];
}
