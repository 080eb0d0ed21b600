/** Bringing a clip, and its mask with it, to another length, rate and size before work that makes one of those. */
import type { Encoding } from "./encoding.ts";
import type { Delivery, MediaHandle, OperationOptions, ProducedVideo } from "./operations.ts";
import type { MaskPolarity } from "./removal.ts";

/**
 * Which frames a clip gets. Frame k of `frames` at `fps` shows the source frame nearest in time to k / fps; the last one is
 * held where the source is too short. With `frames: "input"` every source frame is taken once, whatever `fps` says, and so
 * the clip runs faster or slower than its source when `fps` is another rate.
 */
export type Timing = {
  readonly frames: number | "input";
  readonly fps: number | "input";
  /**
   * Only every nth frame is made, for frames in between to be interpolated later. The last one made lies at or behind the
   * end, so that interpolation reaches every frame. `auto`: the smallest step, up to 6, after which at most `fitFrames` are
   * made, as long as `minFps` of them are left a second.
   */
  readonly every: number | { readonly fitFrames: number; readonly minFps: number };
};

/** See {@link Operations}. */
export type ConformOperations = {
  /**
   * Cuts, retimes and resizes a clip. Without `timing` the frames keep their own times; without `size`, their own size and
   * sample aspect. Resized pixels are square: the picture fills the canvas, and what juts out is cut off on both sides alike.
   * The mask is paired with the source's frames first, then cut, retimed and resized with them; a pixel is marked when any
   * of the pixels it is made of is. Sound is kept, up to the end of the pictures, where they run at the source's speed.
   * @returns `plan`: what the clip has once every `every`-th frame has been joined by those in between.
   */
  conform(
    params: {
      video: MediaHandle;
      mask?: { media: MediaHandle; polarity: MaskPolarity };
      /** Cuts the source off after this many seconds from its first frame. */
      seconds?: number;
      timing?: Timing;
      size?: { width: number; height: number };
      keepSound: boolean;
      delivery: Delivery;
      encoding?: Encoding;
    },
    options: OperationOptions,
  ): Promise<
    ProducedVideo & {
      /** Grey levels of the given polarity, losslessly coded, frame for frame. */
      mask?: MediaHandle;
      plan: { frames: number; fps: number; every: number };
      timings: Record<string, number>;
    }
  >;
};
