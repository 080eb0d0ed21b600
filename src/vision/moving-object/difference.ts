/** Job: how much each pixel of a small frame differs from what other frames show at the same place of the scene. */

import type { JobContext } from "../../kernels/pool.ts";
import { gatherPixels, listPixels } from "../completion/pixels.ts";
import type { Source } from "../completion/sources.ts";
import { type Layout, samplesAt } from "../frames/layout.ts";

/** Chroma differences count more: they are smaller and less noisy. */
const CHROMA_WEIGHT = 1.5;
/** Frames that the background is made of at most. */
const MOST = 15;

/** @returns one byte a pixel: the largest difference of the three planes in levels; 0 where there is no background. */
export function difference(
  context: JobContext,
  { layout, base, sources }: { layout: Layout; base: number; sources: readonly Source[] },
): Uint8Array {
  const { width, height } = layout.format;
  const out = new Uint8Array(width * height);
  const pixels = listPixels(layout, 0, { x0: 0, y0: 0, x1: width, y1: height }, () => true);
  for (const plane of [0, 1, 2]) {
    const own = samplesAt(context.memory, base + layout.planes[plane]!, width * height, layout.sampleBytes);
    const { values, counts } = gatherPixels(context, layout, pixels, sources, { plane, from: "source", most: MOST });
    const weight = plane === 0 ? 1 : CHROMA_WEIGHT;
    for (let i = 0; i < out.length; i++) {
      if (counts[i]! >= 2) out[i] = Math.min(255, Math.max(out[i]!, Math.abs(own[i]! - values[i]!) * weight));
    }
  }
  return out;
}
