/** Frames small enough to find an object in: 8-bit planar YUV 4:4:4, packed rows. */
import type { Frame, FrameFormat } from "../../media/frame.ts";
import { type Shrink, shrinkFrame } from "../moving-object/shrink.ts";

/** A small frame. */
export type Picture = {
  readonly width: number;
  readonly height: number;
  readonly y: Uint8Array;
  readonly u: Uint8Array;
  readonly v: Uint8Array;
  /** How each pixel departs from what other frames show at its place (see `depart`); absent where no others were compared. */
  readonly departure?: Uint8Array | undefined;
};

/** Longest side of a small frame: an object's limbs are still several pixels wide. */
const LONGEST = 432;

/** How frames of a format are made small: by a whole factor, 4:4:4, 8 bits. */
export function pictureShrink(format: FrameFormat): Shrink {
  const factor = Math.max(1, Math.ceil(Math.max(format.width, format.height) / LONGEST));
  return {
    factor,
    format: {
      width: Math.ceil(format.width / factor),
      height: Math.ceil(format.height / factor),
      chromaShiftX: 0,
      chromaShiftY: 0,
      bitDepth: 8,
      fullRange: format.fullRange,
    },
  };
}

/** Averages a frame down. */
export function toPicture(frame: Frame, format: FrameFormat, shrink: Shrink): Picture {
  const [y, u, v] = shrinkFrame(frame, format, shrink).planes.map((plane) => plane.data as Uint8Array);
  return { width: shrink.format.width, height: shrink.format.height, y: y!, u: u!, v: v! };
}

/** A rectangle of pixels, ends excluded. */
export type Box = { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number };

/** The rectangle around all values above `level`; undefined without any. */
export function boxOf(values: ArrayLike<number>, width: number, height: number, level: number): Box | undefined {
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!(values[y * width + x]! > level)) continue;
      if (x < x0) x0 = x;
      if (x >= x1) x1 = x + 1;
      if (y < y0) y0 = y;
      y1 = y + 1;
    }
  }
  return x1 > x0 ? { x0, y0, x1, y1 } : undefined;
}

/** A rectangle grown by `by` pixels on every side, inside the picture. */
export function grow(box: Box, by: number, width: number, height: number): Box {
  const reach = Math.round(by);
  return {
    x0: Math.max(0, box.x0 - reach),
    y0: Math.max(0, box.y0 - reach),
    x1: Math.min(width, box.x1 + reach),
    y1: Math.min(height, box.y1 + reach),
  };
}
