/** Jobs: how much each pixel of a picture departs from what other frames show at the same place of the scene. */
import type { JobContext } from "../../kernels/pool.ts";
import type { Source } from "../completion/sources.ts";
import { bytesAt, type Layout } from "../frames/layout.ts";

/** A byte of {@link depart}'s answer where no other frame shows the place. */
export const UNKNOWN = 255;

/** Words of a record of the kernel, and most frames that one is compared with. */
const [WORDS, MOST_SOURCES] = [12, 32];
/** Rows that the kernel is called for at a time: it is compiled better in between. */
const ROWS = 16;

/** Packs a frame's planes over its labels and what is filled of it, neither of which comparing needs. */
export function pack({ kernels }: JobContext, { layout, base }: { layout: Layout; base: number }): void {
  const { planes, format } = layout;
  kernels.segmentPack(
    base + planes[0],
    base + planes[1],
    base + planes[2],
    format.width * format.height,
    base + packed(layout),
  );
}

/**
 * Compares a frame with others, after {@link pack}ing them all.
 * @returns width * height bytes: levels of departure up to 254, or {@link UNKNOWN}. See `segmentDepart` in the kernels.
 */
export function depart(
  { kernels, memory, scratch }: JobContext,
  { layout, base, sources }: { layout: Layout; base: number; sources: readonly Source[] },
): Uint8Array {
  const { width, height } = layout.format;
  const [records, target] = [scratch.start, scratch.start + 4 * WORDS * MOST_SOURCES];
  if (sources.length > MOST_SOURCES || target + width * height > scratch.end)
    throw new RangeError("too little scratch memory");
  const words = new Uint32Array(memory.buffer, records, WORDS * sources.length);
  const floats = new Float32Array(memory.buffer, records, words.length);
  for (const [i, { base: other, gain, offset, homography }] of sources.entries()) {
    words[i * WORDS] = other + packed(layout);
    floats.set([gain, offset, ...homography], i * WORDS + 1);
  }
  for (let row = 0; row < height; row += ROWS) {
    const end = Math.min(height, row + ROWS);
    kernels.segmentDepart(base + packed(layout), width, height, records, sources.length, row, end, target);
  }
  return bytesAt(memory, target, width * height).slice();
}

/** Where a frame's packed pixels lie: three planes of what is filled and the labels follow one another. */
function packed({ fills }: Layout): number {
  return fills[0];
}
