/** Samples into a stream of a file being written; the same samples give the same bytes. */
import { AV_CODEC_FLAG_BITEXACT, AV_CODEC_FLAG_GLOBAL_HEADER } from "node-av/constants";
import { avChannelLayoutDefault, avGetSampleFmtFromName, Codec, CodecContext, type Frame, Packet } from "node-av/lib";
import { check, type Ratio, rational } from "../ffmpeg.ts";
import type { Output } from "../output.ts";

/** How sound is coded. */
export type SoundCoding = {
  /** FFmpeg's encoder. */
  readonly encoder: "aac" | "libopus" | "libmp3lame" | "pcm_s16le" | "pcm_s24le" | "pcm_mulaw" | "pcm_alaw";
  /** Samples a second. */
  readonly rate: number;
  readonly channels: number;
  /** FFmpeg's name of the samples that the encoder takes. */
  readonly samples: "flt" | "fltp" | "s16" | "s32";
  /** Bits a second of all channels; of no meaning to PCM. */
  readonly bitRate?: number;
};

/** An encoder on its way into a file. */
export type SoundEncoder = {
  /** Samples of every frame but the last; 0: any number. */
  readonly frameSize: number;
  /** Takes a frame in the encoder's own format; its time counts samples. */
  write(frame: Frame): Promise<void>;
  /** Writes everything still held. */
  finish(): Promise<void>;
  close(): void;
};

/** Adds a stream to an output that has not been started. */
export async function createSoundEncoder(output: Output, coding: SoundCoding): Promise<SoundEncoder> {
  const codec = Codec.findEncoderByName(coding.encoder as Parameters<typeof Codec.findEncoderByName>[0]);
  if (!codec) throw new Error(`the encoder ${coding.encoder} is missing`);
  const encoder = new CodecContext();
  encoder.allocContext3(codec);
  encoder.sampleRate = coding.rate;
  encoder.channelLayout = avChannelLayoutDefault(coding.channels);
  encoder.sampleFormat = avGetSampleFmtFromName(coding.samples);
  const timeBase: Ratio = [1, coding.rate];
  encoder.timeBase = rational(timeBase);
  if (coding.bitRate !== undefined) encoder.bitRate = BigInt(coding.bitRate);
  encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER, AV_CODEC_FLAG_BITEXACT);
  encoder.threadCount = 1;
  check(await encoder.open2(codec, null), "opening the audio encoder");
  const stream = output.addStream(encoder, timeBase);
  const packet = new Packet();
  packet.alloc();
  const drain = async (): Promise<void> => {
    while (encoder.receivePacketSync(packet) >= 0) await output.write(packet, stream, timeBase);
  };
  const send = async (frame: Frame | null): Promise<void> => {
    // A call to another thread would take longer than these few samples.
    check(encoder.sendFrameSync(frame), "encoding audio");
    await drain();
  };
  return {
    frameSize: encoder.frameSize,
    write: send,
    finish: () => send(null),
    close() {
      packet.free();
      encoder.freeContext();
    },
  };
}
