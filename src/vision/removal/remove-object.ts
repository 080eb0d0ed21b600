/**
 * Object removal without a generative model: the camera is followed, background is taken from the frames where it is
 * seen, the rest is filled from the picture around, and the edge is soft. Every other sample stays the source's own.
 */
import type { FrameFormat, TimedFrame } from "../../media/frame.ts";
import type { Estimated, EstimateInput } from "../completion/estimate.ts";
import type { FinishInput } from "../completion/finish.ts";
import type { Source } from "../completion/sources.ts";
import { ahead } from "../frames/ahead.ts";
import { FrameMemory, SPARE_SLOTS, windowFor } from "../frames/frame-memory.ts";
import { type Layout, layoutOf } from "../frames/layout.ts";
import { type Held, toFrame, Window } from "../frames/window.ts";
import type { Box } from "../registration/align.ts";
import { apply, type Homography, invert } from "../registration/homography.ts";
import { BeyondPicture } from "./beyond-picture.ts";
import { MovingBehind } from "./moving-behind.ts";
import type { MaskedFrame, RemovalOptions } from "./options.ts";
import { SlackMasks } from "./slack-masks.ts";

export type { MaskedFrame, RemovalOptions } from "./options.ts";

/** Frames on either side that the second pass averages with. */
const REFINE_REACH = 5;
/** Distance in frames at which a neighbour in the second pass counts 0.6. */
const REFINE_DISTANCE = 3;
/** Frames combined for a pixel at most; beyond the picture fewer: there is more of it, and the nearest in time fit best. */
const SAMPLES = 16;
const BEYOND_SAMPLES = 6;
/** A frame of which more than this share was made up becomes the model for later ones. */
const ANCHOR_SHARE = 1 / 4000;

/**
 * Yields exactly the input's frames, in order, with their times; a third of `window` on either side of a frame is
 * looked at. Frames without labels, and samples outside the mask's soft edge, are the source's own values.
 * AFFECTED pixels are filled where the background seen elsewhere differs from the source, else kept.
 * @throws RangeError when a frame or its labels do not fit `format`; the signal's reason when aborted;
 *   `generation_timeout` when a step hangs.
 */
export async function* removeObject(
  frames: AsyncIterable<MaskedFrame>,
  format: FrameFormat,
  options: RemovalOptions,
): AsyncGenerator<TimedFrame> {
  const { signal } = options;
  signal?.throwIfAborted();
  const removal = new Removal(layoutOf(format), options);
  const stop = () => void removal.close(asError(signal?.reason));
  signal?.addEventListener("abort", stop, { once: true });
  try {
    for await (const frame of ahead(frames, removal.ahead)) {
      signal?.throwIfAborted();
      if (removal.push(frame)) yield* removal.advance(false);
    }
    yield* removal.advance(true);
  } finally {
    signal?.removeEventListener("abort", stop);
    await removal.close();
  }
}

/** Bytes of frames that are decoded while others are worked on. */
const AHEAD_BYTES = 32 * 1024 ** 2;
/** Finished pictures that wait for whoever takes them: an encoder may be slower. */
const FINISHED_AHEAD = 8;

class Removal {
  readonly #options: RemovalOptions;
  readonly #layout: Layout;
  readonly #size: number;
  readonly #memory: FrameMemory;
  readonly #window: Window;
  readonly #moving: MovingBehind;
  readonly #beyond: BeyondPicture;
  readonly #slack: SlackMasks;
  #emitted = 0;

