/** Sounds one after the other, as one file. */
import { join } from "node:path";
import { fieldError } from "../../errors.ts";
import type { MediaHandle, Operations } from "../../operations/operations.ts";
import type { AudioFormat } from "../../operations/timeline.ts";
import { loadError, type TimelineLimits } from "../limits.ts";
import { CONTENT_TYPE, type SoundContainer } from "../output.ts";
import type { TaskContext } from "../worker-host.ts";
import type { SoundCoding } from "./encoder.ts";
import { createSoundFile } from "./sound-file.ts";
import { openSound, type SoundFacts } from "./sound-source.ts";

type Params = Parameters<Operations["mergeAudios"]>[0];
type Result = Awaited<ReturnType<Operations["mergeAudios"]>>;

/** MPEG-1 and MPEG-2 audio know these rates and no others. */
const MP3_RATES = [16000, 22050, 24000, 32000, 44100, 48000];

/** See {@link Operations.mergeAudios}. */
export async function mergeAudios(
  { audios, format }: Params,
  limits: TimelineLimits,
  context: Pick<TaskContext, "signal" | "progress" | "outFolder">,
): Promise<Result> {
  const facts: SoundFacts[] = [];
  for (const media of audios) {
    const source = await openSound(media, limits);
    facts.push(source.facts);
    await source.close();
  }
  const { container, coding } = format ? asAsked(format, facts) : asGiven(facts);
  const path = join(context.outFolder, `merged.${container}`);
  const file = await createSoundFile(path, container, coding);
  try {
    let count = 0;
    for (const [index, media] of audios.entries()) {
      count += await append(media, count);
      context.progress((index + 1) / audios.length, "merging");
    }
    const duration = await file.finish();
    const audio: MediaHandle = {
      path,
      loc: [],
      contentType: CONTENT_TYPE[container],
      fileName: `merged.${container}`,
    };
    return { audio, duration };
  } finally {
    await file.abort();
  }

  /** @returns the number of samples. */
  async function append(media: MediaHandle, before: number): Promise<number> {
    const source = await openSound(media, limits);
    let count = 0;
    try {
      for await (const frame of source.frames(coding)) {
        context.signal.throwIfAborted();
        count += frame.nbSamples;
        if ((before + count) / coding.rate > limits.outputSeconds) {
          const message = `The sounds are longer than ${limits.outputSeconds} seconds together`;
          const ctx = { max_duration: limits.outputSeconds };
          throw fieldError("audio_duration_too_long", media.loc, message, { ctx });
        }
        await file.write(frame);
      }
    } finally {
      await source.close();
    }
    if (count === 0) throw loadError(media, "audio", "No sound of this file can be decoded");
    return count;
  }
}

type Target = { readonly container: SoundContainer; readonly coding: SoundCoding };

function asAsked({ codec, rate, bitRate }: AudioFormat, facts: readonly SoundFacts[]): Target {
  const channels = Math.min(2, Math.max(...facts.map((fact) => fact.channels)));
  switch (codec) {
    case "mp3":
      return {
        container: "mp3",
        coding: { encoder: "libmp3lame", samples: "fltp", rate, channels, bitRate: bitRate! },
      };
    case "opus":
      return { container: "ogg", coding: { encoder: "libopus", samples: "flt", rate, channels, bitRate: bitRate! } };
    case "ulaw":
      return { container: "wav", coding: { encoder: "pcm_mulaw", samples: "s16", rate, channels } };
    case "alaw":
      return { container: "wav", coding: { encoder: "pcm_alaw", samples: "s16", rate, channels } };
    case "pcm":
      return { container: "wav", coding: { encoder: "pcm_s16le", samples: "s16", rate, channels } };
  }
}

/** WAV with every bit where no file has lost any before; MP3 otherwise. The highest rate and number of channels count. */
function asGiven(facts: readonly SoundFacts[]): Target {
  const rate = Math.max(...facts.map((fact) => fact.rate));
  const channels = Math.max(...facts.map((fact) => fact.channels));
  if (facts.every(({ exactBits }) => exactBits > 0)) {
    const isDeep = facts.some(({ exactBits }) => exactBits > 16);
    const encoder = isDeep ? "pcm_s24le" : "pcm_s16le";
    const count = channels <= 8 ? channels : 2;
    return { container: "wav", coding: { encoder, samples: isDeep ? "s32" : "s16", rate, channels: count } };
  }
  const nearest = MP3_RATES.find((known) => known >= rate) ?? 48000;
  const count = Math.min(2, channels);
  return {
    container: "mp3",
    coding: { encoder: "libmp3lame", samples: "fltp", rate: nearest, channels: count, bitRate: 96_000 * count },
  };
}
