/** What moves by itself behind holes: found, carried both ways through time, and painted in. */
import type { WorkerPool } from "../../kernels/pool.ts";
import { type Carried, type CarryInput, NOTHING } from "../completion/carry.ts";
import type { LayOverInput } from "../completion/lay-over.ts";
import type { MotionInput } from "../completion/motion.ts";
import { cellMap, type MotionField, type PairFrame, type PairMotionInput } from "../completion/pair-motion.ts";
import type { Layout } from "../frames/layout.ts";
import type { Held, Window } from "../frames/window.ts";
import type { RemovalOptions } from "./options.ts";

/** Every how many frames it is tried whether anything moves at all. */
const TRY_EVERY = 5;
/** Share of a hole's surroundings that must move in one of the tried frames. */
const LEAST_SHARE = 0.06;

/** Motion between a frame and the one after it, both ways. */
type Pair = readonly [MotionField, MotionField];

/** One clip's. */
export class MovingBehind {
  readonly #pool: WorkerPool;
  readonly #layout: Layout;
  readonly #log: NonNullable<RemovalOptions["onLog"]>;

  constructor(pool: WorkerPool, layout: Layout, log: NonNullable<RemovalOptions["onLog"]>) {
    this.#pool = pool;
    this.#layout = layout;
    this.#log = log;
  }

  /**
   * Marks what moves by itself in the held frames.
   * @param frames those to be filled. @returns false when nothing does around their holes: then nothing is marked.
   */
  async look(window: Window, frames: readonly Held[]): Promise<boolean> {
    if (!cellMap(this.#layout)) return false;
    const tried = frames.filter((frame, i) => i % TRY_EVERY === 0 && frame.movingShare === undefined);
    await this.#mark(window, tried);
    const most = Math.max(0, ...frames.map((frame) => frame.movingShare ?? 0));
    if (most < LEAST_SHARE) {
      await this.#unmark(tried);
      return false;
    }
    await this.#mark(
      window,
      window.held.filter((frame) => !frame.isMarked),
    );
    this.#log(
      "DEBUG",
      `Something moves by itself behind the object (${(100 * most).toFixed(1)} % of what is around it)`,
    );
    return true;
  }

  /** Carries and paints it. @returns for each frame the luma pixels of its hole that nothing shows. */
  async fill(window: Window, frames: readonly Held[]): Promise<Map<Held, number>> {
    const pairs = await this.#pairs(window, frames);
    const [past, future] = await Promise.all([
      this.#follow(window, frames, pairs, -1),
      this.#follow(window, [...frames].reverse(), pairs, 1),
    ]);
    const unseen = await Promise.all(
      frames.map((frame) => {
        const carried = [past.get(frame)!, future.get(frame)!];
        const bases = new Set(carried.flatMap((one) => [...new Set(one.bases)]));
        const brightness = window.held
          .filter(({ base }) => bases.has(base))
          .map((other) => {
            const { base, gain, offset } = window.source(frame, other);
            return { base, gain, offset };
          });
        const input: LayOverInput = { layout: this.#layout, base: frame.base, carried, brightness };
        return this.#pool.run<number>("layOver", input);
      }),
    );
    return new Map(frames.map((frame, i) => [frame, unseen[i]!]));
  }

  async #mark(window: Window, frames: readonly Held[]): Promise<void> {
    const marked = await Promise.all(
      frames.map((frame) => {
        const neighbours = [-1, 1].flatMap((step) => {
          const other = beside(window, frame, step);
          return other ? [window.source(frame, other)] : [];
        });
        const { base, hole } = frame;
        const input: MotionInput = { layout: this.#layout, base, hole, neighbours };
        return this.#pool.run<{ share: number }>("markMotion", input);
      }),
    );
    for (const [i, frame] of frames.entries()) {
      frame.movingShare = marked[i]!.share;
      frame.isMarked = true;
    }
  }

  /** Takes the marks away again: some frames with and some without would be treated differently. */
  async #unmark(frames: readonly Held[]): Promise<void> {
    await Promise.all(
      frames.map((frame) => {
        frame.isMarked = false;
        return this.#pool.run("unmarkMotion", { layout: this.#layout, base: frame.base });
      }),
    );
  }

  /**
   * Motion between neighbours of which one at least is to be filled, by the earlier of the two. A neighbour whose hole is not filled
   * yet shows nothing that can be carried on.
   */
  async #pairs(window: Window, frames: readonly Held[]): Promise<Map<Held, Pair>> {
    const wanted = new Set(frames);
    const shows = (frame: Held) => wanted.has(frame) || !frame.hole || frame.unseen !== undefined;
    const earlier = window.held.filter((frame) => {
      const after = beside(window, frame, 1);
      return after && (wanted.has(frame) || wanted.has(after)) && shows(frame) && shows(after);
    });
    const found = await Promise.all(
      earlier.map((frame) => {
        const after = beside(window, frame, 1)!;
        const one = (own: Held, other: Held): PairFrame => {
          const { homography } = window.source(own, other);
          return { base: own.base, hole: own.hole, homography };
        };
        const input: PairMotionInput = { layout: this.#layout, frames: [one(frame, after), one(after, frame)] };
        return this.#pool.run<Pair>("pairMotion", input);
      }),
    );
    return new Map(earlier.map((frame, i) => [frame, found[i]!]));
  }

  /** Carries through the frames, each from its neighbour on one side (-1: the frame before). */
  async #follow(
    window: Window,
    frames: readonly Held[],
    pairs: ReadonlyMap<Held, Pair>,
    side: -1 | 1,
  ): Promise<Map<Held, Carried>> {
    const reached = new Map<Held, Carried>();
    for (const frame of frames) {
      const before = beside(window, frame, side);
      const pair = before && pairs.get(side < 0 ? before : frame);
      let carried = NOTHING;
      if (before && pair) {
        const known = reached.get(before) ?? (side < 0 ? before.past : undefined) ?? NOTHING;
        const input: CarryInput = {
          layout: this.#layout,
          from: before.base,
          to: frame.base,
          filled: before.hole !== undefined,
          homography: window.source(before, frame).homography,
          field: pair[side < 0 ? 0 : 1],
          carried: stillHeld(known, window),
        };
        carried = await this.#pool.run<Carried>("carry", input);
      }
      reached.set(frame, carried);
      if (side < 0) frame.past = carried;
    }
    return reached;
  }
}

function beside(window: Window, frame: Held, step: number): Held | undefined {
  const other = window.held[window.held.indexOf(frame) + step];
  return other?.scene === frame.scene ? other : undefined;
}

/** Without what was last seen in frames that are no longer in memory. */
function stillHeld(carried: Carried, window: Window): Carried {
  const bases = new Set(window.held.map(({ base }) => base));
  const kept = Int32Array.from(carried.cells.keys()).filter((i) => bases.has(carried.bases[i]!));
  if (kept.length === carried.cells.length) return carried;
  return {
    cells: kept.map((i) => carried.cells[i]!),
    bases: Uint32Array.from(kept, (i) => carried.bases[i]!),
    x: Float32Array.from(kept, (i) => carried.x[i]!),
    y: Float32Array.from(kept, (i) => carried.y[i]!),
    doubt: Float32Array.from(kept, (i) => carried.doubt[i]!),
  };
}
