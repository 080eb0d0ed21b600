/** New frames and new pixels from the ones a clip has. */
import type { Encoding } from "./encoding.ts";
import type { Delivery, MediaHandle, OperationOptions, ProducedVideo, Unoffered } from "./operations.ts";

/** How much work goes into a result. */
export type Effort = "best" | "draft";

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
  reframe: Unoffered;
};
