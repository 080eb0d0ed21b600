/** Pictures out of a stream, whatever state it is in: damaged packets and pictures are skipped, times are put in order. */
import { AVMEDIA_TYPE_VIDEO, FF_DECODER_LIBVPX_VP8, FF_DECODER_LIBVPX_VP9 } from "node-av/constants";
import { avGetCodecName, Codec, CodecContext, Dictionary, Frame, Packet, type Stream } from "node-av/lib";
import type { MediaHandle } from "../operations/operations.ts";
import { isDrained, known, MICROSECONDS, type Ratio, ratio, rational, rescale, toSeconds } from "./ffmpeg.ts";
import { checkDuration, formatError, loadError, MAX_FRAME_RATE, type MediaKind, type MediaLimits } from "./limits.ts";
import type { OpenInput } from "./open-input.ts";
import { QUANTISER_OPTION } from "./quantiser.ts";
import { readPacket } from "./read-packet.ts";

/** A decoder that returns this many errors in a row has nothing more to give for now. */
const MAX_ERRORS_IN_A_ROW = 50;

/** Threads of one decoder: fixed, so that a worker's share of the machine is known. */
const THREADS = 2;

/** A decoded picture, valid only until the next one is asked for. */
export type DecodedPicture = {
  readonly native: Frame;
  /** In the stream's time base, from the start of the file; strictly increasing. */
  readonly pts: bigint;
};

/**
 * Decodes one stream of pictures.
 * @param wanted in the stream's time base, from the start of the file: earlier pictures are decoded only where others lean
 *   on them.
 * @throws ReshootError naming the field: no decoder, longer or more pictures than allowed.
 */
export async function* decodePictures(
  input: OpenInput,
  stream: Stream,
  media: MediaHandle,
  kind: MediaKind,
  limits: MediaLimits,
  wanted?: bigint,
): AsyncGenerator<DecodedPicture, void, undefined> {
  const decoder = await openDecoder(stream, media, kind, limits);
  const packet = new Packet();
  const native = new Frame();
  packet.alloc();
  native.alloc();
  const timeBase = ratio(stream.timeBase);
  const start = rescale(input.startTime, MICROSECONDS, timeBase);
  const repair = createTimeRepair(nominalStep(stream), -start, timeBase);
  let skips = false;
  let count = 0;
  try {
    for (let ended = false; !ended; ) {
      ended = (await readPacket(input.context, packet)) < 0;
      if (!ended && packet.streamIndex !== stream.index) {
        packet.unref();
        continue;
      }
      const isEarly = wanted !== undefined && !ended && (known(packet.pts) ?? wanted + start) - start < wanted;
      if (isEarly !== skips) decoder.setOption("skip_frame", isEarly ? "noref" : "default");
      skips = isEarly;
      // A refused packet is a damaged one: the next may be whole.
      await decoder.sendPacket(ended ? null : packet);
      packet.unref();
      for (let errors = 0; errors < MAX_ERRORS_IN_A_ROW; ) {
        const code = await decoder.receiveFrame(native);
        if (isDrained(code)) break;
        if (code < 0) {
          errors++;
          continue;
        }
        errors = 0;
        const pts = repair(known(native.bestEffortTimestamp));
        if (!input.isStill) {
          checkDuration(media, kind, toSeconds(pts, timeBase), limits);
          if (++count > limits.inputSeconds * MAX_FRAME_RATE) {
            throw formatError(media, kind, `More than ${Math.floor(limits.inputSeconds * MAX_FRAME_RATE)} pictures`);
          }
        }
        yield { native, pts };
        native.unref();
      }
    }
  } finally {
    native.free();
    packet.free();
    decoder.freeContext();
  }
}

/** Decoders count the padding of their buffers too; the picture itself has been checked against the limit before. */
const ALIGNMENT = 256 * 256;

async function openDecoder(
  stream: Stream,
  media: MediaHandle,
  kind: MediaKind,
  limits: MediaLimits,
): Promise<CodecContext> {
  const parameters = stream.codecpar;
  const codec = findDecoder(stream);
  if (!codec || parameters.codecType !== AVMEDIA_TYPE_VIDEO) {
    throw formatError(media, kind, `Pictures coded as ${avGetCodecName(parameters.codecId) ?? "unknown"} are not read`);
  }
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.parametersToContext(parameters);
  decoder.threadCount = THREADS;
  decoder.pktTimebase = rational(ratio(stream.timeBase));
  const maxPixels = Math.min(2 ** 31 - 1, Math.ceil(limits.inputPixels * 1.1) + ALIGNMENT);
  const options = Dictionary.fromObject({ max_pixels: String(maxPixels), ...QUANTISER_OPTION });
  const opened = await decoder.open2(codec, options);
  options.free();
  if (opened < 0) {
    decoder.freeContext();
    throw loadError(media, kind, "The video stream cannot be decoded");
  }
  return decoder;
}

/** FFmpeg's own VP8 and VP9 decoders ignore the alpha that Matroska carries beside the picture. */
function findDecoder(stream: Stream): Codec | null {
  const id = stream.codecpar.codecId;
  if (stream.metadata?.get("alpha_mode") === "1") {
    const name = avGetCodecName(id);
    if (name === "vp8") return Codec.findDecoderByName(FF_DECODER_LIBVPX_VP8);
    if (name === "vp9") return Codec.findDecoderByName(FF_DECODER_LIBVPX_VP9);
  }
  return Codec.findDecoder(id);
}

/** The usual distance of two pictures in the stream's time base, at least 1. */
export function nominalStep(stream: Stream): bigint {
  const rate = [stream.avgFrameRate, stream.rFrameRate].find(({ num, den }) => num > 0 && den > 0);
  if (!rate) return 1n;
  const step = rescale(1n, [rate.den, rate.num], ratio(stream.timeBase));
  return step > 0n ? step : 1n;
}

/**
 * Makes times strictly increasing. A missing time follows its predecessor by one step; a slightly late one by half a step,
 * so that the next can be on time again; after a jump back of more than a second (files joined end to end) everything
 * that follows is moved.
 */
export function createTimeRepair(
  step: bigint,
  shift: bigint,
  [num, den]: Ratio,
): (timestamp: bigint | undefined) => bigint {
  const second = BigInt(Math.max(1, Math.round(den / num)));
  const nudge = step > 1n ? step / 2n : 1n;
  let last: bigint | undefined;
  return (timestamp) => {
    let time = timestamp === undefined ? (last ?? -step) + step : timestamp + shift;
    if (last !== undefined && time <= last) {
      if (last - time > second) {
        shift += last + step - time;
        time = last + step;
      } else time = last + nudge;
    }
    last = time;
    return time;
  };
}
