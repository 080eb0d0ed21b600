/** Videos one after the other, as one. */
import { join } from "node:path";
import type { MediaHandle, Operations } from "../../operations/operations.ts";
import { toSeconds } from "../ffmpeg.ts";
import { checkPixels, formatError, type TimelineLimits } from "../limits.ts";
import { openInput, requireVideo } from "../open-input.ts";
import { type PacketScan, scanPackets } from "../packet-scan.ts";
import { type PlacedSound, soundFacts } from "../sound/mix.ts";
import type { TaskContext } from "../worker-host.ts";
import { boundedRate, type Canvas, chooseCanvas, rateOf } from "./canvas.ts";
import { displaySize, type PictureFacts, pictureFacts } from "./pictures.ts";
import { checkLength, frameAt, type PlacedPicture, renderTimeline } from "./render.ts";
import { soundPlan } from "./sound-plan.ts";

type Params = Parameters<Operations["mergeVideos"]>[0];
type Result = Awaited<ReturnType<Operations["mergeVideos"]>>;
type Video = { readonly media: MediaHandle; readonly facts: PictureFacts; readonly scan: PacketScan };

/** See {@link Operations.mergeVideos}. */
export async function mergeVideos(params: Params, limits: TimelineLimits, context: TaskContext): Promise<Result> {
  const videos: Video[] = [];
  for (const media of params.videos) videos.push(await readVideo(media, limits));
  const facts = videos.map((video) => video.facts);
  const canvas = chooseCanvas(facts, sizeOf(params, facts), rateFor(params, facts));
  checkPixels(params.videos[0]!, canvas.format.width, canvas.format.height, limits);

  const [num, den] = canvas.rate;
  const pictures: PlacedPicture[] = [];
  const sounds: PlacedSound[] = [];
  let frameCount = 0;
  for (const { media, facts: own, scan } of videos) {
    const from = frameCount;
    const [start, seconds] = [(from * den) / num, toSeconds(BigInt(scan.end), own.info.video!.timeBase)];
    frameCount += Math.max(1, frameAt(seconds, canvas.rate));
    const end = (frameCount * den) / num;
    checkLength(end, limits, media.loc);
    pictures.push({ media, kind: "video", start, from, to: frameCount });
    if (own.info.audio) {
      // A stream of sound that cannot be read is told to the caller rather than left out.
      sounds.push({ media, facts: await soundFacts(media, limits), start, end });
    }
  }
  const { width, height } = canvas.format;
  context.log("INFO", `Joining ${videos.length} videos: ${frameCount} frames of ${width}x${height}`);
  const path = join(context.outFolder, "merged.mp4");
  const sound = await soundPlan(sounds, (frameCount * den) / num, limits);
  const timeline = { canvas, pictures, frameCount, sound, delivery: params.delivery };
  const produced = await renderTimeline(path, timeline, limits, context);
  return { ...produced, video: { path, loc: [], contentType: "video/mp4", fileName: "merged.mp4" } };
}

async function readVideo(media: MediaHandle, limits: TimelineLimits): Promise<Video> {
  const facts = await pictureFacts(media, "video", limits);
  if (facts.isStill) throw formatError(media, "video", "A still picture is not a video");
  const input = await openInput(media, "video", limits);
  try {
    const scan = await scanPackets(input, requireVideo(input, media, "video"), media, "video", limits);
    return { media, facts, scan };
  } finally {
    await input.close();
  }
}

function rateFor({ fps }: Params, facts: readonly PictureFacts[]): Canvas["rate"] {
  if (fps !== undefined) return rateOf(fps);
  const rates = facts.map(({ rate }) => boundedRate(rate ?? [25, 1]));
  return rates.reduce((lowest, rate) => (rate[0] / rate[1] < lowest[0] / lowest[1] ? rate : lowest));
}

function sizeOf({ size, shapeOf }: Params, facts: readonly PictureFacts[]): { width: number; height: number } {
  const sizes = facts.map(displaySize);
  const room = size ?? {
    width: Math.min(...sizes.map(({ width }) => width)),
    height: Math.min(...sizes.map(({ height }) => height)),
  };
  if (shapeOf === undefined) return room;
  const shape = sizes[shapeOf]!;
  const scale = Math.min(room.width / shape.width, room.height / shape.height);
  return { width: Math.round(shape.width * scale), height: Math.round(shape.height * scale) };
}
