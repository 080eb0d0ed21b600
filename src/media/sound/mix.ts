/** Several sounds as one stream, each at its time, added sample by sample. */

import type { MediaHandle } from "../../operations/operations.ts";
import { codingFor } from "../audio-encode.ts";
import type { AudioFeed } from "../audio-feed.ts";
import type { MediaLimits } from "../limits.ts";
import type { Output } from "../output.ts";
import { createSoundEncoder } from "./encoder.ts";
import { allocateFloats, floatChannels } from "./float-frames.ts";
import { openSound, type SampleFormat, type SoundFacts } from "./sound-source.ts";

/** A sound and when it is heard. */
export type PlacedSound = {
  readonly media: MediaHandle;
  /** What it is, as {@link soundFacts} found. */
  readonly facts: SoundFacts;
  /** Seconds of the result at which the file's time zero lies. */
  readonly start: number;
  /** Seconds of the result at which it is cut. */
  readonly end: number;
};

/** Samples that are added up at once; the encoder asks for no more. */
const BLOCK = 1024;

/** What a file's first sound is, or undefined when it has none. @throws ReshootError naming the field. */
export async function soundFacts(media: MediaHandle, limits: MediaLimits): Promise<SoundFacts> {
  const source = await openSound(media, limits);
  await source.close();
  return source.facts;
}

/**
 * Adds one stream of sound to an output that has not been started. Its rate and channels are the sounds' own where all
 * agree, else 48 kHz and stereo. Levels stay as they are; sums beyond full scale are cut off there.
 * @throws ReshootError naming the sound's field.
 */
export async function mixSounds(
  output: Output,
  sounds: readonly PlacedSound[],
  limits: MediaLimits,
): Promise<AudioFeed> {
  const common = <Key extends "rate" | "channels">(key: Key, otherwise: number): number => {
    const values = new Set(sounds.map(({ facts }) => facts[key]));
    return values.size === 1 ? [...values][0]! : otherwise;
  };
  const coding = codingFor(output.container, common("rate", 48000), common("channels", 2));
  const encoder = await createSoundEncoder(output, coding);
  const size = encoder.frameSize || BLOCK;
  const format: SampleFormat = { rate: coding.rate, channels: coding.channels, samples: "fltp" };
  const voices = sounds.map((sound) => createVoice(sound, format, limits));
  let position = 0;

  const writeBlock = async (count: number): Promise<void> => {
    const frame = allocateFloats(coding.rate, coding.channels, count);
    try {
      const sums = floatChannels(frame);
      for (const sum of sums) sum.fill(0);
      for (const voice of voices) await voice.addTo(sums, position);
      for (const sum of sums) {
        for (let i = 0; i < count; i++) sum[i] = Math.min(1, Math.max(-1, sum[i]!));
      }
      frame.pts = BigInt(position);
      await encoder.write(frame);
      position += count;
    } finally {
      frame.free();
    }
  };

  return {
    trackCount: 1,
    async pump(seconds) {
      // The last block is cut where the pictures end, which is known later.
      while (position + 2 * size <= seconds * coding.rate) await writeBlock(size);
    },
    async finish(end) {
      const whole = Math.round(end * coding.rate);
      while (position < whole) await writeBlock(Math.min(size, whole - position));
      await encoder.finish();
    },
    async close() {
      for (const voice of voices) await voice.close();
      encoder.close();
    },
  };
}

type Voice = {
  /** Adds what is heard of it from a sample of the result on. */
  addTo(sums: readonly Float32Array[], position: number): Promise<void>;
  close(): Promise<void>;
};

function createVoice({ media, start, end }: PlacedSound, format: SampleFormat, limits: MediaLimits): Voice {
  const shift = Math.round(start * format.rate);
  const stop = Math.round(end * format.rate);
  let source: Awaited<ReturnType<typeof openSound>> | undefined;
  let frames: ReturnType<Awaited<ReturnType<typeof openSound>>["frames"]> | undefined;
  /** Samples not used up, and where in the result they begin. */
  let held: { at: number; channels: Float32Array[] } | undefined;
  let ended = false;

  const close = async (): Promise<void> => {
    ended = true;
    held = undefined;
    await frames?.return();
    await source?.close();
    frames = undefined;
    source = undefined;
  };
  const next = async (): Promise<void> => {
    source ??= await openSound(media, limits);
    frames ??= source.frames(format);
    const { value: frame } = await frames.next();
    if (!frame) return close();
    held = { at: Number(frame.pts) + shift, channels: floatChannels(frame).map((channel) => channel.slice()) };
  };

  return {
    async addTo(sums, position) {
      const limit = position + sums[0]!.length;
      if (limit <= shift) return;
      if (position >= stop) await close();
      while (!ended) {
        if (!held) await next();
        if (!held) return;
        const length = held.channels[0]!.length;
        const from = Math.max(held.at, position, shift);
        const to = Math.min(held.at + length, limit, stop);
        for (const [index, sum] of sums.entries()) {
          const samples = held.channels[index]!;
          for (let at = from; at < to; at++) sum[at - position]! += samples[at - held.at]!;
        }
        if (held.at + length > limit) return;
        held = undefined;
      }
    },
    close,
  };
}
