/** Segmentation as a media worker does it: small frames into a file, the object followed there, masks at full size. */
import { join } from "node:path";
import { fieldError, type Loc, type ReshootError } from "../../errors.ts";
import type { Frame, FrameFormat } from "../../media/frame.ts";
import { savePng } from "../../media/image.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { BT709 } from "../../media/picture.ts";
import { createVideo } from "../../media/video-sink.ts";
import { openVideo, type VideoSource } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { MediaHandle, Operations } from "../../operations/operations.ts";
import type { MaskPolarity } from "../../operations/removal.ts";
import type { SegmentationTarget } from "../../operations/segmentation.ts";
import { KEEP, levelTable, REMOVE } from "../../vision/mask.ts";
import { pictureShrink, toPicture } from "../../vision/segmentation/picture.ts";
import { EdgeFitter } from "../../vision/segmentation/refine.ts";
import { trackObject } from "../../vision/segmentation/track.ts";
import { findMoving } from "./segment-moving.ts";
import { anchorsOf } from "./segment-prompts.ts";
import { SegmentStore } from "./segment-store.ts";
import { findWords, isMovingObject } from "./segment-words.ts";

type Params = Parameters<Operations["segment"]>[0];
type Result = Awaited<ReturnType<Operations["segment"]>>;
type FrameParams = Parameters<Operations["segmentFrame"]>[0];
type FrameResult = Awaited<ReturnType<Operations["segmentFrame"]>>;

/** Shares of the progress bar: reading, then finding and following, then writing. */
const [READ, FOLLOWED] = [0.15, 0.75];
/** A mask of more than this share of every frame is none. */
const MOST = 0.95;
/** Frames after the one wanted that show what moves. */
const AHEAD = 2;

/** See {@link Operations.segment}. */
export async function segmentTask(params: Params, limits: MediaLimits, context: TaskContext): Promise<Result> {
  const started = performance.now();
  if (isMovingObject(params.target)) return findMoving(params, limits, context, writeMasks);
  const store = await readClip(params.video, limits, context);
  try {
    const read = performance.now();
    const found = await follow(store, params.target, params.video, limits, context, 0, store.frameCount - 1);
    const followed = performance.now();
    let edge: EdgeFitter | undefined;
    const masks = (index: number, frame: Frame, format: FrameFormat): Uint8Array => {
      edge ??= new EdgeFitter(store, format, pictureShrink(format).factor);
      return edge.fit(store.mask(index), store.picture(index), frame);
    };
    const written = await writeMasks(params, limits, context, masks, FOLLOWED);
    const finished = performance.now();
    return {
      ...written,
      found,
      timings: {
        read: seconds(read - started),
        follow: seconds(followed - read),
        write: seconds(finished - followed),
        total: seconds(finished - started),
      },
    };
  } finally {
    store.close();
  }
}

/** See {@link Operations.segmentFrame}. */
export async function segmentFrameTask(
  params: FrameParams,
  limits: MediaLimits,
  context: TaskContext,
): Promise<FrameResult> {
  const started = performance.now();
  const { frame, target, video } = params;
  if (isMovingObject(target)) {
    throw fieldError("value_error", locOf(target, video.loc), "What moves is found in a whole clip, not on one frame");
  }
  const last = Math.max(frame, ...(target.kind === "prompts" ? target.prompts.map((prompt) => prompt.frame) : []));
  const kept: { frame?: Frame; format?: FrameFormat } = {};
  const store = await readClip(video, limits, context, last + AHEAD, (index, own, format) => {
    if (index === frame) Object.assign(kept, { frame: own, format });
  });
  try {
    if (!kept.frame || !kept.format) {
      throw fieldError("value_error", video.loc, `The video has no frame ${frame}: it has ${store.frameCount}`);
    }
    const read = performance.now();
    const found = await follow(store, target, video, limits, context, frame, frame);
    const { format } = kept;
    const edge = new EdgeFitter(store, format, pictureShrink(format).factor);
    const mask = edge.fit(store.mask(frame), store.picture(frame), kept.frame);
    if (!mask.some((value) => value > 0)) throw nothingFound(locOf(target, video.loc));
    const path = join(context.outFolder, "mask.png");
    const shape = maskFormat(format);
    await savePng(path, maskFrame(mask, shape, params.polarity), shape, BT709);
    const finished = performance.now();
    return {
      mask: { path, loc: video.loc, contentType: "image/png", fileName: maskName(video, "png") },
      width: format.width,
      height: format.height,
      found,
      timings: { read: seconds(read - started), find: seconds(finished - read), total: seconds(finished - started) },
    };
  } finally {
    store.close();
  }
}

/** Decodes a clip, up to a frame, into small frames. */
async function readClip(
  video: MediaHandle,
  limits: MediaLimits,
  context: TaskContext,
  last = Number.POSITIVE_INFINITY,
  onFrame?: (index: number, frame: Frame, format: FrameFormat) => void,
): Promise<SegmentStore> {
  const source = await openVideo(video, limits);
  try {
    const { format } = source;
    const shrink = pictureShrink(format);
    const store = new SegmentStore(join(context.outFolder, "small-frames"), shrink.format);
    try {
      const expected = expectedFrames(source);
      for await (const { frame } of source.frames()) {
        store.append(toPicture(frame, format, shrink));
        onFrame?.(store.frameCount - 1, frame, format);
        context.progress(Math.min(1, store.frameCount / expected) * READ, "reading");
        if (store.frameCount > last) break;
      }
      return store;
    } catch (error) {
      store.close();
      throw error;
    }
  } finally {
    await source.close();
  }
}

