/** Rough motion between two small pictures, by trying every shift. */
import type { Level } from "./align.ts";

/** However much is blocked, this part of the picture must be left: one of so many. */
const LEAST_SHARE = 40;

/** What {@link coarseShift} found. */
export type CoarseShift = {
  /** Pixels of this level, from template to image. */
  readonly x: number;
  readonly y: number;
  /** Correlation of the overlapping parts at that shift, -1 to 1; 1 when both are flat. */
  readonly correlation: number;
};

/**
 * Every shift that leaves at least half of both sides is tried; the highest correlation over unblocked pixels wins.
 * @returns undefined when no shift leaves enough to compare: a sixth of the picture, or half of what is unblocked in it.
 */
export function coarseShift(memory: WebAssembly.Memory, template: Level, image: Level): CoarseShift | undefined {
  const { width, height } = template;
  const view = (at: number) => new Uint8Array(memory.buffer, at, width * height);
  const own = view(template.luma);
  const other = view(image.luma);
  const ownBlocked = view(template.blocked);
  const otherBlocked = view(image.blocked);
  const free = Math.min(unblocked(ownBlocked), unblocked(otherBlocked));
  const least = Math.max(8, (width * height) / LEAST_SHARE, Math.min((width * height) / 6, free / 2));
  let best: CoarseShift | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  const reachX = Math.floor(width / 2);
  const reachY = Math.floor(height / 2);
  for (let dy = -reachY; dy <= reachY; dy++) {
    for (let dx = -reachX; dx <= reachX; dx++) {
      let n = 0;
      let sumA = 0;
      let sumB = 0;
      let sumAA = 0;
      let sumBB = 0;
      let sumAB = 0;
      for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
        const row = y * width;
        const shifted = (y + dy) * width + dx;
        for (let x = Math.max(0, -dx); x < Math.min(width, width - dx); x++) {
          if (ownBlocked[row + x] || otherBlocked[shifted + x]) continue;
          const a = own[row + x]!;
          const b = other[shifted + x]!;
          n++;
          sumA += a;
          sumB += b;
          sumAA += a * a;
          sumBB += b * b;
          sumAB += a * b;
        }
      }
      if (n < least) continue;
      const correlation = correlationOf(n, sumA, sumB, sumAA, sumBB, sumAB);
      // Small shifts win ties: a flat or periodic picture says nothing about larger ones.
      const score = correlation - 0.002 * Math.hypot(dx, dy);
      if (score > bestScore) {
        bestScore = score;
        best = { x: dx, y: dy, correlation };
      }
    }
  }
  return best;
}

function unblocked(blocked: Uint8Array): number {
  let count = 0;
  for (const one of blocked) if (!one) count++;
  return count;
}

function correlationOf(n: number, a: number, b: number, aa: number, bb: number, ab: number): number {
  const varianceA = aa / n - (a / n) ** 2;
  const varianceB = bb / n - (b / n) ** 2;
  const flat = 4;
  if (varianceA < flat && varianceB < flat) return Math.abs(a - b) / n < 24 ? 1 : 0;
  return (ab / n - (a / n) * (b / n)) / Math.sqrt(Math.max(varianceA, flat) * Math.max(varianceB, flat));
}
