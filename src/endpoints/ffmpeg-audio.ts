/** fal's FFmpeg endpoints whose subject is audio. */
import Type, { type Static } from "typebox";
import type { Issue } from "../errors.ts";
import type { AudioFormat } from "../operations/timeline.ts";
import { spellings } from "./accept.ts";
import { defineEndpoint, type Endpoint } from "./endpoint.ts";
import { openAll, tooMany } from "./ffmpeg-lists.ts";
import { LoudnormSummary, loudnormSummary } from "./ffmpeg-media.ts";
import { ffmpegPrice } from "./ffmpeg-price.ts";
import { need } from "./needs.ts";
import { choice, File, filled, flag, float, integer, list, media, optional } from "./schema.ts";

const AUDIO = "https://storage.googleapis.com/falserverless/example_inputs/ffmpeg-audio.wav";
const common = {
  aliases: [],
  family: "FFmpeg",
  transport: "request",
  vendor: "fal",
  price: ffmpegPrice,
} as const;

const mergeInput = Type.Object({
  audio_urls: list(media("audio", "An audio file."), "Audio files in their order.", { minItems: 1 }),
  output_format: optional(
    choice(
      [
        "mp3_22050_32",
        "mp3_44100_32",
        "mp3_44100_64",
        "mp3_44100_96",
        "mp3_44100_128",
        "mp3_44100_192",
        "pcm_8000",
        "pcm_16000",
        "pcm_22050",
        "pcm_24000",
        "pcm_44100",
        "pcm_48000",
        "ulaw_8000",
        "alaw_8000",
        "opus_48000_32",
        "opus_48000_64",
        "opus_48000_96",
        "opus_48000_128",
        "opus_48000_192",
      ],
      "Codec, samples per second and kilobits per second; by the files when left out.",
    ),
  ),
});

const loudnormInput = Type.Object({
  audio_url: media("audio", "Audio to bring to a loudness."),
  integrated_loudness: filled(float("Loudness to reach, in LUFS.", { minimum: -70, maximum: -5 }), -18),
  true_peak: filled(float("Highest true peak, in dBTP.", { minimum: -9, maximum: 0 }), -0.1),
  loudness_range: filled(float("Loudness range to reach, in LU.", { minimum: 1, maximum: 50 }), 7),
  offset: optional(float("Gain before the limiter, in dB.", { minimum: -99, maximum: 99 })),
  linear: optional(flag("One gain for the whole file. Needs the four measured values.")),
  measured_i: optional(float("Measured loudness, in LUFS.", { minimum: -99, maximum: 0 })),
  measured_lra: optional(float("Measured loudness range, in LU.", { minimum: 0, maximum: 99 })),
  measured_tp: optional(float("Measured true peak, in dBTP.", { minimum: -99, maximum: 99 })),
  measured_thresh: optional(float("Measured threshold, in LUFS.", { minimum: -99, maximum: 0 })),
  dual_mono: optional(flag("Measure mono as the two equal channels it is played as.")),
  print_summary: optional(flag("Also give what was measured.")),
});

/** `mp3_44100_128` in parts. */
function audioFormat(name: string): AudioFormat {
  const [codec, rate, kilobits] = name.split("_") as [AudioFormat["codec"], string, string | undefined];
  return { codec, rate: Number(rate), ...(kilobits !== undefined && { bitRate: Number(kilobits) * 1000 }) };
}

/** What the caller has measured, if all of it. */
function measuredBefore(input: Static<typeof loudnormInput>) {
  const { measured_i: integrated, measured_tp: truePeak, measured_lra: range, measured_thresh: threshold } = input;
  if (integrated === undefined || truePeak === undefined || range === undefined || threshold === undefined) {
    return undefined;
  }
  return { integrated, truePeak, range, threshold };
}

/** Without a negative zero. */
function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals)) || 0;
}

/** FFmpeg's linear mode takes its measurements as given, so all four must be. */
function checkLoudnorm(input: Static<typeof loudnormInput>): readonly Issue[] {
  if (!input.linear) return [];
  return (["measured_i", "measured_lra", "measured_tp", "measured_thresh"] as const)
    .filter((field) => input[field] === undefined)
    .map((field) => ({ loc: ["body", field], msg: "Field required when linear is true", type: "missing" }));
}

