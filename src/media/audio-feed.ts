/** Sound from one file into another, in step with its pictures: packets are copied where the container carries them. */
import { avGetCodecName, Packet, type Stream } from "node-av/lib";
import type { MediaHandle } from "../operations/operations.ts";
import { type AudioEncoder, createAudioEncoder } from "./audio-encode.ts";
import { fromSeconds, known, MICROSECONDS, type Ratio, ratio, rescale, toSeconds } from "./ffmpeg.ts";
import type { MediaLimits } from "./limits.ts";
import { openInput } from "./open-input.ts";
import { isIsoMedia, type Output } from "./output.ts";
import { readPacket } from "./read-packet.ts";

/** Audio codecs that go into a container without being encoded anew. */
const CARRIES: Readonly<Partial<Record<Output["container"], readonly string[]>>> = {
  mp4: ["aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"],
  mov: ["aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"],
  webm: ["opus", "vorbis"],
  mkv: [
    "aac",
    "mp3",
    "ac3",
    "eac3",
    "opus",
    "vorbis",
    "flac",
    "alac",
    "pcm_s16le",
    "pcm_s16be",
    "pcm_s24le",
    "pcm_f32le",
  ],
  gif: [],
};

/** Sound is written this far behind the pictures, so that its last packet can still be cut at their end. Seconds. */
const LAG = 0.25;

/** Which sound goes under the pictures, and where. */
export type AudioPlan = {
  readonly media: MediaHandle;
  readonly streams: "all" | "first";
  /** Output time, in seconds, of the sound file's time zero; what then lies before zero is cut. */
  readonly offset: number;
  /** Whether sound longer than the pictures is cut where they end. */
  readonly cutAtEnd: boolean;
};

/** Open sound on its way into an output. */
export type AudioFeed = {
  readonly trackCount: number;
  /** Writes what sounds before this output time, in seconds. */
  pump(seconds: number): Promise<void>;
  /** @param end of the pictures, in seconds. */
  finish(end: number): Promise<void>;
  close(): Promise<void>;
};

type Track = {
  /** @param end output time at which sound is cut. */
  take(packet: Packet, end: number): Promise<void>;
  finish(end: number): Promise<void>;
  close(): void;
};

/**
 * Adds the sound's streams to an output that has not been started.
 *
 * Copied sound keeps its sample-exact place in MP4 and MOV (edit lists, and a shortened last packet); players that ignore
 * edit lists, WebM and Matroska are off by less than one packet: 21 ms of AAC at 48 kHz, 26 ms of MP3 at 44.1 kHz, 20 ms of Opus.
 * Encoded sound is exact to the sample.
 * @throws ReshootError naming the sound's field.
 */
export async function addAudio(output: Output, plan: AudioPlan, limits: MediaLimits): Promise<AudioFeed> {
  const input = await openInput(plan.media, "audio", limits);
  const tracks = new Map<number, Track>();
  const packet = new Packet();
  packet.alloc();
  const offset = plan.offset - toSeconds(input.startTime, MICROSECONDS);
  const close = async (): Promise<void> => {
    for (const track of tracks.values()) track.close();
    packet.free();
    await input.close();
  };
  try {
    for (const stream of plan.streams === "all" ? input.audio : input.audio.slice(0, 1)) {
      const copies = CARRIES[output.container]?.includes(avGetCodecName(stream.codecpar.codecId) ?? "");
      const track = copies
        ? copyTrack(output, stream, offset)
        : encodeTrack(await createAudioEncoder(output, stream, plan.media, offset));
      tracks.set(stream.index, track);
    }
  } catch (error) {
    await close();
    throw error;
  }

  let ended = tracks.size === 0;
  let reached = Number.NEGATIVE_INFINITY;
  const readUntil = async (seconds: number, end: number): Promise<void> => {
    while (!ended && reached < seconds) {
      ended = (await readPacket(input.context, packet)) < 0;
      if (ended) break;
      const track = tracks.get(packet.streamIndex);
      if (track) {
        const stream = input.context.streams[packet.streamIndex]!;
        const time = known(packet.pts) ?? known(packet.dts);
        if (time !== undefined) reached = Math.max(reached, toSeconds(time, ratio(stream.timeBase)) + offset);
        await track.take(packet, end);
      }
      packet.unref();
    }
  };

  return {
    trackCount: tracks.size,
    pump: (seconds) => readUntil(seconds - LAG, Number.POSITIVE_INFINITY),
    async finish(picturesEnd) {
      const end = plan.cutAtEnd ? picturesEnd : Number.POSITIVE_INFINITY;
      await readUntil(end, end);
      for (const track of tracks.values()) await track.finish(end);
    },
    close,
  };
}

function encodeTrack(encoder: AudioEncoder): Track {
  return {
    take: (packet, end) => encoder.send(packet, end),
    finish: (end) => encoder.finish(end),
    close: () => encoder.close(),
  };
}

function copyTrack(output: Output, source: Stream, offset: number): Track {
  const timeBase: Ratio = ratio(source.timeBase);
  const target = output.addStream(source.codecpar, timeBase);
  target.codecpar.codecTag = 0;
  const { frameSize, sampleRate, initialPadding } = source.codecpar;
  const shift = fromSeconds(offset, timeBase);
  const usual = frameSize > 0 ? rescale(BigInt(frameSize), [1, sampleRate], timeBase) : 1n;
  const padding = rescale(BigInt(initialPadding), [1, sampleRate], timeBase);
  // A decoder needs the packet before the first one heard. Matroska has no edit list that would hide it.
  const earliest = (duration: bigint): bigint =>
    isIsoMedia(output.container) ? -(duration > padding ? duration : padding) : -padding - 1n;
  let next: bigint | undefined;
  return {
    async take(packet, end) {
      const duration = packet.duration > 0n ? packet.duration : usual;
      const stated = known(packet.pts) ?? known(packet.dts);
      let time = stated === undefined ? (next ?? 0n) : stated + shift;
      if (next !== undefined && time < next - duration + 1n) time = next;
      if (time < earliest(duration)) return;
      next = time + duration;
      const stop = end === Number.POSITIVE_INFINITY ? next : fromSeconds(end, timeBase);
      if (time >= stop) return;
      packet.pts = time;
      packet.dts = time;
      packet.duration = next > stop ? stop - time : duration;
      await output.write(packet, target, timeBase);
    },
    finish: async () => {},
    close: () => {},
  };
}
