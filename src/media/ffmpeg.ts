/** The few helpers that every file over FFmpeg's own structures needs. Runs only inside media workers. */
import "./polyfill.ts";
import { AV_NOPTS_VALUE, AVERROR_EAGAIN, AVERROR_ENOSPC, AVERROR_EOF } from "node-av/constants";
import { FFmpegError, Frame, type IRational, Rational, SoftwareScaleContext } from "node-av/lib";
import { ReshootError } from "../errors.ts";

/** Numerator and denominator. */
export type Ratio = readonly [number, number];

/** FFmpeg's time base of durations and start times of whole files: microseconds. */
export const MICROSECONDS: Ratio = [1, 1_000_000];

/** FFmpeg's rational as a pair. */
export function ratio(value: IRational): Ratio {
  return [value.num, value.den];
}

/** A pair as FFmpeg's rational. */
export function rational([num, den]: Ratio): Rational {
  return new Rational(num, den);
}

/** A time stamp, or undefined where FFmpeg says there is none. */
export function known(timestamp: bigint): bigint | undefined {
  return timestamp === AV_NOPTS_VALUE ? undefined : timestamp;
}

/** Seconds of a time stamp. */
export function toSeconds(timestamp: bigint, [num, den]: Ratio): number {
  return (Number(timestamp) * num) / den;
}

/** The time stamp nearest to a number of seconds. */
export function fromSeconds(seconds: number, [num, den]: Ratio): bigint {
  return BigInt(Math.round((seconds * den) / num));
}

/** A time stamp in another time base, rounded to nearest. */
export function rescale(timestamp: bigint, from: Ratio, to: Ratio): bigint {
  const multiplier = BigInt(from[0]) * BigInt(to[1]);
  const divisor = BigInt(from[1]) * BigInt(to[0]);
  const doubled = 2n * timestamp * multiplier + divisor;
  const quotient = doubled / (2n * divisor);
  return doubled < 0n && doubled % (2n * divisor) !== 0n ? quotient - 1n : quotient;
}

/** Whether a codec only asks for more input or has nothing left. */
export function isDrained(code: number): boolean {
  return code === AVERROR_EAGAIN || code === AVERROR_EOF;
}

/**
 * Passes a successful result on.
 * @throws ReshootError `storage_full` when the disk is full; Error that says what failed otherwise.
 */
export function check(code: number, what: string): number {
  if (code >= 0) return code;
  if (code === AVERROR_ENOSPC) throw new ReshootError("storage_full", "The server's disk is full");
  throw new Error(`${what} failed: ${FFmpegError.strerror(code)} (${code})`);
}

/** An empty native frame with its own buffers. The caller frees it. */
export function allocatePicture(width: number, height: number, pixelFormat: Frame["format"]): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.width = width;
  frame.height = height;
  frame.format = pixelFormat;
  check(frame.getBuffer(), "allocating a picture");
  return frame;
}

/** A converter between pixel formats and sizes, in swscale's exact arithmetic; colour tags are read off the frames. */
export function createScaler(): SoftwareScaleContext {
  const scaler = new SoftwareScaleContext();
  scaler.allocContext();
  check(
    scaler.setOption("sws_flags", "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"),
    "setting up the scaler",
  );
  return scaler;
}
