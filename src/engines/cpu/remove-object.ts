/** Removal as a media worker does it: decode clip and mask, remove, encode, in one pass with bounded memory. */
import { cpus } from "node:os";
import { join } from "node:path";
import { fieldError } from "../../errors.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { deliveredName, fileKind, requireEncodable } from "../../media/video-formats.ts";
import { createVideo, type VideoFacts } from "../../media/video-sink.ts";
import { openVideo, type VideoSource } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { Operations } from "../../operations/operations.ts";
import { findMovingObject, type MovingObject } from "../../vision/moving-object/find-moving-object.ts";
import { removeObject } from "../../vision/removal/remove-object.ts";
import { feedFound, type Mask, type MaskFeed, openMaskFeed } from "./mask-feed.ts";
import { createMilestones } from "./milestones.ts";

type Params = Parameters<Operations["removeObject"]>[0];
type Result = Awaited<ReturnType<Operations["removeObject"]>>;

const THREADS = Math.max(1, cpus().length);

/** The share of the progress bar that finding the object takes when no mask was given. */
const SEARCH_SHARE = 0.4;

/** See {@link Operations.removeObject}. */
export async function removeObjectTask(params: Params, limits: MediaLimits, context: TaskContext): Promise<Result> {
  const started = performance.now();
  const { mask } = params;
  const found = "media" in mask ? undefined : await findObject(params, limits, context);
  const searched = performance.now();
  const source = await openVideo(params.video, limits);
  try {
    requireEncodable(params.video, source.format, params.encoding?.format);
    if (!found) describe(source, context);
    const masks = found ? feedFound(found, source) : await openMaskFeed(mask as Mask, source, limits, context);
    try {
      const { extension, contentType } = fileKind(params.encoding?.format);
      const path = join(context.outFolder, `removed${extension}`);
      const { facts, computed } = await encode(
        path,
        params,
        source,
        masks,
        createMilestones(context, source, found ? SEARCH_SHARE : 0),
        context,
      );
      const finished = performance.now();
      context.log("INFO", `Finished ${facts.frameCount} frames in ${seconds(finished - started).toFixed(1)} s`);
      return {
        video: {
          path,
          loc: params.video.loc,
          contentType,
          fileName: deliveredName(params.video.fileName, "-removed", params.encoding?.format),
        },
        ...facts,
        markedFrames: masks.marked(),
        timings: {
          ...(found && { search: seconds(searched - started) }),
          remove: seconds(computed - searched),
          finish: seconds(finished - computed),
          total: seconds(finished - started),
        },
      };
    } finally {
      await masks.close();
    }
  } finally {
    await source.close();
  }
}

async function encode(
  path: string,
  params: Params,
  source: VideoSource,
  masks: MaskFeed,
  onProgress: (framesDone: number, stage: string) => void,
  context: TaskContext,
): Promise<{ facts: VideoFacts; computed: number }> {
  const { format, timeBase, color, sampleAspect, frameDuration } = source;
  const sink = await createVideo(path, {
    format,
    timeBase,
    color,
    sampleAspect,
    frameDuration,
    delivery: params.delivery,
    ...(params.encoding && { encoding: params.encoding }),
    ...(params.keepSound !== false && { audioFrom: params.video }),
  });
  try {
    const frames = removeObject(masks.frames(), format, {
      window: params.window,
      refine: params.refine,
      seed: params.seed,
      threads: THREADS,
      signal: context.signal,
      onLog: context.log,
      onProgress,
    });
    for await (const { frame, pts } of frames) await sink.write(frame, pts);
    masks.report();
    const computed = performance.now();
    return { facts: await sink.finish(), computed };
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/**
 * The object that moves by itself, in a pass of its own over the clip.
 * @throws ReshootError `no_media_generated` when nothing stands out.
 */
async function findObject(params: Params, limits: MediaLimits, context: TaskContext): Promise<MovingObject> {
  const source = await openVideo(params.video, limits);
  try {
    describe(source, context);
    const tell = createMilestones(context, source, 0, SEARCH_SHARE);
    const found = await findMovingObject(source.frames(), source.format, {
      window: params.window,
      threads: THREADS,
      signal: context.signal,
      onLog: context.log,
      onProgress: tell,
    });
    if (!found) {
      const message = "No object stands out by its motion";
      throw fieldError("no_media_generated", params.video.loc, message);
    }
    context.log(
      "INFO",
      `Something moves by itself in ${found.framesWithObject} of ${found.frameCount} frames: it is removed`,
    );
    return found;
  } finally {
    await source.close();
  }
}

function describe({ format, info, hasAlpha }: VideoSource, { log }: TaskContext): void {
  const rate = `${(info.video?.fps ?? 0).toFixed(2)} frames/s`;
  log("INFO", `Video: ${format.width}x${format.height}, ${rate}, ${info.duration.toFixed(2)} s, ${info.video?.codec}`);
  if (hasAlpha) log("WARN", "The video's transparency is flattened over black: the result has no alpha");
}

const seconds = (ms: number): number => Math.round(ms) / 1000;
