/** Resampling filters: which samples make a sample elsewhere, and with what weights. */

/** A filter along one axis in whole numbers. */
export type Filter = {
  /** Weights a result has: even, and 8 or 16 along rows. */
  readonly taps: number;
  /** Of each result (and up to three more), the sample that its first weight is for; may lie outside the picture. */
  readonly starts: Int32Array;
  /** `taps` of each result, in 16384ths; they add up to 1 exactly. */
  readonly weights: Int16Array;
};

/** Zero crossings of the Lanczos window on either side. */
const LOBES = 3;
const ONE = 16384;

/**
 * Lanczos resampling of `from` samples to `to`, at least half as many; widened where it shrinks, so that nothing aliases.
 * @param centre where a sample stands in its cell, 0 to 1: 0.5 the middle, 0.25 chroma that stands on every other luma sample.
 * @param multiple what the number of weights is rounded up to.
 */
export function lanczosFilter(from: number, to: number, centre: number, multiple: 2 | 8): Filter {
  const step = from / to;
  const stretch = Math.max(1, step);
  const radius = LOBES * stretch;
  const taps = Math.ceil((2 * radius) / multiple) * multiple;
  // The kernel makes four results at a time.
  const count = Math.ceil(to / 4) * 4;
  const starts = new Int32Array(count);
  const weights = new Int16Array(count * taps);
  for (let i = 0; i < to; i++) {
    const place = (i + centre) * step - centre;
    const start = Math.floor(place - radius) + 1;
    const raw = Array.from({ length: taps }, (_, k) => lanczos((start + k - place) / stretch));
    const sum = raw.reduce((a, b) => a + b, 0);
    const whole = raw.map((value) => Math.round((value / sum) * ONE));
    // What rounding left over goes where it is felt least: to the largest weight.
    const most = whole.indexOf(Math.max(...whole));
    whole[most]! += ONE - whole.reduce((a, b) => a + b, 0);
    starts[i] = start;
    weights.set(whole, i * taps);
  }
  return { taps, starts, weights };
}

function lanczos(x: number): number {
  if (Math.abs(x) >= LOBES) return 0;
  if (Math.abs(x) < 1e-9) return 1;
  const a = Math.PI * x;
  return (LOBES * Math.sin(a) * Math.sin(a / LOBES)) / (a * a);
}
