/** New frames and new pixels from the ones a clip has. */
import type { Encoding } from "./encoding.ts";
import type { Delivery, MediaHandle, OperationOptions, ProducedVideo } from "./operations.ts";

/** How much work goes into a result. */
export type Effort = "best" | "draft";

/** Where a source lies on a canvas of another shape. Shapes that differ by less than 4 % count as the same. */
export type FramePlacement =
  /** Whole, in the middle, as large as it fits, then enlarged by `1 + zoom`; what juts out is cut off. */
  | { readonly kind: "fit"; readonly zoom: number }
  /** With room beside it, in shares of its own sides, all of it in the middle and as large as it fits. */
  | {
      readonly kind: "expand";
      readonly left: number;
      readonly right: number;
      readonly top: number;
      readonly bottom: number;
    }
  /** Filling a rectangle of canvas pixels, of which a part may lie outside; what juts out of the rectangle is cut off. */
  | {
      readonly kind: "rectangle";
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
    };

/** See {@link Operations}. */
export type FrameOperations = {
  /**
   * Puts `between` new frames between every two of a clip: of m frames (m - 1) * (between + 1) + 1, or the first `frames` of them, one
   * after the other at `fps`. The source's own frames stay as they are. Across a cut the nearer frame is repeated. Sound is
   * kept where the clip runs at its own speed: where `fps` is `between` + 1 times the source's, within half a percent.
   */
  interpolateFrames(
    params: {
      video: MediaHandle;
      /** 0 or more. */
      between: number;
      fps: number;
      frames?: number;
      /** `draft`: faster, and less exact. */
      effort: Effort;
      delivery: Delivery;
      encoding?: Encoding;
    },
    options: OperationOptions,
  ): Promise<ProducedVideo>;
  /** More pixels for every frame; times, sound, colour tags and sample aspect stay. */
  upscale(
    params: {
      video: MediaHandle;
      /** How many times as wide and high, 1 to 8; sizes are rounded to whole pixels, even ones where chroma is subsampled. */
      scale: number;
      delivery: Delivery;
    },
    options: OperationOptions,
  ): Promise<ProducedVideo>;
  /**
   * Puts a clip on a canvas of another shape. What it leaves uncovered is filled: with what other frames show of it as the
   * camera moves, else with a continuation of the picture that stays where it is. Where the source is cut off, the part
   * that is seen follows people, things and motion. Times and colour tags stay; pixels are square.
   * @throws ReshootError `value_error` naming the video when nothing of it would be seen.
   */
  reframe(
    params: {
      video: MediaHandle;
      /** Pixels of the result, even ones. */
      canvas: { width: number; height: number };
      placement: FramePlacement;
      /** Cuts off black bars first. */
      trimBorders: boolean;
      /** Frames considered together. */
      window: number;
      seed: number;
      delivery: Delivery;
      encoding?: Encoding;
      keepSound: boolean;
    },
    options: OperationOptions,
  ): Promise<
    ProducedVideo & {
      /** Black bars that were cut off, in source pixels. */
      trimmed: { left: number; right: number; top: number; bottom: number };
      timings: Record<string, number>;
    }
  >;
};
