/** Where subsampled chroma stands among luma. */
import {
  AVCHROMA_LOC_BOTTOM,
  AVCHROMA_LOC_BOTTOMLEFT,
  AVCHROMA_LOC_CENTER,
  AVCHROMA_LOC_TOP,
  AVCHROMA_LOC_TOPLEFT,
} from "node-av/constants";
import type { FrameFormat } from "./frame.ts";
import type { ColorTags } from "./picture.ts";

/**
 * The place of a chroma sample in the cell of luma samples it is for: 0.5 in their middle, less towards the first of them;
 * across and down. Where nothing is said it stands on the left and halfway down, as H.264 has it.
 */
export function chromaSite({ chromaLocation }: ColorTags, format: FrameFormat): { x: number; y: number } {
  const centred = [AVCHROMA_LOC_CENTER, AVCHROMA_LOC_TOP, AVCHROMA_LOC_BOTTOM] as readonly number[];
  const first = 0.5 / 2 ** format.chromaShiftX;
  const top = 0.5 / 2 ** format.chromaShiftY;
  const upper = [AVCHROMA_LOC_TOP, AVCHROMA_LOC_TOPLEFT] as readonly number[];
  const lower = [AVCHROMA_LOC_BOTTOM, AVCHROMA_LOC_BOTTOMLEFT] as readonly number[];
  return {
    x: centred.includes(chromaLocation) ? 0.5 : first,
    y: upper.includes(chromaLocation) ? top : lower.includes(chromaLocation) ? 1 - top : 0.5,
  };
}
