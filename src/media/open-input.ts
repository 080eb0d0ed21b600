/** Opens a hostile file: only local, only known containers, sizes and durations checked before anything is decoded. */
import "./polyfill.ts";
import { open, stat } from "node:fs/promises";
import { AV_DISPOSITION_ATTACHED_PIC, AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_VIDEO } from "node-av/constants";
import { Dictionary, FFmpegError, FormatContext, InputFormat, type Stream } from "node-av/lib";
import type { MediaHandle } from "../operations/operations.ts";
import { known } from "./ffmpeg.ts";
import {
  checkDuration,
  checkPixels,
  formatError,
  loadError,
  MAX_STREAMS,
  type MediaKind,
  type MediaLimits,
} from "./limits.ts";
import { type StillSize, stillSize } from "./still-size.ts";

/** Demuxers that read moving pictures or sound. Playlists, scripts and everything that opens further files is absent. */
const MOVING = ["mov", "matroska", "avi", "mpegts", "mpeg", "flv", "gif", "apng", "webp_anim", "yuv4mpegpipe"];
const SOUND = ["wav", "mp3", "aac", "flac", "ogg"];
const STILL = ["png_pipe", "jpeg_pipe", "webp_pipe"];
/** Containers that tell their streams one by one, as packets come. */
const HEADERLESS = ["mpegts", "flv"];
const ALLOWED = [...MOVING, ...SOUND, ...STILL].join(",");

/** A JPEG may carry this much metadata before its size. */
const HEADER_BYTES = 1024 * 1024;

/** Bytes of a file, and what its first ones say of a single picture. */
type Header = { readonly size: number; readonly still: StillSize | undefined };

/** An open file. */
export type OpenInput = {
  readonly context: FormatContext;
  /** FFmpeg's short container name. */
  readonly container: string;
  /** A single picture rather than a stream. */
  readonly isStill: boolean;
  /** The first moving (or still) picture stream; cover art is none. */
  readonly video: Stream | undefined;
  readonly audio: readonly Stream[];
  /** Bytes. */
  readonly size: number;
  /** Microseconds: the earliest time stamp of any stream, which becomes time zero. */
  readonly startTime: bigint;
  close(): Promise<void>;
};

/**
 * Opens a file for reading and finds its streams.
 * @throws ReshootError naming the field: unsupported format, load error, too large, too long.
 */
export async function openInput(media: MediaHandle, kind: MediaKind, limits: MediaLimits): Promise<OpenInput> {
  const { size, still } = await checkHeader(media, kind, limits);
  const context = new FormatContext();
  // Given to avformat, which hands them down to any demuxer nested in this one.
  const options = Dictionary.fromObject({
    protocol_whitelist: "file",
    format_whitelist: ALLOWED,
    max_streams: String(MAX_STREAMS),
  });
  // A name that ends in .jpg outweighs what a JPEG's bytes say: FFmpeg would look for a numbered sequence of files.
  const demuxer = still?.type === "jpeg" ? InputFormat.findInputFormat("jpeg_pipe") : null;
  const opened = await context.openInput(`file:${media.path}`, demuxer, options);
  options.free();
  if (opened < 0) {
    context.freeContext();
    throw formatError(media, kind, `Not a supported ${noun(kind)} file, or damaged beyond reading`);
  }
  try {
    const container = context.iformat?.name ?? "";
    if (context.nbStreams === 0 && !HEADERLESS.includes(container))
      throw loadError(media, kind, "The file has no streams");
    if (context.nbStreams > MAX_STREAMS) throw formatError(media, kind, `More than ${MAX_STREAMS} streams`);
    // Finding out more decodes the first pictures: what the container declares must be within limits by then.
    for (const { codecpar } of context.streams) checkPixels(media, codecpar.width, codecpar.height, limits);
    const found = await context.findStreamInfo(null);
    if (found < 0) throw loadError(media, kind, `The file cannot be read: ${FFmpegError.strerror(found)}`);
    if (context.nbStreams > MAX_STREAMS) throw formatError(media, kind, `More than ${MAX_STREAMS} streams`);

    const isStill = STILL.includes(container);
    const streams = context.streams;
    const video = streams.find(
      (stream) =>
        stream.codecpar.codecType === AVMEDIA_TYPE_VIDEO && (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) === 0,
    );
    const audio = streams.filter(
      (stream) => stream.codecpar.codecType === AVMEDIA_TYPE_AUDIO && stream.codecpar.sampleRate > 0,
    );
    if (video) checkPixels(media, video.codecpar.width, video.codecpar.height, limits);
    if (!isStill) checkDuration(media, video ? "video" : "audio", Number(known(context.duration) ?? 0n) / 1e6, limits);
    return {
      context,
      container,
      isStill,
      video,
      audio,
      size,
      startTime: known(context.startTime) ?? 0n,
      close: () => context.closeInput(),
    };
  } catch (error) {
    await context.closeInput();
    throw error;
  }
}

/** The stream of moving pictures. @throws when there is none that can be read. */
export function requireVideo(input: OpenInput, media: MediaHandle, kind: MediaKind): Stream {
  if (!input.video) throw loadError(media, kind, `The file has no ${kind === "image" ? "picture" : "video stream"}`);
  const { width, height } = input.video.codecpar;
  if (width < 1 || height < 1) throw loadError(media, kind, "The picture's size cannot be read");
  return input.video;
}

/** What FFmpeg would do before any limit holds: read nothing at all, or decode a giant still. */
async function checkHeader(media: MediaHandle, kind: MediaKind, limits: MediaLimits): Promise<Header> {
  const facts = await stat(media.path).catch((cause: unknown) => {
    throw loadError(media, kind, "The file cannot be read", cause);
  });
  if (!facts.isFile()) throw loadError(media, kind, "Not a file");
  if (facts.size === 0) throw loadError(media, kind, "The file is empty");
  const file = await open(media.path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(facts.size, HEADER_BYTES)), 0);
    const still = stillSize(buffer.subarray(0, bytesRead));
    if (!still) return { size: facts.size, still };
    if (still.width < 1 || still.height < 1) throw loadError(media, kind, "The picture's header is damaged");
    checkPixels(media, still.width, still.height, limits);
    return { size: facts.size, still };
  } finally {
    await file.close();
  }
}

function noun(kind: MediaKind): string {
  return kind === "media" ? "video, image or audio" : kind;
}
