/** A server whose FFmpeg endpoints are called by the official client, beside Debian's ffmpeg. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { ValidationError } from "@fal-ai/client";
import { decode, psnr } from "../ffmpeg.ts";
import { startTestServer, type TestServer } from "./server.ts";

const run = promisify(execFile);

/**
 * The scaler that layers are fitted with, in Debian ffmpeg's words: bicubic in exact arithmetic, colours on the left of
 * their cells and halfway down, where H.264 has them. (Left to itself, ffmpeg 5.1 takes them for centred.)
 */
export const SCALER_FLAGS = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact";
export const CHROMA_ON_THE_LEFT = "in_h_chr_pos=0:in_v_chr_pos=128:out_h_chr_pos=0:out_v_chr_pos=128";

/** An answer of the server. */
export type Json = Record<string, never> & Record<string, unknown>;

/** What tests of these endpoints share. */
export type FfmpegEndpoints = {
  readonly server: TestServer;
  /** Of a file in the test's folder. */
  path(name: string): string;
  /** Runs Debian's ffmpeg. */
  ffmpeg(...args: string[]): Promise<unknown>;
  call(endpoint: string, input: object): Promise<Json>;
  /** Fails unless the call is refused with 422. @returns the field that is named. */
  refused(endpoint: string, input: object): Promise<readonly (string | number)[]>;
  /** Downloads a result, given as a URL or a File. @returns its path. */
  fetched(value: unknown, name: string): Promise<string>;
};

/** Starts a server with these options. */
export async function startFfmpegEndpoints(...options: string[]): Promise<FfmpegEndpoints> {
  const server = await startTestServer(...options);
  const call = async (endpoint: string, input: object): Promise<Json> => {
    const { data } = await server.fal.subscribe(`fal-ai/ffmpeg-api/${endpoint}`, { input: input as never });
    return data as Json;
  };
  return {
    server,
    call,
    path: (name) => join(server.folder, name),
    ffmpeg: (...args) => run("ffmpeg", ["-v", "error", "-y", ...args], { maxBuffer: 2 ** 26 }),
    async refused(endpoint, input) {
      const error: unknown = await call(endpoint, input).then(
        () => assert.fail("it was accepted"),
        (failure: unknown) => failure,
      );
      assert.ok(error instanceof ValidationError, String(error));
      assert.equal(error.status, 422);
      return error.fieldErrors[0]!.loc as readonly (string | number)[];
    },
    async fetched(value, name) {
      const url = typeof value === "string" ? value : (value as { url: string }).url;
      return server.download(url, name);
    },
  };
}

/** Frames of two files of the same size, told apart one by one: the lowest PSNR, and how many there are. */
export async function compareFrames(a: string, b: string, width: number, height: number, pixelFormat = "yuv420p") {
  const [one, two] = await Promise.all([decode(a, pixelFormat), decode(b, pixelFormat)]);
  const size = pixelFormat === "yuv420p" ? (width * height * 3) / 2 : width * height * 3;
  assert.equal(one.length, two.length, `${one.length / size} frames instead of ${two.length / size}`);
  let lowest = Number.POSITIVE_INFINITY;
  for (let at = 0; at < one.length; at += size) {
    lowest = Math.min(lowest, psnr(one.subarray(at, at + size), two.subarray(at, at + size)));
  }
  return { frames: one.length / size, lowest };
}
