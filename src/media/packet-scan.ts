/** What a stream's packets say of its pictures, without decoding any. */
import { AV_PKT_DATA_NEW_EXTRADATA, AV_PKT_FLAG_CORRUPT, AV_PKT_FLAG_DISCARD, AVDISCARD_ALL } from "node-av/constants";
import { avGetCodecName, Packet, type Stream } from "node-av/lib";
import type { MediaHandle } from "../operations/operations.ts";
import { nominalStep } from "./decode.ts";
import { known, MICROSECONDS, ratio, rescale, toSeconds } from "./ffmpeg.ts";
import { checkDuration, formatError, MAX_FRAME_RATE, type MediaKind, type MediaLimits } from "./limits.ts";
import { isRefresh } from "./nal-units.ts";
import type { OpenInput } from "./open-input.ts";
import { readPacket } from "./read-packet.ts";

/** All packets of a stream. Times are in its time base, from the start of the file. */
export type PacketScan = {
  /** When each picture is shown, in order. */
  readonly times: readonly number[];
  /** When the last one has been shown. */
  readonly end: number;
  readonly bytes: number;
  /** The first packet leans on nothing before it, and every packet is whole and shown. */
  readonly isSelfContained: boolean;
  /** The most pictures by which one is coded later than it is shown among all. */
  readonly delay: number;
};

/**
 * Reads an open file to its end: nothing else can be read from it afterwards.
 * @throws ReshootError naming the field: longer or more pictures than allowed.
 */
export async function scanPackets(
  { context, startTime }: OpenInput,
  stream: Stream,
  media: MediaHandle,
  kind: MediaKind,
  limits: MediaLimits,
): Promise<PacketScan> {
  for (const other of context.streams) if (other.index !== stream.index) other.discard = AVDISCARD_ALL;
  const timeBase = ratio(stream.timeBase);
  const start = Number(rescale(startTime, MICROSECONDS, timeBase));
  const step = Number(nominalStep(stream));
  const most = limits.inputSeconds * MAX_FRAME_RATE;
  const packet = new Packet();
  packet.alloc();
  const times: number[] = [];
  let [end, bytes, isSelfContained] = [0, 0, false];
  try {
    while ((await readPacket(context, packet)) >= 0) {
      if (packet.streamIndex === stream.index) {
        const stated = known(packet.pts) ?? known(packet.dts);
        const time = stated === undefined ? (times.at(-1) ?? -step) + step : Number(stated) - start;
        checkDuration(media, kind, toSeconds(BigInt(time), timeBase), limits);
        if (times.length === 0) isSelfContained = isCleanStart(stream, packet);
        else if (isSelfContained) isSelfContained = isWhole(packet);
        times.push(time);
        bytes += packet.size;
        end = Math.max(end, time + (packet.duration > 0n ? Number(packet.duration) : step));
        if (times.length > most) throw formatError(media, kind, `More than ${Math.floor(most)} pictures`);
      }
      packet.unref();
    }
  } finally {
    packet.free();
  }
  const shown = times.map((_, index) => index).sort((a, b) => times[a]! - times[b]!);
  const delay = shown.reduce((most, coded, rank) => Math.max(most, coded - rank), 0);
  return { times: shown.map((index) => times[index]!), end, bytes, isSelfContained, delay };
}

function isCleanStart({ codecpar }: Stream, packet: Packet): boolean {
  const { extradata } = codecpar;
  const { data } = packet;
  const codec = avGetCodecName(codecpar.codecId) ?? "";
  return extradata !== null && data !== null && isWhole(packet) && isRefresh(codec, extradata, data);
}

/** Pictures before an edit list's start are decoded and not shown; new parameters would be lost in a copy. */
function isWhole(packet: Packet): boolean {
  if ((packet.flags & (AV_PKT_FLAG_CORRUPT | AV_PKT_FLAG_DISCARD)) !== 0) return false;
  return packet.getSideData(AV_PKT_DATA_NEW_EXTRADATA) === null;
}
