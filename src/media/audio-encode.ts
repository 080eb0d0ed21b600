/** Audio that a container cannot carry as it is: decoded, resampled and encoded anew, exact to the sample. */
import {
  AV_CODEC_FLAG_BITEXACT,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_SAMPLE_FMT_FLT,
  AV_SAMPLE_FMT_FLTP,
  FF_ENCODER_AAC,
  FF_ENCODER_LIBOPUS,
} from "node-av/constants";
import {
  avChannelLayoutDefault,
  avChannelLayoutDescribe,
  avGetCodecName,
  avGetSampleFmtName,
  Codec,
  CodecContext,
  Filter,
  type FilterContext,
  FilterGraph,
  Frame,
  Packet,
  type Stream,
} from "node-av/lib";
import type { MediaHandle } from "../operations/operations.ts";
import { check, fromSeconds, type Ratio, ratio, rational } from "./ffmpeg.ts";
import { formatError, loadError } from "./limits.ts";
import type { Output } from "./output.ts";

const AAC_RATES = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000];
const OPUS_RATES = [8000, 12000, 16000, 24000, 48000];
/** Channel counts whose usual layout both encoders take; others are mixed down to stereo. */
const CHANNELS = [1, 2, 3, 4, 5, 6, 8];
const BITS_PER_CHANNEL = 80_000n;

/** Where a track's samples go. */
export type AudioEncoder = {
  /** Encodes up to an output time in seconds. Packets damaged beyond decoding leave silence. */
  send(packet: Packet, end: number): Promise<void>;
  /** Writes everything still held. */
  finish(end: number): Promise<void>;
  close(): void;
};

/**
 * @param offset seconds to add to the stream's own times; what then lies before zero is cut.
 * @throws ReshootError naming the field when the stream cannot be decoded.
 */
export async function createAudioEncoder(
  output: Output,
  source: Stream,
  media: MediaHandle,
  offset: number,
): Promise<AudioEncoder> {
  const decoder = await openDecoder(source, media);
  const isOpus = output.container === "webm";
  const rates = isOpus ? OPUS_RATES : AAC_RATES;
  const { sampleRate } = source.codecpar;
  const rate = rates.includes(sampleRate) ? sampleRate : 48000;
  const { channels } = source.codecpar;
  const layout = avChannelLayoutDefault(CHANNELS.includes(channels) ? channels : 2);
  const codec = Codec.findEncoderByName(isOpus ? FF_ENCODER_LIBOPUS : FF_ENCODER_AAC);
  if (!codec) throw new Error("the audio encoder is missing");
  const encoder = new CodecContext();
  encoder.allocContext3(codec);
  encoder.sampleRate = rate;
  encoder.channelLayout = layout;
  encoder.sampleFormat = isOpus ? AV_SAMPLE_FMT_FLT : AV_SAMPLE_FMT_FLTP;
  const timeBase: Ratio = [1, rate];
  encoder.timeBase = rational(timeBase);
  encoder.bitRate = BITS_PER_CHANNEL * BigInt(layout.nbChannels);
  encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER, AV_CODEC_FLAG_BITEXACT);
  encoder.threadCount = 1;
  check(await encoder.open2(codec, null), "opening the audio encoder");
  const stream = output.addStream(encoder, timeBase);

  const chain: readonly (readonly [string, string])[] = [
    // Gaps between time stamps become silence, so that what follows stays in step.
    ["aresample", `${rate}:async=1`],
    [
      "aformat",
      `sample_fmts=${avGetSampleFmtName(encoder.sampleFormat)}:channel_layouts=${avChannelLayoutDescribe(layout)}`,
    ],
    ["atrim", `start=${(-offset).toFixed(6)}`],
    ["asetnsamples", `n=${encoder.frameSize}:p=0`],
  ];
  const shift = fromSeconds(offset, timeBase);
  const decoded = newFrame();
  const ready = newFrame();
  const packet = new Packet();
  packet.alloc();
  let graph: Graph | undefined;
  let limit = Number.POSITIVE_INFINITY;

  const writePackets = async (): Promise<void> => {
    while ((await encoder.receivePacket(packet)) >= 0) await output.write(packet, stream, timeBase);
  };
  const encodeReady = async (): Promise<void> => {
    while (graph && (await graph.sink.buffersinkGetFrame(ready)) >= 0) {
      ready.pts += shift;
      const left = limit - Number(ready.pts);
      if (left >= 1) {
        ready.nbSamples = Math.min(ready.nbSamples, left);
        check(await encoder.sendFrame(ready), "encoding audio");
        await writePackets();
      }
      ready.unref();
    }
  };
  const closeGraph = async (): Promise<void> => {
    if (!graph) return;
    check(await graph.source.buffersrcAddFrame(null), "resampling audio");
    await encodeReady();
    graph.native.free();
    graph = undefined;
  };
  const send = async (input: Packet | null, end: number): Promise<void> => {
    limit = Math.round(end * rate);
    await decoder.sendPacket(input);
    while ((await decoder.receiveFrame(decoded)) >= 0) {
      const key = graphKey(decoded, ratio(source.timeBase));
      if (graph?.key !== key) {
        await closeGraph();
        graph = await createGraph(key, chain);
      }
      decoded.pts = decoded.bestEffortTimestamp;
      check(await graph.source.buffersrcAddFrame(decoded), "resampling audio");
      decoded.unref();
      await encodeReady();
    }
  };

  return {
    send,
    async finish(end) {
      await send(null, end);
      await closeGraph();
      check(await encoder.sendFrame(null), "encoding audio");
      await writePackets();
    },
    close() {
      graph?.native.free();
      decoded.free();
      ready.free();
      packet.free();
      decoder.freeContext();
      encoder.freeContext();
    },
  };
}

