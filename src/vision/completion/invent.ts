/** Job: what no frame shows. First what was made up for an earlier frame, so that it stays; then the picture around. */
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, KEPT, type Layout, MOVING, samplesAt, UNSEEN } from "../frames/layout.ts";
import type { Box } from "../registration/align.ts";
import { fillFromAround } from "./around.ts";
import { gatherPixels, grown, listPixels } from "./pixels.ts";
import type { Source } from "./sources.ts";

/** What {@link invent} is asked. */
export type InventInput = {
  readonly layout: Layout;
  readonly base: number;
  readonly hole: Box;
  /** Completed frames, best first. */
  readonly anchors: readonly Source[];
};

/**
 * Fills the UNSEEN pixels of the frame at `base`.
 * @returns how many luma pixels no anchor showed: if there are many, this frame should become an anchor itself.
 */
export function invent(context: JobContext, { layout, base, hole, anchors }: InventInput): { invented: number } {
  const { memory } = context;
  const { width, height, bitDepth } = layout.format;
  const state = bytesAt(memory, base + layout.state, width * height);
  const around = grown(hole, layout.radius + 1, layout.format);
  const top = 2 ** bitDepth - 1;
  const missing = [0, 1, 2].map((plane) => {
    const size = layout.sizes[plane]!;
    const fills = samplesAt(memory, base + layout.fills[plane]!, size.width * size.height, layout.sampleBytes);
    const pixels = listPixels(layout, plane, around, (i) => state[i] === UNSEEN);
    const { values, counts } = gatherPixels(context, layout, pixels, anchors, {
      plane,
      from: "filled",
      // What moves was there then.
      without: KEPT | MOVING,
      most: 1,
    });
    return pixels.filter((pixel, i) => {
      if (!counts[i]) return true;
      fills[(pixel >> 16) * size.width + (pixel & 0xffff)] = Math.min(top, Math.max(0, Math.round(values[i]!)));
      return false;
    });
  });
  const invented = missing[0]!.length;
  if (missing.some((pixels) => pixels.length > 0)) fillFromAround(context, layout, base, missing);
  return { invented };
}
