/** Another length, rate and size for a clip and its mask, as a media worker makes them: one pass, a few frames in memory. */
import { join } from "node:path";
import type { AudioPlan } from "../../media/audio-feed.ts";
import { toSeconds } from "../../media/ffmpeg.ts";
import type { Frame, FrameFormat, TimedFrame } from "../../media/frame.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { BT709 } from "../../media/picture.ts";
import { createResizer, type Resizer, resizeLabels } from "../../media/resize.ts";
import { planSampling, type SampledFacts, type SamplingPlan, sampleFrames, toRate } from "../../media/sampling.ts";
import { deliveredName, fileKind, requireEncodable } from "../../media/video-formats.ts";
import { createVideo, type VideoOptions, type VideoSink } from "../../media/video-sink.ts";
import { openVideo, type VideoSource } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { Operations } from "../../operations/operations.ts";
import { levelTable } from "../../vision/mask.ts";
import { openMaskFeed } from "./mask-feed.ts";
import { createMilestones } from "./milestones.ts";

type Params = Parameters<Operations["conform"]>[0];
type Result = Awaited<ReturnType<Operations["conform"]>>;
/** A frame of the source, and its mask where there is one. */
type Item = TimedFrame & { readonly labels?: Uint8Array };
/** The frame of the clip that it becomes; absent where frames keep their own times. */
type Chosen = { readonly item: Item; readonly index?: number };

/** See {@link Operations.conform}. */
export async function conformTask(params: Params, limits: MediaLimits, context: TaskContext): Promise<Result> {
  const started = performance.now();
  const source = await openVideo(params.video, limits);
  try {
    const size = params.size ?? source.format;
    requireEncodable(params.video, size, params.encoding?.format);
    const plan = planFor(params, source);
    const masks = params.mask && (await openMaskFeed(params.mask, source, limits, context));
    try {
      const facts: SampledFacts = { frames: 0, held: 0 };
      const clip = cut(masks ? masks.frames() : source.frames(), source, params.seconds);
      const frames = plan.isIdentity ? asTheyAre(clip) : sampleFrames(clip, source.timeBase, plan, facts);
      const written = await write(frames, params, plan, source, context);
      if (facts.held > 0) {
        const end = `the last ${facts.held} of ${facts.frames} frames show its last picture`;
        context.log("WARN", `The video is too short for the frames that were asked for: ${end}`);
      }
      const every = plan.isIdentity ? 1 : plan.every;
      const counted = plan.isIdentity ? written.frameCount : facts.frames;
      const fps = plan.isIdentity ? written.fps : plan.rate[0] / plan.rate[1];
      const total = Math.round(performance.now() - started) / 1000;
      return { ...written, plan: { frames: counted, fps, every }, timings: { conform: total } };
    } finally {
      await masks?.close();
    }
  } finally {
    await source.close();
  }
}

function planFor({ timing }: Params, { info, frameDuration, timeBase }: VideoSource): SamplingPlan {
  const fps = info.video?.fps || 1 / toSeconds(frameDuration, timeBase);
  const frameCount = info.video?.frameCount || Math.round((info.video?.duration ?? 0) * fps);
  if (timing) return planSampling(timing, { fps, frameCount });
  return { frames: "input", rate: toRate(fps), every: 1, isIdentity: true, isRealTime: true };
}

async function* cut(frames: AsyncIterable<Item>, { timeBase }: VideoSource, seconds?: number): AsyncGenerator<Item> {
  let start: bigint | undefined;
  for await (const item of frames) {
    start ??= item.pts;
    // A frame that begins at the very end, give or take a container's clock, is behind it.
    if (seconds !== undefined && toSeconds(item.pts - start, timeBase) >= seconds - 1e-3) return;
    yield item;
  }
}

async function* asTheyAre(frames: AsyncIterable<Item>): AsyncGenerator<Chosen> {
  for await (const item of frames) yield { item };
}

async function* joined<T>(head: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield head;
  yield* rest;
}

