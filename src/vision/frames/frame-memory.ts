/** Kernel memory divided into frame slots and thread scratch, and the threads that work on it. */
import { Arena } from "../../kernels/arena.ts";
import { createMemory } from "../../kernels/kernels.ts";
import { WorkerPool } from "../../kernels/pool.ts";
import type { Frame, Plane } from "../../media/frame.ts";
import { carryScratch } from "../completion/carry.ts";
import { completionScratch, MOST_PIXELS } from "../completion/complete-picture.ts";
import { layOverScratch } from "../completion/lay-over.ts";
import { motionScratch } from "../completion/motion.ts";
import { pairScratch } from "../completion/pair-motion.ts";
import { MOST_TEXTURE_PIXELS, textureScratch } from "../panorama/texture.ts";
import { bytesAt, type Layout, samplesAt } from "./layout.ts";

/** Bytes that frame slots may take altogether: a worker with its codecs stays below 1.5 GB. */
const BUDGET = 880 * 1024 ** 2;
/** Slots beyond the window for completed frames that later ones copy from. */
export const SPARE_SLOTS = 4;
/** With fewer slots than this nothing can be found in other frames. */
const LEAST_WINDOW = 4;

/** Frames that a window may hold: what was asked, or what fits. */
export function windowFor(layout: Layout, asked: number): number {
  const fits = Math.floor(BUDGET / layout.bytes) - SPARE_SLOTS;
  return Math.max(1, Math.min(Math.floor(asked), Math.max(LEAST_WINDOW, fits)));
}

/** Bytes of scratch that one job needs: pixel lists of the planes, values, counts and sums of one, and tables; flow and its pictures. */
function scratchBytes(layout: Layout): number {
  const { width, height } = layout.format;
  return Math.max(
    width * height * 32 + 256 * 1024,
    completionScratch(Math.min(MOST_PIXELS, width * height)),
    motionScratch(layout),
    pairScratch(layout),
    carryScratch(layout),
    layOverScratch(layout),
    textureScratch(Math.min(MOST_TEXTURE_PIXELS, 3 * width * height)),
  );
}

/** Frames in the kernels' memory, in slots that are used again. */
export class FrameMemory {
  readonly memory: WebAssembly.Memory;
  readonly pool: WorkerPool;
  readonly #layout: Layout;
  readonly #free: number[];

  /** @throws RangeError when the memory cannot be had. */
  constructor(layout: Layout, slots: number, threads: number) {
    this.#layout = layout;
    const scratch = scratchBytes(layout);
    const start = 1024;
    const total = start + slots * (layout.bytes + 32) + threads * (scratch + 32);
    this.memory = createMemory(total);
    const arena = new Arena(start, this.memory.buffer.byteLength);
    this.#free = Array.from({ length: slots }, () => arena.take(layout.bytes)).reverse();
    const ranges = Array.from({ length: threads }, () => {
      const at = arena.take(scratch);
      return { start: at, end: at + scratch };
    });
    this.pool = new WorkerPool({
      threads,
      memory: this.memory,
      jobs: new URL("../jobs.js", import.meta.url),
      scratch: ranges,
    });
  }

  /** Address of a free slot, which is no longer free. @throws RangeError without any. */
  take(): number {
    const base = this.#free.pop();
    if (base === undefined) throw new RangeError("no free frame slot");
    return base;
  }

  /** Copies a frame and its labels into a free slot. @returns its address. @throws RangeError when sizes do not fit. */
  load(frame: Frame, labels: Uint8Array): number {
    const base = this.take();
    const { sizes, planes, sampleBytes, format } = this.#layout;
    for (const [i, plane] of frame.planes.entries()) {
      const { width, height } = sizes[i]!;
      copyPlane(plane, samplesAt(this.memory, base + planes[i]!, width * height, sampleBytes), width, height);
    }
    const count = format.width * format.height;
    if (labels.length < count) throw new RangeError("fewer labels than pixels");
    bytesAt(this.memory, base + this.#layout.labels, count).set(labels.subarray(0, count));
    return base;
  }

  /** A frame as it was loaded, in memory of its own. */
  unload(base: number): (Uint8Array | Uint16Array)[] {
    const { sizes, planes, sampleBytes } = this.#layout;
    return sizes.map(({ width, height }, i) =>
      samplesAt(this.memory, base + planes[i]!, width * height, sampleBytes).slice(),
    );
  }

  release(base: number): void {
    this.#free.push(base);
  }
}

function copyPlane(plane: Plane, target: Uint8Array | Uint16Array, width: number, height: number): void {
  if (plane.width !== width || plane.height !== height) throw new RangeError("a plane does not fit the format");
  if (plane.stride === width) target.set(plane.data.subarray(0, width * height));
  else
    for (let y = 0; y < height; y++)
      target.set(plane.data.subarray(y * plane.stride, y * plane.stride + width), y * width);
}
