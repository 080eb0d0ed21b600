/** The first sound of a file as samples in a wanted format, in one pass. */
import { AVDISCARD_ALL } from "node-av/constants";
import { avChannelLayoutDefault, avGetCodecName, Frame, Packet } from "node-av/lib";
import type { MediaHandle } from "../../operations/operations.ts";
import { known, MICROSECONDS, ratio, rescale, toSeconds } from "../ffmpeg.ts";
import { createAudioChain, layoutName } from "../filters/audio-chain.ts";
import type { FilterStep } from "../filters/filter.ts";
import { checkDuration, loadError, type MediaLimits } from "../limits.ts";
import { openInput } from "../open-input.ts";
import { readPacket } from "../read-packet.ts";
import { openSoundDecoder } from "./decoder.ts";
import type { SoundCoding } from "./encoder.ts";

/** What the samples shall be. */
export type SampleFormat = Pick<SoundCoding, "rate" | "channels" | "samples">;

/** What a file's first sound is. */
export type SoundFacts = {
  readonly codec: string;
  readonly rate: number;
  readonly channels: number;
  /** Bits of a sample where they are kept as they were; 0 for codings with loss. */
  readonly exactBits: number;
};

/** Open sound; `frames` can be called once. */
export type SoundSource = {
  readonly facts: SoundFacts;
  /**
   * Frames of any length, valid until the next is asked for. Their times count samples from the start of the file; gaps
   * between them are filled with silence, what comes before the first is not.
   */
  frames(format: SampleFormat, more?: readonly FilterStep[]): AsyncGenerator<Frame, void, undefined>;
  close(): Promise<void>;
};

/** Codings that keep every bit; what else does is `pcm_…`. */
const LOSSLESS = ["flac", "alac", "wavpack", "tta", "ape"];

/** @throws ReshootError naming the field: no sound, cannot be decoded; while frames are read, longer than allowed. */
export async function openSound(media: MediaHandle, limits: MediaLimits): Promise<SoundSource> {
  const input = await openInput(media, "audio", limits);
  try {
    const stream = input.audio[0];
    if (!stream) throw loadError(media, "audio", "The file has no audio stream");
    for (const other of input.context.streams) if (other.index !== stream.index) other.discard = AVDISCARD_ALL;
    const parameters = stream.codecpar;
    const codec = avGetCodecName(parameters.codecId) ?? "unknown";
    const isExact = LOSSLESS.includes(codec) || /^pcm_(?!mulaw|alaw)/.test(codec);
    const timeBase = ratio(stream.timeBase);
    const start = rescale(input.startTime, MICROSECONDS, timeBase);

    return {
      facts: {
        codec,
        rate: parameters.sampleRate,
        channels: parameters.channels,
        exactBits: isExact ? parameters.bitsPerRawSample || parameters.bitsPerCodedSample || 16 : 0,
      },
      async *frames(format, more = []) {
        const decoder = await openSoundDecoder(stream, media);
        const layout = layoutName(avChannelLayoutDefault(format.channels));
        const chain = createAudioChain(timeBase, [
          ["aresample", { sample_rate: format.rate, async: 1 }],
          ["aformat", { sample_fmts: format.samples, channel_layouts: layout }],
          ...more,
        ]);
        const packet = new Packet();
        const decoded = new Frame();
        packet.alloc();
        decoded.alloc();
        // What one packet gives is little: it is held so that whoever asks may take his time.
        const held: Frame[] = [];
        let count = 0;
        const hold = async (ready: Frame): Promise<void> => {
          count += ready.nbSamples;
          checkDuration(media, "audio", count / format.rate, limits);
          held.push(ready.clone()!);
        };
        let next = 0n;
        try {
          for (let ended = false; !ended; ) {
            ended = (await readPacket(input.context, packet)) < 0;
            if (!ended && packet.streamIndex !== stream.index) {
              packet.unref();
              continue;
            }
            // A refused packet is a damaged one: the next may be whole.
            decoder.sendPacketSync(ended ? null : packet);
            packet.unref();
            while (decoder.receiveFrameSync(decoded) >= 0) {
              const stated = known(decoded.bestEffortTimestamp);
              decoded.pts = stated === undefined ? next : stated - start;
              // A leap in time would be filled with silence: it counts before that.
              checkDuration(media, "audio", toSeconds(decoded.pts, timeBase), limits);
              next = decoded.pts + rescale(BigInt(decoded.nbSamples), [1, Math.max(1, decoded.sampleRate)], timeBase);
              await chain.feed(decoded, hold);
              decoded.unref();
            }
            if (ended) await chain.feed(null, hold);
            for (let frame = held.shift(); frame; frame = held.shift()) {
              yield frame;
              frame.free();
            }
          }
          if (count === 0) throw loadError(media, "audio", "No sound of this file can be decoded");
        } finally {
          for (const frame of held) frame.free();
          chain.close();
          decoded.free();
          packet.free();
          decoder.freeContext();
        }
      },
      close: () => input.close(),
    };
  } catch (error) {
    await input.close();
    throw error;
  }
}
