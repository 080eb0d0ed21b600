/** Reframing as a media worker does it: one pass to look where that is needed, and one to draw, complete and encode. */
import { cpus } from "node:os";
import { join } from "node:path";
import { fieldError } from "../../errors.ts";
import { chromaSite } from "../../media/chroma-site.ts";
import { toSeconds } from "../../media/ffmpeg.ts";
import type { FrameFormat, TimedFrame } from "../../media/frame.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { deliveredName, fileKind, requireEncodable } from "../../media/video-formats.ts";
import { createVideo } from "../../media/video-sink.ts";
import { openVideo, type VideoSource } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { Operations } from "../../operations/operations.ts";
import { BorderFinder, type Borders, NO_BORDERS } from "../../vision/reframing/borders.ts";
import { type Canvas, hasRoom, onCanvas, pictureOf } from "../../vision/reframing/canvas.ts";
import { type Detect, type Interest, InterestFinder } from "../../vision/reframing/interest.ts";
import { pathOver } from "../../vision/reframing/path.ts";
import { type Axis, placeOn, type View } from "../../vision/reframing/placement.ts";
import type { Box } from "../../vision/registration/align.ts";
import { removeObject } from "../../vision/removal/remove-object.ts";
import { CLASSES } from "../../vision/segmentation/detect.ts";
import { pictureShrink, toPicture } from "../../vision/segmentation/picture.ts";
import { createMilestones } from "./milestones.ts";
import { detector } from "./segment-nets.ts";

type Params = Parameters<Operations["reframe"]>[0];
type Result = Awaited<ReturnType<Operations["reframe"]>>;

const THREADS = Math.max(1, cpus().length);
/** How often a second people and things are looked for, and how surely they must be seen. */
const DETECTIONS = 2;
const LEAST_SCORE = 0.4;
const CLOSE_DETECTIONS = 4;
/** Classes of what moves: people, vehicles, animals, balls. */
const MOVING = new Set(
  "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,sports ball"
    .split(",")
    .map((name) => CLASSES.indexOf(name)),
);
/** Classes that are a part of the scene: they may be repeated where it goes on. */
const SCENERY = new Set(
  "bench,chair,couch,potted plant,bed,dining table".split(",").map((name) => CLASSES.indexOf(name)),
);
/** Room around things, in shares of its box. */
const ROOM = 0.12;
/** The share of the progress bar that looking at the clip first takes. */
const LOOK_SHARE = 0.2;

/** See {@link Operations.reframe}. */
export async function reframeTask(params: Params, limits: MediaLimits, context: TaskContext): Promise<Result> {
  const [started, used] = [performance.now(), process.cpuUsage()];
  const seen = await look(params, limits, context);
  const { borders } = seen;
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
      path: pathFor(seen, view, source),
      ...(hasRoom({ format, view }) && { thingsIn: thingsFinder(source) }),
    };
    const { extension, contentType } = fileKind(params.encoding?.format);
    const path = join(context.outFolder, `reframed${extension}`);
    const facts = await encode(path, params, source, canvas, context, seen.frames > 0 ? LOOK_SHARE : 0);
    return {
      video: {
        path,
        loc: params.video.loc,
        contentType,
        fileName: deliveredName(params.video.fileName, "-reframed", params.encoding?.format),
      },
      ...facts,
      trimmed: borders,
      timings: {
        look: seconds(looked - started),
        draw: seconds(performance.now() - looked),
        processor: processorSeconds(used),
      },
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

/** What was learnt from a first pass over the clip; nothing where none was needed. */
type Seen = { readonly borders: Borders; readonly frames: number; readonly interest?: readonly Interest[] };

async function look(params: Params, limits: MediaLimits, context: TaskContext): Promise<Seen> {
  const source = await openVideo(params.video, limits);
  try {
    const { format } = source;
    const view = viewOf(params, source, NO_BORDERS);
    const isCropped = view.x.isFree || view.y.isFree;
    if (!isCropped && !params.trimBorders) return { borders: NO_BORDERS, frames: 0 };
    const finder = params.trimBorders ? new BorderFinder(format) : undefined;
    const detect: Detect = (picture, fullRange) => detector().detect(picture, fullRange, LEAST_SCORE);
    const every = Math.round(rateOf(source) / DETECTIONS);
    const interest = isCropped ? new InterestFinder(format, detect, every) : undefined;
    const tell = createMilestones(context, source, 0, LOOK_SHARE);
    let frames = 0;
    for await (const { frame } of source.frames()) {
      context.signal.throwIfAborted();
      finder?.add(frame);
      interest?.add(frame);
      tell(++frames, "looking");
    }
    return { borders: finder?.found() ?? NO_BORDERS, frames, ...(interest && { interest: interest.frames }) };
  } finally {
    await source.close();
  }
}

/** The share of what may be cut off that lies before what is seen, frame by frame. */
function pathFor({ interest, borders }: Seen, { x, y }: View, source: VideoSource): Canvas["path"] {
  if (!interest) return () => ({ x: 0.5, y: 0.5 });
  const { width, height } = source.format;
  const along = (
    axis: Axis,
    side: "x" | "y",
    first: number,
    whole: number,
    after: number,
  ): Float32Array | undefined => {
    if (!axis.isFree) return undefined;
    const unit = (whole - first - after) / axis.drawn / whole;
    const start = first / whole + axis.before * unit;
    const reach = { first: start, last: start + axis.slack * unit, length: axis.length * unit };
    return pathOver(
      interest.map((one) => ({ x: one[side], isCut: one.isCut })),
      reach,
      rateOf(source),
    );
  };
  const pathX = along(x, "x", borders.left, width, borders.right);
  const pathY = along(y, "y", borders.top, height, borders.bottom);
  return (frame) => ({ x: pathX?.[frame] ?? 0.5, y: pathY?.[frame] ?? 0.5 });
}

/** Things, as the latest frame shows them in which they were looked for, with room to have moved since. */
function thingsFinder(source: VideoSource): NonNullable<Canvas["thingsIn"]> {
  const { format } = source;
  const shrink = pictureShrink(format);
  const every = Math.max(1, Math.round(rateOf(source) / CLOSE_DETECTIONS));
  let things: ReturnType<NonNullable<Canvas["thingsIn"]>> = { moving: [], still: [] };
  return (frame, index) => {
    if (index % every !== 0) return things;
    const picture = toPicture(frame, format, shrink);
    const found = detector().detect(picture, format.fullRange, LEAST_SCORE);
    const boxes = (isOne: (kind: number) => boolean): Box[] =>
      found.filter(({ kind }) => isOne(kind)).map(({ box }) => roomAround(box, shrink.factor));
    things = {
      moving: boxes((kind) => MOVING.has(kind)),
      still: boxes((kind) => !MOVING.has(kind) && !SCENERY.has(kind)),
    };
    return things;
  };
}

function roomAround({ x0, y0, x1, y1 }: Box, factor: number): Box {
  const [right, down] = [ROOM * (x1 - x0), ROOM * (y1 - y0)];
  return {
    x0: (x0 - right) * factor,
    y0: (y0 - down) * factor,
    x1: (x1 + right) * factor,
    y1: (y1 + down) * factor,
  };
}

function rateOf({ info, frameDuration, timeBase }: VideoSource): number {
  return info.video?.fps || 1 / toSeconds(frameDuration, timeBase);
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
        beyond: pictureOf(canvas.view),
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

/** Of all threads. */
function processorSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return seconds((user + system) / 1000);
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const seconds = (ms: number): number => Math.round(ms) / 1000;
