/** What a caller hears of a pass over a clip while it runs. */
import type { VideoSource } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";

/** Progress from `start` to `end` of the bar for a pass over the clip, and a log line for every quarter of the pass. */
export function createMilestones({ progress, log }: TaskContext, { info }: VideoSource, start: number, end = 1) {
  const frames = info.video?.frameCount || Math.round((info.video?.duration ?? 0) * (info.video?.fps ?? 0));
  let told = 0;
  return (framesDone: number, stage: string): void => {
    const fraction = frames > 0 ? Math.min(1, framesDone / frames) : 0;
    progress(start + fraction * (end - start), stage);
    const quarter = Math.floor(fraction * 4);
    if (quarter > told && quarter < 4) log("INFO", `${quarter * 25} % done (${stage})`);
    told = Math.max(told, quarter);
  };
}
