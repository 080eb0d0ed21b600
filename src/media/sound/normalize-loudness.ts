/** Brings sound to a loudness by EBU R 128 in two passes: measured first, then changed by one gain, or dynamically. */
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { avChannelLayoutDefault } from "node-av/lib";
import type { MediaHandle, Operations } from "../../operations/operations.ts";
import type { LoudnessSummary } from "../../operations/timeline.ts";
import type { FilterStep } from "../filters/filter.ts";
import type { MediaLimits } from "../limits.ts";
import { CONTENT_TYPE } from "../output.ts";
import type { TaskContext } from "../worker-host.ts";
import { floatChannels } from "./float-frames.ts";
import { channelWeights, createLoudnessMeter, type Loudness } from "./loudness-meter.ts";
import { createSoundFile } from "./sound-file.ts";
import { openSound, type SampleFormat, type SoundFacts } from "./sound-source.ts";

type Params = Parameters<Operations["normalizeLoudness"]>[0];
type Result = Awaited<ReturnType<Operations["normalizeLoudness"]>>;
type Context = Pick<TaskContext, "signal" | "progress" | "log" | "outFolder">;

/** Farther from its target than this, sound is changed once more. LU. */
const NEAR = 0.1;
/** The dynamic way is tried this often, each time from where the last ended. */
const MOST_TRIES = 4;
const MOST_CHANNELS = 8;

/** See {@link Operations.normalizeLoudness}. */
export async function normalizeLoudness(params: Params, limits: MediaLimits, context: Context): Promise<Result> {
  const job = await prepare(params.audio, limits, params.dualMono, context);
  context.progress(0, "measuring");
  const measured = await job.pass({ steps: [], gain: 0 });
  const before: Loudness = params.measured ?? measured;
  if (measured.integrated <= -70) context.log("WARN", "There is nothing to be heard: the sound stays as it is");

  const gain = params.integrated - before.integrated;
  const fits = before.truePeak + gain <= params.truePeak && before.range <= params.range;
  const isSilent = measured.integrated <= -70;
  // An offset is of use to the dynamic way alone.
  const linear = isSilent || (fits && (params.linear ?? params.offset === undefined));
  if (params.linear && !linear) {
    context.log("INFO", "One gain would break the true peak or the loudness range: the gain changes over time");
  }
  context.progress(1 / 3, "normalising");
  const path = join(context.outFolder, "normalised.wav");
  const after = linear
    ? await job.pass({ steps: [], gain: isSilent ? 0 : gain, path })
    : await dynamic(params, job, path, context);
  return {
    audio: { path, loc: params.audio.loc, contentType: CONTENT_TYPE.wav, fileName: `${job.name}.wav` },
    summary: summarize(measured, after, linear, params.integrated),
  };
}

/** What the filter offers to reach the target is tried, and what is then missing is offered to it the next time. */
async function dynamic(params: Params, job: Job, path: string, context: Context): Promise<Loudness> {
  let offset = params.offset ?? 0;
  let best: { after: Loudness; path: string } | undefined;
  const miss = ({ integrated }: Loudness): number => Math.abs(params.integrated - integrated);
  const tries = params.offset === undefined ? MOST_TRIES : 1;
  for (let attempt = 0; attempt < tries; attempt++) {
    const steps: FilterStep[] = [
      [
        "loudnorm",
        {
          I: params.integrated,
          TP: params.truePeak,
          LRA: params.range,
          offset,
          linear: 0,
          dual_mono: params.dualMono ? 1 : 0,
        },
      ],
      // The filter works at 192 kHz.
      ["aresample", { sample_rate: job.format.rate }],
    ];
    const candidate = `${path}.${attempt}.wav`;
    const after = await job.pass({ steps, gain: 0, path: candidate });
    if (!best || miss(after) < miss(best.after)) {
      if (best) await rm(best.path, { force: true });
      best = { after, path: candidate };
    } else await rm(candidate, { force: true });
    if (miss(best.after) <= NEAR || best.path !== candidate) break;
    offset = Math.min(99, Math.max(-99, offset + params.integrated - after.integrated));
    context.progress(1 / 3 + ((attempt + 1) / tries) * (2 / 3), "normalising");
  }
  await rename(best!.path, path);
  return best!.after;
}

type Pass = {
  readonly steps: readonly FilterStep[];
  /** dB, after the steps. */
  readonly gain: number;
  /** Where the result is written; measured only when absent. */
  readonly path?: string;
};

type Job = {
  readonly format: SampleFormat;
  readonly name: string;
  /** One pass over the sound. @returns the loudness of what comes out. */
  pass(what: Pass): Promise<Loudness>;
};

async function prepare(media: MediaHandle, limits: MediaLimits, dualMono: boolean, context: Context): Promise<Job> {
  const first = await openSound(media, limits);
  const { facts } = first;
  await first.close();
  const channels = facts.channels <= MOST_CHANNELS ? facts.channels : 2;
  const format: SampleFormat = { rate: facts.rate, channels, samples: "fltp" };
  const weights = channelWeights(avChannelLayoutDefault(channels).mask, channels, dualMono);
  return {
    format,
    name: `${media.fileName.replace(/\.[^.]*$/, "") || "audio"}-normalised`,
    async pass({ steps, gain, path }) {
      const factor = 10 ** (gain / 20);
      const meter = createLoudnessMeter(format.rate, weights);
      const source = await openSound(media, limits);
      const file = path === undefined ? undefined : await createSoundFile(path, "wav", wavCoding(facts, format));
      try {
        // The filters may have changed the samples' format.
        const plain: FilterStep = ["aformat", { sample_fmts: "fltp" }];
        for await (const frame of source.frames(format, steps.length > 0 ? [...steps, plain] : [])) {
          context.signal.throwIfAborted();
          const samples = floatChannels(frame);
          if (gain !== 0) for (const channel of samples) scale(channel, factor);
          meter.add(samples);
          await file?.write(frame);
        }
        await file?.finish();
        return meter.read();
      } finally {
        await file?.abort();
        await source.close();
      }
    },
  };
}

/** Uncompressed: a coding with loss would move the peaks again. */
function wavCoding({ exactBits }: SoundFacts, { rate, channels }: SampleFormat): Parameters<typeof createSoundFile>[2] {
  const isDeep = exactBits > 16;
  return { encoder: isDeep ? "pcm_s24le" : "pcm_s16le", samples: isDeep ? "s32" : "s16", rate, channels };
}

function scale(samples: Float32Array, factor: number): void {
  for (let i = 0; i < samples.length; i++) samples[i]! *= factor;
}

function summarize(before: Loudness, after: Loudness, linear: boolean, target: number): LoudnessSummary {
  const round = (value: number): number => Math.round(value * 100) / 100;
  return {
    inputIntegrated: round(before.integrated),
    inputTruePeak: round(before.truePeak),
    inputRange: round(before.range),
    inputThreshold: round(before.threshold),
    outputIntegrated: round(after.integrated),
    outputTruePeak: round(after.truePeak),
    outputRange: round(after.range),
    outputThreshold: round(after.threshold),
    type: linear ? "linear" : "dynamic",
    targetOffset: round(target - after.integrated),
  };
}
