/** What is known of an object because of what it is: as the nets tell. */
import type { Hints } from "./begin.ts";
import type { Box, Picture } from "./picture.ts";

/** A thing that was found, and how to begin a mask of it. */
export type Sighting = { readonly box: Box; readonly hints: () => Hints };

/** What is known of an object because of what it is. */
export type Kind = {
  /** Things of its kind in a picture, likeliest first. */
  find(picture: Picture): readonly Sighting[];
  /** Outlines the one inside a box: how likely each pixel is its own, 0 to 1. */
  outline?(picture: Picture, box: Box): Float32Array;
  /** Whether it is a glass, a cup or a bottle: of what shows through it little looks like it. */
  readonly isVessel?: boolean;
  /** Whether it has parts that the outline leaves out, as a rider's bicycle. */
  readonly hasMore?: boolean;
};
