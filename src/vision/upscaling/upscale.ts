/**
 * Upscaling: luma by a small net that doubles it, again and again where more is asked for, and then by resampling to the
 * exact size; chroma by resampling alone, since nothing finer is seen in it. Every frame by itself: the same picture
 * always becomes the same one, so that nothing flickers that stands still.
 */
import type { Frame, FrameFormat, TimedFrame } from "../../media/frame.ts";
import type { DoubleInput } from "./double.ts";
import { type ChromaSite, type FiltersAt, type Slot, UpscalingMemory } from "./memory.ts";
import { readNet, toWhole } from "./net.ts";
import type { PlaneAt } from "./planes.ts";
import type { ResampleInput } from "./resample.ts";
import { enlargedSize, passesFor } from "./sizes.ts";

/** How {@link upscale} works. */
export type UpscaleOptions = {
  /** 1 to 8. */
  readonly scale: number;
  readonly chromaSite: ChromaSite;
  /** Threads that compute, at least 1. The result does not depend on it. */
  readonly threads: number;
  /** Called after each finished frame. */
  readonly onProgress?: (framesDone: number) => void;
  readonly signal?: AbortSignal;
};

/** Frames in memory: one being filled or taken, two being computed. */
const SLOTS = 3;
/** Rows of a job: enough that those computed twice, at its edges, are few. */
const BAND = 64;

/** The format of the results. */
export function enlargedFormat(format: FrameFormat, scale: number): FrameFormat {
  return { ...format, ...enlargedSize(format, scale) };
}

/**
 * Yields exactly the input's frames, in order, with their times, in {@link enlargedFormat}. A frame is valid until the
 * next one is asked for. At a size that stays the same the frames are the input's own.
 * @throws RangeError when a frame does not fit `format` or there is too little memory; the signal's reason when aborted;
 *   `generation_timeout` when a step hangs.
 */
export async function* upscale(
  frames: AsyncIterable<TimedFrame>,
  format: FrameFormat,
  options: UpscaleOptions,
): AsyncGenerator<TimedFrame> {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  const target = enlargedFormat(format, options.scale);
  let done = 0;
  if (target.width === format.width && target.height === format.height) {
    for await (const frame of frames) {
      signal?.throwIfAborted();
      yield frame;
      onProgress?.(++done);
    }
    return;
  }
  const upscaling = new Upscaling(format, target, options);
  const stop = () => void upscaling.close(asError(signal?.reason));
  signal?.addEventListener("abort", stop, { once: true });
  const pending: Promise<{ frame: TimedFrame; slot: Slot }>[] = [];
  const next = async function* (): AsyncGenerator<TimedFrame> {
    const { frame, slot } = await pending.shift()!;
    signal?.throwIfAborted();
    yield frame;
    upscaling.release(slot);
    onProgress?.(++done);
  };
  try {
    for await (const frame of frames) {
      signal?.throwIfAborted();
      const work = upscaling.start(frame);
      // A failure is thrown where it is awaited.
      work.catch(() => undefined);
      pending.push(work);
      if (pending.length === SLOTS) yield* next();
    }
    while (pending.length > 0) yield* next();
  } finally {
    signal?.removeEventListener("abort", stop);
    await upscaling.close();
  }
}

class Upscaling {
  readonly #memory: UpscalingMemory;

  constructor(from: FrameFormat, to: FrameFormat, { threads, chromaSite }: UpscaleOptions) {
    const plan = { from, to, passes: passesFor(from, to), net: toWhole(readNet()), slots: SLOTS, threads, chromaSite };
    this.#memory = new UpscalingMemory(plan);
  }

  /** Takes a frame in and computes it. */
  start({ frame, pts }: TimedFrame): Promise<{ frame: TimedFrame; slot: Slot }> {
    const slot = this.#memory.take();
    for (const [i, plane] of frame.planes.entries()) this.#memory.load(plane, slot.source[i]!);
    return this.#compute(slot).then(() => {
      const [y, u, v] = slot.result.map((plane) => this.#memory.view(plane));
      const result: Frame = { planes: [y!, u!, v!] };
      return { frame: { frame: result, pts }, slot };
    });
  }

  release(slot: Slot): void {
    this.#memory.release(slot);
  }

  close(reason?: Error): Promise<void> {
    return this.#memory.pool.close(reason);
  }

  async #compute(slot: Slot): Promise<void> {
    const { chroma, luma } = this.#memory;
    await Promise.all([
      this.#luma(slot, luma),
      ...([1, 2] as const).map((i) => this.#resample(slot.source[i], slot.result[i], chroma)),
    ]);
  }

  async #luma({ source, doubled, result }: Slot, filters: FiltersAt | undefined): Promise<void> {
    const stages = [source[0], ...doubled, ...(filters ? [] : [result[0]])];
    for (let i = 1; i < stages.length; i++) {
      await this.#double(stages[i - 1]!, stages[i]!);
    }
    if (filters) await this.#resample(stages.at(-1)!, result[0], filters);
  }

  #double(source: PlaneAt, target: PlaneAt): Promise<unknown> {
    const { layers, reach } = this.#memory.net;
    return this.#bands<DoubleInput>("double", source.height, { layers, reach, source, target });
  }

  #resample(source: PlaneAt, target: PlaneAt, filters: FiltersAt): Promise<unknown> {
    return this.#bands<ResampleInput>("resample", target.height, { source, target, ...filters });
  }

  #bands<Input extends { y0: number; y1: number }>(
    job: string,
    rows: number,
    input: Omit<Input, "y0" | "y1">,
  ): Promise<unknown> {
    const bands = Array.from({ length: Math.ceil(rows / BAND) }, (_, i) => ({
      ...input,
      y0: i * BAND,
      y1: Math.min(rows, (i + 1) * BAND),
    }));
    return Promise.all(bands.map((band) => this.#memory.pool.run(job, band)));
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("upscaling was aborted");
}
