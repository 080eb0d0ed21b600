/** Weights of a net in kernel memory. */
import type { Arena } from "../../kernels/arena.ts";
import type { Constant } from "./net-file.ts";

/** Puts weights into memory when they are first needed. */
export class NetWeights {
  readonly #constants: ReadonlyMap<string, Constant>;
  readonly #memory: WebAssembly.Memory;
  readonly #arena: Arena;
  readonly #placed = new Map<string, number>();
  readonly #packed = new Map<string, { weights: number; bias: number }>();

  /** @param arena where they lie in `memory`. */
  constructor(constants: ReadonlyMap<string, Constant>, memory: WebAssembly.Memory, arena: Arena) {
    this.#constants = constants;
    this.#memory = memory;
    this.#arena = arena;
  }

  /** A weight as it was read; undefined where there is none of that name. */
  get(name: string): Constant | undefined {
    return this.#constants.get(name);
  }

  /** A weight's values as they are, put into memory once. @returns their address. */
  place(name: string): number {
    const known = this.#placed.get(name);
    if (known !== undefined) return known;
    const { values } = this.#constants.get(name)!;
    const at = this.#arena.take(values.byteLength);
    new Float32Array(this.#memory.buffer, at, values.length).set(values);
    this.#placed.set(name, at);
    return at;
  }

  /** A convolution's weights in the order of `segmentConv`, once, and a bias of zeros. @returns their addresses. */
  pack(name: string): { weights: number; bias: number } {
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
