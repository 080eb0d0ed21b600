/** Follows the camera over a run of frames: neighbour to neighbour, then each frame against a key frame. */
import type { WorkerPool } from "../../kernels/pool.ts";
import type { Alignment, Box, Level, MotionModel } from "./align.ts";
import { compose, type Homography, IDENTITY, invert, overlap, translation } from "./homography.ts";
import type { PairResult } from "./pair.ts";

/** Where a frame's background lies and how bright it is, against the run's first frame. */
export type Pose = {
  /** First frame's pixels to this frame's. */
  readonly homography: Homography;
  /** This frame = gain * first + offset, in 8-bit levels. */
  readonly gain: number;
  readonly offset: number;
};

/** A frame that has been registered. `base` is its address in kernel memory. */
export type Tracked = { readonly base: number; readonly pose: Pose };

/** A frame to register, and how it continues the one before. */
export type Next = { readonly base: number; readonly pair: PairResult };

/** The pose of the first frame. */
export const START: Pose = { homography: IDENTITY, gain: 1, offset: 0 };

/** A key frame serves as long as this share of it is still in view. */
const KEY_OVERLAP = 0.6;
/** A key alignment is believed when this share of its pixels agrees. */
const LEAST_AGREEMENT = 0.5;

/** Keeps one run's key frame and last frame. */
export class CameraTrack {
  readonly #pool: WorkerPool;
  readonly #levels: readonly Level[];
  readonly #model: MotionModel;
  readonly #picture: Box;
  #key: Tracked;
  #last: Tracked;

  /** @param picture the part of the frames that can be compared; all of them when absent. */
  constructor(pool: WorkerPool, levels: readonly Level[], model: MotionModel, first: number, picture?: Box) {
    this.#pool = pool;
    this.#levels = levels;
    this.#model = model;
    const { width, height } = levels[0]!;
    this.#picture = picture ?? { x0: 0, y0: 0, x1: width, y1: height };
    this.#key = { base: first, pose: START };
    this.#last = this.#key;
  }

  /** The newest registered frame. */
  get last(): Tracked {
    return this.#last;
  }

  /** Tells the track which frames are about to leave memory. */
  releasing(bases: ReadonlySet<number>): void {
    if (bases.has(this.#key.base)) this.#key = this.#last;
  }

  /** Registers frames that follow the last one. @returns their poses, and how many had to be guessed from neighbours. */
  async extend(frames: readonly Next[]): Promise<{ poses: Pose[]; guessed: number }> {
    const poses: Pose[] = [];
    let guessed = 0;
    for (let done = 0; done < frames.length; ) {
      const { key, run, next } = this.#chooseRun(frames, done);
      const alignments = await Promise.all(
        run.map(({ base, guess }) => {
          const start = relative(key.pose, guess);
          return this.#pool.run<Alignment | undefined>("alignToKey", {
            levels: this.#levels,
            key: key.base,
            frame: base,
            model: this.#model,
            start: start.homography,
            gain: start.gain,
            offset: start.offset,
          });
        }),
      );
      for (const [i, alignment] of alignments.entries()) {
        const { base, guess } = run[i]!;
        const good = alignment && alignment.agreement >= LEAST_AGREEMENT;
        if (!good) guessed++;
        const pose = good ? follow(key.pose, alignment) : guess;
        poses.push(pose);
        this.#last = { base, pose };
      }
      this.#key = key;
      done = next;
    }
    return { poses, guessed };
  }

  /** The frames from `done` on that one key frame can serve; a new key is the last frame before them. */
  #chooseRun(
    frames: readonly Next[],
    done: number,
  ): { key: Tracked; run: { base: number; guess: Pose }[]; next: number } {
    for (const key of [this.#key, this.#last]) {
      const run: { base: number; guess: Pose }[] = [];
      let pose = this.#last.pose;
      let next = done;
      for (; next < frames.length; next++) {
        const { base, pair } = frames[next]!;
        pose = follow(pose, pair.alignment ?? { homography: pair.homography, gain: 1, offset: 0 });
        const motion = relative(key.pose, pose).homography;
        const { x0, y0, x1, y1 } = this.#picture;
        const within = compose(translation(-x0, -y0), compose(motion, translation(x0, y0)));
        const shared = overlap(within, x1 - x0, y1 - y0);
        // A fresh key always takes at least one frame, however fast the camera.
        if (shared < KEY_OVERLAP && !(key === this.#last && run.length === 0)) break;
        run.push({ base, guess: pose });
      }
      if (run.length > 0) return { key, run, next };
    }
    throw new RangeError("no frames to register");
  }
}

/** The pose reached from `pose` by a motion out of that frame. */
function follow(pose: Pose, motion: Pose): Pose {
  return {
    homography: compose(motion.homography, pose.homography),
    gain: motion.gain * pose.gain,
    offset: motion.gain * pose.offset + motion.offset,
  };
}

/** From one frame to another of the same run: place and brightness. */
export function relative(from: Pose, to: Pose): Pose {
  const gain = to.gain / from.gain;
  return {
    homography: compose(to.homography, invert(from.homography)),
    gain,
    offset: to.offset - gain * from.offset,
  };
}