type Graph = {
  readonly key: string;
  readonly native: FilterGraph;
  readonly source: FilterContext;
  readonly sink: FilterContext;
};

/** What the source of a filter graph must be told; a change of it needs a new graph. */
function graphKey(frame: Frame, [num, den]: Ratio): string {
  const format = avGetSampleFmtName(frame.format as Parameters<typeof avGetSampleFmtName>[0]);
  const given = frame.channelLayout;
  const layout = avChannelLayoutDescribe(given.mask === 0n ? avChannelLayoutDefault(given.nbChannels) : given);
  return `time_base=${num}/${den}:sample_rate=${frame.sampleRate}:sample_fmt=${format}:channel_layout=${layout}`;
}

async function createGraph(key: string, chain: readonly (readonly [string, string])[]): Promise<Graph> {
  const native = new FilterGraph();
  native.alloc();
  const filters = [["abuffer", key], ...chain, ["abuffersink", ""]].map(([name, options], index) => {
    const created = native.createFilter(Filter.getByName(name!)!, `f${index}`, options || null);
    if (!created) throw new Error(`the filter ${name} refuses ${options}`);
    return created;
  });
  for (const [index, filter] of filters.slice(0, -1).entries()) {
    check(filter.link(0, filters[index + 1]!, 0), "linking audio filters");
  }
  check(await native.config(), "setting up audio filters");
  return { key, native, source: filters[0]!, sink: filters.at(-1)! };
}

async function openDecoder(source: Stream, media: MediaHandle): Promise<CodecContext> {
  const codec = Codec.findDecoder(source.codecpar.codecId);
  if (!codec)
    throw formatError(media, "audio", `Audio coded as ${avGetCodecName(source.codecpar.codecId)} is not read`);
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.parametersToContext(source.codecpar);
  decoder.pktTimebase = rational(ratio(source.timeBase));
  decoder.threadCount = 1;
  if ((await decoder.open2(codec, null)) >= 0) return decoder;
  decoder.freeContext();
  throw loadError(media, "audio", "The audio stream cannot be decoded");
}

function newFrame(): Frame {
  const frame = new Frame();
  frame.alloc();
  return frame;
}
