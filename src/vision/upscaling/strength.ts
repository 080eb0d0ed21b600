/** How strongly a video was compressed, and the net for it: clean video is made sharp, damaged video clean. */
import type { Net } from "./net.ts";

/** Nets from the one for clean pictures to the one for the most damaged, each a little different from the one before. */
export const STRENGTHS = 9;
/**
 * Quantisers (H.264's scale, which ends at 51) of the first and the last net, set by measuring: what stands still is damaged less than its
 * quantiser says, and to clean too much costs more than to clean too little.
 */
const CLEAN = 18;
const DAMAGED = 57;
/** Share of each new frame in the running mean: frames of a clip are coded more and less finely in turn, and all look alike. */
const FRESH = 0.15;

/** Follows the quantisers of a video's frames. */
export class Strength {
  #mean: number | undefined;

  /** @param quantiser as of `TimedFrame`. @returns the number of the net for this frame, 0 to {@link STRENGTHS} - 1. */
  next(quantiser: number | undefined): number {
    if (quantiser !== undefined) {
      this.#mean = this.#mean === undefined ? quantiser : this.#mean + FRESH * (quantiser - this.#mean);
    }
    const place = ((this.#mean ?? 0) - CLEAN) / (DAMAGED - CLEAN);
    return Math.round(Math.min(1, Math.max(0, place)) * (STRENGTHS - 1));
  }
}

/** All {@link STRENGTHS} nets, from those that were trained at even distances. @param trained two or more, all of one shape. */
export function netsBetween(trained: readonly Net[]): Net[] {
  return Array.from({ length: STRENGTHS }, (_, i) => {
    const place = (i / (STRENGTHS - 1)) * (trained.length - 1);
    const before = Math.min(trained.length - 2, Math.floor(place));
    return mix(trained[before]!, trained[before + 1]!, place - before);
  });
}

/** The net between two, `share` of the way to the second. Flat pictures keep their level, as they do in both. */
function mix(a: Net, b: Net, share: number): Net {
  const between = (x: Float32Array, y: Float32Array): Float32Array =>
    x.map((value, i) => value + share * (y[i]! - value));
  const layers = a.layers.map((layer, i) => ({
    ...layer,
    kernel: between(layer.kernel, b.layers[i]!.kernel),
    bias: between(layer.bias, b.layers[i]!.bias),
  }));
  // What the layers before make of a flat picture, the last one's bias takes off again.
  let values = layers[0]!.bias.map((value) => Math.max(0, value));
  for (const [i, { kernel, bias, inputs, outputs, size }] of layers.entries()) {
    if (i === 0) continue;
    const isLast = i === layers.length - 1;
    const area = size * size;
    const sums = Float32Array.from({ length: outputs }, (_, o) => {
      let sum = 0;
      for (let k = 0; k < inputs * area; k++) sum += kernel[o * inputs * area + k]! * values[Math.floor(k / area)]!;
      return isLast ? -sum : Math.max(0, sum + bias[o]!);
    });
    if (isLast) bias.set(sums);
    else values = sums;
  }
  return { layers, linear: between(a.linear, b.linear) };
}
