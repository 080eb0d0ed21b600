/** Jobs that register one frame to another. */
import { padded } from "../../kernels/arena.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { ALIGN_SCRATCH, type Alignment, align, type Level, type MotionModel } from "./align.ts";
import { coarseShift } from "./coarse.ts";
import { fromLevel, type Homography, IDENTITY, translation } from "./homography.ts";

/** Levels as addresses relative to a frame's base, finest first. */
type Levels = readonly Level[];

/** Pixels compared at each level. */
const PAIR_SAMPLES = 5000;
const KEY_SAMPLES = 40000;

/** How one frame continues the one before it. */
export type PairResult = {
  readonly alignment: Alignment | undefined;
  /** Motion in full pixels; the best guess there is, if alignment failed. */
  readonly homography: Homography;
  /** Correlation of the small pictures at the best shift; undefined when too little is unblocked to say. */
  readonly correlation: number | undefined;
};

/** Motion from the frame at `from` to the next one at `to`, from nothing. */
export function alignPair(
  { kernels, memory, scratch }: JobContext,
  input: { levels: Levels; from: number; to: number; model: MotionModel },
): PairResult {
  assertScratch(scratch);
  const template = at(input.levels, input.from);
  const image = at(input.levels, input.to);
  const coarsest = template.length - 1;
  const shift = coarseShift(kernels, memory, scratch.start, template[coarsest]!, image[coarsest]!);
  if (!shift) return { alignment: undefined, homography: IDENTITY, correlation: undefined };
  const finest = Math.min(coarsest, 1);
  const levels: { index: number; model: MotionModel; iterations: number }[] = [];
  // Few freedoms while the picture is coarse: with more, a large object that moves would bend the whole map towards itself.
  for (let index = coarsest; index >= finest; index--) {
    if (index === coarsest) levels.push({ index, model: "translation", iterations: 4 });
    levels.push({ index, model: "similarity", iterations: 6 });
  }
  levels.push({ index: finest, model: input.model, iterations: 5 });
  const shifted = fromLevel(translation(shift.x, shift.y), coarsest);
  const starts = shift.x === 0 && shift.y === 0 ? [IDENTITY] : [shifted, IDENTITY];
  const tries = starts.map((start) =>
    align(kernels, memory, scratch.start, template, image, { start, levels, samples: PAIR_SAMPLES }),
  );
  const alignment = best(tries);
  return { alignment, homography: alignment?.homography ?? shifted, correlation: shift.correlation };
}

/** The exact map from a key frame to another, given a good guess. Undefined when it cannot be improved on. */
export function alignToKey(
  { kernels, memory, scratch }: JobContext,
  input: {
    levels: Levels;
    key: number;
    frame: number;
    start: Homography;
    gain: number;
    offset: number;
    model: MotionModel;
  },
): Alignment | undefined {
  const coarsest = input.levels.length - 1;
  const levels: { index: number; model: MotionModel; iterations: number }[] = [];
  for (let index = Math.min(2, coarsest); index >= 0; index--)
    levels.push({ index, model: input.model, iterations: 3 });
  const [own, seen] = smoothScratch(input.levels[0]!, scratch);
  const template = smoothed(kernels, at(input.levels, input.key), own);
  const image = smoothed(kernels, at(input.levels, input.frame), seen);
  return align(kernels, memory, scratch.start, template, image, { ...input, levels, samples: KEY_SAMPLES });
}

/** A frame's levels as absolute addresses. */
export function at(levels: Levels, base: number): Level[] {
  return levels.map((level) => ({ ...level, luma: base + level.luma, blocked: base + level.blocked }));
}

function best(tries: readonly (Alignment | undefined)[]): Alignment | undefined {
  let winner: Alignment | undefined;
  const score = (alignment: Alignment) => alignment.sigma * alignment.compared ** -0.25;
  for (const one of tries) if (one && (!winner || score(one) < score(winner))) winner = one;
  return winner;
}

/**
 * Levels of which the finest is blurred. Hard edges interpolated linearly pull an alignment by up to a tenth of a pixel, differently
 * in every frame: what is filled would swim against what is around it.
 */
function smoothed(kernels: Kernels, levels: Level[], target: number): Level[] {
  const finest = levels[0]!;
  const rows = target + finest.width * finest.height;
  kernels.smooth(finest.luma, finest.width, finest.height, target, rows);
  return [{ ...finest, luma: target }, ...levels.slice(1)];
}

/** Places for two smoothed pictures behind what {@link align} needs. */
function smoothScratch({ width, height }: Level, { start, end }: JobContext["scratch"]): [number, number] {
  const bytes = padded(width * height + 2 * (width + 20));
  const first = padded(start + ALIGN_SCRATCH);
  if (first + 2 * bytes > end) throw new RangeError("too little scratch memory");
  return [first, first + bytes];
}

function assertScratch(scratch: { start: number; end: number }): void {
  if (scratch.end - scratch.start < ALIGN_SCRATCH) throw new RangeError("too little scratch memory");
}
