/** The highest level between samples, by fourfold oversampling (ITU-R BS.1770-4, Annex 2). */

const PHASES = 4;
/** Samples that one value in between is computed from. */
const TAPS = 24;
const BETA = 7;

/** Interpolation at a quarter, a half and three quarters of a sample: a sinc under a Kaiser window. */
const FILTERS: readonly Float64Array[] = [1, 2, 3].map((phase) =>
  Float64Array.from({ length: TAPS }, (_, tap) => {
    const x = tap - TAPS / 2 + 1 - phase / PHASES;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    const edge = (2 * x) / TAPS;
    return (sinc * bessel(BETA * Math.sqrt(Math.max(0, 1 - edge * edge)))) / bessel(BETA);
  }),
);
/** No value in between exceeds the samples around it by more than this. */
const MOST = Math.max(...FILTERS.map((filter) => filter.reduce((sum, value) => sum + Math.abs(value), 0)));

/** Watches one channel. */
export type TruePeak = {
  /** The samples that follow. */
  add(samples: Float32Array): void;
  /** Highest absolute value so far, 0 or more; full scale is 1. */
  readonly value: number;
};

/** A watch over samples that come in any portions. */
export function createTruePeak(): TruePeak {
  let tail = new Float32Array(TAPS);
  let peak = 0;
  return {
    add(samples) {
      const joined = new Float32Array(tail.length + samples.length);
      joined.set(tail);
      joined.set(samples, tail.length);
      const last = joined.length - TAPS;
      for (let start = 0; start < last; start += TAPS) {
        const end = Math.min(last, start + TAPS);
        // Most of a recording lies so far below its peak that nothing between its samples can exceed it.
        let highest = 0;
        for (let i = start; i < end + TAPS; i++) {
          const level = Math.abs(joined[i]!);
          if (level > highest) highest = level;
        }
        if (highest * MOST > peak)
          peak = Math.max(peak, highest <= peak ? 0 : highest, between(joined, start, end, peak));
      }
      tail = joined.slice(last);
    },
    get value() {
      return peak;
    },
  };
}

function between(samples: Float32Array, start: number, end: number, floor: number): number {
  let peak = floor;
  for (let at = start; at < end; at++) {
    for (const filter of FILTERS) {
      let sum = 0;
      for (let tap = 0; tap < TAPS; tap++) sum += samples[at + tap]! * filter[tap]!;
      const level = Math.abs(sum);
      if (level > peak) peak = level;
    }
  }
  return peak;
}

/** The modified Bessel function of the first kind, order 0. */
function bessel(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
