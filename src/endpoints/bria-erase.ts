/** Bria's erasing: the object is given by a mask, by words or by points; the background takes its place. */
import { fieldError, type Loc } from "../errors.ts";
import type { VideoFormat } from "../operations/encoding.ts";
import type { Delivery, MediaHandle, MediaInfo } from "../operations/operations.ts";
import type { SegmentationTarget } from "../operations/segmentation.ts";
import type { EndpointContext, EndpointOutput } from "./endpoint.ts";
import { parseKeypoint } from "./keypoints.ts";

/** What all three take. */
type Erasure = {
  readonly output_container_and_codec: VideoFormat;
  readonly auto_trim: boolean;
  readonly preserve_audio: boolean;
  readonly reshoot_output: Delivery;
};

/** The vendor's working duration, in seconds. */
const WORKING_SECONDS = 5;
/** What the vendor still lets through: a clip of five seconds is often a frame longer. */
const LONGEST_SECONDS = 5.1;
/** Frames considered together: a whole clip of five seconds at 30 frames/s. */
const WINDOW = 150;
/** Codecs that can keep everything. */
const LOSSLESS = /h264|h265|vp9/;
/** How a clip is kept between two steps. */
const BETWEEN = { delivery: "lossless", encoding: { effort: "fast" } } as const;

const VIDEO: Loc = ["body", "video_url"];
const MASK: Loc = ["body", "mask_video_url"];

/** `bria/video/erase/mask`. */
export async function eraseByMask(input: Erasure, context: EndpointContext): Promise<EndpointOutput> {
  const mask = await context.open(MASK);
  const clip = await prepare(input, context, mask);
  const { video, markedFrames } = await erase(clip, input, context);
  if (markedFrames === 0) {
    throw fieldError("value_error", MASK, "Value error, the mask marks nothing: white is erased, black is kept");
  }
  return { video: { $file: video } };
}

/** `bria/video/erase/prompt`. */
export function eraseByPrompt(
  input: Erasure & { readonly prompt: string },
  context: EndpointContext,
): Promise<EndpointOutput> {
  const target: SegmentationTarget = { kind: "words", text: input.prompt, loc: ["body", "prompt"] };
  return eraseFound(input, context, () => target);
}

/** `bria/video/erase/keypoints`. The vendor does not say which frame the points lie on; here it is the first. */
export function eraseByKeypoints(
  input: Erasure & { readonly keypoints: readonly string[] },
  context: EndpointContext,
): Promise<EndpointOutput> {
  return eraseFound(input, context, (info) => ({ kind: "prompts", prompts: clicksOf(input.keypoints, info) }));
}

async function eraseFound(
  input: Erasure,
  context: EndpointContext,
  targetIn: (info: MediaInfo) => SegmentationTarget,
): Promise<EndpointOutput> {
  const clip = await prepare(input, context, undefined, targetIn);
  context.stage("finding the object", 0.05, 0.5);
  const found = await context.operations.segment({ video: clip.video, target: clip.target! });
  const what = found.found.length > 0 ? `Found: ${found.found.join(", ")}` : "The object was found";
  context.log("INFO", `${what}, seen in ${found.framesWithObject} of ${found.frameCount} frames`);
  const { video } = await erase({ ...clip, mask: found.mask }, input, context, 0.5);
  return { video: { $file: video }, mask_video: { $file: found.mask } };
}

/** A clip of the working duration, and the mask that belongs to it. */
type Clip = { readonly video: MediaHandle; readonly mask?: MediaHandle; readonly target?: SegmentationTarget };

/** Cuts to the working duration, or refuses what is longer. */
async function prepare(
  { auto_trim, preserve_audio, output_container_and_codec: format, reshoot_output }: Erasure,
  context: EndpointContext,
  mask?: MediaHandle,
  targetIn?: (info: MediaInfo) => SegmentationTarget,
): Promise<Clip> {
  const video = await context.open(VIDEO);
  const info = await context.operations.probe({ media: video });
  const target = targetIn?.(info);
  const given: Clip = { video, ...(mask && { mask }), ...(target && { target }) };
  if (reshoot_output === "lossless" && !LOSSLESS.test(format)) {
    context.log("WARN", `${format} cannot be lossless: it is written at its best quality`);
  }
  if (format === "gif") {
    if (preserve_audio && info.audio) context.log("WARN", "GIF has no sound: the video's own is left out");
    context.log(
      "INFO",
      "GIF counts in hundredths of a second: times are rounded to them, to at most 50 frames a second",
    );
  }
  const seconds = secondsOf(info);
  if (!auto_trim) {
    refuseLong(seconds, VIDEO);
    if (mask) refuseLong(secondsOf(await context.operations.probe({ media: mask })), MASK);
    if (seconds > 0) return given;
  }
  if (seconds > 0 && seconds <= WORKING_SECONDS) return given;
  context.stage("cutting the video", 0, 0.05);
  const cut = await context.operations.conform({
    video,
    ...(mask && { mask: { media: mask, polarity: "white-removes" } }),
    ...(auto_trim && { seconds: WORKING_SECONDS }),
    keepSound: preserve_audio,
    ...BETWEEN,
  });
  if (!auto_trim) refuseLong(cut.duration, VIDEO);
  else if (seconds > WORKING_SECONDS) {
    context.log(
      "INFO",
      `The video of ${seconds.toFixed(2)} seconds is cut to its first ${WORKING_SECONDS} (auto_trim)`,
    );
  }
  return { ...given, video: cut.video, ...(cut.mask && { mask: cut.mask }) };
}

function erase(clip: Clip, input: Erasure, context: EndpointContext, start = 0.05) {
  context.stage("erasing the object", start, 1);
  return context.operations.removeObject({
    video: clip.video,
    mask: { media: clip.mask!, polarity: "white-removes" },
    window: WINDOW,
    refine: false,
    seed: context.defaultSeed,
    delivery: input.reshoot_output,
    encoding: { format: input.output_container_and_codec },
    keepSound: input.preserve_audio,
  });
}

/** 0 when the file does not say, and for still pictures. */
function secondsOf(info: MediaInfo): number {
  return info.video?.duration || info.duration;
}

function refuseLong(seconds: number, loc: Loc): void {
  if (seconds <= LONGEST_SECONDS) return;
  const what = loc === MASK ? "mask" : "video";
  const message = `The ${what} is longer than ${WORKING_SECONDS} seconds: shorten it, or set auto_trim`;
  const ctx = { max_duration: WORKING_SECONDS, provided_duration: seconds };
  throw fieldError("video_duration_too_long", loc, message, { ctx });
}

/** @throws ReshootError naming the first point that lies outside the picture. */
function clicksOf(keypoints: readonly string[], { video }: MediaInfo) {
  return keypoints.map((text, index) => {
    const { x, y, type } = parseKeypoint(text)!;
    const loc: Loc = ["body", "keypoints", index];
    if (video && !(x >= 0 && y >= 0 && x < video.width && y < video.height)) {
      const message = `Value error, the point (${x}, ${y}) lies outside the picture of ${video.width}x${video.height}`;
      throw fieldError("value_error", loc, message, { input: text.slice(0, 200) });
    }
    return { kind: "click", frame: 0, loc, x, y, positive: type === "positive" } as const;
  });
}
