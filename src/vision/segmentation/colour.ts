/** What colours an object and its surroundings have: joint histograms of Y, U and V. */
import type { Picture } from "./picture.ts";

const [LUMA, CHROMA] = [16, 32];
/** Bins of a histogram. */
export const BINS = LUMA * CHROMA * CHROMA;
/** Probability of a colour never seen: what bounds the evidence of one pixel. */
const FLOOR = 1e-4;
const MOST_EVIDENCE = 4;

/** Each pixel's bin. Chroma is looked at in steps of four levels around neutral: few colours of real scenes lie outside. */
export function binsOf({ y, u, v }: Picture): Uint16Array {
  const bins = new Uint16Array(y.length);
  for (let i = 0; i < y.length; i++) bins[i] = ((y[i]! >> 4) << 10) | (chromaBin(u[i]!) << 5) | chromaBin(v[i]!);
  return bins;
}

function chromaBin(level: number): number {
  return level < 64 ? 0 : level > 191 ? CHROMA - 1 : (level - 64) >> 2;
}

/** A histogram that forgets. */
export class Colours {
  readonly counts = new Float32Array(BINS);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** Adds the pixels of a list of bins, each with its weight; `weight` may leave pixels out by 0. */
  add(bins: Uint16Array, weight: (index: number) => number, scale = 1): void {
    for (let i = 0; i < bins.length; i++) {
      const w = weight(i) * scale;
      if (!(w > 0)) continue;
      this.counts[bins[i]!]! += w;
      this.#total += w;
    }
  }

  /** Scales what is known so that it weighs `total` pixels. */
  weigh(total: number): void {
    if (!(this.#total > 0)) return;
    const factor = total / this.#total;
    for (let i = 0; i < BINS; i++) this.counts[i]! *= factor;
    this.#total = total;
  }

  /** Adds another histogram's counts. */
  merge(other: Colours, scale = 1): void {
    for (let i = 0; i < BINS; i++) this.counts[i]! += other.counts[i]! * scale;
    this.#total += other.#total * scale;
  }

  copy(): Colours {
    const copy = new Colours();
    copy.merge(this);
    return copy;
  }

  /** Probabilities, spread to neighbouring bins, since neighbouring colours are alike. */
  smoothed(): Float32Array {
    const out = this.counts.slice();
    blur(out, 1, CHROMA);
    blur(out, CHROMA, CHROMA);
    blur(out, CHROMA * CHROMA, LUMA);
    const scale = this.#total > 0 ? 1 / this.#total : 0;
    for (let i = 0; i < BINS; i++) out[i]! *= scale;
    return out;
  }
}

/** 1-2-1 along one axis of the histogram. */
function blur(bins: Float32Array, step: number, length: number): void {
  const block = step * length;
  for (let start = 0; start < BINS; start += block) {
    for (let offset = 0; offset < step; offset++) {
      let before = bins[start + offset]!;
      for (let i = 0; i < length; i++) {
        const at = start + offset + i * step;
        const here = bins[at]!;
        const after = i + 1 < length ? bins[at + step]! : here;
        bins[at] = (before + 2 * here + after) / 4;
        before = here;
      }
    }
  }
}

/** For every bin, how much more likely it is on the object than around it: a logarithm, between -4 and 4. */
export function evidence(object: Colours, around: Colours): Float32Array {
  const own = object.smoothed();
  const other = around.smoothed();
  const out = new Float32Array(BINS);
  for (let i = 0; i < BINS; i++) {
    const ratio = Math.log((own[i]! + FLOOR) / (other[i]! + FLOOR));
    out[i] = Math.max(-MOST_EVIDENCE, Math.min(MOST_EVIDENCE, ratio));
  }
  return out;
}

/** How much two histograms have in common (Bhattacharyya's coefficient), 0 to 1. */
export function likeness(a: Colours, b: Colours): number {
  const own = a.smoothed();
  const other = b.smoothed();
  let sum = 0;
  for (let i = 0; i < BINS; i++) sum += Math.sqrt(own[i]! * other[i]!);
  return sum;
}
