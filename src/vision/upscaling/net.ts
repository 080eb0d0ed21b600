/**
 * The upscaler's net: trained by scripts/training/upscaler, kept as floats in a small file, computed in whole numbers.
 * The files' layout is described in train.py (`write`).
 */
import { readFileSync } from "node:fs";

/** A convolution as it was trained. `kernel`: outputs x inputs x size x size. */
type Convolution = {
  readonly inputs: number;
  readonly outputs: number;
  readonly size: 3 | 5;
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
};

/** A net as it was trained. Samples are 0 to 1. */
export type Net = {
  /** First 5x5 on luma, then 3x3; the last gives the four pixels that one becomes. */
  readonly layers: readonly Convolution[];
  /** The linear 5x5 convolution beside all of them, 4 x 1 x 5 x 5. */
  readonly linear: Float32Array;
};

/** A convolution in whole numbers, as the kernel `convolve` reads it. */
export type Layer = {
  readonly outputs: number;
  /** Terms read at neighbouring columns (pairs of features), then those read at every other column (pairs of luma). */
  readonly near: number;
  readonly wide: number;
  /** For every four outputs: each term's three columns of four pairs. */
  readonly weights: Int16Array;
  readonly bias: Int32Array;
  readonly shift: number;
  readonly relu: boolean;
};

/** A net in whole numbers. */
export type WholeNet = {
  readonly layers: readonly Layer[];
  /** Pixels around one that its four depend on, in each direction. */
  readonly reach: number;
};

/** Fine samples (64ths of an 8-bit level) of white, and what 1 is among features. */
const WHITE = 64 * 255;
const FEATURE_ONE = WHITE / 2;
/** Weights of one output may add up to this much: then no sum of their products with 16-bit samples leaves 32 bits. */
const MOST_WEIGHT = 64000;
const COLUMNS = 3;

/**
 * Reads luma.net: the nets for pictures that were not compressed to be seen, compressed plainly, and strongly.
 * @throws Error when the file is not as long as it says.
 */
export function readNets(): Net[] {
  const bytes = readFileSync(new URL("./luma.net", import.meta.url));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let next = 0;
  const take = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => view.getFloat32(4 * next++, true));
  const layer = (inputs: number, outputs: number, size: 3 | 5): Convolution => ({
    inputs,
    outputs,
    size,
    kernel: take(outputs * inputs * size * size),
    bias: take(outputs),
  });
  const nets: Net[] = [];
  while (4 * next < bytes.byteLength) {
    const [channels = 0, between = 0] = take(2);
    const layers = [
      layer(1, channels, 5),
      ...Array.from({ length: between }, () => layer(channels, channels, 3)),
      layer(channels, 4, 3),
    ];
    nets.push({ layers, linear: take(4 * 25) });
  }
  return nets;
}

/** A net in whole numbers. Rounding costs less than a hundredth of a level. */
export function toWhole({ layers, linear }: Net): WholeNet {
  const last = layers.length - 1;
  return {
    reach: 2 + last,
    layers: layers.map((layer, i) => {
      if (i === 0) return quantise(layer, [], lumaTerms(layer.kernel, layer.outputs), { one: WHITE, coarser: 1 });
      // Features count half as much as luma does; the last sums are luma again.
      const half = linear.map((value) => value / 2);
      if (i === last)
        return quantise(layer, featureTerms(layer), lumaTerms(half, 4), { one: FEATURE_ONE, coarser: -1 });
      return quantise(layer, featureTerms(layer), [], { one: FEATURE_ONE, coarser: 0 });
    }),
  };
}

/** Of each term, outputs x columns x 2 weights: pairs of channels (2p, 2p + 1) of the rows above, at and below. */
function featureTerms({ kernel, inputs, outputs }: Convolution): number[][] {
  const terms: number[][] = [];
  for (let row = 0; row < 3; row++) {
    for (let pair = 0; pair < inputs / 2; pair++) {
      const values: number[] = [];
      for (let output = 0; output < outputs; output++) {
        for (let column = 0; column < COLUMNS; column++) {
          for (const channel of [2 * pair, 2 * pair + 1]) {
            values.push(kernel[((output * inputs + channel) * 3 + row) * 3 + column]!);
          }
        }
      }
      terms.push(values);
    }
  }
  return terms;
}

/** The same of luma: pairs of columns 0 and 1, 2 and 3, 4 and nothing, of five rows. */
function lumaTerms(kernel: Float32Array, outputs: number): number[][] {
  return Array.from({ length: 5 }, (_, row) =>
    Array.from({ length: outputs }, (_, output) =>
      Array.from({ length: 2 * COLUMNS }, (_, i) => (i < 5 ? kernel[(output * 5 + row) * 5 + i]! : 0)),
    ).flat(),
  );
}

/** @param scale `one`: what 1 is in the sums before weights are scaled; `coarser`: bits by which outputs are coarser. */
function quantise(
  { outputs, bias }: Convolution,
  near: readonly number[][],
  wide: readonly number[][],
  { one, coarser }: { one: number; coarser: -1 | 0 | 1 },
): Layer {
  const terms = [...near, ...wide];
  const per = 2 * COLUMNS;
  const ofOutput = (output: number): number[] =>
    terms.flatMap((values) => values.slice(output * per, (output + 1) * per));
  const sums = Array.from({ length: outputs }, (_, output) =>
    ofOutput(output).reduce((sum, w) => sum + Math.abs(w), 0),
  );
  const largest = Math.max(...terms.flat().map(Math.abs));
  const bits = Math.floor(Math.log2(Math.min(MOST_WEIGHT / Math.max(...sums), 32767 / largest)));
  const weights = new Int16Array(terms.length * outputs * per);
  let at = 0;
  for (let group = 0; group < outputs; group += 4) {
    for (const values of terms) {
      for (let column = 0; column < COLUMNS; column++) {
        for (let output = group; output < group + 4; output++) {
          for (const half of [0, 1]) weights[at++] = Math.round(values[output * per + 2 * column + half]! * 2 ** bits);
        }
      }
    }
  }
  const shift = bits + coarser;
  return {
    outputs,
    near: near.length,
    wide: wide.length,
    weights,
    bias: Int32Array.from(bias, (value) => Math.round(value * one * 2 ** bits + 2 ** (shift - 1))),
    shift,
    relu: coarser >= 0,
  };
}
