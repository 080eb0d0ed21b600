/** Job: the background behind one frame's hole, from the frames where it is seen. */
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, type Layout, MOVING, SEEN, samplesAt, UNSEEN } from "../frames/layout.ts";
import { AFFECTED, REMOVE } from "../mask.ts";
import type { Box } from "../registration/align.ts";
import { decideAffected } from "./affected.ts";
import { smoothFill } from "./around.ts";
import { type Fractions, Rounding } from "./fractions.ts";
import { type Colour, joined } from "./join.ts";
import { localise } from "./localise.ts";
import { lookUp } from "./look-up.ts";
import { Membrane } from "./membrane.ts";
import { grown, listPixels, type PixelList } from "./pixels.ts";
import type { Source } from "./sources.ts";

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
  /**
   * Something moves by itself around here: what moves is no background, except for pixels that show nothing else, for which
   * this many of the sources, from the first, may be believed. Undefined: nothing does.
   */
  readonly believable: number | undefined;
  /** Whether what nothing else shows is taken from right beside holes, where soft edges seldom reach. */
  readonly closest: boolean;
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
/** Where something moves, seen patches amid the unseen that are smaller than this, in squares of the soft edge's width, were part of that. */
const SPECK = 6;
/** Thirds of a pixel: the unit of distance maps. */
const THIRD = 3;

/** Fills the hole of the frame at `base` (fills, edge and state of its layout). */
export function estimate(context: JobContext, input: EstimateInput): Estimated {
  const { kernels, memory } = context;
  const { layout, base } = input;
  const { format, radius } = layout;
  const count = format.width * format.height;
  const edge = bytesAt(memory, base + layout.edge, count);
  const state = bytesAt(memory, base + layout.state, count);
  kernels.distance(
    base + layout.labels,
    format.width,
    format.height,
    input.affected ? AFFECTED : REMOVE,
    base + layout.edge,
  );
  const reach = radius * THIRD;
  const ringReach = (radius + 1 + RING) * THIRD;
  const box = grown(input.hole, radius + 2 + RING, format);
  const sources = localise(context, layout, base, grown(input.hole, 24 + 4 * radius, format), input.sources);
  const roundings = layout.sizes.map((size) => new Rounding(size));
  const moves: number[] = [];
  for (const plane of [0, 1, 2]) {
    const { width, height } = layout.sizes[plane]!;
    const samples = width * height;
    const from = samplesAt(memory, base + layout.planes[plane]!, samples, layout.sampleBytes);
    const to = samplesAt(memory, base + layout.fills[plane]!, samples, layout.sampleBytes);
    to.set(from);
    const pixels = listPixels(
      layout,
      plane,
      box,
      (i, x, y) => edge[i]! <= reach || (edge[i]! <= ringReach && ((x + y) & 1) === 0),
    );
    const isFilled = filledTest(layout, plane, edge, reach);
    const { values, counts, believed } = lookUp(context, input, plane, pixels, sources, isFilled);
    const ring = new RingTest(layout, plane, edge, ringReach, reach + THIRD);
    const still = input.believable === undefined ? undefined : bytesAt(memory, base + layout.levels[0]!.blocked, count);
    level(pixels, values, counts, from, ring, layout, plane, box, still);
    const top = 2 ** format.bitDepth - 1;
    for (let i = 0; i < pixels.length; i++) {
      // The ring stays the source's: others look there for what is around the hole.
      if (!counts[i] || !isFilled(pixels[i]!)) continue;
      const at = (pixels[i]! >> 16) * width + (pixels[i]! & 0xffff);
      to[at] = roundings[plane]!.round(values[i]!, at, top);
    }
    if (plane === 0) {
      for (let i = 0; i < pixels.length; i++) {
        const at = (pixels[i]! >> 16) * width + (pixels[i]! & 0xffff);
        state[at] = counts[i] ? SEEN : UNSEEN;
        if (believed[i]) moves.push(at);
      }
    }
  }
  disbelieve(memory, layout, base, moves, (i) => edge[i]! > reach);
  if (input.believable !== undefined) dropSpecks(state, edge, reach, format, SPECK * radius ** 2);
  if (input.affected) decideAffected(context, layout, base, box);
  let unseen = 0;
  for (let i = 0; i < count; i++) {
    if (edge[i]! > reach) state[i] = 0;
    else if (state[i] === UNSEEN) unseen++;
  }
  if (input.believable !== undefined && unseen > 0) {
    // Motion is looked for in the filled picture: nothing of the object may be left in it.
    for (const plane of [0, 1, 2])
      smoothFill(
        context,
        layout,
        base,
        plane,
        listPixels(layout, plane, box, (i) => state[i] === UNSEEN),
      );
  }
  const within = grown(input.hole, radius + 1, format);
  const fractions = roundings.map((one, plane) => one.of(listPixels(layout, plane, within, (i) => edge[i]! <= reach)));
  const local = sources.filter((source) => input.near.includes(source.base));
  return { unseen, local, fractions: input.exactly ? fractions : undefined };
}