async function write(
  frames: AsyncGenerator<Chosen>,
  params: Params,
  plan: SamplingPlan,
  source: VideoSource,
  context: TaskContext,
): Promise<Omit<Result, "plan" | "timings">> {
  const { video, mask, size, encoding } = params;
  const resizer = size && createResizer(source.format, source.color, source.sampleAspect, size);
  const format = resizer?.format ?? source.format;
  const clock: Pick<VideoOptions, "timeBase" | "frameDuration" | "sampleAspect"> = {
    timeBase: plan.isIdentity ? source.timeBase : [plan.rate[1], plan.rate[0]],
    frameDuration: plan.isIdentity ? source.frameDuration : BigInt(plan.every),
    sampleAspect: size ? [1, 1] : source.sampleAspect,
  };
  const { extension, contentType } = fileKind(encoding?.format);
  const path = join(context.outFolder, `conformed${extension}`);
  const maskPath = join(context.outFolder, "conformed-mask.mp4");
  const sinks: VideoSink[] = [];
  try {
    const head = await frames.next();
    if (head.done) throw new Error("a video has a first frame");
    // Frames that are counted begin at zero; frames with times of their own begin where the source's do.
    const start = head.value.index === undefined ? 0 : toSeconds(head.value.item.pts, source.timeBase);
    const audio: AudioPlan = { media: video, streams: "all", offset: -start, cutAtEnd: true };
    const sink = await createVideo(path, {
      format,
      ...clock,
      color: source.color,
      delivery: params.delivery,
      ...(encoding && { encoding }),
      ...(params.keepSound && plan.isRealTime && { audio }),
    });
    sinks.push(sink);
    const maskFormat: FrameFormat = { ...format, chromaShiftX: 1, chromaShiftY: 1, bitDepth: 8, fullRange: true };
    const maskSink =
      mask && (await createVideo(maskPath, { format: maskFormat, ...clock, color: BT709, ...MASK_CODING }));
    if (maskSink) sinks.push(maskSink);
    const levels = mask && levelTable(mask.polarity);
    const tell = createMilestones(context, source, 0);
    let done = 0;
    let last: { readonly item: Item; readonly frame: Frame; readonly mask?: Frame } | undefined;
    for await (const { item, index } of joined(head.value, frames)) {
      context.signal.throwIfAborted();
      if (last?.item !== item) {
        const labels = item.labels && resizedLabels(item.labels, source.format, resizer);
        last = {
          item,
          frame: resizer ? resizer.resize(item.frame) : item.frame,
          ...(labels && levels && { mask: grey(labels, levels, maskFormat) }),
        };
      }
      const pts = index === undefined ? item.pts : BigInt(index);
      await sink.write(last.frame, pts);
      if (last.mask) await maskSink?.write(last.mask, pts);
      tell(++done, "fitting");
    }
    const maskFacts = await maskSink?.finish();
    const facts = await sink.finish();
    return {
      ...facts,
      video: { path, loc: video.loc, contentType, fileName: deliveredName(video.fileName, "", encoding?.format) },
      ...(mask && maskFacts && { mask: { ...mask.media, path: maskPath, contentType: "video/mp4" } }),
    };
  } finally {
    for (const sink of sinks) await sink.abort();
    resizer?.close();
  }
}

const MASK_CODING = { delivery: "lossless", encoding: { effort: "fast" } } as const;

function resizedLabels(labels: Uint8Array, { width }: FrameFormat, resizer: Resizer | undefined): Uint8Array {
  return resizer ? resizeLabels(labels, width, resizer.crop, resizer.format) : labels;
}

function grey(labels: Uint8Array, levels: Uint8Array, { width, height }: FrameFormat): Frame {
  const luma = labels.map((label) => levels[label]!);
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const chroma = { data: new Uint8Array(w * h).fill(128), width: w, height: h, stride: w };
  return { planes: [{ data: luma, width, height, stride: width }, chroma, chroma] };
}
