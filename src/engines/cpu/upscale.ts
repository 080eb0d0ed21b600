/** Upscaling as a media worker does it: decode, enlarge, encode, in one pass with bounded memory. */
import { cpus } from "node:os";
import { join } from "node:path";
import { fieldError } from "../../errors.ts";
import { chromaSite } from "../../media/chroma-site.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { createVideo } from "../../media/video-sink.ts";
import { openVideo, type VideoSource } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { Operations } from "../../operations/operations.ts";
import { enlargedFormat, upscale } from "../../vision/upscaling/upscale.ts";

type Params = Parameters<Operations["upscale"]>[0];
type Result = Awaited<ReturnType<Operations["upscale"]>>;

const THREADS = Math.max(1, cpus().length);
/** Pixels of a result's frame: an encoder holds some forty of them. */
const MOST_PIXELS = 4096 * 4096;

/** See {@link Operations.upscale}. @throws ReshootError `image_too_large` when the result would be. */
export async function upscaleTask(params: Params, limits: MediaLimits, context: TaskContext): Promise<Result> {
  const source = await openVideo(params.video, limits);
  try {
    const format = enlargedFormat(source.format, params.scale);
    checkSize(params, source, format);
    const { width, height } = source.format;
    context.log(
      "INFO",
      `Video: ${width}x${height}, ${source.info.video?.codec}; result: ${format.width}x${format.height}`,
    );
    if (source.hasAlpha)
      context.log("WARN", "The video's transparency is flattened over black: the result has no alpha");
    const path = join(context.outFolder, "upscaled.mp4");
    const { timeBase, color, sampleAspect, frameDuration } = source;
    const sink = await createVideo(path, {
      format,
      timeBase,
      color,
      sampleAspect,
      frameDuration,
      delivery: params.delivery,
      audioFrom: params.video,
    });
    try {
      const frames = upscale(source.frames(), source.format, {
        scale: params.scale,
        chromaSite: chromaSite(color, source.format),
        threads: THREADS,
        signal: context.signal,
        onProgress: progress(source, context),
      });
      for await (const { frame, pts } of frames) await sink.write(frame, pts);
      const facts = await sink.finish();
      const fileName = `${params.video.fileName.replace(/\.[^.]*$/, "") || "video"}-upscaled.mp4`;
      return { video: { path, loc: params.video.loc, contentType: "video/mp4", fileName }, ...facts };
    } catch (error) {
      await sink.abort();
      throw error;
    }
  } finally {
    await source.close();
  }
}

function checkSize({ video, scale }: Params, source: VideoSource, result: { width: number; height: number }): void {
  const { width, height } = result;
  if (scale === 1 || width * height <= MOST_PIXELS) return;
  const size = `${source.format.width}x${source.format.height}`;
  const message = `${scale} times ${size} is ${width}x${height}; at most ${MOST_PIXELS} pixels are made`;
  const ctx = { max_pixels: MOST_PIXELS, provided_width: width, provided_height: height };
  throw fieldError("image_too_large", video.loc, message, { ctx });
}

function progress({ info }: VideoSource, context: TaskContext): (framesDone: number) => void {
  const frames = info.video?.frameCount || Math.round((info.video?.duration ?? 0) * (info.video?.fps ?? 0));
  return (framesDone) => context.progress(frames > 0 ? Math.min(1, framesDone / frames) : 0, "enlarging");
}
