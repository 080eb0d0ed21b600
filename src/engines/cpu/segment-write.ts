/** Masks at full size as a video and, where wanted, as text. */
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fieldError, type Loc, type ReshootError } from "../../errors.ts";
import { toSeconds } from "../../media/ffmpeg.ts";
import type { Frame, FrameFormat } from "../../media/frame.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { BT709 } from "../../media/picture.ts";
import { createVideo } from "../../media/video-sink.ts";
import { openVideo, type VideoSource } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { MediaHandle, Operations } from "../../operations/operations.ts";
import type { MaskPolarity } from "../../operations/removal.ts";
import type { RunsFrame, RunsHead, SegmentationTarget } from "../../operations/segmentation.ts";
import { levelTable } from "../../vision/mask.ts";

type Params = Parameters<Operations["segment"]>[0];
type Result = Awaited<ReturnType<Operations["segment"]>>;

/** Bits of a mask's pixels. */
export const ON_OBJECT = 1;
/** What the object affects. */
export const AFFECTED = 2;

/** A frame's mask: bits of {@link ON_OBJECT} and {@link AFFECTED} for every pixel. */
export type MaskOf = (index: number, frame: Frame, format: FrameFormat) => Uint8Array | Promise<Uint8Array>;

/** A mask of more than this share of every frame is none. */
const MOST = 0.95;

/** Writes the mask video in a pass of its own over the clip. @throws `no_media_generated` when nothing or everything is masked. */
export async function writeMasks(
  params: Params,
  limits: MediaLimits,
  context: TaskContext,
  maskOf: MaskOf,
  progressFrom: number,
): Promise<Omit<Result, "found" | "timings">> {
  const source = await openVideo(params.video, limits);
  const runs = params.withRuns ? openRuns(join(context.outFolder, "mask-runs.ndjson"), params, source) : undefined;
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
        const mask = await maskOf(index++, frame, format);
        let own = 0;
        for (const value of mask) own += value & ON_OBJECT;
        if (own > 0) framesWithObject++;
        marked += own;
        await sink.write(maskFrame(mask, shape, params.polarity), pts);
        runs?.add(mask, toSeconds(pts, timeBase));
        context.progress(progressFrom + Math.min(1, index / expected) * (1 - progressFrom), "writing the mask");
      }
      if (marked === 0 || marked > MOST * format.width * format.height * index) {
        throw nothingFound(locOf(params.target, params.video.loc));
      }
      const { frameCount, width, height } = await sink.finish();
      const mask = { path, loc: params.video.loc, contentType: "video/mp4", fileName: maskName(params.video, "mp4") };
      return { mask, ...(runs && { runs: runs.handle }), width, height, frameCount, framesWithObject };
    } catch (error) {
      await sink.abort();
      throw error;
    }
  } finally {
    runs?.close();
    await source.close();
  }
}

function openRuns(path: string, { video, affected }: Params, { format }: VideoSource) {
  const { width, height } = format;
  const file = openSync(path, "wx");
  const line = (value: RunsHead | RunsFrame): void => {
    writeSync(file, `${JSON.stringify(value)}\n`);
  };
  line({ width, height });
  return {
    handle: {
      path,
      loc: video.loc,
      contentType: "application/x-ndjson",
      fileName: maskName(video, "ndjson"),
    } satisfies MediaHandle,
    add(mask: Uint8Array, time: number): void {
      const object = runsOf(mask, ON_OBJECT);
      line({ time, object, ...(affected && { affected: runsOf(mask, AFFECTED) }) });
    },
    close: () => closeSync(file),
  };
}

/** Lengths of runs, without and with the bit by turns; the last run is left out. */
export function runsOf(mask: Uint8Array, bit: number): number[] {
  const runs: number[] = [];
  let start = 0;
  let on = 0;
  for (let i = 0; i < mask.length; i++) {
    const own = mask[i]! & bit;
    if (own === on) continue;
    runs.push(i - start);
    [start, on] = [i, own];
  }
  // What is left at the end is beside the object, unless the last run is on it.
  if (on !== 0) runs.push(mask.length - start);
  return runs;
}

/** Grey pictures of the source's size. */
export function maskFormat({ width, height }: FrameFormat): FrameFormat {
  return { width, height, chromaShiftX: 1, chromaShiftY: 1, bitDepth: 8, fullRange: true };
}

/** A mask as a grey picture. */
export function maskFrame(
  mask: Uint8Array,
  { width, height }: FrameFormat,
  polarity: MaskPolarity = "white-removes",
): Frame {
  const [keep, affected, remove, both] = levelTable(polarity);
  const levels = [keep, remove, affected, both];
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const grey = { data: new Uint8Array(w * h).fill(128), width: w, height: h, stride: w };
  // A loop: `Uint8Array.from` with a function takes twenty times as long.
  const luma = new Uint8Array(mask.length);
  for (let i = 0; i < mask.length; i++) luma[i] = levels[mask[i]!]!;
  return { planes: [{ data: luma, width, height, stride: width }, grey, grey] };
}

/** How many frames the file says it has. */
export function expectedFrames({ info }: VideoSource): number {
  return Math.max(1, info.video?.frameCount || Math.round((info.video?.duration ?? 0) * (info.video?.fps ?? 0)));
}

/** The field that says what to find. */
export function locOf(target: SegmentationTarget, video: Loc): Loc {
  return target.kind === "words" ? target.loc : (target.prompts[0]?.loc ?? video);
}

/** @returns `no_media_generated`, with what helps. */
export function nothingFound(loc: Loc): ReshootError {
  const message =
    "Nothing that stands out was found there. More clicks on the object and beside it help; so does a mask picture of one frame";
  return fieldError("no_media_generated", loc, message);
}

/** A mask file's name. */
export function maskName({ fileName }: MediaHandle, extension: string): string {
  return `${fileName.replace(/\.[^.]*$/, "") || "video"}-mask.${extension}`;
}
