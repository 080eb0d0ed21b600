/** What callers of removal give and get. */
import type { TimedFrame } from "../../media/frame.ts";
import type { LogLevel } from "../../operations/operations.ts";
import type { Box } from "../registration/align.ts";

/** A frame and what is to become of each luma pixel: width * height labels of vision/mask.ts, rows packed. */
export type MaskedFrame = TimedFrame & {
  readonly labels: Uint8Array;
  /** Whole luma rectangles of what may move by itself: no background. Beyond the picture it is not continued. */
  readonly moving?: readonly Box[];
  /** Whole luma rectangles of things that stand still: background, but beyond the picture they are not repeated either. */
  readonly still?: readonly Box[];
};

/** How {@link removeObject} works. */
export type RemovalOptions = {
  /** Frames considered together, at least 1: the further apart, the more background is found, and the more memory it takes. */
  readonly window: number;
  /** A second pass over time that lowers flicker in the fill. */
  readonly refine: boolean;
  /** Drives grain only; a 32-bit integer. */
  readonly seed: number;
  /** Gives the fill the grain of its surroundings. It looks more alike and measures worse; off when absent. */
  readonly grain?: boolean;
  /** Luma rectangle of the picture where the hole is all that lies beyond it: what no frame shows then continues it softly. */
  readonly beyond?: Box;
  /** Threads that compute, at least 1. The result does not depend on it. */
  readonly threads: number;
  /** Called after each finished frame, and when a stage begins. */
  readonly onProgress?: (framesDone: number, stage: string) => void;
  readonly onLog?: (level: LogLevel, message: string) => void;
  readonly signal?: AbortSignal;
};
