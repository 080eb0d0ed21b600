/** Job: the background behind one frame's hole, from the frames where it is seen. */

import { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, type Layout, MOVING, SEEN, samplesAt, UNSEEN } from "../frames/layout.ts";
import { AFFECTED, REMOVE } from "../mask.ts";
import type { Box } from "../registration/align.ts";
import { decideAffected } from "./affected.ts";
import { smoothFill } from "./around.ts";
import { type Fractions, UNITS } from "./fractions.ts";
import { localise } from "./localise.ts";
import { gatherStill, lookUp } from "./look-up.ts";
import { Membrane } from "./membrane.ts";
import { type Gathered, grown, listBetween, listPixels, type PixelList } from "./pixels.ts";
import type { Source } from "./sources.ts";
import { dropSpecks } from "./specks.ts";

/** What {@link estimate} is asked. */
export type EstimateInput = {
  readonly layout: Layout;
  readonly base: number;
  readonly hole: Box;
  readonly affected: boolean;
  readonly sources: readonly Source[];
  /** More of them, for what those do not show. */
  readonly spare: readonly Source[];
  /** Samples combined for a pixel at most, up to 16. */
  readonly most: number;
  /** Whether it is marked what moves by itself: that is no background. */
  readonly moving: boolean;
  /** Whether what nothing else shows is taken from right beside holes, where soft edges seldom reach. */
  readonly closest: boolean;
  /** Whether what even that does not show is taken from inside masks, beside what is marked as the object. */
  readonly slack: boolean;
  /** Addresses of frames whose maps are wanted back as they fit around the hole. */
  readonly near: readonly number[];
  /** Whether what rounding takes is wanted back. */
  readonly exactly: boolean;
};

/** What {@link estimate} found. */
export type Estimated = {
  /** Luma pixels that no source shows. */
  readonly unseen: number;
  /** Those of the sources asked for that fit. */
  readonly local: readonly Source[];
  /** What rounding took. What is painted over later keeps it: there it is as good as random, and merely dithers. */
  readonly fractions: Fractions | undefined;
};

/** Width in pixels of the ring on which a fill is compared with its surroundings. */
const RING = 8;
/** Thirds of a pixel: the unit of distance maps. */
const THIRD = 3;

/** What was done to a plane, as it lies in kernel memory. */
type Filled = {
  /** Pixels of the soft edge and inside it. */
  readonly pixels: PixelList;
  /** What rounding took of each. */
  readonly rounded: number;
};

/** Fills the hole of the frame at `base` (fills, edge and state of its layout). */
export function estimate(context: JobContext, input: EstimateInput): Estimated {
  const { kernels, memory, scratch } = context;
  const { layout, base, affected } = input;
  const { format, radius } = layout;
  const { width, height } = format;
  const [edge, state] = [base + layout.edge, base + layout.state];
  const box = grown(input.hole, radius + 2 + RING, format);
  // Grain is taken from further away than the ring.
  const around = grown(box, radius + 2 + RING, format);
  const within = [around.x0, around.y0, around.x1, around.y1] as const;
  kernels.distance(base + layout.labels, width, height, ...within, affected ? AFFECTED : REMOVE, edge);
  const sources = localise(context, layout, base, grown(input.hole, 24 + 4 * radius, format), input.sources);
  const arena = new Arena(scratch.start, scratch.end);
  const planes = layout.sizes.map((_, plane) => fillPlane(context, input, plane, box, sources, arena));
  if (input.moving) dropSpecks(memory, layout, base);
  if (affected) decideAffected({ ...context, scratch: arena.rest() }, layout, base, box, around);
  const reach = radius * THIRD;
  const unseen = kernels.clearBeyond(state, edge, width, box.x0, box.y0, box.x1, box.y1, reach, UNSEEN);
  if (input.moving && unseen > 0) {
    // Motion is looked for in the filled picture: nothing of the object may be left in it.
    const states = bytesAt(memory, state, width * height);
    for (const plane of [0, 1, 2]) {
      const left = listPixels(layout, plane, box, (i) => states[i] === UNSEEN);
      smoothFill(context, layout, base, plane, left);
    }
  }
  const local = sources.filter((source) => input.near.includes(source.base));
  if (!input.exactly) return { unseen, local, fractions: undefined };
  const fractions = planes.map(({ pixels, rounded }, plane) => {
    const { shiftX, shiftY } = layout.sizes[plane]!;
    const list = [pixels.byteOffset, pixels.length] as const;
    const kept = kernels.keepAtMost(edge, width, height, shiftX, shiftY, ...list, reach, rounded);
    return new Int8Array(memory.buffer, rounded, kept).slice();
  });
  return { unseen, local, fractions };
}

