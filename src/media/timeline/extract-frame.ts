/** One frame of a video as a picture. */
import { join } from "node:path";
import { AVSEEK_FLAG_BACKWARD } from "node-av/constants";
import type { Frame as NativeFrame } from "node-av/lib";
import type { MediaHandle, Operations } from "../../operations/operations.ts";
import { MICROSECONDS, ratio, rescale } from "../ffmpeg.ts";
import { savePng } from "../image.ts";
import { formatError, loadError, type MediaLimits } from "../limits.ts";
import { openInput, requireVideo } from "../open-input.ts";
import { scanPackets } from "../packet-scan.ts";
import { createPictureReader } from "../picture.ts";
import { sampleAspect } from "../probe.ts";
import { firstPicture } from "../video-source.ts";
import type { TaskContext } from "../worker-host.ts";

type Params = Parameters<Operations["extractFrame"]>[0];
type Size = { readonly width: number; readonly height: number };
type Result = Awaited<ReturnType<Operations["extractFrame"]>>;

/** See {@link Operations.extractFrame}. */
export async function extractFrame(
  { video, which }: Params,
  limits: MediaLimits,
  context: Pick<TaskContext, "outFolder">,
): Promise<Result> {
  const time = which === "first" ? undefined : await timeOf(video, which, limits);
  const path = join(context.outFolder, `${which}.png`);
  // What begins with a whole picture can be entered in its middle, and pictures that none leans on be passed over. Where
  // that does not lead to the very picture, for whatever reason, all are decoded, from the start.
  const direct = (): Promise<Size | undefined> => savePicture(video, path, time, true, limits).catch(() => undefined);
  const size =
    (time === undefined ? undefined : await direct()) ?? (await savePicture(video, path, time, false, limits));
  if (!size) throw loadError(video, "video", "No picture of this file can be decoded");
  const name = `${video.fileName.replace(/\.[^.]*$/, "") || "video"}-${which}.png`;
  return { ...size, image: { path, loc: video.loc, contentType: "image/png", fileName: name } };
}

/** When the wanted picture is shown, in the stream's time base from the start of the file. */
async function timeOf(media: MediaHandle, which: "middle" | "last", limits: MediaLimits): Promise<number> {
  const input = await openInput(media, "video", limits);
  try {
    if (input.isStill) throw formatError(media, "video", "A still picture is not a video");
    const { times } = await scanPackets(input, requireVideo(input, media, "video"), media, "video", limits);
    return times[which === "last" ? times.length - 1 : times.length >> 1] ?? 0;
  } finally {
    await input.close();
  }
}

/**
 * Saves the picture shown at a time, the last before it where none is.
 * @param direct goes to it the short way; the result is undefined where that does not lead to it.
 */
async function savePicture(
  media: MediaHandle,
  path: string,
  time: number | undefined,
  direct: boolean,
  limits: MediaLimits,
): Promise<Size | undefined> {
  const input = await openInput(media, "video", limits);
  let found: NativeFrame | undefined;
  try {
    if (input.isStill) throw formatError(media, "video", "A still picture is not a video");
    const stream = requireVideo(input, media, "video");
    if (direct && time !== undefined) {
      const start = rescale(input.startTime, MICROSECONDS, ratio(stream.timeBase));
      const code = await input.context.seekFrame(stream.index, BigInt(time) + start, AVSEEK_FLAG_BACKWARD);
      if (code < 0) return undefined;
    }
    const { first, rest, orientation } = await firstPicture(
      input,
      stream,
      media,
      "video",
      limits,
      direct && time !== undefined ? BigInt(time) : undefined,
    );
    try {
      found = first.native.clone()!;
      let at = first.pts;
      if (time !== undefined && at < BigInt(time)) {
        for await (const { native, pts } of rest) {
          if (pts > BigInt(time)) break;
          found.free();
          found = native.clone()!;
          at = pts;
          if (pts === BigInt(time)) break;
        }
      }
      if (direct && at !== BigInt(time ?? 0)) return undefined;
    } finally {
      await rest.return();
    }
    const reader = createPictureReader(found, orientation);
    const frame = reader.read(found);
    reader.close();
    await savePng(path, frame, reader.format, reader.color, sampleAspect(stream, orientation.swap));
    return { width: reader.format.width, height: reader.format.height };
  } finally {
    found?.free();
    await input.close();
  }
}
