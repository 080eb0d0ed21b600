/** Last job of a frame with a hole: steadies the fill over time, blends its edge, and hands the picture out. */
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, KEPT, type Layout, MOVING, type PlaneSize, samplesAt, UNSEEN } from "../frames/layout.ts";
import type { Box } from "../registration/align.ts";
import { addSmoothly } from "./add-smoothly.ts";
import { type Fractions, restore } from "./fractions.ts";
import { addGrain } from "./grain.ts";
import { gatherPixels, grown, listPixels, type PixelList } from "./pixels.ts";
import type { Source } from "./sources.ts";

/** What {@link finish} is asked. */
export type FinishInput = {
  readonly layout: Layout;
  readonly base: number;
  readonly hole: Box;
  /** This frame and its filled neighbours; empty: no second pass. */
  readonly neighbours: readonly Source[];
  /** What the estimate's rounding took, of each plane; undefined: unknown. */
  readonly fractions: Fractions | undefined;
  /** Seed of the grain; undefined: none. */
  readonly grain: number | undefined;
};

/** @returns the three planes of the finished picture, packed. */
export function finish(
  context: JobContext,
  { layout, base, hole, neighbours, fractions, grain }: FinishInput,
): (Uint8Array | Uint16Array)[] {
  const { memory } = context;
  const { width, height, bitDepth } = layout.format;
  const edge = bytesAt(memory, base + layout.edge, width * height);
  const state = bytesAt(memory, base + layout.state, width * height);
  const blocked = bytesAt(memory, base + layout.levels[0]!.blocked, width * height);
  const reach = 3 * layout.radius;
  const alpha = softEdge(layout.radius);
  const box = grown(hole, layout.radius + 1, layout.format);
  return [0, 1, 2].map((plane) => {
    const size = layout.sizes[plane]!;
    const samples = size.width * size.height;
    const out = samplesAt(memory, base + layout.planes[plane]!, samples, layout.sampleBytes).slice();
    const fills = samplesAt(memory, base + layout.fills[plane]!, samples, layout.sampleBytes);
    const pixels = listPixels(layout, plane, box, (i) => edge[i]! <= reach);
    const values = new Float32Array(pixels.length);
    const place = (i: number) => (pixels[i]! >> 16) * size.width + (pixels[i]! & 0xffff);
    for (let i = 0; i < pixels.length; i++) values[i] = fills[place(i)]!;
    if (neighbours.length > 1) {
      if (fractions) restore(values, fractions[plane]!);
      const isStill = neighbours.every((one) => one.exact);
      const isWhole = (i: number) => isStill || state[lumaIndex(place(i), size, width)] === UNSEEN;
      const isMoving = (i: number) => (blocked[lumaIndex(place(i), size, width)]! & MOVING) !== 0;
      steady(context, layout, plane, { pixels, values, fills, neighbours, isWhole, isMoving });
    }
    if (grain !== undefined)
      addGrain(values, pixels, out, size, (at) => edge[lumaIndex(at, size, width)]!, grain + plane);
    const top = 2 ** bitDepth - 1;
    for (let i = 0; i < pixels.length; i++) {
      const at = place(i);
      const share = meanAlpha(alpha, edge, pixels[i]!, size, width, height);
      out[at] = Math.min(top, Math.max(0, Math.round(out[at]! + (values[i]! - out[at]!) * share)));
    }
    return out;
  });
}

/**
 * Moves values towards what the neighbours show at the same points of the scene. Seen background follows in what is smooth, which is
 * where light drifts; what was made up, and what no camera motion blurs, follows whole.
 */
function steady(
  context: JobContext,
  layout: Layout,
  plane: number,
  input: {
    readonly pixels: PixelList;
    readonly values: Float32Array;
    readonly fills: Uint8Array | Uint16Array;
    readonly neighbours: readonly Source[];
    readonly isWhole: (i: number) => boolean;
    /** What moves is steadied by what moved there; what does not, not. */
    readonly isMoving: (i: number) => boolean;
  },
): void {
  const { pixels, values, fills, neighbours, isWhole, isMoving } = input;
  const size = layout.sizes[plane]!;
  const options = { plane, from: "filled", most: neighbours.length } as const;
  const { values: others, counts } = gatherPixels(context, layout, pixels, neighbours, {
    ...options,
    without: KEPT | MOVING,
  });
  // Where an effect was kept, or something moves, in all of them, there is nothing to be steadied by.
  const change = others.map((other, i) => (counts[i] ? other - values[i]! : 0));
  const moving = pixels.filter((_, i) => isMoving(i));
  if (moving.length > 0) {
    const along = gatherPixels(context, layout, moving, neighbours, options);
    let k = 0;
    for (let i = 0; i < pixels.length; i++) {
      if (!isMoving(i)) continue;
      change[i] = along.counts[k] ? along.values[k]! - values[i]! : 0;
      k++;
    }
  }
  const steepness = (i: number) => steepnessAt(fills, size, pixels[i]!);
  addSmoothly(
    values,
    pixels,
    change,
    Math.max(2, layout.radius >> size.shiftX),
    isWhole,
    steepness,
    2 ** (layout.format.bitDepth - 8),
  );
}

/** Difference across a sample and down it, together. */
function steepnessAt(plane: Uint8Array | Uint16Array, { width, height }: PlaneSize, pixel: number): number {
  const [x, y] = [pixel & 0xffff, pixel >> 16];
  const row = y * width;
  const across = plane[row + Math.min(width - 1, x + 1)]! - plane[row + Math.max(0, x - 1)]!;
  const down = plane[Math.min(height - 1, y + 1) * width + x]! - plane[Math.max(0, y - 1) * width + x]!;
  return Math.abs(across) + Math.abs(down);
}

/** Share of the fill by distance to the hole: whole over the inner half of the band, then falling to zero. */
function softEdge(radius: number): Float32Array {
  const inner = 1.5 * radius;
  const outer = 3 * radius + 1;
  return Float32Array.from({ length: 256 }, (_, d) => {
    const t = Math.min(1, Math.max(0, (outer - d) / (outer - inner)));
    return t * t * (3 - 2 * t);
  });
}

function meanAlpha(
  alpha: Float32Array,
  edge: Uint8Array,
  pixel: number,
  { shiftX, shiftY }: { shiftX: number; shiftY: number },
  width: number,
  height: number,
): number {
  const x0 = (pixel & 0xffff) << shiftX;
  const y0 = (pixel >> 16) << shiftY;
  const x1 = Math.min(width, x0 + (1 << shiftX));
  const y1 = Math.min(height, y0 + (1 << shiftY));
  let sum = 0;
  for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) sum += alpha[edge[y * width + x]!]!;
  return sum / ((x1 - x0) * (y1 - y0));
}

function lumaIndex(at: number, size: { width: number; shiftX: number; shiftY: number }, width: number): number {
  return (Math.floor(at / size.width) << size.shiftY) * width + ((at % size.width) << size.shiftX);
}
