/** What needs a model that invents pictures or sound. */
import type { Unoffered } from "./operations.ts";

/** See {@link Operations}. */
export type GenerationOperations = {
  restyle: Unoffered;
  extendVideo: Unoffered;
  generateVideo: Unoffered;
  composeKeyframes: Unoffered;
  lipsync: Unoffered;
  speak: Unoffered;
  soundEffects: Unoffered;
};
