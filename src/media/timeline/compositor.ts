/** Lays layers over each other on a canvas. */
import { AVCOL_RANGE_JPEG, AVCOL_RANGE_MPEG } from "node-av/constants";
import type { Frame as NativeFrame } from "node-av/lib";
import { allocatePicture } from "../ffmpeg.ts";
import { samplesOf } from "../picture.ts";
import type { Canvas } from "./canvas.ts";
import type { Layer } from "./layer.ts";

/** Makes the canvas's pictures. */
export type Compositor = {
  /** @param layers lowest first. @returns a picture that the caller frees; it may share its samples with a layer. */
  compose(layers: readonly Layer[]): NativeFrame;
  close(): void;
};

/** Behind everything, the canvas is black. */
export function createCompositor(canvas: Canvas): Compositor {
  const { width, height } = canvas.format;
  let black: NativeFrame | undefined;
  const empty = (): NativeFrame => {
    black ??= blackPicture(canvas);
    return black;
  };
  const covers = ({ x, y, alphas, ...layer }: Layer): boolean =>
    !alphas && x === 0 && y === 0 && layer.width === width && layer.height === height;

  return {
    compose(layers) {
      const bottom = layers.findLastIndex(covers);
      const over = layers.slice(bottom + 1);
      const base = bottom >= 0 ? layers[bottom]!.native : empty();
      if (over.length === 0) {
        const shared = base.clone()!;
        shared.format = canvas.pixelFormat;
        return shared;
      }
      const result = allocatePicture(width, height, canvas.pixelFormat);
      for (let plane = 0; plane < 3; plane++) {
        copyPlane(base, result, plane, canvas);
        for (const layer of over) layPlane(layer, result, plane, canvas);
      }
      return result;
    },
    close() {
      black?.free();
      black = undefined;
    },
  };
}

function blackPicture(canvas: Canvas): NativeFrame {
  const { width, height, bitDepth, fullRange } = canvas.format;
  const picture = allocatePicture(width, height, canvas.pixelFormat);
  picture.colorRange = fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  picture.colorSpace = canvas.color.matrix;
  const levels = [fullRange ? 0 : 16 << (bitDepth - 8), 1 << (bitDepth - 1)];
  for (let plane = 0; plane < 3; plane++) samplesOf(picture, plane, bitDepth).data.fill(levels[plane === 0 ? 0 : 1]!);
  return picture;
}

function copyPlane(from: NativeFrame, to: NativeFrame, plane: number, { format }: Canvas): void {
  const [source, target] = [samplesOf(from, plane, format.bitDepth), samplesOf(to, plane, format.bitDepth)];
  const shiftX = plane === 0 ? 0 : format.chromaShiftX;
  const shiftY = plane === 0 ? 0 : format.chromaShiftY;
  const [width, height] = [format.width >> shiftX, format.height >> shiftY];
  for (let y = 0; y < height; y++) {
    target.data.set(source.data.subarray(y * source.stride, y * source.stride + width), y * target.stride);
  }
}

function layPlane(layer: Layer, to: NativeFrame, plane: number, { format }: Canvas): void {
  const { bitDepth } = format;
  const [source, target] = [samplesOf(layer.native, plane, bitDepth), samplesOf(to, plane, bitDepth)];
  const shiftX = plane === 0 ? 0 : format.chromaShiftX;
  const shiftY = plane === 0 ? 0 : format.chromaShiftY;
  const [x, y, width, height] = [
    layer.x >> shiftX,
    layer.y >> shiftY,
    layer.width >> shiftX,
    layer.height >> shiftY,
  ] as const;
  const alpha = layer.alphas?.[plane === 0 ? 0 : 1];
  for (let row = 0; row < height; row++) {
    const from = row * source.stride;
    const into = (y + row) * target.stride + x;
    if (alpha) blendRow(source.data, from, target.data, into, alpha, row * width, width, (1 << bitDepth) - 1);
    else target.data.set(source.data.subarray(from, from + width), into);
  }
}

type Samples = Uint8Array | Uint16Array;

/** `target + (source - target) * alpha`, rounded. */
function blendRow(
  source: Samples,
  from: number,
  target: Samples,
  into: number,
  alpha: Uint16Array,
  start: number,
  width: number,
  opaque: number,
): void {
  const half = opaque >> 1;
  for (let i = 0; i < width; i++) {
    const share = alpha[start + i]!;
    if (share === 0) continue;
    const [above, below] = [source[from + i]!, target[into + i]!];
    target[into + i] = Math.floor((above * share + below * (opaque - share) + half) / opaque);
  }
}
