/**
 * Fills a hole with pieces of its surroundings, patch by patch from the rim inwards, strong edges first (Criminisi, Perez,
 * Toyama 2004). The search is exhaustive over the region. Works on a small picture and gives back where each pixel is to be
 * copied from, so that full pictures of any depth can be filled.
 */
import { Arena, padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt } from "../frames/layout.ts";

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
  bytesAt(memory, validAt, count).set(wholePatches(region));
  const from = Int32Array.from(region.known, (one, i) => (one ? i : -1));
  const confidence = Float32Array.from(region.known);
  const step = count > 6400 ? 2 : 1;
  for (;;) {
    const target = nextTarget(pixels, known, confidence, width, height);
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

/** The pixel of the rim to fill next: the best supported, and among those where an edge runs into the hole. */
function nextTarget(
  pixels: Float32Array,
  known: Uint8Array,
  confidence: Float32Array,
  width: number,
  height: number,
): { x: number; y: number; trust: number } | undefined {
  let best: { x: number; y: number; trust: number } | undefined;
  let bestPriority = -1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (known[i] || !touches(known, x, y, width, height)) continue;
      const { trust, edge } = support(pixels, known, confidence, x, y, width, height);
      const priority = trust * (edge + 4);
      if (priority <= bestPriority) continue;
      bestPriority = priority;
      best = { x, y, trust };
    }
  }
  return best;
}

function touches(known: Uint8Array, x: number, y: number, width: number, height: number): boolean {
  const i = y * width + x;
  return Boolean(
    (x > 0 && known[i - 1]) ||
      (x + 1 < width && known[i + 1]) ||
      (y > 0 && known[i - width]) ||
      (y + 1 < height && known[i + width]),
  );
}

/** Mean confidence of the patch, and its strongest gradient. */
function support(
  pixels: Float32Array,
  known: Uint8Array,
  confidence: Float32Array,
  x: number,
  y: number,
  width: number,
  height: number,
): { trust: number; edge: number } {
  let sum = 0;
  let edge = 0;
  for (let ny = Math.max(0, y - RADIUS); ny <= Math.min(height - 1, y + RADIUS); ny++) {
    for (let nx = Math.max(0, x - RADIUS); nx <= Math.min(width - 1, x + RADIUS); nx++) {
      const i = ny * width + nx;
      if (!known[i]) continue;
      sum += confidence[i]!;
      if (nx + 1 < width && known[i + 1]) edge = Math.max(edge, Math.abs(pixels[4 * i]! - pixels[4 * i + 4]!));
      if (ny + 1 < height && known[i + width])
        edge = Math.max(edge, Math.abs(pixels[4 * i]! - pixels[4 * (i + width)]!));
    }
  }
  return { trust: sum / (2 * RADIUS + 1) ** 2, edge };
}

/** 1 at the centres of patches that lie wholly in the known part. */
function wholePatches({ width, height, known }: Region): Uint8Array {
  const run = new Uint8Array(known.length);
  const out = new Uint8Array(known.length);
  const side = 2 * RADIUS + 1;
  for (let y = 0; y < height; y++) {
    let length = 0;
    for (let x = 0; x < width; x++) {
      length = known[y * width + x] ? length + 1 : 0;
      if (length >= side) run[y * width + x - RADIUS] = 1;
    }
  }
  for (let x = 0; x < width; x++) {
    let length = 0;
    for (let y = 0; y < height; y++) {
      length = run[y * width + x] ? length + 1 : 0;
      if (length >= side) out[(y - RADIUS) * width + x] = 1;
    }
  }
  return out;
}
