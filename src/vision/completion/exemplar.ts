/**
 * Fills a hole with pieces of its surroundings, patch by patch from the rim inwards, strong edges first (Criminisi, Perez,
 * Toyama 2004). The search is exhaustive over the region. Works on a small picture and gives back where each pixel is to be
 * copied from, so that full pictures of any depth can be filled.
 */
import { Arena, padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt } from "../frames/layout.ts";
import { nextOnRim, wholePatches } from "./rim.ts";

/** A small picture: three channels, interleaved by four floats a pixel (the fourth is not used). */
export type Region = {
  readonly width: number;
  readonly height: number;
  readonly pixels: Float32Array;
  /** 1 where the picture is known; elsewhere `pixels` holds a guess (a smooth surface) that pieces should not be far from. */
  readonly known: Uint8Array;
};

/** Patches are 9 x 9. */
const RADIUS = 4;
/** How much the guess under a pixel counts against what is known around it. */
const PRIOR = 0.2;
/** Levels of an edge that count as none. */
const PLAIN = 4;
/** The largest region, in pixels. */
export const MOST_PIXELS = 160 * 160;

/** Bytes of scratch that {@link exemplarFill} needs. */
export function exemplarScratch(count: number): number {
  return padded(16 * count) + 2 * padded(count) + padded(4);
}

/**
 * Fills `region` in place.
 * @returns for every pixel the index of the known pixel it shows: its own where it was known, -1 where nothing fits.
 */
export function exemplarFill({ kernels, memory, scratch }: JobContext, region: Region): Int32Array {
  const { width, height } = region;
  const count = width * height;
  const arena = new Arena(scratch.start, scratch.end);
  const [at, knownAt, validAt, costAt] = [arena.take(16 * count), arena.take(count), arena.take(count), arena.take(4)];
  const pixels = new Float32Array(memory.buffer, at, 4 * count);
  const known = bytesAt(memory, knownAt, count);
  const cost = new Float32Array(memory.buffer, costAt, 1);
  pixels.set(region.pixels);
  known.set(region.known);
  bytesAt(memory, validAt, count).set(wholePatches(region.known, width, height, RADIUS));
  const from = Int32Array.from(region.known, (one, i) => (one ? i : -1));
  const confidence = Float32Array.from(region.known);
  const step = count > 6400 ? 2 : 1;
  for (;;) {
    const target = nextOnRim({ width, height, pixels, known, confidence }, RADIUS, PLAIN);
    if (!target) break;
    const { x, y } = target;
    cost[0] = Number.POSITIVE_INFINITY;
    let place = kernels.matchPatch(
      at,
      knownAt,
      validAt,
      width,
      height,
      x,
      y,
      RADIUS,
      0,
      0,
      width,
      height,
      step,
      PRIOR,
      costAt,
    );
    if (place < 0) break;
    if (step > 1) {
      const [cx, cy] = [place & 0xffff, place >> 16];
      const closer = kernels.matchPatch(
        at,
        knownAt,
        validAt,
        width,
        height,
        x,
        y,
        RADIUS,
        cx - 1,
        cy - 1,
        cx + 1,
        cy + 1,
        1,
        PRIOR,
        costAt,
      );
      if (closer >= 0) place = closer;
    }
    copyPatch(pixels, known, confidence, from, width, height, target, place);
  }
  region.pixels.set(pixels);
  return from;
}

function copyPatch(
  pixels: Float32Array,
  known: Uint8Array,
  confidence: Float32Array,
  from: Int32Array,
  width: number,
  height: number,
  { x, y, trust }: { x: number; y: number; trust: number },
  place: number,
): void {
  const offset = (place >> 16) * width + (place & 0xffff) - (y * width + x);
  for (let ny = Math.max(0, y - RADIUS); ny <= Math.min(height - 1, y + RADIUS); ny++) {
    for (let nx = Math.max(0, x - RADIUS); nx <= Math.min(width - 1, x + RADIUS); nx++) {
      const i = ny * width + nx;
      if (known[i]) continue;
      pixels.copyWithin(4 * i, 4 * (i + offset), 4 * (i + offset) + 4);
      from[i] = i + offset;
      confidence[i] = trust;
      known[i] = 1;
    }
  }
}