  constructor(layout: Layout, options: RemovalOptions) {
    this.#options = options;
    this.#layout = layout;
    this.#size = windowFor(layout, options.window);
    const log = options.onLog ?? (() => undefined);
    if (this.#size < Math.floor(options.window))
      log("INFO", `Frames of this size are considered ${this.#size} at a time`);
    this.#memory = new FrameMemory(layout, this.#size + 2 * SPARE_SLOTS, Math.max(1, options.threads));
    this.#window = new Window(this.#memory, layout, "homography", log, options.beyond);
    this.#moving = new MovingBehind(this.#memory.pool, layout, log);
    this.#beyond = new BeyondPicture(this.#memory, layout);
    this.#slack = new SlackMasks(this.#memory.pool, layout);
  }

  /** Frames to ask for beforehand: no more than the window then takes in at once. */
  get ahead(): number {
    const { format, sampleBytes, sizes } = this.#layout;
    const samples = sizes.reduce((sum, { width, height }) => sum + width * height, 0);
    const fit = Math.floor(AHEAD_BYTES / (samples * sampleBytes + format.width * format.height));
    return Math.max(1, Math.min(Math.floor(this.#size / 3), fit));
  }

  /** Takes a frame in. @returns whether the window is full. */
  push(frame: MaskedFrame): boolean {
    this.#window.load(frame);
    return this.#window.size >= this.#size;
  }

  /** Works off what can be: all frames at the end, else those with enough frames after them. */
  async *advance(last: boolean): AsyncGenerator<TimedFrame> {
    const { signal, onProgress } = this.#options;
    await this.#window.settle();
    const { held } = this.#window;
    const ahead = last ? 0 : Math.floor(this.#size / 3);
    const core = held.filter((frame) => frame.index >= this.#emitted).slice(0, -ahead || undefined);
    if (held.some((frame) => frame.hole)) {
      onProgress?.(this.#emitted, "registration");
      await this.#window.register();
      signal?.throwIfAborted();
      onProgress?.(this.#emitted, "background");
      const until = (core.at(-1)?.index ?? 0) + REFINE_REACH;
      await this.#complete(held.filter((frame) => frame.hole && frame.unseen === undefined && frame.index <= until));
    }
    const finishing: Promise<TimedFrame>[] = [];
    for (let next = 0; next < core.length || finishing.length > 0; ) {
      for (; next < core.length && finishing.length < FINISHED_AHEAD; next++) {
        const one = this.#finish(core[next]!);
        // The first failure is thrown where it is awaited; the others must not count as unhandled.
        one.catch(() => undefined);
        finishing.push(one);
      }
      signal?.throwIfAborted();
      const frame = await finishing.shift()!;
      this.#emitted++;
      yield frame;
      onProgress?.(this.#emitted, "completion");
    }
    this.#window.release(this.#emitted - Math.floor(this.#size / 3));
  }

  close(reason?: Error): Promise<void> {
    return this.#memory.pool.close(reason);
  }

  /** Fills the holes of frames: what others show in parallel, what must be made up in order of time. */
  async #complete(frames: readonly Held[]): Promise<void> {
    const { pool } = this.#memory;
    const layout = this.#layout;
    // Beyond the picture nothing is known of how anything moves.
    const moving = !this.#options.beyond && (await this.#moving.look(this.#window, frames));
    const estimates = await this.#estimate(frames, moving, false);
    if (!this.#options.beyond && (await this.#slack.look(this.#window.held, frames))) {
      const wanting = frames.filter((_, i) => estimates[i]!.unseen > 0);
      const again = await this.#estimate(wanting, moving, true);
      for (const [i, frame] of wanting.entries()) estimates[frames.indexOf(frame)] = again[i]!;
    }
    const unseenOf = moving ? await this.#moving.fill(this.#window, frames) : undefined;
    for (const [i, frame] of frames.entries()) {
      const { unseen, local, fractions } = estimates[i]!;
      frame.fractions = fractions;
      frame.unseen = unseenOf?.get(frame) ?? unseen;
      frame.local = new Map(
        this.#near(frame).flatMap(({ index, base }) => {
          const source = local.find((one) => one.base === base);
          return source ? [[index, source] as const] : [];
        }),
      );
      if (frame.unseen === 0) continue;
      if (this.#options.beyond) {
        await this.#beyond.fill(this.#window, frame);
        continue;
      }
      const anchors = this.#window.anchors(frame);
      const { base, hole } = frame;
      const { invented } = await pool.run<{ invented: number }>("invent", { layout, base, hole, anchors });
      if (invented > ANCHOR_SHARE * layout.format.width * layout.format.height)
        this.#window.makeAnchor(frame, invented);
    }
  }

  /** @param slack whether to look inside slack masks for what nothing else shows. */
  #estimate(frames: readonly Held[], moving: boolean, slack: boolean): Promise<Estimated[]> {
    const { beyond, refine } = this.#options;
    return Promise.all(
      frames.map((frame) => {
        const { base, hole, affected } = frame;
        const input: EstimateInput = {
          layout: this.#layout,
          base,
          hole: hole!,
          affected,
          sources: this.#sources(frame),
          spare: beyond ? [] : this.#window.spare(frame),
          most: beyond ? BEYOND_SAMPLES : SAMPLES,
          moving,
          closest: !beyond,
          slack,
          near: this.#near(frame).map((other) => other.base),
          exactly: refine,
        };
        return this.#memory.pool.run<Estimated>("estimate", input);
      }),
    );
  }

  async #finish(frame: Held): Promise<TimedFrame> {
    const layout = this.#layout;
    const { base, hole, pts } = frame;
    if (!hole) return toFrame(layout, this.#memory.unload(base), pts);
    const neighbours = this.#options.refine ? this.#neighbours(frame) : [];
    const grain = this.#options.grain ? Math.imul(this.#options.seed, 0x9e3779b1) + frame.index * 3 : undefined;
    const { fractions, isMarked = false } = frame;
    const input: FinishInput = { layout, base, hole, neighbours, isMarked, fractions, grain };
    frame.fractions = undefined;
    return toFrame(layout, await this.#memory.pool.run<(Uint8Array | Uint16Array)[]>("finish", input), pts);
  }

  /** The frames to look a frame's hole up in: beyond a picture only those that have another view of the scene. */
  #sources(frame: Held): Source[] {
    const sources = this.#window.sources(frame);
    const { beyond: picture } = this.#options;
    return picture
      ? sources.filter(({ homography }) => showsMore(homography, picture, this.#layout.radius + 1))
      : sources;
  }

  /** The frames that a frame's second pass looks at. */
  #near(frame: Held): Held[] {
    const { held } = this.#window;
    return held.filter((one) => one.scene === frame.scene && Math.abs(one.index - frame.index) <= REFINE_REACH);
  }

  /** The frame itself and the filled ones around it, nearest first. */
  #neighbours(frame: Held): FinishInput["neighbours"] {
    return this.#near(frame)
      .filter((other) => other.unseen !== undefined)
      .sort((a, b) => Math.abs(a.index - frame.index) - Math.abs(b.index - frame.index) || a.index - b.index)
      .map((other) => {
        const weight = Math.exp(-(((other.index - frame.index) / REFINE_DISTANCE) ** 2) / 2);
        const local = frame.local?.get(other.index);
        return local ? { ...local, weight } : this.#window.source(frame, other, weight);
      });
  }
}

/** Whether a frame, but for a margin, shows more than a rectangle of another one. @param map from that one to the frame. */
function showsMore(map: Homography, { x0, y0, x1, y1 }: Box, margin: number): boolean {
  const back = invert(map);
  const corners = [
    [x0 + margin, y0 + margin],
    [x1 - margin, y0 + margin],
    [x0 + margin, y1 - margin],
    [x1 - margin, y1 - margin],
  ] as const;
  return corners.some(([x, y]) => {
    const p = apply(back, x, y);
    return !p || p[0] < x0 || p[0] > x1 || p[1] < y0 || p[1] > y1;
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("removal was aborted");
}
