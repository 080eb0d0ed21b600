/** A decoder for one stream of sound. */
import { avGetCodecName, Codec, CodecContext, type Stream } from "node-av/lib";
import type { MediaHandle } from "../../operations/operations.ts";
import { ratio, rational } from "../ffmpeg.ts";
import { formatError, loadError } from "../limits.ts";

/** Rates and numbers of channels beyond these are no sound that anybody hears, and cost a resampler gigabytes. */
const RATES = { least: 1000, most: 768_000 };
const MOST_CHANNELS = 64;

/** @throws ReshootError naming the field when the stream cannot be decoded. */
export async function openSoundDecoder(source: Stream, media: MediaHandle): Promise<CodecContext> {
  const codec = Codec.findDecoder(source.codecpar.codecId);
  if (!codec)
    throw formatError(media, "audio", `Audio coded as ${avGetCodecName(source.codecpar.codecId)} is not read`);
  const { sampleRate, channels } = source.codecpar;
  if (sampleRate < RATES.least || sampleRate > RATES.most) {
    throw formatError(media, "audio", `Audio of ${sampleRate} samples a second is not read`);
  }
  if (channels > MOST_CHANNELS) throw formatError(media, "audio", `Audio of ${channels} channels is not read`);
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.parametersToContext(source.codecpar);
  decoder.pktTimebase = rational(ratio(source.timeBase));
  decoder.threadCount = 1;
  if ((await decoder.open2(codec, null)) >= 0) return decoder;
  decoder.freeContext();
  throw loadError(media, "audio", "The audio stream cannot be decoded");
}
