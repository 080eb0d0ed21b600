/** A mask, from a video or a still picture, as grey levels at the video's size. */
import { AV_PIX_FMT_RGBA, AVCOL_RANGE_JPEG, AVCOL_SPC_RGB } from "node-av/constants";
import type { Frame as NativeFrame } from "node-av/lib";
import type { MediaHandle } from "../operations/operations.ts";
import { allocatePicture, check, createScaler, ratio, toSeconds } from "./ffmpeg.ts";
import { premultiply } from "./flatten.ts";
import type { Plane } from "./frame.ts";
import type { MediaLimits } from "./limits.ts";
import { openInput, requireVideo } from "./open-input.ts";
import { turnPlane } from "./orientation.ts";
import { createPictureReader, type PictureReader } from "./picture.ts";
import { readingOf } from "./pixel-format.ts";
import { firstPicture } from "./video-source.ts";

/** Full-range grey levels, `width * height`, and the time in seconds from the start of the file. */
export type MaskFrame = { readonly levels: Uint8Array; readonly pts: number };

/** An open mask. One pass: `frames` can be called once. */
export type MaskSource = {
  /** A single picture that holds for the whole video. */
  readonly isStill: boolean;
  frames(): AsyncGenerator<MaskFrame, void, undefined>;
  close(): Promise<void>;
};

/**
 * Opens a mask.
 * @param size of the video it belongs to; the mask's pixels are scaled to it by nearest neighbour, so that levels stay levels.
 * @throws ReshootError naming the field.
 */
export async function openMask(
  media: MediaHandle,
  size: { readonly width: number; readonly height: number },
  limits: MediaLimits,
): Promise<MaskSource> {
  const kind = media.contentType.startsWith("image/") ? "image" : "video";
  const input = await openInput(media, kind, limits);
  try {
    const stream = requireVideo(input, media, kind);
    const { first, rest, orientation } = await firstPicture(input, stream, media, kind, limits);
    const timeBase = ratio(stream.timeBase);
    const isRgb = readingOf(first.native.format as never, 2, 2).way === "rgb";
    const reader = isRgb ? undefined : createPictureReader(first.native, orientation);
    const levelsOf = (picture: NativeFrame): Uint8Array => {
      const grey = reader ? lumaLevels(reader, picture) : turnRgb(picture, orientation);
      return nearest(grey, size.width, size.height);
    };
    const firstMask: MaskFrame = { levels: levelsOf(first.native), pts: toSeconds(first.pts, timeBase) };
    return {
      isStill: input.isStill,
      async *frames() {
        yield firstMask;
        for await (const { native, pts } of rest) yield { levels: levelsOf(native), pts: toSeconds(pts, timeBase) };
      },
      async close() {
        await rest.return();
        reader?.close();
        await input.close();
      },
    };
  } catch (error) {
    await input.close();
    throw error;
  }
}

/** The luma plane, spread to 0..255. */
function lumaLevels(reader: PictureReader, picture: NativeFrame): Plane {
  const { bitDepth, fullRange } = reader.format;
  const luma = reader.read(picture).planes[0];
  const data = new Uint8Array(luma.data.length);
  const [black, span] = fullRange ? [0, (1 << bitDepth) - 1] : [16 << (bitDepth - 8), 219 << (bitDepth - 8)];
  const table = Uint8ClampedArray.from({ length: 1 << bitDepth }, (_, level) => ((level - black) * 255) / span);
  for (let i = 0; i < data.length; i++) data[i] = table[luma.data[i]!]!;
  return { ...luma, data };
}

/** BT.709 luma of RGB over black; exact for greys, so that the levels of a PNG mask arrive as they were drawn. */
function turnRgb(picture: NativeFrame, orientation: Parameters<typeof turnPlane>[4]): Plane {
  const { width, height } = picture;
  const rgba = allocatePicture(width, height, AV_PIX_FMT_RGBA);
  rgba.colorSpace = AVCOL_SPC_RGB;
  rgba.colorRange = AVCOL_RANGE_JPEG;
  const scaler = createScaler();
  check(scaler.scaleFrameSync(rgba, picture), "converting a mask");
  scaler.freeContext();
  const bytes = rgba.data![0]!;
  const stride = rgba.linesize[0]!;
  premultiply(bytes);
  const grey = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = y * stride; x < width; x++, from += 4) {
      grey[to++] = (54 * bytes[from]! + 183 * bytes[from + 1]! + 19 * bytes[from + 2]! + 128) >> 8;
    }
  }
  rgba.free();
  return turnPlane(grey, width, width, height, orientation);
}

function nearest(plane: Plane, width: number, height: number): Uint8Array {
  const source = plane.data as Uint8Array;
  if (plane.width === width && plane.height === height) return source;
  const columns = Int32Array.from({ length: width }, (_, x) => Math.floor(((x + 0.5) * plane.width) / width));
  const result = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * plane.height) / height) * plane.stride;
    for (let x = 0; x < width; x++) result[to++] = source[row + columns[x]!]!;
  }
  return result;
}
