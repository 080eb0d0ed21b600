/** The object that moves by itself, as a mask video. */
import { cpus } from "node:os";
import { fieldError } from "../../errors.ts";
import type { Frame, FrameFormat } from "../../media/frame.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { openVideo } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { Operations } from "../../operations/operations.ts";
import { KEEP } from "../../vision/mask.ts";
import { findMovingObject } from "../../vision/moving-object/find-moving-object.ts";
import { type MaskOf, ON_OBJECT } from "./segment-write.ts";

type Params = Parameters<Operations["segment"]>[0];
type Result = Awaited<ReturnType<Operations["segment"]>>;
type Write = (
  params: Params,
  limits: MediaLimits,
  context: TaskContext,
  maskOf: MaskOf,
  progressFrom: number,
) => Promise<Omit<Result, "found" | "timings">>;

const WINDOW = 85;
/** The share of the progress bar that the search takes. */
const SEARCH = 0.7;

/** @throws ReshootError `no_media_generated` naming the words' field when nothing stands out by its motion. */
export async function findMoving(
  params: Params,
  limits: MediaLimits,
  context: TaskContext,
  write: Write,
): Promise<Result> {
  const started = performance.now();
  const source = await openVideo(params.video, limits);
  const loc = params.target.kind === "words" ? params.target.loc : params.video.loc;
  try {
    const frames = Math.max(1, source.info.video?.frameCount ?? 0);
    const found = await findMovingObject(source.frames(), source.format, {
      window: WINDOW,
      threads: Math.max(1, cpus().length),
      signal: context.signal,
      onLog: context.log,
      onProgress: (done, stage) => context.progress(Math.min(1, done / frames) * SEARCH, stage),
    });
    if (!found) throw fieldError("no_media_generated", loc, "No object stands out by its motion");
    const searched = performance.now();
    const masks = (index: number, _frame: Frame, _format: FrameFormat): Uint8Array =>
      found.labels(index).map((label) => (label === KEEP ? 0 : ON_OBJECT));
    const written = await write(params, limits, context, masks, SEARCH);
    const finished = performance.now();
    const timings = { search: (searched - started) / 1000, total: (finished - started) / 1000 };
    return { ...written, found: ["moving object"], timings };
  } finally {
    await source.close();
  }
}