const waveformInput = Type.Object({
  media_url: media("media", "Audio, or a video with sound."),
  points_per_second: filled(float("Points for each second.", { exclusiveMinimum: 0, maximum: 1000 }), 4),
  precision: filled(integer("Decimals of a point.", { minimum: 0, maximum: 15 }), 2),
  smoothing_window: filled(integer("Points averaged for one; an odd number.", { minimum: 1, maximum: 1001 }), 3),
});

function checkWaveform(input: Static<typeof waveformInput>): readonly Issue[] {
  if (input.smoothing_window % 2 === 1) return [];
  const msg = "Value error, smoothing_window must be an odd number";
  return [{ loc: ["body", "smoothing_window"], msg, type: "value_error", input: input.smoothing_window }];
}

/** All FFmpeg endpoints whose subject is audio. */
export const ffmpegAudio: readonly Endpoint[] = [
  defineEndpoint({
    ...common,
    id: "fal-ai/ffmpeg-api/merge-audios",
    title: "FFmpeg: merge audios",
    description: "Plays audio files one after the other, as one.",
    category: "audio-to-audio",
    input: mergeInput,
    output: Type.Object({ audio: File }),
    examples: [{ audio_urls: [AUDIO, AUDIO] }],
    accept: spellings(mergeInput),
    check: (input) => tooMany(["audio_urls"], input.audio_urls),
    needs: () => [need("mergeAudios", "audio_urls")],
    async run(input, context) {
      const audios = await openAll(context, ["audio_urls"], input.audio_urls);
      context.stage("merging", 0, 1);
      const format = input.output_format && audioFormat(input.output_format);
      const { audio } = await context.operations.mergeAudios({ audios, ...(format && { format }) });
      return { audio: { $file: audio } };
    },
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/ffmpeg-api/loudnorm",
    title: "FFmpeg: loudness normalisation",
    description: "Brings audio to a loudness by the rules of EBU R 128.",
    category: "audio-to-audio",
    input: loudnormInput,
    output: Type.Object({ audio: File, summary: optional(LoudnormSummary) }),
    examples: [{ audio_url: AUDIO }],
    accept: spellings(loudnormInput),
    check: checkLoudnorm,
    needs: () => [need("normalizeLoudness", "audio_url")],
    async run(input, context) {
      const audio = await context.open("audio_url");
      context.stage("normalising", 0, 1);
      const { integrated_loudness: integrated, true_peak: truePeak, loudness_range: range, offset, linear } = input;
      const measured = measuredBefore(input);
      const result = await context.operations.normalizeLoudness({
        ...{ audio, integrated, truePeak, range, dualMono: input.dual_mono ?? false },
        ...(offset !== undefined && { offset }),
        ...(linear !== undefined && { linear }),
        ...(measured && { measured }),
      });
      const summary = input.print_summary ? { summary: loudnormSummary(result.summary) } : {};
      return { audio: { $file: result.audio }, ...summary };
    },
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/ffmpeg-api/waveform",
    title: "FFmpeg: waveform",
    description: "Measures the shape of a sound for drawing.",
    category: "json",
    input: waveformInput,
    output: Type.Object({
      waveform: list(float("A point, -1 to 1."), "The points."),
      duration: float("Length in seconds."),
      points: integer("Number of points."),
      precision: integer("Decimals of a point."),
    }),
    examples: [{ media_url: AUDIO }],
    accept: spellings(waveformInput, { media_url: ["audio_url", "video_url", "audio", "video"] }),
    check: checkWaveform,
    needs: () => [need("drawWaveform", "media_url")],
    async run(input, context) {
      const media = await context.open("media_url");
      context.stage("measuring", 0, 1);
      const { points_per_second: pointsPerSecond, smoothing_window: smoothingWindow, precision } = input;
      const { points, duration } = await context.operations.drawWaveform({ media, pointsPerSecond, smoothingWindow });
      const waveform = points.map((point) => rounded(point, precision));
      return { waveform, duration, points: waveform.length, precision };
    },
  }),
];
