/** Frames that a hole may be filled from, as the gather kernel reads them. */

import { KEPT, MASKED, type SampleLayout } from "../frames/layout.ts";
import { type Homography, IDENTITY } from "../registration/homography.ts";

/** A frame to take samples from. */
export type Source = {
  readonly base: number;
  /** Target's luma pixels to this frame's. */
  readonly homography: Homography;
  /** The two pixel grids coincide: samples are taken as they are. */
  readonly exact: boolean;
  /** source = gain * target + offset, in 8-bit luma levels. */
  readonly gain: number;
  readonly offset: number;
  readonly weight: number;
};

/** Bytes of one record of the gather kernel. */
export const SOURCE_BYTES = 96;

/** How {@link writeSources} addresses the frames. */
export type SourceOptions = {
  /** 0, 1 or 2. */
  readonly plane: number;
  /** `source`: unblocked pixels of the frame as it came. `filled`: pixels of the frame with its hole filled, except for {@link KEPT} ones. */
  readonly from: "source" | "filled";
  /** Bits of the blocked map whose pixels are not taken; when absent {@link MASKED} or, where holes are filled, {@link KEPT}. */
  readonly without?: number;
};

/** Writes kernel records for one plane at `target`. */
export function writeSources(
  memory: WebAssembly.Memory,
  target: number,
  layout: SampleLayout,
  sources: readonly Source[],
  { plane, from, without = from === "source" ? MASKED : KEPT }: SourceOptions,
): void {
  const words = new Uint32Array(memory.buffer, target, (sources.length * SOURCE_BYTES) / 4);
  const floats = new Float32Array(memory.buffer, target, words.length);
  const depthScale = 2 ** (layout.format.bitDepth - 8);
  const blocked = layout.levels[0]!.blocked;
  for (const [i, source] of sources.entries()) {
    const at = (i * SOURCE_BYTES) / 4;
    words[at] = source.base + (from === "source" ? layout.planes : layout.fills)[plane]!;
    words[at + 1] = source.base + blocked;
    words[at + 2] = source.exact ? 1 : 0;
    words[at + 3] = without;
    floats.set(source.exact ? IDENTITY : source.homography, at + 4);
    floats[at + 13] = source.gain;
    // Chroma has its zero in the middle; brightness only scales it.
    floats[at + 14] = (plane === 0 ? source.offset : 128 * (1 - source.gain)) * depthScale;
    floats[at + 15] = source.weight;
  }
}
