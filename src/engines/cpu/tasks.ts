/** What a media worker of the CPU engine can be asked, by operation name. */
import type { TimelineLimits } from "../../media/limits.ts";
import { muxAudio } from "../../media/mux-audio.ts";
import { probe } from "../../media/probe.ts";
import { drawWaveform } from "../../media/sound/draw-waveform.ts";
import { mergeAudios } from "../../media/sound/merge-audios.ts";
import { normalizeLoudness } from "../../media/sound/normalize-loudness.ts";
import { composeTimeline } from "../../media/timeline/compose-timeline.ts";
import { extractFrame } from "../../media/timeline/extract-frame.ts";
import { imagesToVideo } from "../../media/timeline/images-to-video.ts";
import { mergeVideos } from "../../media/timeline/merge-videos.ts";
import type { TaskContext, Tasks } from "../../media/worker-host.ts";
import type { OperationName, Operations } from "../../operations/operations.ts";
import { conformTask } from "./conform.ts";
import { interpolateFramesTask } from "./interpolate-frames.ts";
import { placePictureTask } from "./place-picture.ts";
import { reframeTask } from "./reframe.ts";
import { removeObjectTask } from "./remove-object.ts";
import { segmentFrameTask, segmentTask } from "./segment.ts";
import { upscaleTask } from "./upscale.ts";
import { zipFramesTask } from "./zip-frames.ts";

/** Arguments of every task, as the engine sends them. */
export type TaskArguments<Name extends OperationName> = {
  readonly params: Parameters<Operations[Name]>[0];
  readonly limits: TimelineLimits;
};

type Work<Name extends OperationName> = (
  params: Parameters<Operations[Name]>[0],
  limits: TimelineLimits,
  context: TaskContext,
) => ReturnType<Operations[Name]>;

/** The other end of the channel is our own engine, so its arguments are what their type says. */
function task<Name extends OperationName>(_name: Name, work: Work<Name>): Tasks[string] {
  return (args, context) => {
    const { params, limits } = args as TaskArguments<Name>;
    return work(params, limits, context);
  };
}

/** Runs inside the worker. */
export const TASKS = {
  probe: task("probe", ({ media, count }, limits) => probe(media, limits, count)),
  muxAudio: task("muxAudio", (params, limits, context) => muxAudio(params, context.outFolder, limits, context)),
  composeTimeline: task("composeTimeline", composeTimeline),
  mergeVideos: task("mergeVideos", mergeVideos),
  mergeAudios: task("mergeAudios", mergeAudios),
  extractFrame: task("extractFrame", extractFrame),
  normalizeLoudness: task("normalizeLoudness", normalizeLoudness),
  drawWaveform: task("drawWaveform", drawWaveform),
  imagesToVideo: task("imagesToVideo", imagesToVideo),
  conform: task("conform", conformTask),
  removeObject: task("removeObject", removeObjectTask),
  upscale: task("upscale", upscaleTask),
  placePicture: task("placePicture", placePictureTask),
  zipFrames: task("zipFrames", zipFramesTask),
  interpolateFrames: task("interpolateFrames", interpolateFramesTask),
  reframe: task("reframe", reframeTask),
  segment: task("segment", segmentTask),
  segmentFrame: task("segmentFrame", segmentFrameTask),
} satisfies Tasks;
