/** Frames in between as a media worker makes them: decode, interpolate, encode, in one pass with bounded memory. */
import { cpus } from "node:os";
import { join } from "node:path";
import { toSeconds } from "../../media/ffmpeg.ts";
import type { Frame } from "../../media/frame.ts";
import type { TimelineLimits } from "../../media/limits.ts";
import { toRate } from "../../media/sampling.ts";
import { checkLength } from "../../media/timeline/render.ts";
import { deliveredName, fileKind } from "../../media/video-formats.ts";
import { createVideo } from "../../media/video-sink.ts";
import { openVideo, type VideoSource } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { Operations } from "../../operations/operations.ts";
import { interpolate } from "../../vision/interpolation/interpolate.ts";
import { createMilestones } from "./milestones.ts";

type Params = Parameters<Operations["interpolateFrames"]>[0];
type Result = Awaited<ReturnType<Operations["interpolateFrames"]>>;

/** More than this would wait for each other, and each needs memory of its own. */
const THREADS = Math.min(8, Math.max(1, cpus().length));
/** How far the result's speed may be off, as a share, for the sound to stay. */
const SAME_SPEED = 0.005;

/** See {@link Operations.interpolateFrames}. @throws ReshootError `video_duration_too_long` when the result would be. */
export async function interpolateFramesTask(
  params: Params,
  limits: TimelineLimits,
  context: TaskContext,
): Promise<Result> {
  const { video, between, encoding } = params;
  const source = await openVideo(video, limits);
  try {
    const { format, color, sampleAspect, info } = source;
    const most = params.frames ?? Number.POSITIVE_INFINITY;
    const check = (frames: number): void => checkLength(Math.min(most, frames) / params.fps, limits, video.loc);
    const expected = info.video?.frameCount ?? 0;
    if (expected > 0) check((expected - 1) * (between + 1) + 1);
    context.log("INFO", `Video: ${format.width}x${format.height}, ${info.video?.codec}; ${between} new frames a gap`);
    if (source.hasAlpha)
      context.log("WARN", "The video's transparency is flattened over black: the result has no alpha");
    const read = source.frames();
    const head = await read.next();
    if (head.done) throw new Error("a video has a first frame");
    const start = toSeconds(head.value.pts, source.timeBase);
    const ownSpeed = isOwnSpeed(source, params);
    if (info.audio && !ownSpeed) context.log("WARN", "The result runs at another speed than the video: without sound");
    const [num, den] = toRate(params.fps);
    const { extension, contentType } = fileKind(encoding?.format);
    const path = join(context.outFolder, `interpolated${extension}`);
    const sink = await createVideo(path, {
      format,
      timeBase: [den, num],
      color,
      sampleAspect,
      frameDuration: 1n,
      delivery: params.delivery,
      ...(encoding && { encoding }),
      ...(ownSpeed && { audio: { media: video, streams: "all", offset: -start, cutAtEnd: false } }),
    });
    try {
      const tell = createMilestones(context, source, 0);
      let cuts = 0;
      const frames = interpolate(pictures(head.value.frame, read), format, {
        between,
        effort: params.effort,
        threads: THREADS,
        signal: context.signal,
        onProgress: (done) => tell(done, "interpolating"),
        onCut: () => cuts++,
      });
      let made = 0;
      for await (const frame of frames) {
        if (made === most) break;
        await sink.write(frame, BigInt(made++));
        check(made);
      }
      if (cuts > 0) context.log("INFO", `${cuts} cut${cuts > 1 ? "s" : ""} found; nothing is interpolated across them`);
      const facts = await sink.finish();
      const fileName = deliveredName(video.fileName, "-interpolated", encoding?.format);
      return { video: { path, loc: video.loc, contentType, fileName }, ...facts };
    } catch (error) {
      await sink.abort();
      throw error;
    }
  } finally {
    await source.close();
  }
}

function isOwnSpeed({ info }: VideoSource, { fps, between }: Params): boolean {
  const own = (info.video?.fps ?? 0) * (between + 1);
  return own > 0 && Math.abs(fps / own - 1) < SAME_SPEED;
}

async function* pictures(first: Frame, rest: AsyncIterable<{ readonly frame: Frame }>): AsyncGenerator<Frame> {
  yield first;
  for await (const { frame } of rest) yield frame;
}
