/**
 * Finds what moves by itself in a clip that came without a mask: frames are registered and compared with the median of
 * the others; the region that differs most, over most of the clip, is the object.
 */
import type { FrameFormat, TimedFrame } from "../../media/frame.ts";
import { FrameMemory, SPARE_SLOTS, windowFor } from "../frames/frame-memory.ts";
import { type Layout, layoutOf } from "../frames/layout.ts";
import { type Held, Window } from "../frames/window.ts";
import { KEEP, REMOVE } from "../mask.ts";
import type { RemovalOptions } from "../removal/options.ts";
import { findBlobs, morph } from "./blobs.ts";
import { type Shrink, shrinkFrame, shrinkOf } from "./shrink.ts";
import { Tracks } from "./tracks.ts";

/** How {@link findMovingObject} works; the names mean what they mean for removal. */
export type MovingObjectOptions = Pick<RemovalOptions, "window" | "threads" | "onProgress" | "onLog" | "signal">;

/** The object that was found. */
export type MovingObject = {
  /** Frames that were analysed. */
  readonly frameCount: number;
  /** Frames that show the object. */
  readonly framesWithObject: number;
  /** Labels of one frame, width * height of the analysed format: REMOVE on the object, KEEP elsewhere. */
  labels(frame: number): Uint8Array;
};

/** Frames compared with a frame at most. */
const MOST_SOURCES = 15;

/**
 * Reads a whole clip; only outlines are kept of frames that have been compared.
 * @returns null when nothing stands out: nothing moves, the contrast is low, or what moves is tiny or fills the picture.
 * @throws like removeObject.
 */
export async function findMovingObject(
  frames: AsyncIterable<TimedFrame>,
  format: FrameFormat,
  options: MovingObjectOptions,
): Promise<MovingObject | null> {
  options.signal?.throwIfAborted();
  const search = new Search(format, options);
  const stop = () => void search.close(new Error("the search was aborted", { cause: options.signal?.reason }));
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    for await (const frame of frames) {
      options.signal?.throwIfAborted();
      await search.push(frame);
    }
    return await search.result();
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", stop);
    await search.close();
  }
}

class Search {
  readonly #source: FrameFormat;
  readonly #options: MovingObjectOptions;
  readonly #shrink: Shrink;
  readonly #layout: Layout;
  readonly #size: number;
  readonly #memory: FrameMemory;
  readonly #window: Window;
  readonly #tracks = new Tracks();
  #compared = 0;

  constructor(source: FrameFormat, options: MovingObjectOptions) {
    this.#source = source;
    this.#options = options;
    this.#shrink = shrinkOf(source);
    this.#layout = layoutOf(this.#shrink.format);
    this.#size = windowFor(this.#layout, Math.max(3, options.window));
    this.#memory = new FrameMemory(this.#layout, this.#size + SPARE_SLOTS, Math.max(1, options.threads));
    // Without a mask the object is in view: a freer model would bend towards it.
    this.#window = new Window(this.#memory, this.#layout, "similarity", options.onLog ?? (() => undefined));
  }

  async push({ frame, pts }: TimedFrame): Promise<void> {
    const { width, height } = this.#shrink.format;
    const small = shrinkFrame(frame, this.#source, this.#shrink);
    this.#window.load({ frame: small, pts, labels: new Uint8Array(width * height) });
    if (this.#window.size >= this.#size) await this.#compare(Math.floor(this.#size / 3));
  }

  async result(): Promise<MovingObject | null> {
    await this.#compare(0);
    const { factor, format } = this.#shrink;
    const outlines = this.#tracks.salient(format.width * format.height);
    if (!outlines) return null;
    const { width, height } = this.#source;
    return {
      frameCount: outlines.length,
      framesWithObject: outlines.filter((runs) => runs.length > 0).length,
      labels(frame) {
        const mask = new Uint8Array(format.width * format.height);
        for (const runs of outlines[frame] ?? []) {
          for (let i = 0; i < runs.length; i += 2) mask.fill(1, runs[i]!, runs[i]! + runs[i + 1]!);
        }
        // The object's soft rim differs too little to be found.
        const wide = morph(mask, format.width, format.height, 1, 1);
        const labels = new Uint8Array(width * height);
        for (let y = 0; y < height; y++) {
          const row = Math.floor(y / factor) * format.width;
          for (let x = 0; x < width; x++) labels[y * width + x] = wide[row + Math.floor(x / factor)] ? REMOVE : KEEP;
        }
        return labels;
      },
    };
  }

  close(reason?: Error): Promise<void> {
    return this.#memory.pool.close(reason);
  }

  /** Compares all frames but the last `ahead`. */
  async #compare(ahead: number): Promise<void> {
    await this.#window.settle();
    await this.#window.register();
    const { held } = this.#window;
    const ready = held.slice(0, held.length - ahead).filter((frame) => frame.index >= this.#compared);
    const { width, height } = this.#shrink.format;
    const maps = await Promise.all(
      ready.map((frame) => {
        const input = { layout: this.#layout, base: frame.base, sources: this.#sources(frame) };
        return this.#memory.pool.run<Uint8Array>("difference", input);
      }),
    );
    for (const map of maps) {
      this.#tracks.add(findBlobs(map, width, height, Math.max(4, (width * height) / 4000)));
      this.#compared++;
      this.#options.onProgress?.(this.#compared, "moving object");
    }
    this.#window.release(this.#compared - Math.floor(this.#size / 3));
  }

  /** Frames of the same scene, spread over the window: neighbours show the object nearly where it is. */
  #sources(target: Held): ReturnType<Window["sources"]> {
    const others = this.#window.held.filter((frame) => frame !== target && frame.scene === target.scene);
    const step = Math.max(1, others.length / MOST_SOURCES);
    const count = Math.min(others.length, MOST_SOURCES);
    return Array.from({ length: count }, (_, i) => this.#window.source(target, others[Math.floor((i + 0.5) * step)]!));
  }
}
