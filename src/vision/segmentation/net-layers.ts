/** The operations that nets are made of. Every tensor is kept as pixels with interleaved channels. */
import { Arena } from "../../kernels/arena.ts";
import { createMemory, type Kernels, loadKernels } from "../../kernels/kernels.ts";
import { type Constant, isSame, type Node, strideOf } from "./net-file.ts";
import { NetWeights } from "./net-weights.ts";

/** Rows of pixels with interleaved channels. */
export type Tensor = {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** A view that is valid until the net runs again. */
  readonly data: Float32Array;
};

/** Bytes for weights and what flows between them. */
export const MEMORY = 224 * 1024 * 1024;

/** Operations over {@link MEMORY} bytes: the first quarter for weights, the rest for tensors, all of which go at {@link NetLayers.begin}. */
export class NetLayers {
  readonly #memory = createMemory(MEMORY);
  readonly #kernels: Kernels = loadKernels(this.#memory);
  readonly #weights: NetWeights;
  #work = new Arena(MEMORY / 4, MEMORY);

  /** @param constants the net's weights, by name. */
  constructor(constants: ReadonlyMap<string, Constant>) {
    this.#weights = new NetWeights(constants, this.#memory, new Arena(1024, MEMORY / 4));
  }

  /** Lets go of all tensors. */
  begin(): void {
    this.#work = new Arena(MEMORY / 4, MEMORY);
  }

  #new(height: number, width: number, channels: number): Tensor & { at: number } {
    const at = this.#work.take(height * width * channels * 4 + 64);
    return { height, width, channels, at, data: new Float32Array(this.#memory.buffer, at, height * width * channels) };
  }

  /** A tensor of its own with the same values. */
  copy(source: Tensor): Tensor & { at: number } {
    const copy = this.#new(source.height, source.width, source.channels);
    copy.data.set(source.data);
    return copy;
  }

  /** Negative values times `slope`, others up to `most`. */
  rectify(source: Tensor, slope: number, most: number): Tensor {
    const out = this.#new(source.height, source.width, source.channels);
    this.#kernels.segmentRectify(source.data.byteOffset, out.data.length, slope, most, out.at);
    return out;
  }

  /** 1 / (1 + exp(-x)) of every value. */
  sigmoid(source: Tensor): Tensor {
    const out = this.#new(source.height, source.width, source.channels);
    for (let i = 0; i < out.data.length; i++) out.data[i] = 1 / (1 + Math.exp(-source.data[i]!));
    return out;
  }

  /** Sums or products of tensors, of constants a channel, and of single values. */
  combine(inputs: readonly string[], value: (reference: string) => Tensor, multiply: boolean): Tensor {
    const parts = inputs.map((name) => this.#weights.get(name) ?? value(name));
    const sizes = parts.map((part) => ("data" in part ? part.data.length : 0));
    const largest = sizes.indexOf(Math.max(...sizes));
    const out = this.copy(parts[largest] as Tensor);
    for (const [index, part] of parts.entries()) {
      if (index === largest) continue;
      const [at, length] =
        "data" in part
          ? [part.data.byteOffset, part.data.length]
          : [this.#weights.place(inputs[index]!), part.values.length];
      this.#kernels.segmentCombine(out.at, at, out.data.length, length, multiply);
    }
    return out;
  }

  /** A convolution of all channels; `node` says with which weights, how far apart and how padded. */
  convolve(node: Node, source: Tensor): Tensor {
    const name = node.input![1]!;
    const { shape } = this.#weights.get(name)!;
    const [kernelHeight = 1, kernelWidth = 1, , channelsOut = 1] = shape;
    const stride = strideOf(node);
    const padded = isSame(node) ? this.#padSame(source, kernelHeight, stride) : source;
    const height = Math.floor((padded.height - kernelHeight) / stride) + 1;
    const width = Math.floor((padded.width - kernelWidth) / stride) + 1;
    const out = this.#new(height, width, channelsOut);
    const { weights, bias } = this.#weights.pack(name);
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

  /** A convolution of every channel by itself. */
  depthwise(node: Node, source: Tensor): Tensor {
    const kernel = this.#weights.get(node.input![1]!)!.shape[0]!;
    const stride = strideOf(node);
    const padded = isSame(node) ? this.#padSame(source, kernel, stride) : source;
    const height = Math.floor((padded.height - kernel) / stride) + 1;
    const width = Math.floor((padded.width - kernel) / stride) + 1;
    const out = this.#new(height, width, source.channels);
    const weights = this.#weights.place(node.input![1]!);
    const from = padded.data.byteOffset;
    this.#kernels.segmentDepthwise(from, padded.width, padded.channels, weights, out.at, width, height, kernel, stride);
    return out;
  }

  /** A transposed convolution to twice the size, each pixel making four. */
  enlarge(name: string, source: Tensor): Tensor {
    const [, , channelsOut = 1] = this.#weights.get(name)!.shape;
    const out = this.#new(source.height * 2, source.width * 2, channelsOut);
    const { data, width, height, channels } = source;
    this.#kernels.segmentEnlarge(
      data.byteOffset,
      width,
      height,
      channels,
      this.#weights.place(name),
      channelsOut,
      out.at,
    );
    return out;
  }

  #padSame(source: Tensor, kernel: number, stride: number): Tensor {
    const total = (length: number): number => Math.max(0, (Math.ceil(length / stride) - 1) * stride + kernel - length);
    const [down, across] = [total(source.height), total(source.width)];
    if (down === 0 && across === 0) return source;
    return this.pad(source, down >> 1, down - (down >> 1), across >> 1, across - (across >> 1), 0);
  }

  /** Rows and columns of `value` around a tensor. */
  pad(source: Tensor, top: number, bottom: number, left: number, right: number, value: number): Tensor {
    const { height, width, channels, data } = source;
    const out = this.#new(height + top + bottom, width + left + right, channels);
    out.data.fill(value);
    for (let y = 0; y < height; y++) {
      const row = data.subarray(y * width * channels, (y + 1) * width * channels);
      out.data.set(row, ((y + top) * out.width + left) * channels);
    }
    return out;
  }

  /** The mean of every channel. */
  average(source: Tensor): Tensor {
    const { height, width, channels, data } = source;
    const out = this.#new(1, 1, channels);
    const sums = new Float64Array(channels);
    for (let i = 0; i < data.length; i += channels) for (let c = 0; c < channels; c++) sums[c]! += data[i + c]!;
    for (let c = 0; c < channels; c++) out.data[c] = sums[c]! / (height * width);
    return out;
  }

  /** 3 x 3, every second pixel. */
  largest(source: Tensor): Tensor {
    const { data, width, channels } = source;
    const [h, w] = [Math.floor((source.height - 3) / 2) + 1, Math.floor((width - 3) / 2) + 1];
    const out = this.#new(h, w, channels);
    this.#kernels.segmentLargest(data.byteOffset, width, channels, out.at, w, h);
    return out;
  }

  /** Tensors of one size side by side: their channels one after another. */
  join(parts: readonly Tensor[]): Tensor {
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

  /** A tensor divided into ones of so many channels. */
  split(source: Tensor, sizes: readonly number[]): Tensor[] {
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
  resize({ data, width: from, height: rows, channels }: Tensor, height: number, width: number): Tensor {
    const out = this.#new(height, width, channels);
    this.#kernels.segmentResize(data.byteOffset, from, rows, channels, out.at, width, height);
    return out;
  }
}
