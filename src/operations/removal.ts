/** Removing things from a video, and separating a foreground. */
import type { Encoding } from "./encoding.ts";
import type { Delivery, MediaHandle, OperationOptions, ProducedVideo, Unoffered } from "./operations.ts";

/**
 * What a mask's grey values mean. `void`: 0 remove, 63 remove and affected, 127 affected, 255 keep (a binary 0/255 mask is
 * the same with two levels). `white-removes`: 255 remove, 0 keep. The one table of polarities is in vision/mask.ts.
 */
export type MaskPolarity = "void" | "white-removes";

/** See {@link Operations}. */
export type RemovalOperations = {
  /** Replaces the masked object by background; every pixel outside the mask's soft edge is the source's own. */
  removeObject(
    params: {
      video: MediaHandle;
      mask: { media: MediaHandle; polarity: MaskPolarity } | { kind: "moving-object" };
      /** Frames considered together; longer clips run in overlapping windows. */
      window: number;
      /** A second pass over time that lowers flicker. */
      refine: boolean;
      /** Drives grain only; same input and seed give the same bytes. */
      seed: number;
      delivery: Delivery;
      encoding?: Encoding;
      /** Whether the video's sound goes along; true when absent. */
      keepSound?: boolean;
    },
    options: OperationOptions,
  ): Promise<
    ProducedVideo & {
      /** Frames on which anything was marked for removal. */
      markedFrames: number;
      timings: Record<string, number>;
    }
  >;

  /** Alpha of the foreground. */
  matte: Unoffered;
};
