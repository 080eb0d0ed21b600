/** Jobs for the pool's own tests. */
import type { JobContext } from "./pool.ts";

export const jobs = {
  add: (_context: JobContext, [a, b]: [number, number]) => a + b,
  fail: () => {
    throw new Error("as asked");
  },
  write: ({ memory, scratch }: JobContext, value: number) => {
    new Uint8Array(memory.buffer)[scratch.start] = value;
    return scratch.start;
  },
  hang: () => {
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  },
};
