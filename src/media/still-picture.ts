/** A still picture in a video's own colours, with its transparency. */
import {
  AV_PIX_FMT_RGBA,
  AV_PIX_FMT_YUVA444P,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_RGB,
  AVCOL_SPC_UNSPECIFIED,
} from "node-av/constants";
import type { MediaHandle } from "../operations/operations.ts";
import { allocatePicture, check, createScaler } from "./ffmpeg.ts";
import type { MediaLimits } from "./limits.ts";
import { openInput, requireVideo } from "./open-input.ts";
import { turnPlane } from "./orientation.ts";
import { type ColorTags, samplesOf } from "./picture.ts";
import { readingOf } from "./pixel-format.ts";
import { firstPicture } from "./video-source.ts";

/** Y, U, V and alpha of every pixel, 8 bits each, packed rows, upright. */
export type Still = {
  readonly width: number;
  readonly height: number;
  readonly planes: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
};

/** Longer sides are made shorter: no video shows more of a picture that is laid into it. */
const LONGEST = 2048;

/**
 * Reads a picture, or the first frame of a video.
 * @param like what the numbers of the result mean: a video's matrix and range.
 * @throws ReshootError naming the field.
 */
export async function readStill(
  media: MediaHandle,
  like: { readonly color: ColorTags; readonly fullRange: boolean },
  limits: MediaLimits,
): Promise<Still> {
  const input = await openInput(media, "image", limits);
  try {
    const stream = requireVideo(input, media, "image");
    const { first, rest, orientation } = await firstPicture(input, stream, media, "image", limits);
    const { native } = first;
    const share = Math.min(1, LONGEST / Math.max(native.width, native.height));
    const [width, height] = [native.width, native.height].map((side) => Math.max(1, Math.round(side * share))) as [
      number,
      number,
    ];
    const rgba = allocatePicture(width, height, AV_PIX_FMT_RGBA);
    const yuva = allocatePicture(width, height, AV_PIX_FMT_YUVA444P);
    const scaler = createScaler();
    const back = createScaler();
    try {
      const { way } = readingOf(native.format as never, native.width, native.height);
      if (way === "rgb") native.colorSpace = AVCOL_SPC_RGB;
      // Through RGB: pictures and videos seldom share a matrix.
      rgba.colorSpace = AVCOL_SPC_RGB;
      rgba.colorRange = AVCOL_RANGE_JPEG;
      check(scaler.scaleFrameSync(rgba, native), "reading a picture");
      const { matrix } = like.color;
      yuva.colorSpace = matrix === AVCOL_SPC_UNSPECIFIED || matrix === AVCOL_SPC_RGB ? AVCOL_SPC_BT709 : matrix;
      yuva.colorRange = like.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
      check(back.scaleFrameSync(yuva, rgba), "reading a picture");
      const plane = (index: number) => {
        const { data, stride } = samplesOf(yuva, index, 8);
        return turnPlane(data, stride, width, height, orientation);
      };
      const planes = [plane(0), plane(1), plane(2), plane(3)];
      const bytes = planes.map(({ data, stride, width: w, height: h }) => {
        const out = new Uint8Array(w * h);
        for (let y = 0; y < h; y++) out.set(data.subarray(y * stride, y * stride + w), y * w);
        return out;
      });
      return { width: planes[0]!.width, height: planes[0]!.height, planes: bytes as unknown as Still["planes"] };
    } finally {
      scaler.freeContext();
      back.freeContext();
      rgba.free();
      yuva.free();
      await rest.return();
    }
  } finally {
    await input.close();
  }
}
