/**
 * How far the second pass follows the brightness of each frame. A camera codes frames of some kinds a little brighter than those of others, so
 * that all of the picture pulses by a fraction of a level every few frames. A fill that follows it flickers; one that does not differs from its
 * surroundings by as much: halfway both are smallest. A change of exposure is larger and is followed, or the fill would show a seam.
 */
import type { Source } from "./sources.ts";

/** 8-bit levels between what coding does and what exposure does: by as much half of what is not followed below is. */
const PULSE = 1;
/** Share of the smallest differences that is followed. */
const LEAST = 0.5;

/**
 * The sources with gain and offset as far as they are to be followed.
 * @param fill luma samples of the hole: by how much a source differs depends on them. Not empty. @param level 1 of 8-bit samples in levels of these.
 */
export function withoutPulses(sources: readonly Source[], fill: Float32Array, level: number): Source[] {
  let [sum, squares] = [0, 0];
  for (const sample of fill) {
    sum += sample;
    squares += sample * sample;
  }
  const mean = sum / fill.length;
  const variance = Math.max(0, squares / fill.length - mean * mean);
  return sources.map((source) => {
    const { gain, offset } = source;
    const change = ((gain - 1) * mean) / level + offset;
    const square = change * change + ((gain - 1) ** 2 * variance) / (level * level);
    // The fourth power: what is followed in the end is followed soon.
    const share = 1 - (1 - LEAST) / (1 + (square / (PULSE * PULSE)) ** 2);
    return { ...source, gain: 1 + share * (gain - 1), offset: share * offset };
  });
}
