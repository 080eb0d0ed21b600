/**
 * Frames in between: the motion of every gap is found once, seen from its middle, and every new frame is made of both
 * neighbours along paths that also follow how the motion changes from gap to gap. Frames stream through; a few are held.
 */
import type { Frame, FrameFormat } from "../../media/frame.ts";
import type { Effort } from "../../operations/frames.ts";
import type { BetweenInput } from "./between.ts";
import { InterpolationMemory, type SourceSlot } from "./memory.ts";
import type { MiddleInput } from "./middle.ts";
import type { MotionInput } from "./motion.ts";
import { planInterpolation } from "./plan.ts";
import type { PrepareInput } from "./prepare.ts";

/** How {@link interpolate} works. */
export type InterpolationOptions = {
  /** New frames between each two of the source, 0 or more. */
  readonly between: number;
  readonly effort: Effort;
  /** Threads that compute, at least 1. The result does not depend on it. */
  readonly threads: number;
  /** Called after each frame of the source has been delivered. */
  readonly onProgress?: (framesDone: number) => void;
  /** Called once for each cut, with the number of the frame behind it. */
  readonly onCut?: (frame: number) => void;
  readonly signal?: AbortSignal;
};

/** Frames behind the one being delivered whose motions are already sought: two are needed, more keep threads busy. */
const AHEAD = 4;
/** New frames computed before they are asked for. */
const PENDING = 4;
/**
 * Correlation along the motion, both ways, below which two frames are of different scenes. On real clips with every third frame dropped it
 * stayed above 0.93, between frames of different clips it reached 0.71.
 */
const CUT = 0.82;

type Source = {
  readonly slot: SourceSlot;
  readonly index: number;
  readonly prepared: Promise<unknown>;
  /** How alike this frame and the next are. */
  alike?: Promise<number>;
  /** Deliveries under way that need it. */
  uses: number;
  isLeft: boolean;
};
/** A frame to be delivered: the address of its samples once they are there. */
type Item = { readonly frame: Promise<number>; readonly done: () => void; readonly of?: Source };

/**
 * Yields every frame of the source, the same samples, and between each two of them `between` new ones at even distances: of m
 * frames m + (m - 1) * between. Across a cut the nearer frame is repeated. A frame is valid until the next one is asked for.
 * @throws RangeError when a frame does not fit `format` or there is too little memory; the signal's reason when aborted;
 *   `generation_timeout` when a step hangs.
 */
export async function* interpolate(
  frames: AsyncIterable<Frame>,
  format: FrameFormat,
  options: InterpolationOptions,
): AsyncGenerator<Frame> {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  const work = new Interpolation(format, options);
  const stop = () => void work.memory.pool.close(asError(signal?.reason));
  signal?.addEventListener("abort", stop, { once: true });
  const pending: Item[] = [];
  const next = async function* (): AsyncGenerator<Frame> {
    const item = pending.shift()!;
    const samples = await item.frame;
    signal?.throwIfAborted();
    yield work.memory.view(samples);
    item.done();
    if (item.of) onProgress?.(item.of.index + 1);
  };
  try {
    for await (const item of work.items(frames)) {
      signal?.throwIfAborted();
      // A failure is thrown where it is awaited.
      item.frame.catch(() => undefined);
      pending.push(item);
      if (pending.length === PENDING) yield* next();
    }
    while (pending.length > 0) yield* next();
  } finally {
    signal?.removeEventListener("abort", stop);
    await work.memory.pool.close();
  }
}

class Interpolation {
  readonly memory: InterpolationMemory;
  readonly #plan;
  readonly #options: InterpolationOptions;

