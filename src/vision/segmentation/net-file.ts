/** Nets as TensorFlow.js stores them: a JSON of nodes and a file of weights. */
import { readFileSync } from "node:fs";

type Attributes = Readonly<Record<string, { f?: number; s?: string; list?: { i?: readonly string[] } } | undefined>>;
/** An operation of a graph, with the names of what it works on. */
export type Node = {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Attributes;
};
type Weight = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: object;
};
type Model = {
  readonly modelTopology: { readonly node: readonly Node[] };
  readonly weightsManifest: readonly [{ readonly weights: readonly Weight[] }];
};
/** A weight: its dimensions and its values, row major. */
export type Constant = { readonly shape: readonly number[]; readonly values: Float32Array };

/** A net as it was read: its operations and its weights, by name. */
export type NetFile = { readonly nodes: ReadonlyMap<string, Node>; readonly constants: ReadonlyMap<string, Constant> };

/** @param name of a net in `nets/`. @throws Error when it cannot be read. */
export function readNet(name: string): NetFile {
  const model = JSON.parse(readFileSync(new URL(`./nets/${name}.graph`, import.meta.url), "utf8")) as Model;
  const nodes = new Map(model.modelTopology.node.map((node) => [node.name, node]));
  const constants = new Map<string, Constant>();
  const bytes = readFileSync(new URL(`./nets/${name}.weights`, import.meta.url));
  let at = 0;
  for (const { name: weight, shape, dtype, quantization } of model.weightsManifest[0].weights) {
    const count = shape.reduce((a, b) => a * b, 1);
    const values = new Float32Array(count);
    const patterns = new Uint32Array(values.buffer);
    for (let i = 0; i < count; i++) {
      if (quantization) {
        const bits = bytes.readUInt16LE(at + 2 * i);
        const exponent = bits & 0x7c00;
        // Millions of them are read: all but the rarest are moved bit by bit.
        if (exponent > 0 && exponent < 0x7c00) {
          patterns[i] = ((bits & 0x8000) << 16) | (((bits & 0x7fff) << 13) + 0x38000000);
        } else values[i] = half(bits);
      } else values[i] = dtype === "int32" ? bytes.readInt32LE(at + 4 * i) : bytes.readFloatLE(at + 4 * i);
    }
    at += count * (quantization ? 2 : 4);
    constants.set(weight, { shape, values });
  }
  return { nodes, constants };
}

/** Whether a convolution pads its input so that the stride alone makes its output smaller. */
export function isSame(node: Node): boolean {
  return Buffer.from(node.attr?.padding?.s ?? "", "base64").toString() === "SAME";
}

/** Pixels between two that a convolution looks at. */
export function strideOf(node: Node): number {
  return Number(node.attr?.strides?.list?.i?.[1] ?? 1);
}

/** An IEEE half-precision number. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
