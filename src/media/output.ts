/** A file being written: the same packets give the same bytes, and a failed file does not stay. */
import "./polyfill.ts";
import { rm } from "node:fs/promises";
import { AVFMT_FLAG_BITEXACT } from "node-av/constants";
import { CodecContext, type CodecParameters, Dictionary, FormatContext, type Packet, type Stream } from "node-av/lib";
import { check, type Ratio, ratio, rational } from "./ffmpeg.ts";

/** Containers of video that are written. */
export type Container = "mp4" | "mov" | "webm" | "mkv" | "gif";

/** Containers of sound alone that are written. */
export type SoundContainer = "wav" | "mp3" | "ogg";

/** Media types of the containers. */
export const CONTENT_TYPE: Readonly<Record<Container | SoundContainer, string>> = {
  mp4: "video/mp4",
  mov: "video/quicktime",
  webm: "video/webm",
  mkv: "video/x-matroska",
  gif: "image/gif",
  wav: "audio/wav",
  mp3: "audio/mpeg",
  ogg: "audio/ogg",
};

/** Where FFmpeg's name of a container is not ours. */
const MUXER: Readonly<Partial<Record<Container | SoundContainer, string>>> = { mkv: "matroska" };

/** Containers of the family that has edit lists, sample entry names and an index that can stand in front. */
export function isIsoMedia(container: Container | SoundContainer): boolean {
  return container === "mp4" || container === "mov";
}

/** A file being written: streams are added, then `start`, then packets, then `finish` or `abort`. */
export type Output = {
  readonly container: Container | SoundContainer;
  /** @returns a stream like the given one, or as its encoder makes it. */
  addStream(source: CodecParameters | CodecContext, timeBase: Ratio): Stream;
  start(): Promise<void>;
  /** Takes the packet's contents; its times are in `from`. */
  write(packet: Packet, stream: Stream, from: Ratio): Promise<void>;
  finish(): Promise<void>;
  /** Closes and removes the file. Does nothing after `finish`. */
  abort(): Promise<void>;
};

/**
 * Creates a file at an absolute path.
 * @throws ReshootError `storage_full`; Error when the container refuses what it is given.
 */
export async function createOutput(path: string, container: Container | SoundContainer): Promise<Output> {
  const context = new FormatContext();
  check(context.allocOutputContext2(null, MUXER[container] ?? container, path), "creating a file");
  // No creation time, no version strings, no random identifiers.
  context.setFlags(AVFMT_FLAG_BITEXACT);
  check(await context.openOutput(), "creating a file");
  let state: "new" | "started" | "closed" = "new";

  const close = async (): Promise<void> => {
    state = "closed";
    await context.closeOutput();
    context.freeContext();
  };

  return {
    container,
    addStream(source, timeBase) {
      const stream = context.newStream();
      const described =
        source instanceof CodecContext ? stream.codecpar.fromContext(source) : source.copy(stream.codecpar);
      check(described, "describing a stream");
      stream.timeBase = rational(timeBase);
      return stream;
    },
    async start() {
      // Offsets of tracks are kept in the movie's own clock, whose default of a millisecond is too coarse.
      const options = Dictionary.fromObject(
        isIsoMedia(container) ? { movflags: "+faststart", movie_timescale: "90000" } : {},
      );
      const started = await context.writeHeader(options);
      options.free();
      check(started, "starting the file");
      state = "started";
    },
    async write(packet, stream, from) {
      packet.rescaleTs(rational(from), rational(ratio(stream.timeBase)));
      packet.streamIndex = stream.index;
      packet.pos = -1n;
      // Most packets go no further than a buffer: a call to another thread would take longer.
      check(context.interleavedWriteFrameSync(packet), "writing the file");
    },
    async finish() {
      try {
        check(await context.writeTrailer(), "finishing the file");
        await close();
      } catch (error) {
        if (state !== "closed") await close();
        await rm(path, { force: true });
        throw error;
      }
    },
    async abort() {
      if (state === "closed") return;
      await close();
      await rm(path, { force: true });
    },
  };
}
