/**
 * What rounding to samples takes from a fill. A correction of less than half a level, which is what makes a fill flicker, would be
 * rounded away again wherever it meets whole levels.
 */
import type { PixelList } from "./pixels.ts";

/** For each plane what was rounded off its pixels, those of the soft edge and inside it in order, in 254ths of a sample's level. */
export type Fractions = readonly Int8Array[];

/** Levels times this fit a signed byte. */
const UNITS = 254;

/** Remembers what rounding takes, pixel by pixel. */
export class Rounding {
  readonly #width: number;
  readonly #kept: Int8Array;

  /** @param size of the plane. */
  constructor({ width, height }: { width: number; height: number }) {
    this.#width = width;
    this.#kept = new Int8Array(width * height);
  }

  /** @returns `value` as a sample of at most `top`. @param at index of the sample in its plane. */
  round(value: number, at: number, top: number): number {
    const sample = Math.min(top, Math.max(0, Math.round(value)));
    this.#kept[at] = Math.round(UNITS * Math.min(0.5, Math.max(-0.5, value - sample)));
    return sample;
  }

  /** What was taken from these pixels. */
  of(pixels: PixelList): Int8Array {
    return Int8Array.from(pixels, (pixel) => this.#kept[(pixel >> 16) * this.#width + (pixel & 0xffff)]!);
  }
}

/** Gives samples back what was taken from them. */
export function restore(samples: Float32Array, fractions: Int8Array): void {
  for (let i = 0; i < samples.length; i++) samples[i]! += fractions[i]! / UNITS;
}
