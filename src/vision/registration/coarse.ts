/** Rough motion between two small pictures, by trying every shift. */
import type { Kernels } from "../../kernels/kernels.ts";
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
 * @param scratch address of 24 bytes.
 * @returns undefined when no shift leaves enough to compare: a sixth of the picture, or half of what is unblocked in it.
 */
export function coarseShift(
  kernels: Kernels,
  memory: WebAssembly.Memory,
  scratch: number,
  template: Level,
  image: Level,
): CoarseShift | undefined {
  const { width, height } = template;
  const count = width * height;
  const free = Math.min(
    ...[template, image].map(({ blocked }) => unblocked(new Uint8Array(memory.buffer, blocked, count))),
  );
  const least = Math.max(8, count / LEAST_SHARE, Math.min(count / 6, free / 2));
  const { luma, blocked } = template;
  if (!kernels.coarseShift(luma, blocked, image.luma, image.blocked, width, height, least, scratch)) return undefined;
  const [x, y, correlation] = new Float64Array(memory.buffer, scratch, 3);
  return { x: x!, y: y!, correlation: correlation! };
}

function unblocked(blocked: Uint8Array): number {
  let count = 0;
  for (const one of blocked) if (!one) count++;
  return count;
}
