/** Loudness as EBU R 128 measures it (ITU-R BS.1770-4, EBU Tech 3341 and 3342). */
import { createKWeighting } from "./k-weighting.ts";
import { createTruePeak } from "./true-peak.ts";

/** What was measured. Of silence all levels are the lowest. */
export type Loudness = {
  /** Integrated loudness in LUFS, at least -70. */
  readonly integrated: number;
  /** The gate below which blocks did not count, in LUFS, at least -70. */
  readonly threshold: number;
  /** Loudness range in LU. */
  readonly range: number;
  /** Highest true peak of all channels in dBTP, at least -99. */
  readonly truePeak: number;
};

/** A running measurement. */
export type LoudnessMeter = {
  /** The samples that follow: one array a channel, all of the same length, full scale 1. */
  add(channels: readonly Float32Array[]): void;
  read(): Loudness;
};

/** The absolute gate. */
const SILENCE = -70;
const LOWEST_PEAK = -99;
/** Blocks begin every tenth of a second; the gate looks at four of these steps, the range at thirty. */
const STEPS_A_SECOND = 10;
const GATE_STEPS = 4;
const RANGE_STEPS = 30;

/** @param weights of the channels' energy: 1, 1.41 for those behind the listener, 0 for the deep bass. */
export function createLoudnessMeter(rate: number, weights: readonly number[]): LoudnessMeter {
  const filters = weights.map(() => createKWeighting(rate));
  const peaks = weights.map(() => createTruePeak());
  const stepLength = Math.round(rate / STEPS_A_SECOND);
  const steps: number[] = [];
  let sum = 0;
  let filled = 0;

  return {
    add(channels) {
      const count = channels[0]?.length ?? 0;
      for (const [index, samples] of channels.entries()) peaks[index]!.add(samples);
      for (let at = 0; at < count; ) {
        const end = Math.min(count, at + stepLength - filled);
        for (const [index, samples] of channels.entries()) {
          if (weights[index]) sum += weights[index]! * filters[index]!.sumSquares(samples, at, end);
        }
        filled += end - at;
        at = end;
        if (filled < stepLength) continue;
        steps.push(sum / stepLength);
        [sum, filled] = [0, 0];
      }
    },
    read() {
      const gate = gated(windows(steps, GATE_STEPS), -10);
      const range = gated(windows(steps, RANGE_STEPS), -20);
      const levels = range.powers.map(toLufs).sort((a, b) => a - b);
      const peak = Math.max(...peaks.map(({ value }) => value));
      return {
        integrated: gate.powers.length === 0 ? SILENCE : toLufs(mean(gate.powers)),
        threshold: gate.threshold,
        range: levels.length === 0 ? 0 : quantile(levels, 0.95) - quantile(levels, 0.1),
        truePeak: Math.max(LOWEST_PEAK, 20 * Math.log10(Math.max(peak, 1e-9))),
      };
    },
  };
}

/** Mean power over every run of so many steps. */
function windows(steps: readonly number[], length: number): number[] {
  const found: number[] = [];
  for (let end = length; end <= steps.length; end++) found.push(mean(steps.slice(end - length, end)));
  return found;
}

/** What is louder than silence, and then not quieter than the mean of that by more than `relative` LU. */
function gated(powers: readonly number[], relative: number): { powers: number[]; threshold: number } {
  const heard = powers.filter((power) => toLufs(power) > SILENCE);
  if (heard.length === 0) return { powers: [], threshold: SILENCE };
  const threshold = Math.max(SILENCE, toLufs(mean(heard)) + relative);
  return { powers: heard.filter((power) => toLufs(power) > threshold), threshold };
}

function toLufs(power: number): number {
  return -0.691 + 10 * Math.log10(Math.max(power, 1e-12));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The nearest rank of sorted values. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.round((sorted.length - 1) * share)] ?? 0;
}

/** Bits of a layout's mask: the deep bass, and the speakers behind the listener. */
const BASS = [3, 35];
const BEHIND = [4, 5, 8, 9, 10];

/** Weights of a layout's channels. @param dualMono one channel counts as the two that it is played by. */
export function channelWeights(mask: bigint, count: number, dualMono: boolean): number[] {
  if (count === 1) return [dualMono ? 2 : 1];
  const bits = Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (mask >> BigInt(bit)) & 1n);
  return Array.from({ length: count }, (_, index) => {
    const bit = bits[index] ?? 0;
    return BASS.includes(bit) ? 0 : BEHIND.includes(bit) ? 1.41 : 1;
  });
}
