/** Kernels over a small memory, for tests. */
import { Arena } from "./arena.ts";
import { createMemory, type Kernels, loadKernels } from "./kernels.ts";

/** A memory with kernels and an allocator over it. */
export type TestMemory = {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Kernels;
  readonly arena: Arena;
  /** Puts bytes into fresh memory. @returns their address. */
  put(bytes: Uint8Array | Uint16Array | Int32Array | Float32Array | Float64Array): number;
  bytes(at: number, length: number): Uint8Array;
};

export function testMemory(bytes = 4 * 1024 * 1024): TestMemory {
  const memory = createMemory(bytes);
  const arena = new Arena(1024, memory.buffer.byteLength);
  return {
    memory,
    kernels: loadKernels(memory),
    arena,
    put(data) {
      const at = arena.take(data.byteLength);
      new Uint8Array(memory.buffer, at, data.byteLength).set(
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      );
      return at;
    },
    bytes: (at, length) => new Uint8Array(memory.buffer, at, length),
  };
}

/** Reproducible bytes. */
export function noiseBytes(length: number, seed = 1): Uint8Array {
  let state = seed >>> 0;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
