/** Debian's ffmpeg as an independent meter of what Reshoot produced. Nothing but tests uses it. */
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const MAX_BUFFER = 2 ** 30;

/** For a test's `skip` option: false when ffmpeg and ffprobe are there, else the reason. */
export const withoutFfmpeg: false | string =
  spawnSync("ffmpeg", ["-version"]).status === 0 && spawnSync("ffprobe", ["-version"]).status === 0
    ? false
    : "an independent ffmpeg and ffprobe are not installed";

/** What ffprobe says of a file. */
export type Probed = {
  readonly format: string;
  /** Seconds. */
  readonly duration: number;
  readonly video?: {
    readonly codec: string;
    readonly width: number;
    readonly height: number;
    readonly pixelFormat: string;
    /** Decoded, not declared. */
    readonly frames: number;
    readonly rotation: number;
    readonly sampleAspect: string;
    /** Seconds. */
    readonly start: number;
    /** Times of all frames in seconds. */
    readonly times: readonly number[];
    readonly transfer: string | undefined;
    readonly range: string | undefined;
  };
  readonly audio?: {
    readonly codec: string;
    readonly channels: number;
    readonly duration: number;
    readonly start: number;
  };
};

/** Probes a file, decoding all of its video. */
export async function ffprobe(path: string): Promise<Probed> {
  const { stdout } = await run(
    "ffprobe",
    [
      "-v",
      "error",
      "-of",
      "json",
      "-show_format",
      "-show_streams",
      "-show_entries",
      "frame=media_type,best_effort_timestamp_time",
      "-show_frames",
      path,
    ],
    { maxBuffer: MAX_BUFFER },
  );
  const { format, streams, frames } = JSON.parse(stdout) as {
    format: { format_name: string; duration?: string };
    streams: Record<string, string & number & { rotation?: number }[]>[];
    frames: { media_type: string; best_effort_timestamp_time?: string }[];
  };
  const video = streams.find((stream) => String(stream.codec_type) === "video") as Record<string, unknown> | undefined;
  const audio = streams.find((stream) => String(stream.codec_type) === "audio") as Record<string, unknown> | undefined;
  const pictures = frames.filter((frame) => frame.media_type === "video");
  const sideData = (video?.side_data_list ?? []) as { rotation?: number }[];
  return {
    format: format.format_name,
    duration: Number(format.duration ?? 0),
    ...(video && {
      video: {
        codec: String(video.codec_name),
        width: Number(video.width),
        height: Number(video.height),
        pixelFormat: String(video.pix_fmt),
        frames: pictures.length,
        rotation: sideData.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0,
        sampleAspect: String(video.sample_aspect_ratio ?? "1:1"),
        start: Number(video.start_time ?? 0),
        times: pictures.map((picture) => Number(picture.best_effort_timestamp_time)),
        transfer: video.color_transfer as string | undefined,
        range: video.color_range as string | undefined,
      },
    }),
    ...(audio && {
      audio: {
        codec: String(audio.codec_name),
        channels: Number(audio.channels),
        duration: Number(audio.duration ?? 0),
        start: Number(audio.start_time ?? 0),
      },
    }),
  };
}

/** All frames' samples in a pixel format, one after the other. */
export async function decode(path: string, pixelFormat: string): Promise<Buffer> {
  const { stdout } = await run("ffmpeg", ["-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", pixelFormat, "-"], {
    maxBuffer: 4 * MAX_BUFFER,
    encoding: "buffer",
  });
  return stdout;
}

/** Mono samples of the first audio stream at 8 kHz, in -1..1. */
export async function decodeAudio(path: string): Promise<Float32Array> {
  const { stdout } = await run(
    "ffmpeg",
    ["-v", "error", "-i", path, "-map", "0:a:0", "-ac", "1", "-ar", "8000", "-f", "f32le", "-"],
    {
      maxBuffer: MAX_BUFFER,
      encoding: "buffer",
    },
  );
  return new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
}

/** Decibels between two runs of 8-bit samples where `counts` says so. */
export function psnr(a: Uint8Array, b: Uint8Array, counts: (index: number) => boolean = () => true): number {
  let sum = 0;
  let pixels = 0;
  for (let i = 0; i < a.length; i++) {
    if (!counts(i)) continue;
    sum += (a[i]! - b[i]!) ** 2;
    pixels++;
  }
  return sum === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(255 ** 2 / (sum / pixels));
}
