/** A small mask at its frame's own size: its edge follows the frame's (guided upsampling, He and Sun, 2015). */
import type { Frame, FrameFormat } from "../../media/frame.ts";
import { boxOf, grow, type Picture } from "./picture.ts";
import { boxMean } from "./regions.ts";

const RADIUS = 2;
/** Variance of luma, in units of its whole range, below which there is no edge to follow. */
const FLAT = 1e-3;
/** Small pixels around the mask that its edge may move into. */
const REACH = 4;

/**
 * @param mask of `picture`, 0 to 1. @param factor frame pixels a small pixel, per axis.
 * @returns width * height of the frame: 1 on the object, 0 elsewhere.
 */
export function refineMask(
  mask: Float32Array,
  picture: Picture,
  frame: Frame,
  format: FrameFormat,
  factor: number,
): Uint8Array {
  const { width, height } = format;
  const out = new Uint8Array(width * height);
  const found = boxOf(mask, picture.width, picture.height, 0.5);
  if (!found) return out;
  const { gain, offset } = coefficients(mask, picture);
  const box = grow(found, REACH, picture.width, picture.height);
  const [luma] = frame.planes;
  const scale = 1 / (255 * 2 ** (format.bitDepth - 8));
  const [x1, y1] = [Math.min(width, box.x1 * factor), Math.min(height, box.y1 * factor)];
  for (let y = box.y0 * factor; y < y1; y++) {
    const sy = Math.max(0, Math.min(picture.height - 1, (y + 0.5) / factor - 0.5));
    const top = Math.floor(sy) * picture.width;
    const bottom = Math.min(picture.height - 1, Math.floor(sy) + 1) * picture.width;
    const fy = sy - Math.floor(sy);
    for (let x = box.x0 * factor; x < x1; x++) {
      const sx = Math.max(0, Math.min(picture.width - 1, (x + 0.5) / factor - 0.5));
      const left = Math.floor(sx);
      const right = Math.min(picture.width - 1, left + 1);
      const fx = sx - left;
      const mix = (plane: Float32Array): number =>
        (plane[top + left]! * (1 - fx) + plane[top + right]! * fx) * (1 - fy) +
        (plane[bottom + left]! * (1 - fx) + plane[bottom + right]! * fx) * fy;
      const value = mix(gain) * luma.data[y * luma.stride + x]! * scale + mix(offset);
      if (value > 0.5) out[y * width + x] = 1;
    }
  }
  return out;
}

/** The linear functions of luma that the mask is locally most like: `mask = gain * luma + offset`. */
function coefficients(mask: Float32Array, { width, height, y }: Picture): { gain: Float32Array; offset: Float32Array } {
  const luma = Float32Array.from(y, (level) => level / 255);
  const mean = (values: Float32Array): Float32Array => boxMean(values, width, height, RADIUS);
  const [meanLuma, meanMask] = [mean(luma), mean(mask)];
  const squares = mean(luma.map((value) => value * value));
  const products = mean(luma.map((value, i) => value * mask[i]!));
  const gain = new Float32Array(luma.length);
  const offset = new Float32Array(luma.length);
  for (let i = 0; i < gain.length; i++) {
    const variance = squares[i]! - meanLuma[i]! ** 2;
    gain[i] = (products[i]! - meanLuma[i]! * meanMask[i]!) / (variance + FLAT);
    offset[i] = meanMask[i]! - gain[i]! * meanLuma[i]!;
  }
  return { gain: mean(gain), offset: mean(offset) };
}
