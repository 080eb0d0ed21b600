/** New frames and new pixels from the ones a clip has. */
import type { Delivery, MediaHandle, OperationOptions, ProducedVideo, Unoffered } from "./operations.ts";

/** See {@link Operations}. */
export type FrameOperations = {
  interpolateFrames: Unoffered;
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
