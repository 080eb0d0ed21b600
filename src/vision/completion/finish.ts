/** Last job of a frame with a hole: steadies the fill over time, blends its edge, and hands the picture out. */
import { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, KEPT, type Layout, MOVING, samplesAt, UNSEEN } from "../frames/layout.ts";
import type { Box } from "../registration/align.ts";
import { withoutPulses } from "./exposure.ts";
import { type Fractions, UNITS } from "./fractions.ts";
import { addGrain } from "./grain.ts";
import { type Gathered, gatherPixels, grown, listBetween, type PixelList, planeBox } from "./pixels.ts";
import type { Source } from "./sources.ts";

/**
 * Share of what rounding takes from a sample that those beside it get: a calm area does not jump by a level when it passes half of one. More
 * costs more in noise than it brings.
 */
const HANDED_ON = 0.5;

/** What {@link finish} is asked. */
export type FinishInput = {
  readonly layout: Layout;
  readonly base: number;
  readonly hole: Box;
  /** This frame and its filled neighbours; empty: no second pass. */
  readonly neighbours: readonly Source[];
  /** Whether it is marked what moves. */
  readonly isMarked: boolean;
  /** What the estimate's rounding took, of each plane; undefined: unknown. */
  readonly fractions: Fractions | undefined;
  /** Seed of the grain; undefined: none. */
  readonly grain: number | undefined;
};

/** @returns the three planes of the finished picture, packed. */
export function finish(context: JobContext, input: FinishInput): (Uint8Array | Uint16Array)[] {
  const { kernels, memory, scratch } = context;
  const { layout, base, grain } = input;
  const { width, height, bitDepth } = layout.format;
  const edge = base + layout.edge;
  const box = grown(input.hole, layout.radius + 1, layout.format);
  let { neighbours } = input;
  return layout.sizes.map((size, plane) => {
    const arena = new Arena(scratch.start, scratch.end);
    const samples = size.width * size.height;
    const source = samplesAt(memory, base + layout.planes[plane]!, samples, layout.sampleBytes);
    const shares = arena.take(1024);
    new Float32Array(memory.buffer, shares, 256).set(softEdge(layout.radius));
    const out = arena.take(source.byteLength);
    const picture = samplesAt(memory, out, samples, layout.sampleBytes);
    picture.set(source);
    const pixels = listBetween(context, layout, plane, box, { map: edge, most: 3 * layout.radius }, arena);
    const values = new Float32Array(memory.buffer, arena.take(4 * pixels.length), pixels.length);
    const read = layout.sampleBytes === 1 ? kernels.readPixels8 : kernels.readPixels16;
    read(pixels.byteOffset, pixels.length, base + layout.fills[plane]!, size.width, values.byteOffset);
    if (neighbours.length > 1 && pixels.length > 0) {
      if (plane === 0) neighbours = withoutPulses(neighbours, values, 2 ** (bitDepth - 8));
      steady(context, { ...input, neighbours }, plane, pixels, values, arena);
    }
    if (grain !== undefined) {
      const distances = bytesAt(memory, edge, width * height);
      addGrain(values, pixels, source, size, (at) => distances[lumaIndex(at, size, width)]!, grain + plane);
    }
    (layout.sampleBytes === 1 ? kernels.blendPixels8 : kernels.blendPixels16)(
      pixels.byteOffset,
      pixels.length,
      values.byteOffset,
      shares,
      edge,
      width,
      height,
      size.shiftX,
      size.shiftY,
      out,
      size.width,
      2 ** bitDepth - 1,
      neighbours.length > 1 ? HANDED_ON : 0,
      arena.take(8 * size.width + 16),
    );
    return picture.slice();
  });
}

/** Moves the values of the fill towards what the neighbours show at the same points of the scene. */
function steady(
  context: JobContext,
  { layout, base, hole, neighbours, isMarked, fractions }: FinishInput,
  plane: number,
  pixels: PixelList,
  values: Float32Array,
  arena: Arena,
): void {
  const { kernels, memory } = context;
  const { width, height, shiftX, shiftY } = layout.sizes[plane]!;
  const fills = base + layout.fills[plane]!;
  const [list, count] = [pixels.byteOffset, pixels.length];
  if (fractions) {
    const rounded = arena.take(count);
    new Int8Array(memory.buffer, rounded, count).set(fractions[plane]!);
    kernels.addRounded(rounded, count, UNITS, values.byteOffset);
  }
  const { values: others, counts } = isMarked
    ? besides(context, layout, base, plane, pixels, neighbours, arena)
    : gatherPixels(context, layout, pixels, neighbours, { plane, from: "filled", most: neighbours.length }, arena);
  const { x0, y0, x1, y1 } = planeBox(layout, plane, grown(hole, layout.radius + 1, layout.format));
  // What was made up, and what no camera motion blurs, follows whole.
  const state = neighbours.every((one) => one.exact) ? 0 : base + layout.state;
  (layout.sampleBytes === 1 ? kernels.steadyPixels8 : kernels.steadyPixels16)(
    list,
    count,
    values.byteOffset,
    others.byteOffset,
    counts.byteOffset,
    Math.max(2, layout.radius >> shiftX),
    fills,
    width,
    height,
    2 ** (layout.format.bitDepth - 8),
    state,
    UNSEEN,
    layout.format.width,
    shiftX,
    shiftY,
    arena.take(12 * (x1 - x0 + 1) * (y1 - y0 + 1) + 9216),
  );
}

/** What the neighbours show at the same points of the scene: what moves is steadied by all of it, what does not move by nothing that moves. */
function besides(
  context: JobContext,
  layout: Layout,
  base: number,
  plane: number,
  pixels: PixelList,
  neighbours: readonly Source[],
  arena: Arena,
): Gathered {
  const { width, height } = layout.format;
  const size = layout.sizes[plane]!;
  const blocked = bytesAt(context.memory, base + layout.levels[0]!.blocked, width * height);
  const options = { plane, from: "filled", most: neighbours.length } as const;
  const found = gatherPixels(context, layout, pixels, neighbours, { ...options, without: KEPT | MOVING }, arena);
  const moving: number[] = [];
  for (let i = 0; i < pixels.length; i++) {
    const at = (pixels[i]! >> 16) * size.width + (pixels[i]! & 0xffff);
    if (blocked[lumaIndex(at, size, width)]! & MOVING) moving.push(i);
  }
  if (moving.length === 0) return found;
  const list = Int32Array.from(moving, (i) => pixels[i]!);
  const along = gatherPixels(context, layout, list, neighbours, options, arena.rest());
  for (const [k, i] of moving.entries()) {
    found.values[i] = along.values[k]!;
    found.counts[i] = along.counts[k]!;
  }
  return found;
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

function lumaIndex(at: number, size: { width: number; shiftX: number; shiftY: number }, width: number): number {
  return (Math.floor(at / size.width) << size.shiftY) * width + ((at % size.width) << size.shiftX);
}
