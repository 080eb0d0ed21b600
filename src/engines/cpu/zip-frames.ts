/** A video's frames as pictures in an archive, as a media worker packs them. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { savePng } from "../../media/image.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { openVideo } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import { ZipWriter } from "../../media/zip.ts";
import type { Operations } from "../../operations/operations.ts";
import { createMilestones } from "./milestones.ts";

type Params = Parameters<Operations["zipFrames"]>[0];
type Result = Awaited<ReturnType<Operations["zipFrames"]>>;

/** See {@link Operations.zipFrames}. */
export async function zipFramesTask({ video }: Params, limits: MediaLimits, context: TaskContext): Promise<Result> {
  const source = await openVideo(video, limits);
  const path = join(context.outFolder, "frames.zip");
  const picture = join(context.outFolder, "frame.png");
  const archive = await ZipWriter.create(path);
  let frameCount = 0;
  let isWhole = false;
  try {
    const tell = createMilestones(context, source, 0);
    for await (const { frame } of source.frames()) {
      context.signal.throwIfAborted();
      await savePng(picture, frame, source.format, source.color, source.sampleAspect);
      await archive.add(`frame_${String(frameCount).padStart(5, "0")}.png`, await readFile(picture));
      tell(++frameCount, "packing frames");
    }
    await archive.finish();
    isWhole = true;
  } finally {
    if (!isWhole) await archive.abort().then(() => rm(path, { force: true }));
    await rm(picture, { force: true });
    await source.close();
  }
  const fileName = `${video.fileName.replace(/\.[^.]*$/, "") || "video"}-frames.zip`;
  return { zip: { path, loc: video.loc, contentType: "application/zip", fileName }, frameCount };
}
