/** Finding an object in a video from what a person points at or says. */
import type { Loc } from "../errors.ts";
import type { MediaHandle, OperationOptions } from "./operations.ts";
import type { MaskPolarity } from "./removal.ts";

/** Something a person marked on one frame; several may lie on one frame, and on several frames. */
export type Prompt = {
  /** Index of the frame, from 0. */
  readonly frame: number;
  /** Seconds from the start of the file: when given, the frame nearest to it is meant. */
  readonly time?: number;
  /** The input field it came from, so that an error about it names the field. */
  readonly loc: Loc;
} & (
  | {
      readonly kind: "click" /** Pixels of the frame as displayed. */;
      readonly x: number;
      readonly y: number;
      readonly positive: boolean;
    }
  | { readonly kind: "box"; readonly x: number; readonly y: number; readonly width: number; readonly height: number }
  /** A picture of the whole mask on that frame: the truth there, whatever else was found. */
  | { readonly kind: "mask"; readonly media: MediaHandle; readonly polarity: MaskPolarity }
);

/** What to find. */
export type SegmentationTarget =
  | { readonly kind: "prompts"; readonly prompts: readonly Prompt[] }
  /** Words: classes, several by comma, with positions and colours as qualifiers, or "moving object". */
  | { readonly kind: "words"; readonly text: string; readonly loc: Loc };

/** The first line of a mask as text: pixels of its frames. */
export type RunsHead = { readonly width: number; readonly height: number };

/** A frame of a mask as text. */
export type RunsFrame = {
  /** Seconds from the start of the file. */
  readonly time: number;
  /** Lengths of runs along the rows, from the top left: beside the object, on it, beside it, …; the last one is left out. */
  readonly object: readonly number[];
  /** The same for what the object affects, where that was asked for. */
  readonly affected?: readonly number[];
};

/** See {@link Operations}. */
export type SegmentationOperations = {
  /**
   * Finds an object and follows it through the clip, through occlusion and re-entry.
   * The mask video is 255 on the object and 0 elsewhere (`polarity` "void": the reverse), losslessly coded, with the source's size, frame
   * count and times. What the object affects (its shadow or reflection), marked by `affected`, is followed as well; only
   * `void` can say it, as 127, and as 63 where it meets the object.
   * @throws ReshootError `no_media_generated` naming the prompt's field, with what can be found here and what would find
   *   more, when nothing was found; never an empty or a whole-frame mask.
   */
  segment(
    params: {
      video: MediaHandle;
      target: SegmentationTarget;
      polarity?: MaskPolarity;
      affected?: readonly Prompt[];
      /** Whether `runs` are wanted. */
      withRuns?: boolean;
    },
    options: OperationOptions,
  ): Promise<{
    mask: MediaHandle;
    /** The masks as text, a line of JSON each: first {@link RunsHead}, then a {@link RunsFrame} for every frame. */
    runs?: MediaHandle;
    width: number;
    height: number;
    frameCount: number;
    /** Frames in which the object is seen. */
    framesWithObject: number;
    /** What was found, in words: `person`, `tennis racket`; empty for clicks, boxes and masks. */
    found: readonly string[];
    /** Seconds by stage. */
    timings: Record<string, number>;
  }>;

  /**
   * The same on one frame only, at once, for whoever is still clicking. The mask is a PNG of the frame's size. With `time`,
   * seconds from the start of the file, the frame nearest to it is meant.
   * @param params `frameLoc`: the input field that names the frame. @throws as {@link SegmentationOperations.segment}; `value_error` naming that
   * field when the video has no such frame.
   */
  segmentFrame(
    params: {
      video: MediaHandle;
      target: SegmentationTarget;
      frame: number;
      frameLoc: Loc;
      time?: number;
      polarity?: MaskPolarity;
    },
    options: OperationOptions,
  ): Promise<{
    mask: MediaHandle;
    width: number;
    height: number;
    found: readonly string[];
    timings: Record<string, number>;
  }>;
};
