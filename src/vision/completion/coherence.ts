/**
 * Makes pieces that fill a hole fit each other and the picture around, pixel by pixel: a pixel tries to go on with what its neighbours
 * show (Ashikhmin, "Synthesizing natural textures", 2001), and keeps the best of these.
 */
import type { Reduced } from "./pieces.ts";

/** Half the side of the squares that are compared. */
const RADIUS = 2;
/** A place that goes on with a neighbour's piece may be this much worse: fewer seams are seen less. */
const PATIENCE = 0.8;
/** How much a known pixel counts against a filled one. */
const KNOWN = 3;
/** Neighbours in the order of a scan, and those of the scan back. */
const SCANS = [
  [
    [-1, 0],
    [0, -1],
    [1, -1],
    [-1, -1],
  ],
  [
    [1, 0],
    [0, 1],
    [-1, 1],
    [1, 1],
  ],
] as const;

/** @param from for every pixel the index of the one that it shows; those of unknown pixels, where they are not negative, are made better. */
export function follow(picture: Reduced, from: Int32Array): void {
  const { width, height, pixels, known } = picture;
  const unknown: number[] = [];
  const shown = pixels.slice();
  for (let i = 0; i < from.length; i++) {
    if (known[i] || from[i]! < 0) continue;
    unknown.push(i);
    show(shown, pixels, i, from[i]!);
  }
  for (const neighbours of SCANS) {
    for (const i of unknown) {
      const x = i % width;
      const y = (i - x) / width;
      let best = from[i]!;
      let least = misfit(picture, shown, from, x, y, best, Number.POSITIVE_INFINITY);
      const consider = (px: number, py: number, limit: number) => {
        if (px < 0 || py < 0 || px >= width || py >= height) return;
        const place = py * width + px;
        if (place === best || !known[place]) return;
        const own = misfit(picture, shown, from, x, y, place, limit);
        if (own >= limit) return;
        least = own;
        best = place;
      };
      for (const [dx, dy] of neighbours) {
        if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
        const next = i + dy * width + dx;
        const other = from[next]!;
        if (other >= 0 && !known[next]) consider((other % width) - dx, Math.floor(other / width) - dy, least / PATIENCE);
      }
      const bx = best % width;
      const by = (best - bx) / width;
      for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) if (dx || dy) consider(bx + dx, by + dy, least);
      from[i] = best;
      show(shown, pixels, i, best);
    }
    unknown.reverse();
  }
}

function show(shown: Float32Array, pixels: Float32Array, i: number, place: number): void {
  for (let channel = 0; channel < 3; channel++) shown[4 * i + channel] = pixels[4 * place + channel]!;
}

/** Mean square difference around a pixel and a place that it may show; when that is `limit` or more, any number from there on. */
function misfit(
  { width, height, pixels, known }: Reduced,
  shown: Float32Array,
  from: Int32Array,
  x: number,
  y: number,
  place: number,
  limit: number,
): number {
  const px = place % width;
  const py = (place - px) / width;
  const left = -Math.min(RADIUS, x, px);
  const right = Math.min(RADIUS, width - 1 - x, width - 1 - px);
  const top = -Math.min(RADIUS, y, py);
  const bottom = Math.min(RADIUS, height - 1 - y, height - 1 - py);
  const most = limit * KNOWN * (2 * RADIUS + 1) ** 2;
  let sum = 0;
  let weights = 0;
  for (let dy = top; dy <= bottom; dy++) {
    let a = (y + dy) * width + x + left;
    let b = (py + dy) * width + px + left;
    for (const end = a + right - left; a <= end; a++, b++) {
      if (!known[b] || from[a]! < 0) continue;
      const weight = known[a] ? KNOWN : 1;
      const first = shown[4 * a]! - pixels[4 * b]!;
      const second = shown[4 * a + 1]! - pixels[4 * b + 1]!;
      const third = shown[4 * a + 2]! - pixels[4 * b + 2]!;
      sum += weight * (first * first + second * second + third * third);
      weights += weight;
    }
    if (sum >= most) return limit;
  }
  return weights > 0 ? sum / weights : limit;
}
