/** New frames and new pixels from the ones a clip has. */
import type { Unoffered } from "./operations.ts";

/** See {@link Operations}. */
export type FrameOperations = {
  interpolateFrames: Unoffered;
  upscale: Unoffered;
  reframe: Unoffered;
};
