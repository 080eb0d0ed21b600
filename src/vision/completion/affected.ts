/**
 * Pixels labelled AFFECTED (shadows, reflections, things the object moved): where the source agrees with the background
 * seen in other frames nothing happened and the source stays; where it does not, or cannot be compared, see below.
 */
import { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, KEPT, type Layout, SEEN } from "../frames/layout.ts";
import { AFFECTED, REMOVE } from "../mask.ts";
import type { Box } from "../registration/align.ts";

/** Difference in 8-bit levels that noise and coding do not explain. */
export const VISIBLE = 7;

/**
 * Decides between keeping and filling for every AFFECTED pixel and redraws the frame's edge map accordingly. Affected
 * pixels whose background no frame shows are kept: there is nothing to compare them with.
 * @param box around all labelled pixels. @param reach in which the edge map is wanted.
 */
export function decideAffected(
  { kernels, memory, scratch }: JobContext,
  layout: Layout,
  base: number,
  { x0, y0, x1, y1 }: Box,
  reach: Box,
): void {
  const { width, height, bitDepth } = layout.format;
  const arena = new Arena(scratch.start, scratch.end);
  const [differs, holes] = [arena.take(width * height), arena.take(width * height)];
  for (const map of [differs, holes]) bytesAt(memory, map, width * height).fill(0);
  const [labels, state] = [base + layout.labels, base + layout.state];
  const compare = layout.sampleBytes === 1 ? kernels.differ8 : kernels.differ16;
  for (const [plane, size] of layout.sizes.entries()) {
    const [source, fill] = [base + layout.planes[plane]!, base + layout.fills[plane]!];
    const limit = VISIBLE * 2 ** (bitDepth - 8);
    const asked = [labels, AFFECTED, AFFECTED, state, SEEN, width, x0, y0, x1, y1] as const;
    compare(...asked, source, fill, size.width, size.height, size.shiftX, size.shiftY, 0, limit, differs);
  }
  const blocked = base + layout.levels[0]!.blocked;
  kernels.affectedDecide(labels, state, SEEN, differs, width, height, x0, y0, x1, y1, holes, blocked, KEPT);
  kernels.distance(holes, width, height, reach.x0, reach.y0, reach.x1, reach.y1, REMOVE, base + layout.edge);
}
