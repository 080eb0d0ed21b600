/** A video as frames: planar YUV in its own depth, chroma, range and matrix, upright, each at its own time. */
import { AV_FRAME_DATA_DISPLAYMATRIX } from "node-av/constants";
import type { Frame as NativeFrame, Stream } from "node-av/lib";
import type { MediaHandle, MediaInfo } from "../operations/operations.ts";
import { type DecodedPicture, decodePictures, nominalStep } from "./decode.ts";
import { type Ratio, ratio } from "./ffmpeg.ts";
import type { FrameFormat, TimedFrame } from "./frame.ts";
import { checkPixels, formatError, loadError, type MediaKind, type MediaLimits } from "./limits.ts";
import { type OpenInput, openInput, requireVideo } from "./open-input.ts";
import { type Orientation, orientationOf, streamOrientation, UPRIGHT } from "./orientation.ts";
import { type ColorTags, createPictureReader } from "./picture.ts";
import { describe, sampleAspect } from "./probe.ts";
import { quantiserOf } from "./quantiser.ts";

/** An open video. One pass: `frames` can be called once. */
export type VideoSource = {
  readonly info: MediaInfo;
  readonly format: FrameFormat;
  /** Of the frames' times. */
  readonly timeBase: Ratio;
  readonly color: ColorTags;
  /** As displayed. */
  readonly sampleAspect: Ratio;
  /** The usual distance of two frames, in the time base. */
  readonly frameDuration: bigint;
  /** The source has an alpha channel (every GIF has); what it hides is black in the frames. */
  readonly hasAlpha: boolean;
  frames(): AsyncGenerator<TimedFrame, void, undefined>;
  close(): Promise<void>;
};

/**
 * Opens a video and decodes its first picture, which decides the format.
 *
 * Interlaced pictures are taken as they are. RGB, palette and other formats without a YUV of their own become 4:2:0 (even
 * sizes) or 4:4:4 BT.709 limited range. Turned 4:2:2 becomes 4:4:4. Times count from the start of the file, so that they
 * are in step with its audio.
 * @throws ReshootError naming the field; also while frames are read, when the file turns out longer than allowed.
 */
export async function openVideo(media: MediaHandle, limits: MediaLimits): Promise<VideoSource> {
  const input = await openInput(media, "video", limits);
  try {
    if (input.isStill) throw formatError(media, "video", "A still picture is not a video");
    const stream = requireVideo(input, media, "video");
    const info = describe(input);
    const { first, rest, orientation } = await firstPicture(input, stream, media, "video", limits);
    const reader = createPictureReader(first.native, orientation);
    const timed = ({ native, pts }: DecodedPicture): TimedFrame => ({
      frame: reader.read(native),
      pts,
      quantiser: quantiserOf(native),
    });
    const firstFrame = timed(first);
    const { width, height } = reader.format;
    return {
      info: { ...info, video: { ...info.video!, width, height } },
      format: reader.format,
      timeBase: ratio(stream.timeBase),
      color: reader.color,
      sampleAspect: sampleAspect(stream, orientation.swap),
      frameDuration: nominalStep(stream),
      hasAlpha: reader.hasAlpha,
      async *frames() {
        yield firstFrame;
        for await (const picture of rest) yield timed(picture);
      },
      async close() {
        await rest.return();
        reader.close();
        await input.close();
      },
    };
  } catch (error) {
    await input.close();
    throw error;
  }
}

/**
 * The first picture that can be decoded, what follows it, and how the pictures are turned.
 * @param wanted as of {@link decodePictures}.
 */
export async function firstPicture(
  input: OpenInput,
  stream: Stream,
  media: MediaHandle,
  kind: MediaKind,
  limits: MediaLimits,
  wanted?: bigint,
): Promise<{
  first: { native: NativeFrame; pts: bigint };
  rest: ReturnType<typeof decodePictures>;
  orientation: Orientation;
}> {
  const rest = decodePictures(input, stream, media, kind, limits, wanted);
  const { value: first } = await rest.next();
  if (!first) throw loadError(media, kind, "No picture of this file can be decoded");
  checkPixels(media, first.native.width, first.native.height, limits);
  const stated = streamOrientation(stream);
  // A JPEG's EXIF orientation arrives with the picture.
  const orientation =
    stated === UPRIGHT ? orientationOf(first.native.getSideData(AV_FRAME_DATA_DISPLAYMATRIX)) : stated;
  return { first, rest, orientation };
}
