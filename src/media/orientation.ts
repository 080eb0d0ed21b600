/** How a stored picture is turned for display. Turning moves samples and never computes any. */
import { AV_PKT_DATA_DISPLAYMATRIX } from "node-av/constants";
import type { Stream } from "node-av/lib";
import type { Plane } from "./frame.ts";

/** Rows and columns change places first (`swap`), then the result is mirrored. All false: stored as displayed. */
export type Orientation = { readonly swap: boolean; readonly flipX: boolean; readonly flipY: boolean };

/** Stored as displayed. */
export const UPRIGHT: Orientation = { swap: false, flipX: false, flipY: false };

/**
 * The orientation that a display matrix asks for, to the nearest right angle (ISO/IEC 14496-12, 6.2.2: nine 32-bit numbers
 * a b u c d v x y w; a stored point (p, q) is shown at (a p + c q, b p + d q)).
 */
export function orientationOf(matrix: Buffer | null): Orientation {
  if (!matrix || matrix.length < 36) return UPRIGHT;
  const [a, b, c, d] = [0, 4, 12, 16].map((at) => matrix.readInt32LE(at)) as [number, number, number, number];
  const swap = Math.abs(b) > Math.abs(a);
  return { swap, flipX: (swap ? c : a) < 0, flipY: (swap ? b : d) < 0 };
}

/** The orientation that a stream's container asks for. */
export function streamOrientation(stream: Stream): Orientation {
  return orientationOf(stream.codecpar.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX));
}

/** Clockwise degrees; a mirrored picture is told by the turn that its first row takes. */
export function degrees({ swap, flipX, flipY }: Orientation): 0 | 90 | 180 | 270 {
  if (swap) return flipY ? 270 : 90;
  return flipX && flipY ? 180 : 0;
}

/** A tight copy of the samples, turned. Width and height are those stored, in samples. */
export function turnPlane(
  source: Uint8Array | Uint16Array,
  stride: number,
  width: number,
  height: number,
  { swap, flipX, flipY }: Orientation,
): Plane {
  const [outWidth, outHeight] = swap ? [height, width] : [width, height];
  const count = width * height;
  if (!swap && !flipX && !flipY && stride === width) {
    // A Buffer's own slice would share the memory.
    const data =
      source instanceof Uint8Array ? Uint8Array.prototype.slice.call(source, 0, count) : source.slice(0, count);
    return { data, width, height, stride };
  }
  const data = source instanceof Uint8Array ? new Uint8Array(count) : new Uint16Array(count);
  if (!swap && !flipX) {
    for (let y = 0; y < height; y++) {
      const from = (flipY ? height - 1 - y : y) * stride;
      data.set(source.subarray(from, from + width), y * width);
    }
    return { data, width, height, stride: width };
  }
  // Steps through the source for one step to the right and one step down in the result.
  const stepX = (swap ? stride : 1) * (flipX ? -1 : 1);
  const stepY = (swap ? 1 : stride) * (flipY ? -1 : 1);
  const start = (flipX ? -stepX * (outWidth - 1) : 0) + (flipY ? -stepY * (outHeight - 1) : 0);
  for (let y = 0, to = 0; y < outHeight; y++) {
    for (let x = 0, from = start + y * stepY; x < outWidth; x++, from += stepX) data[to++] = source[from]!;
  }
  return { data, width: outWidth, height: outHeight, stride: outWidth };
}
