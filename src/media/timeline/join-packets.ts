/** Videos of one and the same coding, one after the other: their packets are copied, and nothing is lost. */
import { AVDISCARD_ALL } from "node-av/constants";
import { Packet } from "node-av/lib";
import type { MediaHandle } from "../../operations/operations.ts";
import { copiedStream } from "../copied-stream.ts";
import { known, MICROSECONDS, type Ratio, ratio, rational, rescale, toSeconds } from "../ffmpeg.ts";
import { loadError, type MediaLimits } from "../limits.ts";
import { type OpenInput, openInput, requireVideo } from "../open-input.ts";
import { UPRIGHT } from "../orientation.ts";
import { createOutput } from "../output.ts";
import type { PacketScan } from "../packet-scan.ts";
import { readPacket } from "../read-packet.ts";
import type { VideoFacts } from "../video-sink.ts";
import type { TaskContext } from "../worker-host.ts";
import type { Canvas } from "./canvas.ts";
import type { PictureFacts } from "./pictures.ts";
import { type SoundPlan, soundFeed } from "./sound-plan.ts";

/** A video and what is known of its coding. */
export type CodedVideo = {
  readonly media: MediaHandle;
  readonly facts: PictureFacts;
  readonly scan: PacketScan;
  /** What its decoder is told beforehand; undefined where nothing is. */
  readonly parameters: Buffer | undefined;
};

/** Frames may be off the result's own times by less than this part of the distance of two. */
const SLACK = 0.4;

/**
 * Whether the videos' packets, one after the other, show exactly the frames that coding them anew would: all coded with the
 * same parameters, each by itself, at the size, shape, colours and even rate of the result.
 */
export function canJoin(videos: readonly CodedVideo[], canvas: Canvas): boolean {
  const [first] = videos;
  if (!first?.parameters) return false;
  return videos.every(
    ({ facts, scan, parameters }) =>
      facts.info.video!.codec === first.facts.info.video!.codec &&
      parameters?.equals(first.parameters!) &&
      scan.isSelfContained &&
      isOnCanvas(facts, canvas) &&
      isEven(scan, facts.info.video!.timeBase, canvas.rate),
  );
}

function isOnCanvas({ format, color, sampleAspect, orientation, hasAlpha }: PictureFacts, canvas: Canvas): boolean {
  const { format: wanted, color: named } = canvas;
  return (
    orientation === UPRIGHT &&
    !hasAlpha &&
    sampleAspect[0] === sampleAspect[1] &&
    (["width", "height", "bitDepth", "chromaShiftX", "chromaShiftY", "fullRange"] as const).every(
      (key) => format[key] === wanted[key],
    ) &&
    (["matrix", "primaries", "transfer"] as const).every((key) => color[key] === named[key])
  );
}

/** Whether every picture is shown at its own frame of the result, and none is left over. */
function isEven({ times, end }: PacketScan, timeBase: Ratio, [num, den]: Canvas["rate"]): boolean {
  const frames = (time: number): number => (toSeconds(BigInt(time), timeBase) * num) / den;
  return times.every((time, k) => Math.abs(frames(time) - k) < SLACK) && Math.abs(frames(end) - times.length) < SLACK;
}

/**
 * Copies the videos' packets; sound is mixed or copied as planned. To be called only where {@link canJoin} says yes.
 * @param path absolute, of an MP4.
 * @throws ReshootError naming the field of a file that cannot be used; `storage_full`.
 */
export async function joinPackets(
  path: string,
  videos: readonly CodedVideo[],
  canvas: Canvas,
  sound: SoundPlan,
  limits: MediaLimits,
  context: Pick<TaskContext, "signal" | "progress">,
): Promise<VideoFacts> {
  const [num, den] = canvas.rate;
  const timeBase: Ratio = [den, num];
  const frameCount = videos.reduce((sum, { scan }) => sum + scan.times.length, 0);
  const delay = Math.max(...videos.map(({ scan }) => scan.delay));
  const packet = new Packet();
  packet.alloc();
  const output = await createOutput(path, "mp4");
  let input: OpenInput | undefined;
  let audio: Awaited<ReturnType<NonNullable<ReturnType<typeof soundFeed>>>> | undefined;
  try {
    let target: ReturnType<typeof copiedStream> | undefined;
    let [from, coded] = [0, 0];
    for (const { media, scan } of videos) {
      input = await openInput(media, "video", limits);
      const source = requireVideo(input, media, "video");
      for (const other of input.context.streams) if (other.index !== source.index) other.discard = AVDISCARD_ALL;
      if (!target) {
        target = copiedStream(output, source, timeBase);
        target.avgFrameRate = rational(canvas.rate);
        audio = await soundFeed(sound, limits)?.(output);
        await output.start();
      }
      const own = ratio(source.timeBase);
      const zero = rescale(input.startTime, MICROSECONDS, own);
      for (let count = 0; count < scan.times.length; ) {
        if ((await readPacket(input.context, packet)) < 0) throw loadError(media, "video", "The file ends too early");
        if (packet.streamIndex === source.index) {
          context.signal.throwIfAborted();
          const time = toSeconds((known(packet.pts) ?? packet.dts) - zero, own);
          packet.pts = BigInt(from + Math.round((time * num) / den));
          packet.dts = BigInt(coded - delay);
          packet.duration = 1n;
          await output.write(packet, target, timeBase);
          await audio?.pump(((coded - delay) * den) / num);
          count++;
          context.progress(++coded / frameCount, "joining");
        }
        packet.unref();
      }
      from += scan.times.length;
      await input.close();
      input = undefined;
    }
    const duration = (frameCount * den) / num;
    await audio?.finish(duration);
    await output.finish();
    return { frameCount, duration, fps: num / den, width: canvas.format.width, height: canvas.format.height };
  } catch (error) {
    await output.abort();
    throw error;
  } finally {
    await audio?.close();
    await input?.close();
    packet.free();
  }
}
