/** A picture laid over what a mask marks, as a media worker does it: the mask's path first, then frame by frame. */
import { join } from "node:path";
import { fieldError } from "../../errors.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { readStill } from "../../media/still-picture.ts";
import { deliveredName, fileKind, requireEncodable } from "../../media/video-formats.ts";
import { createVideo } from "../../media/video-sink.ts";
import { openVideo } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { Operations } from "../../operations/operations.ts";
import { cutOut } from "../../vision/placement/cut-out.ts";
import { PicturePainter } from "../../vision/placement/draw.ts";
import { type Marks, marksOf, pathOf, type Spot } from "../../vision/placement/path.ts";
import { openMaskFeed } from "./mask-feed.ts";
import { createMilestones } from "./milestones.ts";

type Params = Parameters<Operations["placePicture"]>[0];
type Result = Awaited<ReturnType<Operations["placePicture"]>>;

/** The share of the progress bar that the first pass takes. */
const FOLLOWED = 0.3;

/** See {@link Operations.placePicture}. */
export async function placePictureTask(params: Params, limits: MediaLimits, context: TaskContext): Promise<Result> {
  const started = performance.now();
  const path = await follow(params, limits, context);
  const followed = performance.now();
  const source = await openVideo(params.video, limits);
  try {
    const { format, timeBase, color, sampleAspect, frameDuration } = source;
    requireEncodable(params.video, format, params.encoding?.format);
    const still = await readStill(params.picture, { color, fullRange: format.fullRange }, limits);
    const painter = new PicturePainter(cutOut(still), format);
    const { extension, contentType } = fileKind(params.encoding?.format);
    const file = join(context.outFolder, `placed${extension}`);
    const sink = await createVideo(file, {
      format,
      timeBase,
      color,
      sampleAspect,
      frameDuration,
      delivery: params.delivery,
      ...(params.encoding && { encoding: params.encoding }),
      audioFrom: params.video,
    });
    try {
      const tell = createMilestones(context, source, FOLLOWED);
      let index = 0;
      for await (const { frame, pts } of source.frames()) {
        context.signal.throwIfAborted();
        const spot = path[index++];
        if (spot) painter.paint(frame, spot);
        await sink.write(frame, pts);
        tell(index, "placing the picture");
      }
      const facts = await sink.finish();
      const finished = performance.now();
      return {
        ...facts,
        video: {
          path: file,
          loc: params.video.loc,
          contentType,
          fileName: deliveredName(params.video.fileName, "", params.encoding?.format),
        },
        timings: { follow: seconds(followed - started), place: seconds(finished - followed) },
      };
    } catch (error) {
      await sink.abort();
      throw error;
    }
  } finally {
    await source.close();
  }
}

/** Where the picture belongs on each frame. */
async function follow(
  { video, mask }: Params,
  limits: MediaLimits,
  context: TaskContext,
): Promise<(Spot | undefined)[]> {
  const source = await openVideo(video, limits);
  try {
    const masks = await openMaskFeed(mask, source, limits, context);
    try {
      const { width, height } = source.format;
      const tell = createMilestones(context, source, 0, FOLLOWED);
      const marks: (Marks | undefined)[] = [];
      for await (const { labels } of masks.frames()) {
        context.signal.throwIfAborted();
        marks.push(marksOf(labels, width, height));
        tell(marks.length, "following the mask");
      }
      if (!marks.some((mark) => mark)) {
        throw fieldError("value_error", mask.media.loc, "Value error, the mask marks nothing: white is replaced");
      }
      return pathOf(marks, width, height);
    } finally {
      await masks.close();
    }
  } finally {
    await source.close();
  }
}

const seconds = (ms: number): number => Math.round(ms) / 1000;
