/** One frame as a PNG, for looking at. */
import { writeFile } from "node:fs/promises";
import {
  AV_PIX_FMT_RGB24,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_RGB,
  FF_ENCODER_PNG,
} from "node-av/constants";
import { Codec, CodecContext, Packet } from "node-av/lib";
import { allocatePicture, check, createScaler, rational } from "./ffmpeg.ts";
import type { Frame, FrameFormat } from "./frame.ts";
import type { ColorTags } from "./picture.ts";
import { fillPlane } from "./picture.ts";
import { planarFormat } from "./pixel-format.ts";

/**
 * Writes a frame as an 8-bit RGB PNG; within rounding of what a player shows.
 * @param path absolute.
 * @param color of the frames; BT.709 when absent.
 */
export async function savePng(path: string, frame: Frame, format: FrameFormat, color?: ColorTags): Promise<void> {
  const { width, height } = format;
  const scaler = createScaler();
  const encoder = new CodecContext();
  const packet = new Packet();
  packet.alloc();
  const yuv = allocatePicture(width, height, planarFormat(format));
  const rgb = allocatePicture(width, height, AV_PIX_FMT_RGB24);
  try {
    for (const [index, plane] of frame.planes.entries()) fillPlane(yuv, index, plane, format.bitDepth);
    yuv.colorSpace = color?.matrix ?? AVCOL_SPC_BT709;
    yuv.colorRange = format.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    rgb.colorSpace = AVCOL_SPC_RGB;
    rgb.colorRange = AVCOL_RANGE_JPEG;
    check(scaler.scaleFrameSync(rgb, yuv), "converting a picture");
    const codec = Codec.findEncoderByName(FF_ENCODER_PNG);
    if (!codec) throw new Error("the PNG encoder is missing");
    encoder.allocContext3(codec);
    encoder.width = width;
    encoder.height = height;
    encoder.pixelFormat = AV_PIX_FMT_RGB24;
    encoder.timeBase = rational([1, 25]);
    encoder.threadCount = 1;
    check(await encoder.open2(codec, null), "opening the PNG encoder");
    check(await encoder.sendFrame(rgb), "encoding a PNG");
    check(await encoder.sendFrame(null), "encoding a PNG");
    check(await encoder.receivePacket(packet), "encoding a PNG");
    await writeFile(path, packet.data!);
  } finally {
    yuv.free();
    rgb.free();
    packet.free();
    encoder.freeContext();
    scaler.freeContext();
  }
}
