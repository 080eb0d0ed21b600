/** Clips and readings for this folder's tests: everything is made here, so that a bare clone tests the room. */
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after } from "node:test";
import { AV_LOG_QUIET, AVMEDIA_TYPE_AUDIO } from "node-av/constants";
import { Codec, CodecContext, FormatContext, Log, Frame as NativeFrame, Packet } from "node-av/lib";
import type { Delivery, MediaHandle } from "../operations/operations.ts";
import { ratio, rational, toSeconds } from "./ffmpeg.ts";
import type { Frame, FrameFormat, Plane, TimedFrame } from "./frame.ts";
import type { MediaLimits } from "./limits.ts";
import { BT709 } from "./picture.ts";
import { createVideo, type VideoFacts, type VideoOptions } from "./video-sink.ts";
import { openVideo, type VideoSource } from "./video-source.ts";

Log.setLevel(AV_LOG_QUIET);

/** The configured defaults. */
export const LIMITS: MediaLimits = { inputSeconds: 600, inputPixels: 4096 * 2304 };

/** A folder that is gone after the tests of the file. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "media-test-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function handle(path: string, field = "video_url", contentType = "video/mp4"): MediaHandle {
  return { path, loc: ["body", field], contentType, fileName: basename(path) };
}

export function yuv(width: number, height: number, other: Partial<FrameFormat> = {}): FrameFormat {
  return { width, height, chromaShiftX: 1, chromaShiftY: 1, bitDepth: 8, fullRange: false, ...other };
}

/** A frame of texture that moves with `time`; the same arguments give the same samples. */
export function testFrame(format: FrameFormat, time: number): Frame {
  const scale = 1 << (format.bitDepth - 8);
  const plane = (index: number): Plane => {
    const width = index === 0 ? format.width : (format.width + (1 << format.chromaShiftX) - 1) >> format.chromaShiftX;
    const height =
      index === 0 ? format.height : (format.height + (1 << format.chromaShiftY) - 1) >> format.chromaShiftY;
    const data = format.bitDepth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++)
        data[y * width + x] = (20 + ((x * 7 + y * 13 + time * 5 + index * 40) % 200)) * scale;
    }
    return { data, width, height, stride: width };
  };
  return { planes: [plane(0), plane(1), plane(2)] };
}

/** Writes frames at these times (default: one a tick). */
export async function writeClip(
  path: string,
  format: FrameFormat,
  times: readonly number[],
  options: Partial<VideoOptions> & { delivery?: Delivery } = {},
): Promise<VideoFacts> {
  const sink = await createVideo(path, {
    format,
    timeBase: [1, 25],
    color: BT709,
    sampleAspect: [1, 1],
    delivery: "default",
    frameDuration: 1n,
    ...options,
  });
  for (const [index, time] of times.entries()) await sink.write(testFrame(format, index), BigInt(time));
  return sink.finish();
}

/** All frames of a file. */
export async function readAll(
  media: MediaHandle,
  limits = LIMITS,
): Promise<{ source: VideoSource; frames: TimedFrame[] }> {
  const source = await openVideo(media, limits);
  const frames: TimedFrame[] = [];
  try {
    for await (const frame of source.frames()) frames.push(frame);
  } finally {
    await source.close();
  }
  return { source, frames };
}

export const RATE = 48000;

/** A WAV with a tenth of a second of tone at each of the given seconds, silence elsewhere. */
export async function writeBeeps(path: string, seconds: number, beeps: readonly number[], channels = 1): Promise<void> {
  const count = Math.round(seconds * RATE);
  const data = Buffer.alloc(count * channels * 2);
  for (const beep of beeps) {
    for (let i = 0; i < RATE / 10; i++) {
      const value = Math.round(Math.sin((i * 2 * Math.PI * 1000) / RATE) * 20000);
      const at = Math.round(beep * RATE) + i;
      for (let c = 0; c < channels; c++) if (at < count) data.writeInt16LE(value, (at * channels + c) * 2);
    }
  }
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * channels * 2, 28);
  head.writeUInt16LE(channels * 2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  await writeFile(path, Buffer.concat([head, data]));
}

/** Where a file's sound begins to be heard, as a player places it: seconds of every onset, and where the last sample ends. */
export async function hear(
  path: string,
  track = 0,
): Promise<{ onsets: number[]; end: number; channels: number; codec: string }> {
  const context = new FormatContext();
  await context.openInput(path);
  await context.findStreamInfo();
  const stream = context.streams.filter((s) => s.codecpar.codecType === AVMEDIA_TYPE_AUDIO)[track];
  if (!stream) throw new Error("no audio");
  const codec = Codec.findDecoder(stream.codecpar.codecId)!;
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.parametersToContext(stream.codecpar);
  decoder.pktTimebase = rational(ratio(stream.timeBase));
  await decoder.open2(codec, null);
  const packet = new Packet();
  const native = new NativeFrame();
  packet.alloc();
  native.alloc();
  const onsets: number[] = [];
  let end = 0;
  let quietUntil = -1;
  const listen = async (): Promise<void> => {
    while ((await decoder.receiveFrame(native)) >= 0) {
      const start = toSeconds(native.bestEffortTimestamp, ratio(stream.timeBase));
      const bytes = native.data![0]!;
      const samples = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
      for (let i = 0; i < native.nbSamples; i++) {
        const at = start + i / native.sampleRate;
        const isPlanar = native.format !== 3;
        if (Math.abs(samples[isPlanar ? i : i * native.channels]!) < 0.1) continue;
        if (at > quietUntil) onsets.push(at);
        quietUntil = at + 0.05;
      }
      end = start + native.nbSamples / native.sampleRate;
      native.unref();
    }
  };
  while ((await context.readFrame(packet)) >= 0) {
    if (packet.streamIndex === stream.index) {
      await decoder.sendPacket(packet);
      await listen();
    }
    packet.unref();
  }
  await decoder.sendPacket(null);
  await listen();
  const facts = { onsets, end, channels: stream.codecpar.channels, codec: codec.name ?? "" };
  native.free();
  packet.free();
  decoder.freeContext();
  await context.closeInput();
  return facts;
}
