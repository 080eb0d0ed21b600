/** First job of every frame: what registration and candidate search need to know of it. */
import type { Kernels } from "../../kernels/kernels.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { grown } from "../completion/pixels.ts";
import { AFFECTED } from "../mask.ts";
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
export const CLOSEST = 0.75;

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
  const prepared = measure(kernels, memory, base + layout.labels, layout, scratch.start);
  const blocked = bytesAt(memory, base + finest.blocked, count);
  if (prepared.hole) {
    const { x0, y0, x1, y1 } = grown(prepared.hole, layout.radius + 2, layout.format);
    kernels.distance(base + layout.labels, width, height, x0, y0, x1, y1, AFFECTED, scratch.start);
    const [most, close] = [3 * (layout.radius + 1), Math.floor(3 * CLOSEST * layout.radius)];
    kernels.atMost(scratch.start, count, most, MASKED, close, CLOSE, base + finest.blocked);
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

function measure(
  kernels: Kernels,
  memory: WebAssembly.Memory,
  labels: number,
  { format }: Layout,
  scratch: number,
): Prepared {
  kernels.labelled(labels, format.width, format.height, scratch);
  const [x0, y0, x1, y1, removed, affected] = new Int32Array(memory.buffer, scratch, 6) as unknown as Six;
  return { hole: removed + affected > 0 ? { x0, y0, x1, y1 } : undefined, removed, affected };
}

type Six = [number, number, number, number, number, number];
