/**
 * What mask values mean, in one place. Every endpoint's mask becomes a label map: one byte a pixel.
 *
 * | polarity | remove | remove and affected | affected | keep |
 * |---|---|---|---|---|
 * | `void` (VOID, WaveSpeed's VOID) | 0 | 63 | 127 | 255 |
 * | `white-removes` (Bria erase, VACE inpainting) | 255 | | | 0 |
 */
import type { MaskPolarity } from "../operations/removal.ts";

/** Label of a pixel. */
export const KEEP = 0;
/** Shadow, reflection or other effect of the object: relit or filled, not simply removed. */
export const AFFECTED = 1;
/** The object itself. */
export const REMOVE = 2;

/**
 * A table from an 8-bit full-range grey level to its label. Lossy codecs shift levels, so VOID's are snapped at the
 * midpoints its reference uses (31, 95, 191), and binary masks at one half.
 * @returns 256 labels.
 */
export function labelTable(polarity: MaskPolarity): Uint8Array {
  const table = new Uint8Array(256);
  for (let level = 0; level < 256; level++) {
    if (polarity === "white-removes") table[level] = level >= 128 ? REMOVE : KEEP;
    else table[level] = level <= 95 ? REMOVE : level <= 191 ? AFFECTED : KEEP;
  }
  return table;
}

/**
 * The other way round: a grey level for each label, to write a mask with.
 * @returns levels of {@link KEEP}, {@link AFFECTED}, {@link REMOVE}, and of what is both of the latter. `white-removes`
 *   cannot say affected: it keeps.
 */
export function levelTable(polarity: MaskPolarity): Uint8Array {
  return polarity === "white-removes" ? Uint8Array.of(0, 0, 255, 255) : Uint8Array.of(255, 127, 0, 63);
}
