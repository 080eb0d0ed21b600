/** Segmentation as a media worker does it: small frames into a file, the object followed there, masks at full size. */
import { cpus } from "node:os";
import { join } from "node:path";
import { fieldError } from "../../errors.ts";
import { toSeconds } from "../../media/ffmpeg.ts";
import type { Frame, FrameFormat } from "../../media/frame.ts";
import { savePng } from "../../media/image.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { BT709 } from "../../media/picture.ts";
import { openVideo } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { MediaHandle, Operations } from "../../operations/operations.ts";
import type { Prompt, SegmentationTarget } from "../../operations/segmentation.ts";
import { accompany } from "../../vision/segmentation/accompany.ts";
import { findDepartures } from "../../vision/segmentation/background.ts";
import { pictureShrink, toPicture } from "../../vision/segmentation/picture.ts";
import { EdgeFitter } from "../../vision/segmentation/refine.ts";
import { trackObject } from "../../vision/segmentation/track.ts";
import { findMoving } from "./segment-moving.ts";
import { anchorsOf, fullMask, type PicturePrompt } from "./segment-prompts.ts";
import { type Layer, SegmentStore } from "./segment-store.ts";
import { findWords, isMovingObject } from "./segment-words.ts";
import {
  AFFECTED,
  expectedFrames,
  locOf,
  maskFormat,
  maskFrame,
  maskName,
  nothingFound,
  writeMasks,
} from "./segment-write.ts";

type Params = Parameters<Operations["segment"]>[0];
type Result = Awaited<ReturnType<Operations["segment"]>>;
type FrameParams = Parameters<Operations["segmentFrame"]>[0];
type FrameResult = Awaited<ReturnType<Operations["segmentFrame"]>>;

/** Shares of the progress bar: reading, then finding and following, then writing. */
const [READ, FOLLOWED] = [0.15, 0.75];
/** Frames after the one wanted that show what moves. */
const AHEAD = 2;

