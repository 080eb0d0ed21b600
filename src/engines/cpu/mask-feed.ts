/** A clip's frames, each with the labels of its mask. */
import { ReshootError } from "../../errors.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { type MaskSource, openMask } from "../../media/mask-source.ts";
import { probe } from "../../media/probe.ts";
import type { VideoSource } from "../../media/video-source.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { MediaHandle } from "../../operations/operations.ts";
import type { MaskPolarity } from "../../operations/removal.ts";
import { KEEP, labelTable } from "../../vision/mask.ts";
import type { MovingObject } from "../../vision/moving-object/find-moving-object.ts";
import type { MaskedFrame } from "../../vision/removal/remove-object.ts";

/** A mask file and what its levels mean. */
export type Mask = { readonly media: MediaHandle; readonly polarity: MaskPolarity };

/** Most pixels, in every frame: more likely a mask of the other polarity than a removal. */
const SUSPICIOUS_SHARE = 0.6;

/** A video's frames with their labels. */
export type MaskFeed = {
  frames(): AsyncGenerator<MaskedFrame>;
  /** Frames so far in which anything is marked. */
  marked(): number;
  /** Logs what is odd about the mask as a whole. */
  report(): void;
  close(): Promise<void>;
};

/**
 * Opens a mask beside its video.
 * @throws ReshootError naming the mask's field.
 */
export async function openMaskFeed(
  mask: Mask,
  source: VideoSource,
  limits: MediaLimits,
  context: TaskContext,
): Promise<MaskFeed> {
  const { width, height } = source.format;
  const maskFrames = (await probe(mask.media, limits)).video?.frameCount ?? 0;
  const masks = await openMask(mask.media, { width, height }, limits);
  const table = labelTable(mask.polarity);
  let changed = 0;
  let frames = 0;
  let suspicious = 0;
  const pair = createPairing(masks, source, maskFrames);

  return {
    async *frames() {
      for await (const { frame, pts } of source.frames()) {
        const { labels, marked } = toLabels(await pair.next(pts), table);
        frames++;
        if (marked > 0) changed++;
        if (marked > labels.length * SUSPICIOUS_SHARE) suspicious++;
        yield { frame, pts, labels };
      }
    },
    marked: () => changed,
    report() {
      if (changed === 0) {
        context.log("WARN", "The mask marks nothing for removal: the video is returned as it is");
      }
      if (frames > 0 && suspicious === frames) {
        const meaning =
          mask.polarity === "void" ? "black (0) is removed and white (255) kept" : "white is removed and black kept";
        context.log("WARN", `The mask removes most of every frame. Is it inverted? Here ${meaning}`);
      }
      if (pair.held() > 0) {
        const lack = pair.held() === 1 ? "frame" : "frames";
        context.log(
          "WARN",
          `The mask is ${pair.held()} ${lack} shorter than the video: its last frame was used for the rest`,
        );
      }
    },
    close: () => masks.close(),
  };
}

/** The mask of an object that was found by its motion in an earlier pass over the same video. */
export function feedFound(found: MovingObject, source: VideoSource): MaskFeed {
  return {
    async *frames() {
      let index = 0;
      for await (const { frame, pts } of source.frames()) yield { frame, pts, labels: found.labels(index++) };
    },
    marked: () => found.framesWithObject,
    report: () => undefined,
    close: async () => undefined,
  };
}

/**
 * Finds each frame's mask: by index when both clips have the same number of frames (masks are often written at another
 * rate), else by time. A still mask serves every frame; a mask that ends early is held.
 */
function createPairing(masks: MaskSource, source: VideoSource, maskFrames: number) {
  const iterator = masks.frames();
  const byIndex = maskFrames > 0 && maskFrames === source.info.video?.frameCount;
  const [num, den] = source.timeBase;
  const half = (Number(source.frameDuration) * num) / den / 2;
  let current: Uint8Array | undefined;
  let upcoming: { levels: Uint8Array; pts: number } | undefined;
  let ended = false;
  let start: bigint | undefined;
  let maskStart: number | undefined;
  let held = 0;

  const pull = async (): Promise<void> => {
    const { value, done } = await iterator.next();
    upcoming = done ? undefined : value;
    ended = done === true;
    if (upcoming) maskStart ??= upcoming.pts;
  };

  return {
    held: () => (masks.isStill ? 0 : held),
    async next(pts: bigint): Promise<Uint8Array> {
      start ??= pts;
      const time = (Number(pts - start) * num) / den;
      if (!upcoming && !ended) await pull();
      if (byIndex) {
        if (upcoming) current = upcoming.levels;
        else held++;
        upcoming = undefined;
      } else {
        if (!upcoming && current) held++;
        while (upcoming && (current === undefined || upcoming.pts - maskStart! <= time + half)) {
          current = upcoming.levels;
          await pull();
        }
      }
      if (!current) throw new ReshootError("internal_server_error", "The mask has no frames");
      return current;
    },
  };
}

/** Labels, and how many pixels they mark. */
function toLabels(levels: Uint8Array, table: Uint8Array): { labels: Uint8Array; marked: number } {
  const labels = new Uint8Array(levels.length);
  let marked = 0;
  for (let i = 0; i < levels.length; i++) {
    const label = table[levels[i]!] ?? KEEP;
    labels[i] = label;
    if (label !== KEEP) marked++;
  }
  return { labels, marked };
}
