/** One frame as a file that every program shows. */
import { writeFile } from "node:fs/promises";
import {
  AV_CODEC_FLAG_BITEXACT,
  AV_CODEC_FLAG_QSCALE,
  AV_PIX_FMT_RGB24,
  AV_PIX_FMT_YUVJ420P,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT470BG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_RGB,
  FF_ENCODER_MJPEG,
  FF_ENCODER_PNG,
} from "node-av/constants";
import { Codec, CodecContext, type Frame as NativeFrame, Packet } from "node-av/lib";
import { allocatePicture, check, createScaler, type Ratio, rational } from "./ffmpeg.ts";
import type { Frame, FrameFormat } from "./frame.ts";
import type { ColorTags } from "./picture.ts";
import { fillPlane } from "./picture.ts";
import { planarFormat } from "./pixel-format.ts";

/** Steps of the JPEG's quantiser, 1 (finest) to 31. */
const JPEG_QUALITY = 3;
/** FFmpeg's unit of its own quality scale. */
const LAMBDA = 118;

/**
 * Writes a frame as an 8-bit RGB PNG; within rounding of what a player shows.
 * @param path absolute.
 * @param color of the frames; BT.709 when absent.
 * @param sampleAspect of its pixels; square when absent.
 */
export async function savePng(
  path: string,
  frame: Frame,
  format: FrameFormat,
  color?: ColorTags,
  sampleAspect: Ratio = [1, 1],
): Promise<void> {
  const { width, height } = format;
  const yuv = allocatePicture(width, height, planarFormat(format));
  const rgb = allocatePicture(width, height, AV_PIX_FMT_RGB24);
  try {
    for (const [index, plane] of frame.planes.entries()) fillPlane(yuv, index, plane, format.bitDepth);
    rgb.colorSpace = AVCOL_SPC_RGB;
    convert(yuv, rgb, format, color);
    await encode(path, rgb, FF_ENCODER_PNG, sampleAspect);
  } finally {
    yuv.free();
    rgb.free();
  }
}

/**
 * Writes a planar picture as a JPEG (JFIF: full range, BT.601).
 * @param path absolute.
 */
export async function saveJpeg(
  path: string,
  picture: NativeFrame,
  format: FrameFormat,
  color: ColorTags,
): Promise<void> {
  const jpeg = allocatePicture(format.width, format.height, AV_PIX_FMT_YUVJ420P);
  try {
    jpeg.colorSpace = AVCOL_SPC_BT470BG;
    convert(picture, jpeg, format, color);
    jpeg.quality = JPEG_QUALITY * LAMBDA;
    await encode(path, jpeg, FF_ENCODER_MJPEG, [1, 1]);
  } finally {
    jpeg.free();
  }
}

function convert(from: NativeFrame, to: NativeFrame, format: FrameFormat, color: ColorTags | undefined): void {
  from.colorSpace = color?.matrix ?? AVCOL_SPC_BT709;
  from.colorRange = format.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  to.colorRange = AVCOL_RANGE_JPEG;
  const scaler = createScaler();
  try {
    check(scaler.scaleFrameSync(to, from), "converting a picture");
  } finally {
    scaler.freeContext();
  }
}

async function encode(
  path: string,
  picture: NativeFrame,
  name: typeof FF_ENCODER_PNG | typeof FF_ENCODER_MJPEG,
  sampleAspect: Ratio,
): Promise<void> {
  const encoder = new CodecContext();
  const packet = new Packet();
  packet.alloc();
  try {
    const codec = Codec.findEncoderByName(name);
    if (!codec) throw new Error(`the encoder ${name} is missing`);
    encoder.allocContext3(codec);
    encoder.width = picture.width;
    encoder.height = picture.height;
    encoder.pixelFormat = picture.format as CodecContext["pixelFormat"];
    encoder.colorRange = AVCOL_RANGE_JPEG;
    encoder.timeBase = rational([1, 25]);
    encoder.sampleAspectRatio = rational(sampleAspect);
    encoder.globalQuality = JPEG_QUALITY * LAMBDA;
    encoder.setFlags(AV_CODEC_FLAG_BITEXACT, AV_CODEC_FLAG_QSCALE);
    encoder.threadCount = 1;
    check(await encoder.open2(codec, null), "opening a picture's encoder");
    check(await encoder.sendFrame(picture), "encoding a picture");
    check(await encoder.sendFrame(null), "encoding a picture");
    check(await encoder.receivePacket(packet), "encoding a picture");
    await writeFile(path, packet.data!);
  } finally {
    packet.free();
    encoder.freeContext();
  }
}
