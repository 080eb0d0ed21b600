/**
 * Fills the hole of a picture so that every patch of it looks like some patch of what is known: patches that are most alike are
 * looked for, all that lie over a pixel say what it shows, and so on until it settles, from a small picture to the full one
 * (Wexler, Shechtman, Irani 2007). In the smallest every place is compared with every other; larger ones go on from there, by
 * what neighbours have found (coherence search: Ashikhmin 2001). Nothing is drawn at random.
 */
import { Arena, padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt } from "../frames/layout.ts";
import { guessFromHalf, type HoledPicture, holeDepth, picturePyramid } from "./picture-levels.ts";
import { wholePatches } from "./whole-patches.ts";

/** Patches are 7 x 7. */
const RADIUS = 3;
/** How much less sure each pixel further into the hole is, and the least. */
const DOUBT = 0.9;
const LEAST_SURE = 0.02;
/** Rounds in the smallest picture, of which so many compare every place; in the full one; in those between. */
const FIRST_ROUNDS = 8;
const SCANS = 2;
const LAST_ROUNDS = 2;
const ROUNDS = 4;
/** The share of patches that fit well enough to count at least half in a vote; in the very last one only the best count. */
const FITTING = 0.75;
const STRICT = 0.1;
/** What it costs to copy from as far away as the picture is large: squared levels. Up and down counts double: what is beside is more alike. */
const NEARNESS = 150;
/** How sure what has not been filled yet is: a soft guess, which keeps things from going astray. */
const GUESSED = 0.2;
/** Mean squared difference that is no misfit. */
const NOISE = 1;

/** The largest picture, in pixels. */
export const MOST_PIXELS = 300_000;

/** Bytes of scratch that {@link completePicture} needs. */
export function completionScratch(count: number): number {
  return 2 * padded(16 * count) + 5 * padded(4 * count) + 2 * padded(count);
}

/**
 * Overwrites what is open of the picture.
 * @returns for every open pixel the index of the known one whose surroundings are most like its own, -1 where none is found;
 *   undefined when no patch is known, and the picture is as it was.
 */
export function completePicture(context: JobContext, picture: HoledPicture): Int32Array | undefined {
  let below: { from: Int32Array; level: HoledPicture } | undefined;
  for (const level of picturePyramid(picture)) {
    if (below) guessFromHalf(level, below.level);
    const room = placed(context, level);
    if (!room.source.includes(1)) continue;
    if (below) enlarge(below.level.width, below.from, level.width, room);
    settle(context, level, room, { isFirst: !below, isLast: level === picture });
    level.pixels.set(room.pixels);
    below = { from: room.from.slice(), level };
  }
  return below?.level === picture ? below.from : undefined;
}

/** A level in kernel memory. */
type Room = {
  readonly at: Record<
    "pixels" | "sums" | "sure" | "from" | "errors" | "centres" | "layer" | "filled" | "source",
    number
  >;
  readonly pixels: Float32Array;
  readonly sure: Float32Array;
  readonly depth: Uint16Array;
  /** 0 at the pixels that a vote decides. */
  readonly filled: Uint8Array;
  readonly layer: Int32Array;
  readonly from: Int32Array;
  readonly errors: Float32Array;
  readonly centres: Int32Array;
  readonly source: Uint8Array;
};

function placed({ memory, scratch }: JobContext, level: HoledPicture): Room {
  const { width, height, known, open } = level;
  const count = width * height;
  const arena = new Arena(scratch.start, scratch.end);
  const at = {
    pixels: arena.take(16 * count),
    sums: arena.take(16 * count),
    sure: arena.take(4 * count),
    from: arena.take(4 * count),
    errors: arena.take(4 * count),
    centres: arena.take(4 * count),
    layer: arena.take(4 * count),
    filled: arena.take(count),
    source: arena.take(count),
  };
  const pixels = new Float32Array(memory.buffer, at.pixels, 4 * count);
  pixels.set(level.pixels);
  const depth = holeDepth(level);
  const sure = new Float32Array(memory.buffer, at.sure, count);
  for (let i = 0; i < count; i++) sure[i] = open[i] ? sureAt(depth[i]!) : known[i]!;
  const filled = bytesAt(memory, at.filled, count);
  for (let i = 0; i < count; i++) filled[i] = open[i] ? 0 : 1;
  const layer = new Int32Array(memory.buffer, at.layer, count);
  const source = bytesAt(memory, at.source, count);
  source.set(wholePatches(known, width, height, RADIUS));
  const list = patchesOver(level);
  const centres = new Int32Array(memory.buffer, at.centres, list.length);
  centres.set(list);
  const from = new Int32Array(memory.buffer, at.from, count);
  from.fill(-1);
  const errors = new Float32Array(memory.buffer, at.errors, count).fill(FAR);
  return { at, pixels, sure, depth, filled, layer, from, errors, centres, source };
}

