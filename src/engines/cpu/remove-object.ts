/** Removal as a media worker does it: decode clip and mask, remove, encode, in one pass with bounded memory. */
import { cpus } from "node:os";
import { join } from "node:path";
import { fieldError } from "../../errors.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { createVideo } from "../../media/video-sink.ts";
import { openVideo } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { MediaHandle, Operations } from "../../operations/operations.ts";
import { removeObject } from "../../vision/removal/remove-object.ts";
import { openMaskFeed } from "./mask-feed.ts";

type Params = Parameters<Operations["removeObject"]>[0];
type Result = Awaited<ReturnType<Operations["removeObject"]>>;

/** See {@link Operations.removeObject}. */
export async function removeObjectTask(params: Params, limits: MediaLimits, context: TaskContext): Promise<Result> {
  const started = performance.now();
  const source = await openVideo(params.video, limits);
  try {
    const { format, info } = source;
    const { width, height } = format;
    const expected = info.video?.frameCount || Math.round((info.video?.duration ?? 0) * (info.video?.fps ?? 0));
    context.log(
      "INFO",
      `Video: ${width}x${height}, ${(info.video?.fps ?? 0).toFixed(2)} frames/s, ${info.duration.toFixed(2)} s, ${info.video?.codec}`,
    );
    if (source.hasAlpha)
      context.log("WARN", "The video's transparency is flattened over black: the result has no alpha");

    const masks = await openMaskFeed(params.mask, source, limits, context);
    const path = join(context.outFolder, "removed.mp4");
    const sink = await createVideo(path, {
      format,
      timeBase: source.timeBase,
      color: source.color,
      sampleAspect: source.sampleAspect,
      delivery: params.delivery,
      audioFrom: params.video,
      frameDuration: source.frameDuration,
    });
    try {
      let written = 0;
      const tell = createMilestones(context);
      const frames = removeObject(masks.frames(), format, {
        window: params.window,
        refine: params.refine,
        seed: params.seed,
        threads: Math.max(1, cpus().length),
        signal: context.signal,
        onLog: context.log,
        onProgress: (done, stage) => expected > 0 && tell(done / expected, stage),
      });
      for await (const { frame, pts } of frames) {
        await sink.write(frame, pts);
        written++;
      }
      if (written === 0)
        throw fieldError("video_load_error", params.video.loc, "The video has no frame that can be decoded");
      masks.report();
      const computed = performance.now();
      const facts = await sink.finish();
      const finished = performance.now();
      context.log("INFO", `Removed the object from ${written} frames in ${((finished - started) / 1000).toFixed(1)} s`);
      return {
        video: { path, loc: params.video.loc, contentType: "video/mp4", fileName: outputName(params.video) },
        ...facts,
        timings: {
          remove: seconds(computed - started),
          finish: seconds(finished - computed),
          total: seconds(finished - started),
        },
      };
    } catch (error) {
      await sink.abort();
      throw error;
    } finally {
      await masks.close();
    }
  } finally {
    await source.close();
  }
}

/** Progress events for all of it, log lines for every quarter. */
function createMilestones(context: TaskContext) {
  let told = 0;
  return (fraction: number, stage: string): void => {
    context.progress(Math.min(1, fraction), stage);
    const quarter = Math.floor(Math.min(1, fraction) * 4);
    if (quarter > told && quarter < 4) context.log("INFO", `${quarter * 25} % done (${stage})`);
    told = Math.max(told, quarter);
  };
}

function outputName({ fileName }: MediaHandle): string {
  return `${fileName.replace(/\.[^.]*$/, "") || "video"}-removed.mp4`;
}

const seconds = (ms: number): number => Math.round(ms) / 1000;
