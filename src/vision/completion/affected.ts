/**
 * Pixels labelled AFFECTED (shadows, reflections, things the object moved): where the source agrees with the background
 * seen in other frames nothing happened and the source stays; where it does not, or cannot be compared, see below.
 */
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, KEPT, type Layout, SEEN, samplesAt } from "../frames/layout.ts";
import { AFFECTED, KEEP, REMOVE } from "../mask.ts";
import type { Box } from "../registration/align.ts";

/** Difference in 8-bit levels that noise and coding do not explain. */
const VISIBLE = 7;

/**
 * Decides between keeping and filling for every AFFECTED pixel and redraws the frame's edge map accordingly. Affected
 * pixels whose background no frame shows are kept: there is nothing to compare them with.
 */
export function decideAffected({ kernels, memory, scratch }: JobContext, layout: Layout, base: number, box: Box): void {
  const { width, height, bitDepth } = layout.format;
  const count = width * height;
  const labels = bytesAt(memory, base + layout.labels, count);
  const state = bytesAt(memory, base + layout.state, count);
  const differs = new Uint8Array(count);
  for (const plane of [0, 1, 2]) {
    const size = layout.sizes[plane]!;
    const samples = size.width * size.height;
    const source = samplesAt(memory, base + layout.planes[plane]!, samples, layout.sampleBytes);
    const fill = samplesAt(memory, base + layout.fills[plane]!, samples, layout.sampleBytes);
    const limit = VISIBLE * 2 ** (bitDepth - 8);
    for (let y = box.y0; y < box.y1; y++) {
      for (let x = box.x0; x < box.x1; x++) {
        const i = y * width + x;
        if (labels[i] !== AFFECTED || state[i] !== SEEN) continue;
        const at = (y >> size.shiftY) * size.width + (x >> size.shiftX);
        if (Math.abs(source[at]! - fill[at]!) > limit) differs[i] = 1;
      }
    }
  }
  const holes = bytesAt(memory, scratch.start, count);
  for (let i = 0; i < count; i++) holes[i] = labels[i] === REMOVE ? REMOVE : KEEP;
  for (let y = box.y0; y < box.y1; y++) {
    for (let x = box.x0; x < box.x1; x++) {
      if (labels[y * width + x] !== AFFECTED || state[y * width + x] !== SEEN) continue;
      if (majority(differs, x, y, width, height)) holes[y * width + x] = REMOVE;
    }
  }
  kernels.distance(scratch.start, width, height, REMOVE, base + layout.edge);
  const blocked = bytesAt(memory, base + layout.levels[0]!.blocked, count);
  for (let i = 0; i < count; i++) if (labels[i] === AFFECTED && holes[i] === KEEP) blocked[i]! |= KEPT;
}

/** Whether at least a third of the 5 x 5 pixels around one differ: single pixels are noise. */
function majority(differs: Uint8Array, x: number, y: number, width: number, height: number): boolean {
  let hits = 0;
  for (let ny = Math.max(0, y - 2); ny <= Math.min(height - 1, y + 2); ny++) {
    for (let nx = Math.max(0, x - 2); nx <= Math.min(width - 1, x + 2); nx++) hits += differs[ny * width + nx]!;
  }
  return hits >= 8;
}
