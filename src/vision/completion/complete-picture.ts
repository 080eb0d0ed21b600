/**
 * Fills the hole of a picture so that every patch of it looks like some patch of what is known: patches that are most alike are
 * looked for, all that lie over a pixel say what it shows, and so on until it settles, from a small picture to the full one
 * (Wexler, Shechtman, Irani 2007). In the smallest every place is compared with every other; larger ones go on from there, by
 * what neighbours have found (coherence search: Ashikhmin 2001). Nothing is drawn at random.
 */
import { Arena, padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt } from "../frames/layout.ts";
import { guess, guessFromHalf, type HoledPicture, holeDepth, picturePyramid } from "./picture-levels.ts";
import { wholePatches } from "./rim.ts";

/** Patches are 7 x 7. */
const RADIUS = 3;
/** How much less sure each pixel further into the hole is, and the least. */
const DOUBT = 0.9;
const LEAST_SURE = 0.02;
/** Rounds in the smallest picture, of which so many compare every place; in the full one; in those between. */
const FIRST_ROUNDS = 10;
const SCANS = 4;
const LAST_ROUNDS = 2;
const ROUNDS = 4;
/** The share of patches that fit well enough to count at least half in a vote; in the very last one only the best count. */
const FITTING = 0.75;
const STRICT = 0.1;
/** Mean squared difference that is no misfit. */
const NOISE = 1;

/** The largest picture, in pixels. */
export const MOST_PIXELS = 300_000;

/** Bytes of scratch that {@link completePicture} needs. */
export function completionScratch(count: number): number {
  return 2 * padded(16 * count) + 4 * padded(4 * count) + 2 * padded(count);
}

/**
 * Overwrites what is not known of the picture.
 * @returns for every pixel the index of the known one whose surroundings are most like its own: itself where it is known, -1
 *   where nothing is; undefined when no patch is known, and the picture holds a soft guess.
 */
export function completePicture(context: JobContext, picture: HoledPicture): Int32Array | undefined {
  guess(picture);
  let below: { from: Int32Array; level: HoledPicture } | undefined;
  for (const level of picturePyramid(picture)) {
    if (below) guessFromHalf(level, below.level);
    else guess(level);
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
  readonly at: Record<"pixels" | "sums" | "sure" | "from" | "errors" | "centres" | "known" | "source", number>;
  readonly pixels: Float32Array;
  readonly from: Int32Array;
  readonly errors: Float32Array;
  readonly centres: Int32Array;
  readonly source: Uint8Array;
};

function placed({ memory, scratch }: JobContext, level: HoledPicture): Room {
  const { width, height, known } = level;
  const count = width * height;
  const arena = new Arena(scratch.start, scratch.end);
  const at = {
    pixels: arena.take(16 * count),
    sums: arena.take(16 * count),
    sure: arena.take(4 * count),
    from: arena.take(4 * count),
    errors: arena.take(4 * count),
    centres: arena.take(4 * count),
    known: arena.take(count),
    source: arena.take(count),
  };
  const pixels = new Float32Array(memory.buffer, at.pixels, 4 * count);
  pixels.set(level.pixels);
  new Float32Array(memory.buffer, at.sure, count).set(
    Float32Array.from(holeDepth(level), (depth) => Math.max(LEAST_SURE, DOUBT ** depth)),
  );
  bytesAt(memory, at.known, count).set(known);
  const source = bytesAt(memory, at.source, count);
  source.set(wholePatches(known, width, height, RADIUS));
  const list = patchesOver(level);
  const centres = new Int32Array(memory.buffer, at.centres, list.length);
  centres.set(list);
  const from = new Int32Array(memory.buffer, at.from, count);
  for (let i = 0; i < count; i++) from[i] = known[i] ? i : -1;
  for (const i of list) from[i] = -1;
  const errors = new Float32Array(memory.buffer, at.errors, count).fill(FAR);
  return { at, pixels, from, errors, centres, source };
}

/** The largest number: nothing found yet. */
const FAR = 3.4028234663852886e38;

/** Pixels whose patches touch the hole, in rows. */
function patchesOver({ width, height, known }: HoledPicture): Int32Array {
  const touching = new Uint8Array(known.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (known[y * width + x]) continue;
      for (let ny = Math.max(0, y - RADIUS); ny <= Math.min(height - 1, y + RADIUS); ny++)
        touching.fill(1, ny * width + Math.max(0, x - RADIUS), ny * width + Math.min(width, x + RADIUS + 1));
    }
  }
  const list = new Int32Array(known.length);
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
  { kernels }: JobContext,
  { width, height }: HoledPicture,
  { at, from, errors, centres }: Room,
  { isFirst, isLast }: { isFirst: boolean; isLast: boolean },
): void {
  const picture = [at.pixels, at.sure] as const;
  const size = [width, height, RADIUS, at.centres, centres.length] as const;
  const found = [at.from, at.errors] as const;
  const vote = (misfit: number): void =>
    kernels.patchVote(...picture, at.known, ...size, ...found, Math.max(NOISE, misfit), at.sums);
  if (!isFirst) {
    for (const i of centres) errors[i] = 0;
    vote(NOISE);
  }
  const rounds = isFirst ? FIRST_ROUNDS : isLast ? LAST_ROUNDS : ROUNDS;
  for (let round = 0; round < rounds; round++) {
    kernels.patchErrors(...picture, ...size, ...found);
    if (isFirst && round < SCANS) kernels.patchScan(...picture, at.source, ...size, ...found);
    kernels.patchFollow(...picture, at.source, ...size, 0, round < 2 ? 1 : 0, ...found);
    kernels.patchFollow(...picture, at.source, ...size, 1, 0, ...found);
    const sorted = Float32Array.from(centres, (i) => (from[i]! < 0 ? FAR : errors[i]!)).sort();
    const isVeryLast = isLast && round === rounds - 1;
    vote(sorted[Math.floor(sorted.length * FITTING)]! * (isVeryLast ? STRICT : 1));
  }
}
