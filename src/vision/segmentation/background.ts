/** What other frames show at the same places: the camera is followed over the clip, and every frame compared with some before and after it. */
import type { FrameFormat } from "../../media/frame.ts";
import { FrameMemory, SPARE_SLOTS } from "../frames/frame-memory.ts";
import { layoutOf } from "../frames/layout.ts";
import { type Held, Window } from "../frames/window.ts";
import type { Clip } from "./track.ts";

/** How {@link findDepartures} works. */
export type DepartureOptions = {
  readonly format: FrameFormat;
  /** Frames a second, for how far apart frames are compared. */
  readonly rate: number;
  readonly threads: number;
  /** Takes a frame's departures: see `depart`. */
  readonly put: (frame: number, departure: Uint8Array) => void;
  /** Called now and then; may wait, may throw. */
  readonly turn: () => Promise<void>;
};

/** Seconds between frames that are compared, frames at most, and how many of them on either side. */
const STEP = 0.3;
const MOST_STEP = 8;
const SIDE = 6;
/** Frames that are read before as many are compared, fewest of a clip, and least side of a picture. */
const BATCH = 24;
const LEAST_FRAMES = 4;
const LEAST_SIDE = 16;

/** Compares every frame of a clip; holds a window of it in memory, whatever its length. @throws whatever `turn` throws. */
export async function findDepartures(clip: Clip, options: DepartureOptions): Promise<void> {
  const { format, rate, threads, put, turn } = options;
  const { frameCount } = clip;
  const { width, height } = format;
  if (frameCount < LEAST_FRAMES || Math.min(width, height) < LEAST_SIDE) return;
  const step = Math.max(1, Math.min(MOST_STEP, Math.round(STEP * rate), Math.floor(frameCount / (2 * SIDE))));
  const reach = SIDE * step;
  const layout = layoutOf(format);
  const size = Math.min(frameCount, 2 * reach + BATCH);
  const memory = new FrameMemory(layout, size + SPARE_SLOTS, threads);
  try {
    const window = new Window(memory, layout, "homography", () => undefined);
    const nothing = new Uint8Array(width * height);
    const compare = async (target: Held): Promise<void> => {
      const first = window.held[0]!.index;
      const sources = [];
      for (let k = 1; k <= SIDE; k++) {
        for (const index of [target.index - k * step, target.index + k * step]) {
          const other = window.held[index - first];
          if (other && other.scene === target.scene) sources.push(window.source(target, other));
        }
      }
      const input = { layout, base: target.base, sources };
      put(target.index, await memory.pool.run<Uint8Array>("depart", input));
    };
    let [packed, compared] = [0, 0];
    for (let loaded = 0; loaded < frameCount; ) {
      for (; loaded < frameCount && window.size < size; loaded++) {
        const { y, u, v } = clip.picture(loaded);
        const planes = [y, u, v].map((data) => ({ data, width, height, stride: width }));
        window.load({ frame: { planes: [planes[0]!, planes[1]!, planes[2]!] }, pts: BigInt(loaded), labels: nothing });
      }
      await turn();
      await window.settle();
      await window.register();
      await Promise.all(
        window.held.filter(({ index }) => index >= packed).map(({ base }) => memory.pool.run("pack", { layout, base })),
      );
      packed = loaded;
      const ready = loaded === frameCount ? frameCount : loaded - reach;
      await Promise.all(window.held.filter(({ index }) => index >= compared && index < ready).map(compare));
      compared = ready;
      window.release(compared - reach);
    }
  } finally {
    await memory.pool.close();
  }
}
