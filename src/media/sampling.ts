/** Which frames of a source make up a clip of another rate and length. */
import type { Timing } from "../operations/conform.ts";
import { type Ratio, toSeconds } from "./ffmpeg.ts";

/** Frames of one second are never thinned out further than this. */
const LONGEST_STEP = 6;

/** A frame of the source that is taken, and which frame of the clip it becomes. */
export type Taken<T> = { readonly item: T; readonly index: number };

/** Timing with everything decided. */
export type SamplingPlan = {
  readonly frames: number | "input";
  /** Frames a second of the clip, as a ratio. */
  readonly rate: Ratio;
  readonly every: number;
  /** Whether the frames keep their own times. */
  readonly isIdentity: boolean;
  /** Whether a second of the clip is a second of the source. */
  readonly isRealTime: boolean;
};

/**
 * Decides what `timing` leaves open.
 * @param source its frame rate, and the number of its frames as far as it is known beforehand.
 */
export function planSampling(
  timing: Timing,
  source: { readonly fps: number; readonly frameCount: number },
): SamplingPlan {
  const rate = toRate(timing.fps === "input" ? source.fps : timing.fps);
  const frames = timing.frames === "input" ? source.frameCount : timing.frames;
  const every = typeof timing.every === "number" ? timing.every : fittingStep(frames, rate[0] / rate[1], timing.every);
  const isMatched = timing.frames === "input" && timing.fps === "input";
  return {
    frames: timing.frames,
    rate,
    every,
    isIdentity: isMatched && every === 1,
    isRealTime: timing.frames !== "input" || isMatched,
  };
}

function fittingStep(frames: number, fps: number, auto: { fitFrames: number; minFps: number }): number {
  let every = 1;
  while (every < LONGEST_STEP && stepsTo(frames, every) + 1 > auto.fitFrames && fps / (every + 1) >= auto.minFps) {
    every++;
  }
  return every;
}

/** Steps from the first frame to the first one at or behind the last. */
function stepsTo(frames: number, every: number): number {
  return Math.ceil(Math.max(0, frames - 1) / every);
}

/** Counts of a clip that has been sampled. */
export type SampledFacts = {
  /** Frames of the whole plan, those left out included. */
  frames: number;
  /** How many frames of the plan lie behind the source's end and show its last picture. */
  held: number;
};

/**
 * Takes the frames of a plan out of a source, in order; a frame may be taken more than once.
 * @param facts filled in when the source has been read.
 */
export async function* sampleFrames<T extends { readonly pts: bigint }>(
  source: AsyncIterable<T>,
  timeBase: Ratio,
  plan: SamplingPlan,
  facts: SampledFacts,
): AsyncGenerator<Taken<T>> {
  if (plan.frames === "input") yield* takeEach(source, plan.every, facts);
  else yield* takeByTime(source, timeBase, plan, plan.frames, facts);
}

async function* takeEach<T>(source: AsyncIterable<T>, every: number, facts: SampledFacts): AsyncGenerator<Taken<T>> {
  let index = 0;
  let last: T | undefined;
  for await (const item of source) {
    if (index % every === 0) yield { item, index };
    last = item;
    index++;
  }
  facts.frames = index;
  const end = stepsTo(index, every) * every;
  if (last !== undefined && end > index - 1) yield { item: last, index: end };
}

async function* takeByTime<T extends { readonly pts: bigint }>(
  source: AsyncIterable<T>,
  timeBase: Ratio,
  { rate, every }: SamplingPlan,
  frames: number,
  facts: SampledFacts,
): AsyncGenerator<Taken<T>> {
  facts.frames = frames;
  const end = stepsTo(frames, every) * every;
  const timeOf = (index: number): number => (index * rate[1]) / rate[0];
  let start: bigint | undefined;
  let current: { readonly item: T; readonly time: number } | undefined;
  let step = 0;
  let index = 0;
  for await (const item of source) {
    start ??= item.pts;
    const time = toSeconds(item.pts - start, timeBase);
    if (current) {
      step = time - current.time;
      // A hair earlier than half way, so that times rounded to a container's clock do not decide.
      const middle = (current.time + time) / 2 - step * 1e-3;
      for (; index <= end && timeOf(index) < middle; index += every) yield { item: current.item, index };
    }
    current = { item, time };
    if (index > end) return;
  }
  if (!current) return;
  facts.held = Array.from({ length: frames }, (_, k) => timeOf(k)).filter(
    (t) => t > current.time + step * 0.999,
  ).length;
  for (; index <= end; index += every) yield { item: current.item, index };
}

/** A rate as a ratio: whole, or one of the broadcast rates over 1001, or in thousandths. */
export function toRate(fps: number): Ratio {
  for (const den of [1, 1001]) {
    const num = Math.round(fps * den);
    if (num > 0 && (den === 1 || num % 1000 === 0) && Math.abs(num / den - fps) < 1e-4 * fps) return [num, den];
  }
  return [Math.max(1, Math.round(fps * 1000)), 1000];
}
