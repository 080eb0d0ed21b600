/** Reframing as a media worker does it: one pass to look where that is needed, and one to draw, complete and encode. */
import { cpus } from "node:os";
import { join } from "node:path";
import { fieldError } from "../../errors.ts";
import { chromaSite } from "../../media/chroma-site.ts";
import type { FrameFormat, TimedFrame } from "../../media/frame.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { deliveredName, fileKind, requireEncodable } from "../../media/video-formats.ts";
import { createVideo } from "../../media/video-sink.ts";
import { openVideo, type VideoSource } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { Operations } from "../../operations/operations.ts";
import { BorderFinder, type Borders, NO_BORDERS } from "../../vision/reframing/borders.ts";
import { type Canvas, hasRoom, onCanvas } from "../../vision/reframing/canvas.ts";
import { placeOn, type View } from "../../vision/reframing/placement.ts";
import { removeObject } from "../../vision/removal/remove-object.ts";
import { createMilestones } from "./milestones.ts";

type Params = Parameters<Operations["reframe"]>[0];
type Result = Awaited<ReturnType<Operations["reframe"]>>;

const THREADS = Math.max(1, cpus().length);
/** The share of the progress bar that looking at the clip first takes. */
const LOOK_SHARE = 0.2;

/** See {@link Operations.reframe}. */
export async function reframeTask(params: Params, limits: MediaLimits, context: TaskContext): Promise<Result> {
  const started = performance.now();
  const borders = params.trimBorders ? await findBorders(params, limits, context) : NO_BORDERS;
  const looked = performance.now();
  const source = await openVideo(params.video, limits);
  try {
    const format: FrameFormat = { ...source.format, ...params.canvas };
    requireEncodable(params.video, format, params.encoding?.format);
    if (source.hasAlpha) {
      context.log("WARN", "The video's transparency is flattened over black: the result has no alpha");
    }
    const view = viewOf(params, source, borders);
    describe(source, borders, view, format, context);
    const canvas: Canvas = {
      format,
      source: source.format,
      borders,
      view,
      chromaSite: chromaSite(source.color, source.format),
      path: () => ({ x: 0.5, y: 0.5 }),
    };
    const { extension, contentType } = fileKind(params.encoding?.format);
    const path = join(context.outFolder, `reframed${extension}`);
    const facts = await encode(path, params, source, canvas, context, params.trimBorders ? LOOK_SHARE : 0);
    return {
      video: {
        path,
        loc: params.video.loc,
        contentType,
        fileName: deliveredName(params.video.fileName, "-reframed", params.encoding?.format),
      },
      ...facts,
      trimmed: borders,
      timings: { look: seconds(looked - started), draw: seconds(performance.now() - looked) },
    };
  } finally {
    await source.close();
  }
}

function viewOf({ video, canvas, placement }: Params, { format, sampleAspect }: VideoSource, borders: Borders): View {
  const size = {
    width: format.width - borders.left - borders.right,
    height: format.height - borders.top - borders.bottom,
  };
  const grid = { x: 2 ** format.chromaShiftX, y: 2 ** format.chromaShiftY };
  const view = placeOn(canvas, size, sampleAspect, placement, grid);
  if (!view) throw fieldError("value_error", video.loc, "Nothing of the video would be seen on its new canvas");
  return view;
}

async function findBorders({ video }: Params, limits: MediaLimits, context: TaskContext): Promise<Borders> {
  const source = await openVideo(video, limits);
  try {
    const finder = new BorderFinder(source.format);
    const tell = createMilestones(context, source, 0, LOOK_SHARE);
    let done = 0;
    for await (const { frame } of source.frames()) {
      context.signal.throwIfAborted();
      finder.add(frame);
      tell(++done, "looking");
    }
    return finder.found();
  } finally {
    await source.close();
  }
}

async function encode(
  path: string,
  params: Params,
  source: VideoSource,
  canvas: Canvas,
  context: TaskContext,
  progress: number,
) {
  const { timeBase, color, frameDuration } = source;
  const sink = await createVideo(path, {
    format: canvas.format,
    timeBase,
    color,
    sampleAspect: [1, 1],
    frameDuration,
    delivery: params.delivery,
    ...(params.encoding && { encoding: params.encoding }),
    ...(params.keepSound && { audioFrom: params.video }),
  });
  const tell = createMilestones(context, source, progress);
  try {
    const drawn = onCanvas(source.frames(), canvas);
    let frames: AsyncGenerator<TimedFrame> = drawn;
    if (hasRoom(canvas)) {
      frames = removeObject(drawn, canvas.format, {
        window: params.window,
        refine: false,
        seed: params.seed,
        threads: THREADS,
        signal: context.signal,
        onLog: context.log,
        onProgress: tell,
      });
    }
    let done = 0;
    for await (const { frame, pts } of frames) {
      context.signal.throwIfAborted();
      await sink.write(frame, pts);
      tell(++done, "reframing");
    }
    return await sink.finish();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

function describe(
  { format: { width, height }, info }: VideoSource,
  borders: Borders,
  { x, y }: View,
  canvas: FrameFormat,
  { log }: TaskContext,
): void {
  const { left, right, top, bottom } = borders;
  if (left + right + top + bottom > 0) {
    log("INFO", `Black bars cut off: ${left} left, ${right} right, ${top} above, ${bottom} below`);
  }
  const place = `${x.length}x${y.length} at (${x.start}, ${y.start})`;
  log("INFO", `Video: ${width}x${height}, ${info.video?.codec}; drawn ${place} of ${canvas.width}x${canvas.height}`);
  if (x.slack > 0 || y.slack > 0) {
    log("INFO", `Cut off: ${percent(x.slack / x.drawn)} of its width, ${percent(y.slack / y.drawn)} of its height`);
  }
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const seconds = (ms: number): number => Math.round(ms) / 1000;