/** Marks the pixels that show what moves, except where that does not go on beside the hole: there nothing is SEEN. */
function disbelieve(
  memory: WebAssembly.Memory,
  layout: Layout,
  base: number,
  moves: readonly number[],
  isVisible: (i: number) => boolean,
): void {
  if (moves.length === 0) return;
  const { width, height } = layout.format;
  const blocked = bytesAt(memory, base + layout.levels[0]!.blocked, width * height);
  const state = bytesAt(memory, base + layout.state, width * height);
  const colour = fillColours(memory, layout, base);
  const kept = joined({
    cells: moves,
    width,
    height,
    isVisible,
    colour: (i) => colour(moves[i]!),
    visibleColour: colour,
  });
  for (const i of moves) state[i] = UNSEEN;
  for (const i of kept) {
    state[moves[i]!] = SEEN;
    blocked[moves[i]!]! |= MOVING;
  }
}

/** Makes patches of SEEN pixels UNSEEN that have fewer than `least` pixels and do not touch what is visible. */
function dropSpecks(
  state: Uint8Array,
  edge: Uint8Array,
  reach: number,
  { width, height }: { width: number; height: number },
  least: number,
): void {
  const visited = new Uint8Array(state.length);
  for (let start = 0; start < state.length; start++) {
    if (state[start] !== SEEN || visited[start] || edge[start]! > reach) continue;
    const patch = [start];
    visited[start] = 1;
    let isRim = false;
    for (let k = 0; k < patch.length; k++) {
      const i = patch[k]!;
      const x = i % width;
      for (const next of [x > 0 ? i - 1 : -1, x + 1 < width ? i + 1 : -1, i - width, i + width]) {
        if (next < 0 || next >= width * height) continue;
        if (edge[next]! > reach) isRim = true;
        else if (state[next] === SEEN && !visited[next]) {
          visited[next] = 1;
          patch.push(next);
        }
      }
    }
    if (!isRim && patch.length < least) for (const i of patch) state[i] = UNSEEN;
  }
}

/** Reads the three samples, in 8-bit levels, of a luma pixel in a frame's fills. */
function fillColours(memory: WebAssembly.Memory, layout: Layout, base: number): (i: number) => Colour {
  const scale = 2 ** (8 - layout.format.bitDepth);
  const planes = layout.sizes.map(({ width, height }, plane) =>
    samplesAt(memory, base + layout.fills[plane]!, width * height, layout.sampleBytes),
  );
  return (i) => {
    const [x, y] = [i % layout.format.width, Math.floor(i / layout.format.width)];
    const read = (plane: 0 | 1 | 2) => {
      const { width, shiftX, shiftY } = layout.sizes[plane];
      return planes[plane]![(y >> shiftY) * width + (x >> shiftX)]! * scale;
    };
    return [read(0), read(1), read(2)];
  };
}

/** Which samples of a plane (y << 16 | x) have a luma pixel in the hole or its soft edge. */
function filledTest({ format, sizes }: Layout, plane: number, edge: Uint8Array, reach: number) {
  const { width, height } = format;
  const { shiftX, shiftY } = sizes[plane]!;
  return (pixel: number): boolean => {
    const [x0, y0] = [(pixel & 0xffff) << shiftX, (pixel >> 16) << shiftY];
    for (let y = y0; y < Math.min(height, y0 + (1 << shiftY)); y++)
      for (let x = x0; x < Math.min(width, x0 + (1 << shiftX)); x++) if (edge[y * width + x]! <= reach) return true;
    return false;
  };
}

/** Which pixels of a plane lie on the ring, wholly outside the soft edge. */
class RingTest {
  readonly #layout: Layout;
  readonly #plane: number;
  readonly #edge: Uint8Array;
  readonly #most: number;
  readonly #least: number;

  constructor(layout: Layout, plane: number, edge: Uint8Array, most: number, least: number) {
    this.#layout = layout;
    this.#plane = plane;
    this.#edge = edge;
    this.#most = most;
    this.#least = least;
  }

  has(x: number, y: number): boolean {
    const { shiftX, shiftY } = this.#layout.sizes[this.#plane]!;
    const distance = this.#edge[(y << shiftY) * this.#layout.format.width + (x << shiftX)]!;
    return distance > this.#least + THIRD * shiftX && distance <= this.#most;
  }
}

/** Adds to the estimates what they lack against the source on the ring, except where that moves (`blocked`) by itself. */
function level(
  pixels: PixelList,
  values: Float32Array,
  counts: Uint8Array,
  source: Uint8Array | Uint16Array,
  ring: RingTest,
  layout: Layout,
  plane: number,
  box: Box,
  blocked: Uint8Array | undefined,
): void {
  const { width, shiftX, shiftY } = layout.sizes[plane]!;
  const moves = (x: number, y: number) =>
    blocked && blocked[(y << shiftY) * layout.format.width + (x << shiftX)]! & MOVING;
  const membrane = new Membrane(box.x0 >> shiftX, box.y0 >> shiftY, (box.x1 >> shiftX) + 1, (box.y1 >> shiftY) + 1);
  for (let i = 0; i < pixels.length; i++) {
    if (!counts[i]) continue;
    const [x, y] = [pixels[i]! & 0xffff, pixels[i]! >> 16];
    if (ring.has(x, y) && !moves(x, y)) membrane.add(x, y, source[y * width + x]! - values[i]!);
  }
  membrane.solve(6 * 2 ** (layout.format.bitDepth - 8));
  for (let i = 0; i < pixels.length; i++) {
    if (counts[i]) values[i]! += membrane.at(pixels[i]! & 0xffff, pixels[i]! >> 16);
  }
}
