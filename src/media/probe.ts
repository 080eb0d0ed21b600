/** What a file is, without handing out any picture. */
import { AV_PROFILE_UNKNOWN } from "node-av/constants";
import { avGetCodecName, avGetPixFmtName, Codec, type Stream } from "node-av/lib";
import type { MediaHandle, MediaInfo } from "../operations/operations.ts";
import { known, ratio, toSeconds } from "./ffmpeg.ts";
import { checkDuration, loadError, type MediaKind, type MediaLimits } from "./limits.ts";
import { type OpenInput, openInput } from "./open-input.ts";
import { degrees, streamOrientation } from "./orientation.ts";
import { scanPackets } from "./packet-scan.ts";

/**
 * Container, streams and durations.
 * @param count whether the whole file is read where its container does not say how many frames it has, or how large they are.
 * @throws ReshootError naming the field when the file cannot be used.
 */
export async function probe(media: MediaHandle, limits: MediaLimits, count = false): Promise<MediaInfo> {
  const kind = kindOf(media);
  const input = await openInput(media, kind, limits);
  try {
    if (!input.video && input.audio.length === 0) throw loadError(media, kind, "The file has no video or audio stream");
    const info = describe(input);
    if (!input.isStill) checkDuration(media, info.video ? "video" : "audio", info.duration, limits);
    if (!count || !input.video || !info.video || (info.video.frameCount > 0 && info.video.bitrate > 0)) return info;
    const { times, bytes } = await scanPackets(input, input.video, media, kind, limits);
    const frameCount = info.video.frameCount || times.length;
    const seconds = info.video.duration || (info.video.fps > 0 ? frameCount / info.video.fps : 0);
    const bitrate = info.video.bitrate || (seconds > 0 ? Math.round((bytes * 8) / seconds) : 0);
    return { ...info, video: { ...info.video, frameCount, bitrate } };
  } finally {
    await input.close();
  }
}

/** The facts of an open file. */
export function describe(input: OpenInput): MediaInfo {
  const { context, video } = input;
  const audio = input.audio[0];
  const whole = Number(known(context.duration) ?? 0n) / 1e6;
  const videoInfo = video && describeVideo(video, whole, input.isStill);
  const audioInfo = audio && describeAudio(audio, whole);
  const bitrate = Number(context.bitRate);
  return {
    container: input.container,
    duration: input.isStill ? 0 : Math.max(whole, videoInfo?.duration ?? 0, audioInfo?.duration ?? 0),
    bitrate: bitrate > 0 ? bitrate : 0,
    size: input.size,
    ...(videoInfo ? { video: videoInfo } : {}),
    ...(audioInfo ? { audio: audioInfo } : {}),
  };
}

function describeVideo(stream: Stream, whole: number, isStill: boolean): NonNullable<MediaInfo["video"]> {
  const parameters = stream.codecpar;
  const orientation = streamOrientation(stream);
  const [width, height] = [parameters.width, parameters.height];
  const profile = profileName(stream);
  const duration = isStill ? 0 : streamSeconds(stream) || whole;
  const frameCount = isStill ? 1 : Number(stream.nbFrames);
  const rate = [stream.avgFrameRate, stream.rFrameRate].find(({ num, den }) => num > 0 && den > 0);
  return {
    codec: avGetCodecName(parameters.codecId) ?? "unknown",
    width: orientation.swap ? height : width,
    height: orientation.swap ? width : height,
    fps: isStill ? 0 : rate ? rate.num / rate.den : duration > 0 ? frameCount / duration : 0,
    frameCount,
    duration,
    pixelFormat: avGetPixFmtName(parameters.format as Parameters<typeof avGetPixFmtName>[0]) ?? "unknown",
    rotation: degrees(orientation),
    sampleAspect: sampleAspect(stream, orientation.swap),
    ...(profile ? { profile } : {}),
    ...(parameters.level >= 0 ? { level: parameters.level } : {}),
    bitrate: Math.max(0, Number(parameters.bitRate)),
    timeBase: ratio(stream.timeBase),
  };
}

function describeAudio(stream: Stream, whole: number): NonNullable<MediaInfo["audio"]> {
  const parameters = stream.codecpar;
  const bitrate = Number(parameters.bitRate);
  return {
    codec: avGetCodecName(parameters.codecId) ?? "unknown",
    channels: parameters.channels,
    sampleRate: parameters.sampleRate,
    bitrate: bitrate > 0 ? bitrate : 0,
    duration: streamSeconds(stream) || whole,
  };
}

/** Sample aspect ratio as displayed; `[1, 1]` when unknown. */
export function sampleAspect(stream: Stream, swapped: boolean): readonly [number, number] {
  const stated = [stream.sampleAspectRatio, stream.codecpar.sampleAspectRatio].find(
    ({ num, den }) => num > 0 && den > 0,
  );
  if (!stated) return [1, 1];
  return swapped ? [stated.den, stated.num] : [stated.num, stated.den];
}

/** Seconds of one stream, 0 when its container does not say. */
function streamSeconds(stream: Stream): number {
  const duration = known(stream.duration);
  return duration === undefined || duration < 0n ? 0 : toSeconds(duration, ratio(stream.timeBase));
}

function profileName(stream: Stream): string | undefined {
  const { codecId, profile } = stream.codecpar;
  if (profile === AV_PROFILE_UNKNOWN) return undefined;
  return Codec.findDecoder(codecId)?.profiles?.find((known) => known.profile === profile)?.name;
}

function kindOf(media: MediaHandle): MediaKind {
  const kind = media.contentType.split("/")[0];
  return kind === "audio" || kind === "image" || kind === "video" ? kind : "media";
}