/** Fills one plane: what the sources show, levelled to what is around it. */
function fillPlane(
  context: JobContext,
  input: EstimateInput,
  plane: number,
  box: Box,
  sources: readonly Source[],
  arena: Arena,
): Filled {
  const { kernels, memory } = context;
  const { layout, base } = input;
  const { width, height } = layout.sizes[plane]!;
  const [source, fill] = [base + layout.planes[plane]!, base + layout.fills[plane]!];
  const [from, to] = [source, fill].map((at) => samplesAt(memory, at, width * height, layout.sampleBytes));
  to!.set(from!);
  const [map, reach] = [base + layout.edge, layout.radius * THIRD];
  const inside = listBetween(context, layout, plane, box, { map, most: reach }, arena);
  const rounded = arena.take(inside.length);
  const work = arena.rest();
  const wide = { map, above: reach, most: (layout.radius + 1 + RING) * THIRD, sparse: true };
  const ring = gatherStill(context, input, plane, listBetween(context, layout, plane, box, wide, work), sources, work);
  const isWanted = plane === 0 ? () => true : seenTest(memory, layout, base, plane);
  const { values, counts } = lookUp(context, input, plane, inside, sources, isWanted, work);
  const list = [inside.byteOffset, counts.byteOffset, inside.length, values.byteOffset] as const;
  levelled(context, input, plane, box, ring, work).add(...list);
  // The ring stays the source's: others look there for what is around the hole.
  const write = layout.sampleBytes === 1 ? kernels.writePixels8 : kernels.writePixels16;
  const top = 2 ** layout.format.bitDepth - 1;
  write(list[0], list[2], list[3], list[1], fill, width, top, UNITS, rounded);
  if (plane === 0)
    kernels.writeStates(inside.byteOffset, inside.length, counts.byteOffset, SEEN, UNSEEN, base + layout.state, width);
  return { pixels: inside, rounded };
}

/** Which samples of a plane (y << 16 | x) belong to luma that was seen: the others are made up with it. */
function seenTest(memory: WebAssembly.Memory, { format, sizes, state }: Layout, base: number, plane: number) {
  const { width, height } = format;
  const { shiftX, shiftY } = sizes[plane]!;
  const states = bytesAt(memory, base + state, width * height);
  return (pixel: number): boolean => {
    const [x0, y0] = [(pixel & 0xffff) << shiftX, (pixel >> 16) << shiftY];
    const [x1, y1] = [Math.min(width, x0 + (1 << shiftX)), Math.min(height, y0 + (1 << shiftY))];
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) if (states[y * width + x] === SEEN) return true;
    return false;
  };
}

/**
 * What the ring's estimates lack against the source, carried across the hole. Samples that are not wholly outside the soft edge do not count,
 * nor does what moves by itself where that is known.
 */
function levelled(
  { kernels }: JobContext,
  { layout, base, moving }: EstimateInput,
  plane: number,
  box: Box,
  { pixels, values, counts }: Gathered,
  arena: Arena,
): Membrane {
  const { width, shiftX, shiftY } = layout.sizes[plane]!;
  const [x0, y0] = [box.x0 >> shiftX, box.y0 >> shiftY];
  const membrane = new Membrane(kernels, { x0, y0, x1: (box.x1 >> shiftX) + 1, y1: (box.y1 >> shiftY) + 1 }, arena);
  const above = (layout.radius + 1 + shiftX) * THIRD;
  const most = (layout.radius + 1 + RING) * THIRD;
  const [found, differences] = [arena.take(4 * pixels.length), arena.take(4 * pixels.length)];
  const count = (layout.sampleBytes === 1 ? kernels.differences8 : kernels.differences16)(
    pixels.byteOffset,
    pixels.length,
    values.byteOffset,
    counts.byteOffset,
    base + layout.planes[plane]!,
    width,
    shiftX,
    shiftY,
    layout.format.width,
    base + layout.edge,
    above,
    most,
    base + layout.levels[0]!.blocked,
    moving ? MOVING : 0,
    found,
    differences,
  );
  membrane.solve(found, differences, count, 6 * 2 ** (layout.format.bitDepth - 8));
  return membrane;
}
