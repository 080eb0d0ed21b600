/** Audio that a container cannot carry as it is: decoded, resampled and encoded anew, exact to the sample. */
import { avChannelLayoutDefault, Frame, type Packet, type Stream } from "node-av/lib";
import type { MediaHandle } from "../operations/operations.ts";
import { fromSeconds, type Ratio, ratio } from "./ffmpeg.ts";
import { createAudioChain, layoutName } from "./filters/audio-chain.ts";
import type { Output } from "./output.ts";
import { openSoundDecoder } from "./sound/decoder.ts";
import { createSoundEncoder, type SoundCoding } from "./sound/encoder.ts";

const AAC_RATES = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000];
const OPUS_RATES = [8000, 12000, 16000, 24000, 48000];
/** Channel counts whose usual layout both encoders take; others are mixed down to stereo. */
const CHANNELS = [1, 2, 3, 4, 5, 6, 8];
const BITS_PER_CHANNEL = 80_000;

/** Where a track's samples go. */
export type AudioEncoder = {
  /** Encodes up to an output time in seconds. Packets damaged beyond decoding leave silence. */
  send(packet: Packet, end: number): Promise<void>;
  /** Writes everything still held. */
  finish(end: number): Promise<void>;
  close(): void;
};

/** The coding under pictures that is nearest to a sound's own rate and channels. */
export function codingFor(container: Output["container"], rate: number, channels: number): SoundCoding {
  const isOpus = container === "webm";
  const rates = isOpus ? OPUS_RATES : AAC_RATES;
  const count = CHANNELS.includes(channels) ? channels : 2;
  return {
    encoder: isOpus ? "libopus" : "aac",
    samples: isOpus ? "flt" : "fltp",
    rate: rates.includes(rate) ? rate : 48000,
    channels: count,
    bitRate: BITS_PER_CHANNEL * count,
  };
}

/**
 * @param offset seconds to add to the stream's own times; what then lies before zero is cut.
 * @throws ReshootError naming the field when the stream cannot be decoded.
 */
export async function createAudioEncoder(
  output: Output,
  source: Stream,
  media: MediaHandle,
  offset: number,
): Promise<AudioEncoder> {
  const decoder = await openSoundDecoder(source, media);
  const coding = codingFor(output.container, source.codecpar.sampleRate, source.codecpar.channels);
  const encoder = await createSoundEncoder(output, coding);
  const timeBase: Ratio = [1, coding.rate];
  const chain = createAudioChain(ratio(source.timeBase), [
    // Gaps between time stamps become silence, so that what follows stays in step.
    ["aresample", { sample_rate: coding.rate, async: 1 }],
    ["aformat", { sample_fmts: coding.samples, channel_layouts: layoutName(avChannelLayoutDefault(coding.channels)) }],
    ["atrim", { start: Number((-offset).toFixed(6)) }],
    ["asetnsamples", { n: encoder.frameSize, p: 0 }],
  ]);
  const shift = fromSeconds(offset, timeBase);
  const decoded = new Frame();
  decoded.alloc();
  let limit = Number.POSITIVE_INFINITY;

  const encode = async (ready: Frame): Promise<void> => {
    ready.pts += shift;
    const left = limit - Number(ready.pts);
    if (left < 1) return;
    ready.nbSamples = Math.min(ready.nbSamples, left);
    await encoder.write(ready);
  };
  const send = async (input: Packet | null, end: number): Promise<void> => {
    limit = Math.round(end * coding.rate);
    decoder.sendPacketSync(input);
    while (decoder.receiveFrameSync(decoded) >= 0) {
      decoded.pts = decoded.bestEffortTimestamp;
      await chain.feed(decoded, encode);
      decoded.unref();
    }
  };

  return {
    send,
    async finish(end) {
      await send(null, end);
      await chain.feed(null, encode);
      await encoder.finish();
    },
    close() {
      chain.close();
      decoded.free();
      decoder.freeContext();
      encoder.close();
    },
  };
}
