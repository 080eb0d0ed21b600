/**
 * Runs small convolutional nets that are stored as TensorFlow.js graph models (a JSON of nodes and a file of weights). Every
 * tensor is kept as pixels with interleaved channels, so that a graph's changes between layouts cost nothing.
 */
import { readFileSync } from "node:fs";
import { Arena } from "../../kernels/arena.ts";
import { createMemory, type Kernels, loadKernels } from "../../kernels/kernels.ts";

/** Rows of pixels with interleaved channels. */
export type Tensor = {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** A view that is valid until the net runs again. */
  readonly data: Float32Array;
};

type Attributes = Readonly<Record<string, { f?: number; s?: string; list?: { i?: readonly string[] } } | undefined>>;
type Node = {
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
type Constant = { readonly shape: readonly number[]; readonly values: Float32Array };

/** Bytes for weights and what flows between them. */
const MEMORY = 224 * 1024 * 1024;

/** A net, ready to run; it holds {@link MEMORY} bytes. */
export class Net {
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #constants = new Map<string, Constant>();
  readonly #memory = createMemory(MEMORY);
  readonly #kernels: Kernels = loadKernels(this.#memory);
  readonly #placed = new Map<string, number>();
  readonly #packed = new Map<string, { weights: number; bias: number }>();
  readonly #arena = new Arena(1024, MEMORY / 4);
  #work = new Arena(MEMORY / 4, MEMORY);

  /** @param name of a net in `nets/`. @throws Error when it cannot be read. */
  constructor(name: string) {
    const model = JSON.parse(readFileSync(new URL(`./nets/${name}.graph`, import.meta.url), "utf8")) as Model;
    this.#nodes = new Map(model.modelTopology.node.map((node) => [node.name, node]));
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
      this.#constants.set(weight, { shape, values });
    }
  }

  /** @param input the placeholder's value. @returns the named outputs. */
  run(input: Tensor, outputs: readonly string[]): Tensor[] {
    this.#work = new Arena(MEMORY / 4, MEMORY);
    const done = new Map<string, readonly Tensor[]>();
    const value = (reference: string): Tensor => {
      const [name = "", index = "0"] = reference.split(":");
      const known = done.get(name);
      if (known) return known[Number(index)]!;
      const node = this.#nodes.get(name);
      if (!node) throw new Error(`the net has no node ${name}`);
      const made = this.#evaluate(node, value, input);
      done.set(name, made);
      return made[Number(index)]!;
    };
    return outputs.map(value);
  }

  #evaluate(node: Node, value: (reference: string) => Tensor, input: Tensor): readonly Tensor[] {
    const inputs = node.input ?? [];
    const tensor = (index: number): Tensor => value(inputs[index]!);
    const constant = (index: number): Constant => this.#constants.get(inputs[index]!)!;
    switch (node.op) {
      case "Placeholder":
        return [this.#copy(input)];
      case "Identity":
      case "Transpose":
      case "Reshape":
        return [tensor(0)];
      case "Conv2D":
        return [this.#convolve(node, tensor(0))];
      case "DepthwiseConv2dNative":
        return [this.#depthwise(node, tensor(0))];
      case "Conv2DBackpropInput":
        return [this.#enlarge(inputs[1]!, tensor(2))];
      case "Add":
      case "AddV2":
      case "AddN":
        return [this.#combine(inputs, value, false)];
      case "Mul":
        return [this.#combine(inputs, value, true)];
      case "Relu":
        return [this.#rectify(tensor(0), 0, Number.POSITIVE_INFINITY)];
      case "Relu6":
        return [this.#rectify(tensor(0), 0, 6)];
      case "LeakyRelu":
        return [this.#rectify(tensor(0), node.attr?.alpha?.f ?? 0.2, Number.POSITIVE_INFINITY)];
      case "Sigmoid":
        return [this.#sigmoid(tensor(0))];
      case "AvgPool":
        return [this.#average(tensor(0))];
      case "MaxPool":
        return [this.#largest(tensor(0))];
      case "Pad":
        return [this.#pad(tensor(0), 1, 1, 1, 1, 0)];
      case "PadV2":
        return [this.#pad(tensor(0), 1, 1, 1, 1, constant(2).values[0]!)];
      case "ConcatV2":
        return [this.#join(inputs.slice(0, -1).map(value))];
      case "SplitV":
        return this.#split(tensor(0), [...constant(1).values]);
      case "ResizeBilinear":
        return [this.#resize(tensor(0), constant(1).values[0]!, constant(1).values[1]!)];
      default:
        throw new Error(`nets with ${node.op} cannot be run`);
    }
  }

  #new(height: number, width: number, channels: number): Tensor & { at: number } {
    const at = this.#work.take(height * width * channels * 4 + 64);
    return { height, width, channels, at, data: new Float32Array(this.#memory.buffer, at, height * width * channels) };
  }

  #copy(source: Tensor): Tensor & { at: number } {
    const copy = this.#new(source.height, source.width, source.channels);
    copy.data.set(source.data);
    return copy;
  }

  /** Negative values times `slope`, others up to `most`. */
  #rectify(source: Tensor, slope: number, most: number): Tensor {
    const out = this.#new(source.height, source.width, source.channels);
    this.#kernels.segmentRectify(source.data.byteOffset, out.data.length, slope, most, out.at);
    return out;
  }

  #sigmoid(source: Tensor): Tensor {
    const out = this.#new(source.height, source.width, source.channels);
    for (let i = 0; i < out.data.length; i++) out.data[i] = 1 / (1 + Math.exp(-source.data[i]!));
    return out;
  }

  /** Sums or products of tensors, of constants a channel, and of single values. */
  #combine(inputs: readonly string[], value: (reference: string) => Tensor, multiply: boolean): Tensor {
    const parts = inputs.map((name) => this.#constants.get(name) ?? value(name));
    const sizes = parts.map((part) => ("data" in part ? part.data.length : 0));
    const largest = sizes.indexOf(Math.max(...sizes));
    const out = this.#copy(parts[largest] as Tensor);
    for (const [index, part] of parts.entries()) {
      if (index === largest) continue;
      const [at, length] =
        "data" in part ? [part.data.byteOffset, part.data.length] : [this.#place(inputs[index]!), part.values.length];
      this.#kernels.segmentCombine(out.at, at, out.data.length, length, multiply);
    }
    return out;
  }

  #convolve(node: Node, source: Tensor): Tensor {
    const name = node.input![1]!;
    const { shape } = this.#constants.get(name)!;
    const [kernelHeight = 1, kernelWidth = 1, , channelsOut = 1] = shape;
    const stride = strideOf(node);
    const padded = isSame(node) ? this.#padSame(source, kernelHeight, stride) : source;
    const height = Math.floor((padded.height - kernelHeight) / stride) + 1;
    const width = Math.floor((padded.width - kernelWidth) / stride) + 1;
    const out = this.#new(height, width, channelsOut);
    const { weights, bias } = this.#pack(name);
    const from = padded.data.byteOffset;
    this.#kernels.segmentConv(
      from,
      padded.width,
      padded.channels,
      weights,
      bias,
      out.at,
      width,
      channelsOut,
      kernelHeight,
      kernelWidth,
      stride,
      0,
      height,
    );
    return out;
  }

  #depthwise(node: Node, source: Tensor): Tensor {
    const kernel = this.#constants.get(node.input![1]!)!.shape[0]!;
    const stride = strideOf(node);
    const padded = isSame(node) ? this.#padSame(source, kernel, stride) : source;
    const height = Math.floor((padded.height - kernel) / stride) + 1;
    const width = Math.floor((padded.width - kernel) / stride) + 1;
    const out = this.#new(height, width, source.channels);
    const weights = this.#place(node.input![1]!);
    const from = padded.data.byteOffset;
    this.#kernels.segmentDepthwise(from, padded.width, padded.channels, weights, out.at, width, height, kernel, stride);
    return out;
  }

  /** A transposed convolution to twice the size, each pixel making four. */
  #enlarge(name: string, source: Tensor): Tensor {
    const [, , channelsOut = 1] = this.#constants.get(name)!.shape;
    const out = this.#new(source.height * 2, source.width * 2, channelsOut);
    const { data, width, height, channels } = source;
    this.#kernels.segmentEnlarge(data.byteOffset, width, height, channels, this.#place(name), channelsOut, out.at);
    return out;
  }

  #padSame(source: Tensor, kernel: number, stride: number): Tensor {
    const total = (length: number): number => Math.max(0, (Math.ceil(length / stride) - 1) * stride + kernel - length);
    const [down, across] = [total(source.height), total(source.width)];
    if (down === 0 && across === 0) return source;
    return this.#pad(source, down >> 1, down - (down >> 1), across >> 1, across - (across >> 1), 0);
  }

  #pad(source: Tensor, top: number, bottom: number, left: number, right: number, value: number): Tensor {
    const { height, width, channels, data } = source;
    const out = this.#new(height + top + bottom, width + left + right, channels);
    out.data.fill(value);
    for (let y = 0; y < height; y++) {
      const row = data.subarray(y * width * channels, (y + 1) * width * channels);
      out.data.set(row, ((y + top) * out.width + left) * channels);
    }
    return out;
  }

  #average(source: Tensor): Tensor {
    const { height, width, channels, data } = source;
    const out = this.#new(1, 1, channels);
    const sums = new Float64Array(channels);
    for (let i = 0; i < data.length; i += channels) for (let c = 0; c < channels; c++) sums[c]! += data[i + c]!;
    for (let c = 0; c < channels; c++) out.data[c] = sums[c]! / (height * width);
    return out;
  }

  /** 3 x 3, every second pixel. */
  #largest(source: Tensor): Tensor {
    const { data, width, channels } = source;
    const [h, w] = [Math.floor((source.height - 3) / 2) + 1, Math.floor((width - 3) / 2) + 1];
    const out = this.#new(h, w, channels);
    this.#kernels.segmentLargest(data.byteOffset, width, channels, out.at, w, h);
    return out;
  }

  #join(parts: readonly Tensor[]): Tensor {
    const { height, width } = parts[0]!;
    const channels = parts.reduce((sum, part) => sum + part.channels, 0);
    const out = this.#new(height, width, channels);
    let offset = 0;
    for (const part of parts) {
      const { data, channels: own } = part;
      this.#kernels.segmentSelect(data.byteOffset, own, out.at + 4 * offset, channels, own, height * width);
      offset += own;
    }
    return out;
  }

  #split(source: Tensor, sizes: readonly number[]): Tensor[] {
    let offset = 0;
    return sizes.map((channels) => {
      const out = this.#new(source.height, source.width, channels);
      const { data, channels: own, height, width } = source;
      this.#kernels.segmentSelect(data.byteOffset + 4 * offset, own, out.at, channels, channels, height * width);
      offset += channels;
      return out;
    });
  }

  /** Bilinear, by pixels' centres. */
  #resize({ data, width: from, height: rows, channels }: Tensor, height: number, width: number): Tensor {
    const out = this.#new(height, width, channels);
    this.#kernels.segmentResize(data.byteOffset, from, rows, channels, out.at, width, height);
    return out;
  }

  /** A constant as it is, put into memory once. */
  #place(name: string): number {
    const known = this.#placed.get(name);
    if (known !== undefined) return known;
    const { values } = this.#constants.get(name)!;
    const at = this.#arena.take(values.byteLength);
    new Float32Array(this.#memory.buffer, at, values.length).set(values);
    this.#placed.set(name, at);
    return at;
  }

  /** Weights in the kernel's order, once. */
  #pack(name: string): { weights: number; bias: number } {
    const known = this.#packed.get(name);
    if (known) return known;
    const { shape, values } = this.#constants.get(name)!;
    const [height = 1, width = 1, channelsIn = 1, channelsOut = 1] = shape;
    const blocks = Math.ceil(channelsOut / 8);
    const run = height * width * channelsIn;
    const weights = this.#arena.take(blocks * run * 32);
    const view = new Float32Array(this.#memory.buffer, weights, blocks * run * 8);
    for (let k = 0; k < run; k++) {
      for (let c = 0; c < channelsOut; c++) view[((c >> 3) * run + k) * 8 + (c & 7)] = values[k * channelsOut + c]!;
    }
    const bias = this.#arena.take(blocks * 32);
    const packed = { weights, bias };
    this.#packed.set(name, packed);
    return packed;
  }
}

function isSame(node: Node): boolean {
  return Buffer.from(node.attr?.padding?.s ?? "", "base64").toString() === "SAME";
}

function strideOf(node: Node): number {
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