/** The largest number: nothing found yet. */
const FAR = 3.4028234663852886e38;

function sureAt(depth: number): number {
  return Math.max(LEAST_SURE, DOUBT ** depth);
}

/** Pixels whose patches touch the hole, in rows. */
function patchesOver({ width, height, open }: HoledPicture): Int32Array {
  const touching = new Uint8Array(open.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!open[y * width + x]) continue;
      for (let ny = Math.max(0, y - RADIUS); ny <= Math.min(height - 1, y + RADIUS); ny++)
        touching.fill(1, ny * width + Math.max(0, x - RADIUS), ny * width + Math.min(width, x + RADIUS + 1));
    }
  }
  const list = new Int32Array(open.length);
  let count = 0;
  for (let i = 0; i < touching.length; i++) if (touching[i]) list[count++] = i;
  return list.slice(0, count);
}

/** Takes over what was found in the half, where that is a whole patch here too. */
function enlarge(halfWidth: number, half: Int32Array, width: number, { from, centres, source }: Room): void {
  for (const i of centres) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const found = half[(y >> 1) * halfWidth + (x >> 1)]!;
    if (found < 0) continue;
    const place = (2 * Math.floor(found / halfWidth) + (y & 1)) * width + 2 * (found % halfWidth) + (x & 1);
    if (source[place]) from[i] = place;
  }
}

/** Searches and votes by turns. */
function settle(
  context: JobContext,
  level: HoledPicture,
  room: Room,
  { isFirst, isLast }: { isFirst: boolean; isLast: boolean },
): void {
  const { kernels } = context;
  const { at, errors, centres } = room;
  const { search, vote } = steps(context, level, room, { at: at.centres, count: centres.length, places: centres });
  if (isFirst) {
    fillInwards(context, level, room);
  } else {
    for (const i of centres) errors[i] = 0;
    vote(1);
  }
  const rounds = isFirst ? FIRST_ROUNDS : isLast ? LAST_ROUNDS : ROUNDS;
  for (let round = 0; round < rounds; round++) {
    kernels.patchErrors(...search);
    if (isFirst && round < SCANS) kernels.patchScan(...search, at.source);
    kernels.patchFollow(...search, at.source, 0, round < 2 ? 1 : 0);
    kernels.patchFollow(...search, at.source, 1, 0);
    vote(isLast && round === rounds - 1 ? STRICT : 1);
  }
}

/** The arguments of every search for a list of centres, and their vote. */
function steps(
  { kernels }: JobContext,
  { width, height }: HoledPicture,
  { at, errors, from }: Room,
  list: { at: number; count: number; places: Int32Array },
) {
  const near = NEARNESS / (width * height);
  const search = [at.pixels, at.sure, width, height, RADIUS, list.at, list.count, at.from, at.errors, near] as const;
  const vote = (strictness: number): void => {
    const sorted = Float32Array.from(list.places, (i) => (from[i]! < 0 ? FAR : errors[i]!)).sort();
    const fitting = sorted[Math.floor(sorted.length * FITTING)]!;
    kernels.patchVote(...search, at.filled, Math.max(NOISE, strictness * fitting), at.sums);
  };
  return { search, vote };
}

/** Fills the hole layer by layer from its rim, each by what is there already: a guess must not look for its like. */
function fillInwards(context: JobContext, level: HoledPicture, room: Room): void {
  const { kernels } = context;
  const { at, depth, sure, filled, layer } = room;
  const { open } = level;
  for (let i = 0; i < depth.length; i++) if (open[i]) sure[i] = GUESSED;
  filled.fill(1);
  const deepest = depth.reduce((most, one, i) => (open[i] ? Math.max(most, one) : most), 0);
  for (let deep = 1; deep <= deepest; deep++) {
    let count = 0;
    for (let i = 0; i < depth.length; i++) if (open[i] && depth[i] === deep) layer[count++] = i;
    if (count === 0) continue;
    const places = layer.subarray(0, count);
    const { search, vote } = steps(context, level, room, { at: at.layer, count, places });
    kernels.patchScan(...search, at.source);
    for (const i of places) {
      sure[i] = sureAt(deep);
      filled[i] = 0;
    }
    vote(1);
    for (const i of places) filled[i] = 1;
  }
  for (let i = 0; i < depth.length; i++) filled[i] = open[i] ? 0 : 1;
}
