/** Pictures of another size, and what becomes of the pixels that are marked on them. */
import { AVCOL_RANGE_JPEG, AVCOL_RANGE_MPEG } from "node-av/constants";
import type { Frame as NativeFrame } from "node-av/lib";
import { allocatePicture, check, createScaler, type Ratio } from "./ffmpeg.ts";
import type { Frame, FrameFormat, Plane } from "./frame.ts";
import { type ColorTags, fillPlane, samplesOf } from "./picture.ts";
import { planarFormat } from "./pixel-format.ts";

/** Pixels. */
export type Size = { readonly width: number; readonly height: number };

/** A part of a picture, in luma pixels. */
export type Rectangle = Size & { readonly x: number; readonly y: number };

/** Resizes the frames of one stream. */
export type Resizer = {
  readonly format: FrameFormat;
  /** The part of the source that is seen. */
  readonly crop: Rectangle;
  resize(frame: Frame): Frame;
  close(): void;
};

/**
 * The largest part of a picture, centred, that has the shape of a canvas; on whole chroma samples.
 * @param sampleAspect width to height of the source's pixels; the canvas' are square.
 */
export function cropToFill(
  { width, height, chromaShiftX, chromaShiftY }: FrameFormat,
  sampleAspect: Ratio,
  canvas: Size,
): Rectangle {
  const aspect = (canvas.width / canvas.height) * (sampleAspect[1] / sampleAspect[0]);
  const wide = width / height > aspect;
  const even = (length: number, whole: number, shift: number): number =>
    Math.min(whole, Math.max(1 << shift, Math.round(length / (1 << shift)) << shift));
  const w = wide ? even(height * aspect, width, chromaShiftX) : width;
  const h = wide ? height : even(width / aspect, height, chromaShiftY);
  const x = ((width - w) >> (1 + chromaShiftX)) << chromaShiftX;
  const y = ((height - h) >> (1 + chromaShiftY)) << chromaShiftY;
  return { x, y, width: w, height: h };
}

/** Fills a canvas with the centre of the pictures, by bicubic filters as wide as the reduction asks for. */
export function createResizer(format: FrameFormat, color: ColorTags, sampleAspect: Ratio, canvas: Size): Resizer {
  const crop = cropToFill(format, sampleAspect, canvas);
  const result: FrameFormat = { ...format, width: canvas.width, height: canvas.height };
  const pixelFormat = planarFormat(format);
  const isSame = crop.width === canvas.width && crop.height === canvas.height;
  const scaler = createScaler();
  const tagged = ({ width, height }: Size): NativeFrame => {
    const native = allocatePicture(width, height, pixelFormat);
    native.colorSpace = color.matrix;
    native.colorRange = format.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    return native;
  };
  return {
    format: result,
    crop,
    resize(frame) {
      const source = tagged(crop);
      for (const [index, plane] of frame.planes.entries()) {
        fillPlane(
          source,
          index,
          cutPlane(plane, crop, index === 0 ? [0, 0] : [format.chromaShiftX, format.chromaShiftY]),
          format.bitDepth,
        );
      }
      const scaled = isSame ? source : tagged(canvas);
      if (!isSame) check(scaler.scaleFrameSync(scaled, source), "resizing a picture");
      const plane = (index: number): Plane => {
        const [shiftX, shiftY] = index === 0 ? [0, 0] : [format.chromaShiftX, format.chromaShiftY];
        const [width, height] = [
          (canvas.width + (1 << shiftX) - 1) >> shiftX,
          (canvas.height + (1 << shiftY) - 1) >> shiftY,
        ];
        const { data, stride } = samplesOf(scaled, index, format.bitDepth);
        const copy = format.bitDepth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
        for (let y = 0; y < height; y++) copy.set(data.subarray(y * stride, y * stride + width), y * width);
        return { data: copy, width, height, stride: width };
      };
      const planes: Frame["planes"] = [plane(0), plane(1), plane(2)];
      source.free();
      if (!isSame) scaled.free();
      return { planes };
    },
    close: () => scaler.freeContext(),
  };
}

function cutPlane(plane: Plane, { x, y, width, height }: Rectangle, [shiftX, shiftY]: readonly number[]): Plane {
  const [w, h] = [(width + (1 << shiftX!) - 1) >> shiftX!, (height + (1 << shiftY!) - 1) >> shiftY!];
  const start = (y >> shiftY!) * plane.stride + (x >> shiftX!);
  return { data: plane.data.subarray(start), width: w, height: h, stride: plane.stride };
}

/**
 * Labels of a resized picture: the highest label of any pixel that a new pixel lies over.
 * @param labels one a pixel of the whole source, rows of `width`.
 */
export function resizeLabels(labels: Uint8Array, width: number, crop: Rectangle, canvas: Size): Uint8Array {
  const rows = spans(crop.y, crop.height, canvas.height);
  const columns = spans(crop.x, crop.width, canvas.width);
  const result = new Uint8Array(canvas.width * canvas.height);
  for (let y = 0, to = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++, to++) {
      let highest = 0;
      for (let row = rows[2 * y]!; row < rows[2 * y + 1]!; row++) {
        for (let column = columns[2 * x]!; column < columns[2 * x + 1]!; column++) {
          const label = labels[row * width + column]!;
          if (label > highest) highest = label;
        }
      }
      result[to] = highest;
    }
  }
  return result;
}

/** First and one behind the last source pixel of each new pixel. */
function spans(start: number, from: number, to: number): Int32Array {
  const result = new Int32Array(2 * to);
  for (let i = 0; i < to; i++) {
    result[2 * i] = start + Math.floor((i * from) / to);
    result[2 * i + 1] = start + Math.max(Math.floor((i * from) / to) + 1, Math.ceil(((i + 1) * from) / to));
  }
  return result;
}
