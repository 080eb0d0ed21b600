/** Kernel memory of interpolation: a few frames of the source with their pyramids and motions, and a few new frames. */
import { Arena, padded } from "../../kernels/arena.ts";
import { createMemory } from "../../kernels/kernels.ts";
import { LocalPool } from "../../kernels/local-pool.ts";
import { type JobRunner, WorkerPool } from "../../kernels/pool.ts";
import type { Frame, Plane } from "../../media/frame.ts";
import { jobs } from "./jobs.ts";
import type { InterpolationPlan } from "./plan.ts";

/** Fields of motion between two frames: from the first to the second, back, and centred between them. */
export type Motions = { readonly forward: number; readonly backward: number; readonly middle: number };

/** A frame of the source. */
export type SourceSlot = {
  /** Address of its samples, laid out as the plan says. */
  readonly samples: number;
  readonly pyramid: number;
  /** Motions between this frame and the next, see {@link Motions}. */
  readonly motions: Motions;
};

const START = 1024;
/** Frames of fewer pixels are done sooner than another thread has heard of them. */
const LEAST_PIXELS = 64 * 64;

/** Allocated once: its size follows from the plan. */
export class InterpolationMemory {
  readonly pool: JobRunner;
  readonly sources: SourceSlot[];
  readonly targets: number[];
  readonly #memory: WebAssembly.Memory;
  readonly #plan: InterpolationPlan;

  /** @throws RangeError when the memory cannot be had. */
  constructor(plan: InterpolationPlan, counts: { sources: number; targets: number; threads: number }) {
    const { flow, frameBytes, scratchBytes } = plan;
    const ofSource = padded(frameBytes) + padded(flow.pyramidBytes) + 3 * padded(flow.fieldBytes);
    const bytes =
      START + counts.sources * ofSource + counts.targets * padded(frameBytes) + counts.threads * padded(scratchBytes);
    this.#plan = plan;
    this.#memory = createMemory(bytes);
    const arena = new Arena(START, this.#memory.buffer.byteLength);
    this.sources = Array.from({ length: counts.sources }, () => ({
      samples: arena.take(frameBytes),
      pyramid: arena.take(flow.pyramidBytes),
      motions: {
        forward: arena.take(flow.fieldBytes),
        backward: arena.take(flow.fieldBytes),
        middle: arena.take(flow.fieldBytes),
      },
    }));
    this.targets = Array.from({ length: counts.targets }, () => arena.take(frameBytes));
    const scratch = Array.from({ length: counts.threads }, () => {
      const start = arena.take(scratchBytes);
      return { start, end: start + scratchBytes };
    });
    const memory = this.#memory;
    const [{ width, height }] = plan.planes;
    this.pool =
      width * height < LEAST_PIXELS
        ? new LocalPool({ memory, jobs, scratch: scratch[0]! })
        : new WorkerPool({ threads: counts.threads, memory, jobs: new URL("./jobs.js", import.meta.url), scratch });
  }

  /** Copies a frame in. @throws RangeError when it does not fit the format. */
  load(frame: Frame, at: number): void {
    for (const [i, plane] of frame.planes.entries()) {
      const { width, height } = this.#plan.planes[i]!;
      if (plane.width !== width || plane.height !== height) throw new RangeError("a plane does not fit the format");
      const target = this.#samples(i, at);
      for (let y = 0; y < height; y++) {
        target.set(plane.data.subarray(y * plane.stride, y * plane.stride + width), y * width);
      }
    }
  }

  /** A view of a frame, valid until its memory is used again. */
  view(at: number): Frame {
    const plane = (i: number): Plane => {
      const { width, height } = this.#plan.planes[i]!;
      return { data: this.#samples(i, at), width, height, stride: width };
    };
    return { planes: [plane(0), plane(1), plane(2)] };
  }

  #samples(index: number, frame: number): Uint8Array | Uint16Array {
    const at = frame + this.#plan.offsets[index]!;
    const { width, height } = this.#plan.planes[index]!;
    const { buffer } = this.#memory;
    return this.#plan.bitDepth > 8
      ? new Uint16Array(buffer, at, width * height)
      : new Uint8Array(buffer, at, width * height);
  }
}
