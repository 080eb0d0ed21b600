/** First job of every frame: what registration and candidate search need to know of it. */
import type { JobContext } from "../../kernels/pool.ts";
import { AFFECTED, KEEP, REMOVE } from "../mask.ts";
import type { Box } from "../registration/align.ts";
import { bytesAt, CLOSE, type Layout, MASKED } from "./layout.ts";

/** The labelled part of a frame. */
export type Prepared = {
  /** Rectangle around every labelled pixel; undefined without any. */
  readonly hole: Box | undefined;
  readonly removed: number;
  readonly affected: number;
};

/** Moving things that cover more of what is not labelled are looked at like everything else: little would be left. */
const MOST_MOVING = 0.5;

/** Share of the margin that soft edges and inexact masks take: of what nothing else shows, the rest is taken. */
const CLOSEST = 0.75;

/** Builds the 8-bit pyramid and the map of pixels that are not background: the labelled ones and a margin around them, and rectangles of `moving` things. */
export function prepare(
  { kernels, memory, scratch }: JobContext,
  { layout, base, moving = [] }: { layout: Layout; base: number; moving?: readonly Box[] },
): Prepared {
  const { width, height, bitDepth } = layout.format;
  const count = width * height;
  const [finest] = layout.levels;
  if (!finest) throw new RangeError("a frame has at least one level");
  if (layout.sampleBytes === 2) kernels.narrow(base + layout.planes[0], count, bitDepth - 8, base + finest.luma);
  const prepared = measure(bytesAt(memory, base + layout.labels, count), width, height);
  const blocked = bytesAt(memory, base + finest.blocked, count);
  if (prepared.hole) {
    kernels.distance(base + layout.labels, width, height, AFFECTED, scratch.start);
    const distances = bytesAt(memory, scratch.start, count);
    const margin = 3 * (layout.radius + 1);
    const close = 3 * CLOSEST * layout.radius;
    for (let i = 0; i < count; i++) {
      const distance = distances[i]!;
      blocked[i] = distance <= close ? MASKED | CLOSE : distance <= margin ? MASKED : 0;
    }
  } else blocked.fill(0);
  block(blocked, moving, width, height, MOST_MOVING * (count - prepared.removed - prepared.affected));
  for (let i = 1; i < layout.levels.length; i++) {
    const from = layout.levels[i - 1]!;
    const to = layout.levels[i]!;
    kernels.halve(base + from.luma, from.width, from.height, base + to.luma);
    kernels.halveBlocked(base + from.blocked, from.width, from.height, base + to.blocked);
  }
  bytesAt(memory, base + layout.state, count).fill(0);
  return prepared;
}

function block(blocked: Uint8Array, boxes: readonly Box[], width: number, height: number, most: number): void {
  const inside = boxes.map(({ x0, y0, x1, y1 }) => ({
    x0: Math.max(0, x0),
    y0: Math.max(0, y0),
    x1: Math.min(width, x1),
    y1: Math.min(height, y1),
  }));
  let area = 0;
  for (const { x0, y0, x1, y1 } of inside) area += Math.max(0, x1 - x0) * Math.max(0, y1 - y0);
  if (area > most) return;
  for (const { x0, y0, x1, y1 } of inside) {
    for (let y = y0; y < y1; y++) if (x1 > x0) blocked.fill(MASKED | CLOSE, y * width + x0, y * width + x1);
  }
}

function measure(labels: Uint8Array, width: number, height: number): Prepared {
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  let removed = 0;
  let affected = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const label = labels[y * width + x]!;
      if (label === KEEP) continue;
      if (label === REMOVE) removed++;
      else affected++;
      x0 = Math.min(x0, x);
      y0 = Math.min(y0, y);
      x1 = Math.max(x1, x + 1);
      y1 = Math.max(y1, y + 1);
    }
  }
  return { hole: removed + affected > 0 ? { x0, y0, x1, y1 } : undefined, removed, affected };
}
