/** How coarsely a picture was coded, as its decoder says. */
import { endianness } from "node:os";
import {
  AV_FRAME_DATA_VIDEO_ENC_PARAMS,
  AV_VIDEO_ENC_PARAMS_H264,
  AV_VIDEO_ENC_PARAMS_MPEG2,
  AV_VIDEO_ENC_PARAMS_VP9,
} from "node-av/constants";
import type { Frame } from "node-av/lib";

/** The decoder option that makes {@link quantiserOf} know anything. */
export const QUANTISER_OPTION = { export_side_data: "venc_params" };

/** Bytes of AVVideoEncParams without its blocks, and of the part of a block that is read. */
const HEAD_BYTES = 64;
const BLOCK_BYTES = 20;

/**
 * The picture's mean quantiser on H.264's scale, where 6 more is twice as coarse: about 18 looks clean, 35 plainly damaged. Of H.264,
 * VP9 and the MPEG family before them; undefined of others.
 */
export function quantiserOf(native: Frame): number | undefined {
  const data = native.getSideData(AV_FRAME_DATA_VIDEO_ENC_PARAMS);
  return data && endianness() === "LE" ? readQuantiser(data) : undefined;
}

/** The same of an AVVideoEncParams with its blocks, little endian, pointers of eight bytes. */
export function readQuantiser(data: Buffer): number | undefined {
  if (data.length < HEAD_BYTES) return undefined;
  const blocks = data.readUInt32LE(0);
  const start = Number(data.readBigUInt64LE(8));
  const size = Number(data.readBigUInt64LE(16));
  const type = data.readInt32LE(24);
  let mean = data.readInt32LE(28);
  if (blocks > 0) {
    if (size < BLOCK_BYTES || start + blocks * size > data.length) return undefined;
    let [total, area] = [0, 0];
    for (let i = 0, at = start; i < blocks; i++, at += size) {
      const pixels = Math.max(1, data.readInt32LE(at + 8) * data.readInt32LE(at + 12));
      total += pixels * data.readInt32LE(at + 16);
      area += pixels;
    }
    mean += total / area;
  }
  if (type === AV_VIDEO_ENC_PARAMS_H264) return mean;
  // A step twice as large is 6 more; 4 is a step of 1.
  if (type === AV_VIDEO_ENC_PARAMS_MPEG2) return 4 + 6 * Math.log2(Math.max(1, mean));
  // VP9's 256 steps grow about as evenly.
  if (type === AV_VIDEO_ENC_PARAMS_VP9) return 14 + 0.133 * mean;
  return undefined;
}
