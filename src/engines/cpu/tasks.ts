/** What a media worker of the CPU engine can be asked, by operation name. */
import type { MediaLimits } from "../../media/limits.ts";
import { muxAudio } from "../../media/mux-audio.ts";
import { probe } from "../../media/probe.ts";
import type { TaskContext, Tasks } from "../../media/worker-host.ts";
import type { OperationName, Operations } from "../../operations/operations.ts";
import { removeObjectTask } from "./remove-object.ts";
import { segmentFrameTask, segmentTask } from "./segment.ts";

/** Arguments of every task, as the engine sends them. */
export type TaskArguments<Name extends OperationName> = {
  readonly params: Parameters<Operations[Name]>[0];
  readonly limits: MediaLimits;
};

type Work<Name extends OperationName> = (
  params: Parameters<Operations[Name]>[0],
  limits: MediaLimits,
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
export const TASKS: Tasks = {
  probe: task("probe", ({ media }, limits) => probe(media, limits)),
  muxAudio: task("muxAudio", (params, limits, context) => muxAudio(params, context.outFolder, limits, context)),
  removeObject: task("removeObject", removeObjectTask),
  segment: task("segment", segmentTask),
  segmentFrame: task("segmentFrame", segmentFrameTask),
};
