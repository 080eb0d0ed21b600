/** The shape of a sound in few numbers. */
import type { Operations } from "../../operations/operations.ts";
import type { MediaLimits } from "../limits.ts";
import { floatChannels } from "./float-frames.ts";
import { openSound } from "./sound-source.ts";

type Params = Parameters<Operations["drawWaveform"]>[0];
type Result = Awaited<ReturnType<Operations["drawWaveform"]>>;

/** See {@link Operations.drawWaveform}. */
export async function drawWaveform(params: Params, limits: MediaLimits): Promise<Result> {
  const source = await openSound(params.media, limits);
  try {
    const { rate } = source.facts;
    const step = rate / params.pointsPerSecond;
    const points: number[] = [];
    let count = 0;
    for await (const frame of source.frames({ rate, channels: 1, samples: "fltp" })) {
      const samples = floatChannels(frame)[0]!;
      for (let i = 0; i < samples.length; i++, count++) {
        const point = Math.floor(count / step);
        const highest = points[point] ?? 0;
        if (Math.abs(samples[i]!) >= Math.abs(highest)) points[point] = samples[i]!;
      }
    }
    const duration = count / rate;
    const wanted = Math.max(1, Math.round(duration * params.pointsPerSecond));
    // More points than samples leave some without: they repeat the one before.
    const all: number[] = [];
    for (let i = 0; i < wanted; i++) all.push(points[i] ?? all.at(-1) ?? 0);
    return { points: smooth(all, params.smoothingWindow), duration };
  } finally {
    await source.close();
  }
}

/** Each height averaged with its neighbours', on the side of zero that it was on. At the ends with those there are. */
function smooth(points: readonly number[], window: number): number[] {
  const reach = (window - 1) / 2;
  const sums = [0];
  for (const point of points) sums.push(sums.at(-1)! + Math.min(1, Math.abs(point)));
  return points.map((point, index) => {
    const [from, to] = [Math.max(0, index - reach), Math.min(points.length, index + reach + 1)];
    const height = (sums[to]! - sums[from]!) / (to - from);
    return point < 0 ? -height : height;
  });
}