  constructor(format: FrameFormat, options: InterpolationOptions) {
    this.#plan = planInterpolation(format, options.effort);
    this.#options = options;
    // One gap before, those ahead, and those of deliveries under way.
    const counts = { sources: AHEAD + PENDING + 3, targets: PENDING, threads: options.threads };
    this.memory = new InterpolationMemory(this.#plan, counts);
  }

  /** Everything to be delivered, in order, each started as soon as it is known. */
  async *items(frames: AsyncIterable<Frame>): AsyncGenerator<Item> {
    const window: Source[] = [];
    const input = frames[Symbol.asyncIterator]();
    let count = 0;
    let isEnd = false;
    const fill = async (current: number): Promise<void> => {
      while (!isEnd && window.length <= current + AHEAD) {
        const { value, done } = await input.next();
        if (done) isEnd = true;
        else window.push(this.#take(value, count++, window.at(-1)));
      }
    };
    try {
      await fill(0);
      // The frame being delivered; the one before it is kept for its motion.
      for (let at = 0; at < window.length; ) {
        const [before, first, second, behind] = [window[at - 1], window[at]!, window[at + 1], window[at + 2]];
        yield this.#deliver(first);
        if (second) {
          const [own, left, right] = await Promise.all([first.alike, before?.alike, behind && second.alike]);
          const isCut = own! < CUT;
          if (isCut) this.#options.onCut?.(second.index);
          const bends = left !== undefined && right !== undefined && left >= CUT && right >= CUT;
          for (let k = 1; k <= this.#options.between; k++) {
            const time = k / (this.#options.between + 1);
            if (isCut) yield this.#deliverAgain(time < 0.5 ? first : second);
            else yield this.#start(time, first, second, bends ? [before!, second] : undefined);
          }
        }
        if (before) {
          this.#leave(before);
          window.shift();
        } else at++;
        await fill(at);
      }
    } finally {
      await input.return?.(undefined);
    }
  }

  #take(frame: Frame, index: number, previous: Source | undefined): Source {
    const slot = this.memory.sources.pop();
    if (!slot) throw new RangeError("no free frame slot");
    this.memory.load(frame, slot.samples);
    const input: PrepareInput = { plan: this.#plan, luma: slot.samples, pyramid: slot.pyramid };
    const prepared = this.memory.pool.run("prepare", input);
    prepared.catch(() => undefined);
    const source: Source = { slot, index, prepared, uses: 0, isLeft: false };
    if (previous) {
      previous.alike = this.#findMotions(previous, source);
      previous.alike.catch(() => undefined);
    }
    return source;
  }

  async #findMotions(first: Source, second: Source): Promise<number> {
    await Promise.all([first.prepared, second.prepared]);
    const { pool } = this.memory;
    const { pyramid: a, motions } = first.slot;
    const { pyramid: b } = second.slot;
    const plan = this.#plan;
    const [there, back] = await Promise.all([
      pool.run<number>("findMotion", { plan, from: a, to: b, target: motions.forward } satisfies MotionInput),
      pool.run<number>("findMotion", { plan, from: b, to: a, target: motions.backward } satisfies MotionInput),
      plan.hasMiddle &&
        pool.run("findMiddle", { plan, first: a, second: b, target: motions.middle } satisfies MiddleInput),
    ]);
    return Math.min(there, back);
  }

  #deliver(source: Source): Item {
    return { ...this.#deliverAgain(source), of: source };
  }

  #deliverAgain(source: Source): Item {
    return { frame: Promise.resolve(source.slot.samples), done: this.#use(source) };
  }

  #start(time: number, first: Source, second: Source, around: readonly [Source, Source] | undefined): Item {
    const target = this.memory.targets.pop();
    if (!target) throw new RangeError("no free frame slot");
    const input: BetweenInput = {
      plan: this.#plan,
      first: first.slot.samples,
      second: second.slot.samples,
      motions: first.slot.motions,
      ...(around && { before: around[0].slot.motions.backward, after: around[1].slot.motions.forward }),
      time,
      target,
    };
    const releases = [first, second, ...(around ? [around[0]] : [])].map((source) => this.#use(source));
    return {
      frame: this.memory.pool.run("between", input).then(() => target),
      done: () => {
        this.memory.targets.push(target);
        for (const release of releases) release();
      },
    };
  }

  #use(source: Source): () => void {
    source.uses++;
    return () => {
      source.uses--;
      this.#free(source);
    };
  }

  #leave(source: Source): void {
    source.isLeft = true;
    this.#free(source);
  }

  #free(source: Source): void {
    if (source.isLeft && source.uses === 0) this.memory.sources.push(source.slot);
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("interpolation was aborted");
}
