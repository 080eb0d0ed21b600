/** How large the result is, and in how many steps it is reached. */
import type { FrameFormat } from "../../media/frame.ts";

/** Most times the net is applied. */
const MOST_PASSES = 3;

/**
 * The size of `format` times `scale`, rounded to whole pixels, and to even ones where chroma is subsampled. At a scale of 1 the size
 * stays, odd or not.
 * @param scale 1 to 8.
 */
export function enlargedSize(format: FrameFormat, scale: number): { readonly width: number; readonly height: number } {
  const { width, height, chromaShiftX, chromaShiftY } = format;
  if (scale === 1) return { width, height };
  const round = (value: number, shift: number) => 2 ** shift * Math.round(value / 2 ** shift);
  return {
    width: Math.max(width, round(width * scale, chromaShiftX)),
    height: Math.max(height, round(height * scale, chromaShiftY)),
  };
}

/** How often a picture is doubled: until it is at least as large as the result, or often enough. */
export function passesFor(format: FrameFormat, target: { readonly width: number; readonly height: number }): number {
  const scale = Math.max(target.width / format.width, target.height / format.height);
  return Math.min(MOST_PASSES, Math.ceil(Math.log2(scale) - 1e-9));
}