/** Finds what is meant and follows it from frame `from` to frame `to`. @returns what was found, in words. */
async function follow(
  store: SegmentStore,
  target: SegmentationTarget,
  video: MediaHandle,
  limits: MediaLimits,
  context: TaskContext,
  from: number,
  to: number,
): Promise<readonly string[]> {
  let turns = 0;
  const turn = async (): Promise<void> => {
    context.signal.throwIfAborted();
    context.progress(READ + Math.min(1, turns++ / (to - from + 1)) * (FOLLOWED - READ), "following");
    // Messages go out between two frames.
    await new Promise((resolve) => setImmediate(resolve));
  };
  if (target.kind === "words")
    return findWords(store, target, { from, to, fullRange: store.fullRange, turn, log: context.log });
  const { anchors, outline } = await anchorsOf(store, target.prompts, video, limits);
  const put = (frame: number, mask: Float32Array): void => store.putMask(frame, mask);
  if (!(await trackObject(store, anchors, { from, to, put, turn, ...(outline && { outline }) })))
    throw nothingFound(locOf(target, video.loc));
  return [];
}

/** A frame's mask: 1 on the object. */
export type MaskOf = (index: number, frame: Frame, format: FrameFormat) => Uint8Array;

/** Writes the mask video in a pass of its own over the clip. @throws `no_media_generated` when nothing or everything is masked. */
async function writeMasks(
  params: Params,
  limits: MediaLimits,
  context: TaskContext,
  maskOf: MaskOf,
  progressFrom: number,
): Promise<Omit<Result, "found" | "timings">> {
  const source = await openVideo(params.video, limits);
  try {
    const { format, timeBase, sampleAspect, frameDuration } = source;
    const path = join(context.outFolder, "mask.mp4");
    const shape = maskFormat(format);
    const sink = await createVideo(path, {
      format: shape,
      timeBase,
      color: BT709,
      sampleAspect,
      frameDuration,
      delivery: "lossless",
    });
    try {
      const expected = expectedFrames(source);
      let index = 0;
      let framesWithObject = 0;
      let marked = 0;
      for await (const { frame, pts } of source.frames()) {
        context.signal.throwIfAborted();
        const mask = maskOf(index++, frame, format);
        let own = 0;
        for (let i = 0; i < mask.length; i++) own += mask[i]!;
        if (own > 0) framesWithObject++;
        marked += own;
        await sink.write(maskFrame(mask, shape, params.polarity), pts);
        context.progress(progressFrom + Math.min(1, index / expected) * (1 - progressFrom), "writing the mask");
      }
      if (marked === 0 || marked > MOST * format.width * format.height * index) {
        throw nothingFound(locOf(params.target, params.video.loc));
      }
      const { frameCount, width, height } = await sink.finish();
      const mask = { path, loc: params.video.loc, contentType: "video/mp4", fileName: maskName(params.video, "mp4") };
      return { mask, width, height, frameCount, framesWithObject };
    } catch (error) {
      await sink.abort();
      throw error;
    }
  } finally {
    await source.close();
  }
}

/** Grey pictures of the source's size. */
function maskFormat({ width, height }: FrameFormat): FrameFormat {
  return { width, height, chromaShiftX: 1, chromaShiftY: 1, bitDepth: 8, fullRange: true };
}

function maskFrame(mask: Uint8Array, { width, height }: FrameFormat, polarity: MaskPolarity = "white-removes"): Frame {
  const levels = levelTable(polarity);
  const [on, off] = [levels[REMOVE]!, levels[KEEP]!];
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const grey = { data: new Uint8Array(w * h).fill(128), width: w, height: h, stride: w };
  const luma = new Uint8Array(mask.length);
  for (let i = 0; i < luma.length; i++) luma[i] = mask[i] ? on : off;
  return { planes: [{ data: luma, width, height, stride: width }, grey, grey] };
}

function expectedFrames({ info }: VideoSource): number {
  return Math.max(1, info.video?.frameCount || Math.round((info.video?.duration ?? 0) * (info.video?.fps ?? 0)));
}

function locOf(target: SegmentationTarget, video: Loc): Loc {
  return target.kind === "words" ? target.loc : (target.prompts[0]?.loc ?? video);
}

function nothingFound(loc: Loc): ReshootError {
  const message =
    "Nothing that stands out was found there. More clicks on the object and beside it help; so does a mask picture of one frame";
  return fieldError("no_media_generated", loc, message);
}

function maskName({ fileName }: MediaHandle, extension: string): string {
  return `${fileName.replace(/\.[^.]*$/, "") || "video"}-mask.${extension}`;
}

const seconds = (ms: number): number => Math.round(ms) / 1000;
