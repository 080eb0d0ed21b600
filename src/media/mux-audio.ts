/** Lays sound under a video: the pictures whole and unchanged, the sound where it was asked for. */
import { join } from "node:path";
import { avGetCodecName, Packet, type Stream } from "node-av/lib";
import type { Delivery, MediaHandle, ProducedVideo } from "../operations/operations.ts";
import { type AudioPlan, addAudio } from "./audio-feed.ts";
import { copiedStream } from "./copied-stream.ts";
import { nominalStep } from "./decode.ts";
import { known, MICROSECONDS, type Ratio, ratio, rescale, toSeconds } from "./ffmpeg.ts";
import { formatError, loadError, type MediaLimits } from "./limits.ts";
import { type OpenInput, openInput, requireVideo } from "./open-input.ts";
import { CONTENT_TYPE, type Container, createOutput } from "./output.ts";
import { describe } from "./probe.ts";
import { readPacket } from "./read-packet.ts";
import { averageRate, createVideo, type VideoFacts } from "./video-sink.ts";
import { openVideo } from "./video-source.ts";
import type { TaskContext } from "./worker-host.ts";

/** Which sound under which video. */
export type MuxAudioParams = {
  readonly video: MediaHandle;
  /** A sound file, or a video whose first audio stream is taken. */
  readonly audio: MediaHandle;
  /** Seconds into the video at which the sound file's time zero lies; negative cuts the start of the sound. */
  readonly startOffset: number;
  /** Matters only where the pictures must be encoded anew. */
  readonly delivery: Delivery;
};

/** Containers whose packets have time stamps that another container can carry. */
const COPIED_FROM = /^(mov|matroska|mpegts)/;

/** Where pictures go without being encoded anew, by codec. */
const GOES_INTO: Readonly<Record<string, Container>> = {
  h264: "mp4",
  hevc: "mp4",
  av1: "mp4",
  vp9: "mp4",
  mpeg4: "mp4",
  vp8: "webm",
  prores: "mov",
  mjpeg: "mov",
  dnxhd: "mov",
  qtrle: "mov",
};

/**
 * Replaces a video's sound. The video keeps its length: longer sound is cut at its end, shorter leaves silence. Turning,
 * aspect, colour tags and uneven timing are kept.
 * @returns the produced file in `outFolder`.
 * @throws ReshootError naming `video` or `audio` as its own field.
 */
export async function muxAudio(
  params: MuxAudioParams,
  outFolder: string,
  limits: MediaLimits,
  context: Pick<TaskContext, "signal" | "progress" | "log">,
): Promise<ProducedVideo> {
  await requireAudio(params.audio, limits);
  const plan: AudioPlan = { media: params.audio, streams: "first", offset: params.startOffset, cutAtEnd: true };
  const input = await openInput(params.video, "video", limits);
  try {
    if (input.isStill) throw formatError(params.video, "video", "A still picture is not a video");
    const stream = requireVideo(input, params.video, "video");
    const container = containerFor(input, stream);
    const path = join(outFolder, `video.${container ?? "mp4"}`);
    const job = { path, params, plan, limits, context };
    const facts = container ? await copyVideo(input, stream, container, job) : await encodeVideo(job);
    const fileName = `${params.video.fileName.replace(/\.[^.]*$/, "") || "video"}.${container ?? "mp4"}`;
    return { ...facts, video: { path, loc: [], contentType: CONTENT_TYPE[container ?? "mp4"], fileName } };
  } finally {
    await input.close();
  }
}

type Job = {
  readonly path: string;
  readonly params: MuxAudioParams;
  readonly plan: AudioPlan;
  readonly limits: MediaLimits;
  readonly context: Pick<TaskContext, "signal" | "progress" | "log">;
};

async function requireAudio(audio: MediaHandle, limits: MediaLimits): Promise<void> {
  const input = await openInput(audio, "audio", limits);
  const found = input.audio.length > 0;
  await input.close();
  if (!found) throw loadError(audio, "audio", "The file has no audio stream");
}