/** See {@link Operations.segment}. */
export async function segmentTask(params: Params, limits: MediaLimits, context: TaskContext): Promise<Result> {
  const started = performance.now();
  const { video, target, affected = [] } = params;
  const isMoving = isMovingObject(target);
  if (isMoving && affected.length === 0) return findMoving(params, limits, context, writeMasks);
  if (isMoving) {
    throw fieldError(
      "value_error",
      affected[0]!.loc,
      "Beside the moving object nothing else can be followed: click it",
    );
  }
  const store = await readClip(video, limits, context);
  try {
    const read = performance.now();
    const last = store.frameCount - 1;
    const pictures = { object: painted(store, target), affected: painted(store, asTarget(affected)) };
    await compareFrames(store, context);
    const found = await follow(store, target, video, limits, context, 0, last);
    if (affected.length > 0) await followAffected(store, affected, video, limits);
    const followed = performance.now();
    let edge: EdgeFitter | undefined;
    // What was painted comes back to the pixel.
    const layerMask = async (layer: Layer, index: number, frame: Frame, format: FrameFormat): Promise<Uint8Array> => {
      const picture = pictures[layer].get(index);
      if (picture) return fullMask(picture, format, limits);
      edge ??= new EdgeFitter(store, format, pictureShrink(format).factor);
      return edge.fit(store.mask(index, layer), store.picture(index), frame);
    };
    const masks = async (index: number, frame: Frame, format: FrameFormat): Promise<Uint8Array> => {
      // Its ones are ON_OBJECT.
      const all = await layerMask("object", index, frame, format);
      if (affected.length === 0) return all;
      const effect = await layerMask("affected", index, frame, format);
      for (let i = 0; i < all.length; i++) if (effect[i]) all[i]! |= AFFECTED;
      return all;
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

function asTarget(prompts: readonly Prompt[]): SegmentationTarget {
  return { kind: "prompts", prompts };
}

/** Prompts with the frames that their times mean. */
function resolved(store: SegmentStore, prompts: readonly Prompt[]): Prompt[] {
  return prompts.map((prompt) =>
    prompt.time === undefined ? prompt : { ...prompt, frame: store.frameAt(prompt.time) },
  );
}

/** The frames whose whole mask was given. */
function painted(store: SegmentStore, target: SegmentationTarget): ReadonlyMap<number, PicturePrompt> {
  const prompts = target.kind === "prompts" ? resolved(store, target.prompts) : [];
  const pictures = prompts.filter((prompt): prompt is PicturePrompt => prompt.kind === "mask");
  // The first of several on a frame counts, as where anchors are made.
  return new Map(pictures.reverse().map((prompt) => [prompt.frame, prompt]));
}

/** See {@link Operations.segmentFrame}. */
export async function segmentFrameTask(
  params: FrameParams,
  limits: MediaLimits,
  context: TaskContext,
): Promise<FrameResult> {
  const started = performance.now();
  const { target, video, time } = params;
  if (isMovingObject(target)) {
    throw fieldError("value_error", locOf(target, video.loc), "What moves is found in a whole clip, not on one frame");
  }
  const marks = target.kind === "prompts" ? target.prompts : [];
  const lastFrame = Math.max(
    time === undefined ? params.frame : 0,
    ...marks.map((mark) => (mark.time === undefined ? mark.frame : 0)),
  );
  const lastTime = Math.max(time ?? 0, ...marks.map((mark) => mark.time ?? 0));
  let beyond = 0;
  const kept: { frame?: Frame; format?: FrameFormat; away?: number } = {};
  const store = await readClip(video, limits, context, (index, at, frame, format) => {
    const away = time === undefined ? Math.abs(index - params.frame) : Math.abs(at - time);
    const isWanted = time !== undefined || away === 0;
    if (isWanted && away < (kept.away ?? Number.POSITIVE_INFINITY)) Object.assign(kept, { frame, format, away });
    if (index >= lastFrame && at >= lastTime) beyond++;
    return beyond > AHEAD;
  });
  try {
    if (!kept.frame || !kept.format) {
      const msg = `The video has ${store.frameCount} frames: there is no frame ${params.frame}`;
      throw fieldError("value_error", params.frameLoc, msg);
    }
    const frame = time === undefined ? params.frame : store.frameAt(time);
    const read = performance.now();
    const found = await follow(store, target, video, limits, context, frame, frame);
    const { format } = kept;
    const picture = painted(store, target).get(frame);
    const edge = new EdgeFitter(store, format, pictureShrink(format).factor);
    const mask = picture
      ? await fullMask(picture, format, limits)
      : edge.fit(store.mask(frame), store.picture(frame), kept.frame);
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

/** Decodes a clip into small frames, up to the one after which `isEnough` says so. */
async function readClip(
  video: MediaHandle,
  limits: MediaLimits,
  context: TaskContext,
  isEnough: (index: number, seconds: number, frame: Frame, format: FrameFormat) => boolean = () => false,
): Promise<SegmentStore> {
  const source = await openVideo(video, limits);
  try {
    const { format, timeBase } = source;
    const shrink = pictureShrink(format);
    const store = new SegmentStore(join(context.outFolder, "small-frames"), shrink.format);
    try {
      const expected = expectedFrames(source);
      for await (const { frame, pts } of source.frames()) {
        const time = toSeconds(pts, timeBase);
        store.append(toPicture(frame, format, shrink), time);
        context.progress(Math.min(1, store.frameCount / expected) * READ, "reading");
        if (isEnough(store.frameCount - 1, time, frame, format)) break;
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

/** Finds out what moves through the clip's places: what the object is told from its surroundings by, where it does. */
async function compareFrames(store: SegmentStore, { signal }: TaskContext): Promise<void> {
  const { width, height, fullRange, times, frameCount } = store;
  const seconds = times[frameCount - 1]! - times[0]!;
  await findDepartures(store, {
    format: { width, height, chromaShiftX: 0, chromaShiftY: 0, bitDepth: 8, fullRange },
    rate: seconds > 0 ? (frameCount - 1) / seconds : 25,
    threads: Math.max(1, cpus().length),
    put: (frame, departure) => store.putDeparture(frame, departure),
    turn: async () => signal.throwIfAborted(),
  });
}

/** What the object affects goes with it. */
async function followAffected(
  store: SegmentStore,
  prompts: readonly Prompt[],
  video: MediaHandle,
  limits: MediaLimits,
): Promise<void> {
  const given = new Map<number, Float32Array>();
  const { anchors } = await anchorsOf(store, resolved(store, prompts), video, limits);
  for (const [frame, anchor] of anchors) {
    await trackObject(store, new Map([[frame, anchor]]), {
      from: frame,
      to: frame,
      put: (own, mask) => given.set(own, mask),
      turn: async () => undefined,
    });
  }
  if (given.size === 0) throw nothingFound(prompts[0]!.loc);
  accompany(
    given,
    (frame) => store.mask(frame),
    store,
    (frame, mask) => store.putMask(frame, mask, "affected"),
  );
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
  const { anchors, kind } = await anchorsOf(store, resolved(store, target.prompts), video, limits);
  const put = (frame: number, mask: Float32Array): void => store.putMask(frame, mask);
  if (!(await trackObject(store, anchors, { from, to, put, turn, ...(kind && { kind }) })))
    throw nothingFound(locOf(target, video.loc));
  return [];
}

const seconds = (ms: number): number => Math.round(ms) / 1000;
