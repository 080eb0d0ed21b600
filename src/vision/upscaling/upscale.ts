/**
 * Upscaling: luma by a small net that doubles it, again and again where more is asked for, and then by resampling to the
 * exact size; chroma by resampling alone, since nothing finer is seen in it. What is doubled once takes in what the frames
 * before and behind it show of the same thing; what stands still stays the same picture, so that nothing flickers.
 */
import type { Frame, FrameFormat, TimedFrame } from "../../media/frame.ts";
import { fieldAt } from "../flow/flow.ts";
import type { DoubleInput } from "./double.ts";
import type { FuseInput, Neighbour } from "./fuse.ts";
import { type ChromaSite, type FiltersAt, type ResultSlot, type SourceSlot, UpscalingMemory } from "./memory.ts";
import { type MotionInput, type MotionPlan, type PrepareInput, planMotion } from "./motion.ts";
import { readNets, toWhole } from "./net.ts";
import type { PlaneAt } from "./planes.ts";
import type { ResampleInput } from "./resample.ts";
import { enlargedSize, passesFor } from "./sizes.ts";
import { netsBetween, Strength } from "./strength.ts";

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

/** Results in memory: one being taken, two being computed. */
const RESULTS = 3;
/** Frames of the source in memory: those of results under way, the ones around them, and one being filled. */
const SOURCES = RESULTS + 2;
/** Rows of a job: enough that those computed twice, at its edges, are few. */
const BAND = 64;
/** Likeness along the motion below which two frames are of different scenes. */
const CUT = 0.75;

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
  const pending: Promise<Result>[] = [];
  const next = async function* (): AsyncGenerator<TimedFrame> {
    const { frame, release } = await pending.shift()!;
    signal?.throwIfAborted();
    yield frame;
    release();
    onProgress?.(++done);
  };
  const begin = (work: Promise<Result> | undefined): void => {
    // A failure is thrown where it is awaited.
    work?.catch(() => undefined);
    if (work) pending.push(work);
  };
  try {
    for await (const frame of frames) {
      signal?.throwIfAborted();
      begin(upscaling.add(frame));
      if (pending.length === RESULTS) yield* next();
    }
    begin(upscaling.end());
    while (pending.length > 0) yield* next();
  } finally {
    signal?.removeEventListener("abort", stop);
    await upscaling.close();
  }
}

type Result = { readonly frame: TimedFrame; readonly release: () => void };

/** A frame of the source. */
type Source = {
  readonly slot: SourceSlot;
  readonly pts: bigint;
  readonly doubled: Promise<unknown>;
  readonly prepared: Promise<unknown>;
  /** The frame before it, and whether both show the same scene; undefined once it is let go. */
  before: { readonly source: Source; readonly isAlike: Promise<boolean> } | undefined;
  /** Results under way that need it, and whether all that ever will are. */
  uses: number;
  isLeft: boolean;
};

class Upscaling {
  readonly #memory: UpscalingMemory;
  readonly #motion: MotionPlan | undefined;
  readonly #strength = new Strength();
  #last: Source | undefined;

