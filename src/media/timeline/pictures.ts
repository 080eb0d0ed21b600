/** A video or still as the pictures that are to be seen at given times, in FFmpeg's own frames. */
import type { Frame as NativeFrame } from "node-av/lib";
import type { MediaHandle, MediaInfo } from "../../operations/operations.ts";
import { type Ratio, ratio, toSeconds } from "../ffmpeg.ts";
import type { FrameFormat } from "../frame.ts";
import type { MediaKind, MediaLimits } from "../limits.ts";
import { openInput, requireVideo } from "../open-input.ts";
import type { Orientation } from "../orientation.ts";
import { type ColorTags, createPictureReader } from "../picture.ts";
import { readingOf } from "../pixel-format.ts";
import { describe, sampleAspect } from "../probe.ts";
import { firstPicture } from "../video-source.ts";

/** What all pictures of a file share. */
export type PictureFacts = {
  readonly info: MediaInfo;
  readonly isStill: boolean;
  /** As displayed. RGB counts as what it becomes. */
  readonly format: FrameFormat;
  readonly color: ColorTags;
  /** As displayed. */
  readonly sampleAspect: Ratio;
  readonly orientation: Orientation;
  readonly isRgb: boolean;
  readonly hasAlpha: boolean;
  /** Average pictures a second; undefined for a still. */
  readonly rate: Ratio | undefined;
};

/** Open pictures, in one pass. */
export type Pictures = {
  readonly facts: PictureFacts;
  /**
   * The last picture whose time is before this one, in seconds from the start of the file; the first when there is none,
   * the last when there are no more. The same object for the same picture; valid until another is asked for.
   * @param before never less than the last time.
   */
  show(before: number): Promise<NativeFrame>;
  close(): Promise<void>;
};

type Timed = { readonly native: NativeFrame; readonly time: number };

/** @throws ReshootError naming the field; while pictures are shown, when the file turns out longer than allowed. */
export async function openPictures(media: MediaHandle, kind: MediaKind, limits: MediaLimits): Promise<Pictures> {
  const input = await openInput(media, kind, limits);
  try {
    const stream = requireVideo(input, media, kind);
    const timeBase = ratio(stream.timeBase);
    const { first, rest, orientation } = await firstPicture(input, stream, media, kind, limits);
    let current: Timed = { native: first.native.clone()!, time: toSeconds(first.pts, timeBase) };
    const reader = createPictureReader(first.native, orientation);
    reader.close();
    const reading = readingOf(first.native.format as never, first.native.width, first.native.height);
    const rate = [stream.avgFrameRate, stream.rFrameRate].find(({ num, den }) => num > 0 && den > 0);

    const read = async (): Promise<Timed | undefined> => {
      const { value } = await rest.next();
      return value ? { native: value.native.clone()!, time: toSeconds(value.pts, timeBase) } : undefined;
    };
    // The next picture is decoded while this one is worked on.
    const ahead = (): Promise<Timed | undefined> => {
      const promise = read();
      promise.catch(() => {});
      return promise;
    };
    let pending: Promise<Timed | undefined> | undefined;
    let next: Timed | undefined;

    return {
      facts: {
        info: describe(input),
        isStill: input.isStill,
        format: reader.format,
        color: reader.color,
        sampleAspect: sampleAspect(stream, orientation.swap),
        orientation,
        isRgb: reading.way === "rgb",
        hasAlpha: reader.hasAlpha,
        rate: input.isStill || !rate ? undefined : ratio(rate),
      },
      async show(before) {
        if (!pending) {
          next = await ahead();
          pending = ahead();
        }
        while (next && next.time < before - 1e-9) {
          current.native.free();
          current = next;
          next = await pending;
          if (next) pending = ahead();
        }
        return current.native;
      },
      async close() {
        const left = await pending?.catch(() => undefined);
        left?.native.free();
        if (next !== left) next?.native.free();
        current.native.free();
        await rest.return();
        await input.close();
      },
    };
  } catch (error) {
    await input.close();
    throw error;
  }
}

/** What a file's pictures are, without keeping it open. @throws as {@link openPictures}. */
export async function pictureFacts(media: MediaHandle, kind: MediaKind, limits: MediaLimits): Promise<PictureFacts> {
  const pictures = await openPictures(media, kind, limits);
  await pictures.close();
  return pictures.facts;
}

/** Width and height in square pixels, as displayed. */
export function displaySize({ format, sampleAspect: [num, den] }: PictureFacts): { width: number; height: number } {
  const { width, height } = format;
  // Enlarged rather than reduced, so that no detail is lost.
  return num >= den
    ? { width: Math.max(1, Math.round((width * num) / den)), height }
    : { width, height: Math.max(1, Math.round((height * den) / num)) };
}
