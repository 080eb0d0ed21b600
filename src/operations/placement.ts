/** Putting a picture into a moving scene. */
import type { Encoding } from "./encoding.ts";
import type { Delivery, MediaHandle, OperationOptions, ProducedVideo } from "./operations.ts";
import type { MaskPolarity } from "./removal.ts";

/** See {@link Operations}. */
export type PlacementOperations = {
  /**
   * Lays a picture over what a mask marks: it fits into the mask's box, follows its place and size smoothly, takes on some
   * of the light around it, and has soft edges. A picture with transparency is cut out by it; another one by the colour of
   * its border where that is even, and else is shown whole. Frames without a mark stay as they are.
   * @throws ReshootError naming the picture's field, or the mask's when it marks nothing.
   */
  placePicture(
    params: {
      video: MediaHandle;
      mask: { media: MediaHandle; polarity: MaskPolarity };
      picture: MediaHandle;
      delivery: Delivery;
      encoding?: Encoding;
    },
    options: OperationOptions,
  ): Promise<ProducedVideo & { timings: Record<string, number> }>;

  /** The frames of a video as PNGs in a ZIP: `frame_00000.png` and on. */
  zipFrames(
    params: { video: MediaHandle },
    options: OperationOptions,
  ): Promise<{ zip: MediaHandle; frameCount: number }>;
};
