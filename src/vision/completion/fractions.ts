/**
 * What rounding to samples takes from a fill. A correction of less than half a level, which is what makes a fill flicker, would be
 * rounded away again wherever it meets whole levels.
 */

/** For each plane what was rounded off its pixels, those of the soft edge and inside it in order, in {@link UNITS} of a sample's level. */
export type Fractions = readonly Int8Array[];

/** Parts of a level: half a level of them fits a signed byte. */
export const UNITS = 254;
