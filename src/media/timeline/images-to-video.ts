/** Still pictures, each for some frames, as a video. */
import { join } from "node:path";
import { fieldError } from "../../errors.ts";
import type { Operations } from "../../operations/operations.ts";
import type { TimelineLimits } from "../limits.ts";
import type { TaskContext } from "../worker-host.ts";
import { chooseCanvas } from "./canvas.ts";
import { displaySize, type PictureFacts, pictureFacts } from "./pictures.ts";
import { checkLength, type PlacedPicture, renderTimeline } from "./render.ts";

type Params = Parameters<Operations["imagesToVideo"]>[0];
type Result = Awaited<ReturnType<Operations["imagesToVideo"]>>;

/** See {@link Operations.imagesToVideo}. */
export async function imagesToVideo(
  { images, fps, delivery }: Params,
  limits: TimelineLimits,
  context: TaskContext,
): Promise<Result> {
  let frameCount = 0;
  const pictures: PlacedPicture[] = [];
  for (const { media, frames } of images) {
    const from = frameCount;
    frameCount += frames;
    checkLength(frameCount / fps, limits, [...media.loc.slice(0, -1), "frames"]);
    pictures.push({ media, kind: "image", start: from / fps, from, to: frameCount });
  }
  const facts: PictureFacts[] = [];
  for (const { media } of images) {
    const found = await pictureFacts(media, "image", limits);
    if (!found.isStill) {
      throw fieldError("unsupported_image_format", media.loc, "A moving picture is not a still one");
    }
    facts.push(found);
  }
  const canvas = chooseCanvas(facts, displaySize(facts[0]!), [fps, 1]);
  const path = join(context.outFolder, "video.mp4");
  const produced = await renderTimeline(path, { canvas, pictures, frameCount, sound: [], delivery }, limits, context);
  return { ...produced, video: { path, loc: [], contentType: "video/mp4", fileName: "video.mp4" } };
}