/** The container that takes the pictures as they are; undefined when they must be encoded anew. */
function containerFor(input: OpenInput, stream: Stream): Container | undefined {
  if (!COPIED_FROM.test(input.container)) return undefined;
  const hasAlpha = stream.metadata?.get("alpha_mode") === "1";
  return hasAlpha ? "webm" : GOES_INTO[avGetCodecName(stream.codecpar.codecId) ?? ""];
}

async function copyVideo(input: OpenInput, source: Stream, container: Container, job: Job): Promise<VideoFacts> {
  const { params, plan, limits, context } = job;
  const timeBase: Ratio = ratio(source.timeBase);
  const info = describe(input).video!;
  const output = await createOutput(job.path, container);
  const packet = new Packet();
  packet.alloc();
  let audio: Awaited<ReturnType<typeof addAudio>> | undefined;
  try {
    const target = copiedStream(output, source, timeBase);
    audio = await addAudio(output, plan, limits);
    await output.start();

    const zero = known(source.startTime) ?? rescale(input.startTime, MICROSECONDS, timeBase);
    const step = nominalStep(source);
    const seen = {
      count: 0,
      first: undefined as bigint | undefined,
      last: 0n,
      end: 0n,
      dts: undefined as bigint | undefined,
    };
    while ((await readPacket(input.context, packet)) >= 0) {
      context.signal.throwIfAborted();
      if (packet.streamIndex === source.index) {
        const stated = known(packet.pts) ?? known(packet.dts);
        if (stated === undefined && seen.dts === undefined && seen.count > 0) {
          throw loadError(params.video, "video", "The video's pictures have no times");
        }
        let pts = stated === undefined ? seen.end : stated - zero;
        let dts = (known(packet.dts) ?? pts + zero) - zero;
        // Decoding times that stand still or run back are a damaged file's; containers refuse them.
        if (seen.dts !== undefined && dts <= seen.dts) dts = seen.dts + 1n;
        if (pts < dts) pts = dts;
        if (packet.duration <= 0n) packet.duration = step;
        seen.count++;
        seen.dts = dts;
        seen.first = seen.first === undefined || pts < seen.first ? pts : seen.first;
        if (pts > seen.last) seen.last = pts;
        if (pts + packet.duration > seen.end) seen.end = pts + packet.duration;
        packet.pts = pts;
        packet.dts = dts;
        await output.write(packet, target, timeBase);
        const reached = toSeconds(dts, timeBase);
        await audio.pump(reached);
        context.progress(info.duration > 0 ? Math.min(1, reached / info.duration) : 0, "muxing");
      }
      packet.unref();
    }
    if (seen.count === 0) throw loadError(params.video, "video", "The video stream has no pictures");
    const duration = toSeconds(seen.end, timeBase);
    await audio.finish(duration);
    await output.finish();
    const fps = averageRate(seen.count, toSeconds(seen.last - seen.first!, timeBase), toSeconds(step, timeBase));
    return { width: info.width, height: info.height, fps, frameCount: seen.count, duration };
  } catch (error) {
    await output.abort();
    throw error;
  } finally {
    await audio?.close();
    packet.free();
  }
}

async function encodeVideo({ path, params, plan, limits, context }: Job): Promise<VideoFacts> {
  const source = await openVideo(params.video, limits);
  try {
    context.log("INFO", `The video is encoded anew: ${source.info.container} does not go into MP4 as it is`);
    const { format, timeBase, color, sampleAspect, frameDuration } = source;
    const options = { format, timeBase, color, sampleAspect, frameDuration, delivery: params.delivery };
    const sink = await createVideo(path, { ...options, audio: plan, limits });
    try {
      const whole = source.info.duration;
      let first: bigint | undefined;
      for await (const { frame, pts } of source.frames()) {
        context.signal.throwIfAborted();
        first ??= pts;
        await sink.write(frame, pts - first);
        context.progress(whole > 0 ? Math.min(1, toSeconds(pts - first, timeBase) / whole) : 0, "encoding");
      }
      return await sink.finish();
    } finally {
      await sink.abort();
    }
  } finally {
    await source.close();
  }
}