  constructor(from: FrameFormat, to: FrameFormat, { threads, chromaSite }: UpscaleOptions) {
    this.#motion = planMotion(from.width, from.height);
    this.#memory = new UpscalingMemory({
      from,
      to,
      passes: passesFor(from, to),
      nets: netsBetween(readNets()).map(toWhole),
      motion: this.#motion,
      sources: SOURCES,
      results: RESULTS,
      threads,
      chromaSite,
    });
  }

  /** Takes a frame in. @returns the result for the one before it, which can be finished now. */
  add({ frame, pts, quantiser }: TimedFrame): Promise<Result> | undefined {
    const slot = this.#memory.sources.pop();
    if (!slot) throw new RangeError("no free frame slot");
    for (const [i, plane] of frame.planes.entries()) this.#memory.load(plane, slot.planes[i]!);
    const last = this.#last;
    const prepared = this.#prepare(slot);
    const doubled = this.#double(slot.planes[0], slot.doubled, this.#strength.next(quantiser));
    const source: Source = { slot, pts, doubled, prepared, before: undefined, uses: 0, isLeft: false };
    for (const work of [doubled, prepared]) work.catch(() => undefined);
    this.#last = source;
    if (!last) return undefined;
    const isAlike = this.#findMotion(last, source);
    isAlike.catch(() => undefined);
    source.before = { source: last, isAlike };
    return this.#finish(last, source);
  }

  /** @returns the result for the last frame, if there is one. */
  end(): Promise<Result> | undefined {
    return this.#last && this.#finish(this.#last);
  }

  close(reason?: Error): Promise<void> {
    return this.#memory.pool.close(reason);
  }

  #prepare({ planes, motion }: SourceSlot): Promise<unknown> {
    if (!this.#motion || !motion) return Promise.resolve();
    const input: PrepareInput = { plan: this.#motion, luma: planes[0], pyramid: motion.pyramid };
    return this.#memory.pool.run("prepare", input);
  }

  async #findMotion(first: Source, second: Source): Promise<boolean> {
    const [a, b, plan] = [first.slot.motion, second.slot.motion, this.#motion];
    if (!plan || !a || !b) return false;
    await Promise.all([first.prepared, second.prepared]);
    const find = (from: number, to: number, target: number): Promise<number> =>
      this.#memory.pool.run("findMotion", { plan, from, to, target } satisfies MotionInput);
    const alike = await Promise.all([find(a.pyramid, b.pyramid, a.behind), find(b.pyramid, a.pyramid, b.before)]);
    return Math.min(...alike) >= CUT;
  }

  /** Computes what is left to do of `own`, whose neighbours are known. */
  async #finish(own: Source, behind?: Source): Promise<Result> {
    const slot = this.#memory.results.pop();
    if (!slot) throw new RangeError("no free result slot");
    const { before } = own;
    const isBehindAlike = behind?.before?.isAlike;
    // A source that kept the one before it would keep all of them.
    own.before = undefined;
    if (before) before.source.isLeft = true;
    const needed = [own, before?.source, behind].filter((source) => source !== undefined);
    for (const source of needed) source.uses++;
    const { chroma } = this.#memory;
    const colours = ([1, 2] as const).map((i) => this.#resample(own.slot.planes[i], slot.planes[i], chroma));
    for (const work of colours) work.catch(() => undefined);
    await Promise.all([...needed.map(({ doubled }) => doubled), before?.isAlike, isBehindAlike]);
    const neighbours: Neighbour[] = [];
    if (before && (await before.isAlike)) neighbours.push(this.#neighbour(before.source, own.slot.motion!.before));
    if (await isBehindAlike) neighbours.push(this.#neighbour(behind!, own.slot.motion!.behind));
    await this.#luma(own.slot.doubled, neighbours, slot);
    await Promise.all(colours);
    for (const source of needed) {
      source.uses--;
      if (source.isLeft && source.uses === 0) this.#memory.sources.push(source.slot);
    }
    const [y, u, v] = slot.planes.map((plane) => this.#memory.view(plane));
    const frame: Frame = { planes: [y!, u!, v!] };
    return { frame: { frame, pts: own.pts }, release: () => void this.#memory.results.push(slot) };
  }

  #neighbour({ slot }: Source, field: number): Neighbour {
    return { doubled: slot.doubled, ...fieldAt(this.#motion!.full, field) };
  }

  async #luma(doubled: PlaneAt, neighbours: readonly Neighbour[], { stages, planes }: ResultSlot): Promise<void> {
    const { luma, table } = this.#memory;
    const chain = luma ? stages : [...stages, planes[0]];
    const stride = this.#motion ? this.#motion.full.levels[0]!.stride : 0;
    const together = { own: doubled, neighbours, stride, table, target: chain[0]! };
    await this.#bands<FuseInput>("fuse", doubled.height / 2, together);
    // What is doubled once has been cleaned.
    for (let i = 1; i < chain.length; i++) await this.#double(chain[i - 1]!, chain[i]!, 0);
    if (luma) await this.#resample(chain.at(-1)!, planes[0], luma);
  }

  #double(source: PlaneAt, target: PlaneAt, strength: number): Promise<unknown> {
    const { layers, reach } = this.#memory.nets[strength]!;
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
