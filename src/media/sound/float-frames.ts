/** Frames of planar floats, as arrays. */
import { AV_SAMPLE_FMT_FLTP } from "node-av/constants";
import { avChannelLayoutDefault, Frame } from "node-av/lib";
import { check } from "../ffmpeg.ts";

/** The samples of a frame of planar floats, one array a channel; valid as long as the frame. */
export function floatChannels(frame: Frame): Float32Array[] {
  return Array.from({ length: frame.channels }, (_, index) => {
    const bytes = frame.extendedData![index]!;
    return new Float32Array(bytes.buffer, bytes.byteOffset, frame.nbSamples);
  });
}

/** A frame of planar floats with samples of its own, which are not zero. The caller frees it. */
export function allocateFloats(rate: number, channels: number, count: number): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.format = AV_SAMPLE_FMT_FLTP;
  frame.sampleRate = rate;
  frame.channelLayout = avChannelLayoutDefault(channels);
  frame.nbSamples = count;
  check(frame.getBuffer(), "allocating sound");
  return frame;
}
