/** A timeline into a file: for every frame of the result the pictures that are to be seen then, one over the other. */
import type { Frame as NativeFrame } from "node-av/lib";
import { fieldError } from "../../errors.ts";
import type { Delivery, MediaHandle } from "../../operations/operations.ts";
import type { AudioPlan } from "../audio-feed.ts";
import type { MediaKind, TimelineLimits } from "../limits.ts";
import { mixSounds, type PlacedSound } from "../sound/mix.ts";
import { createVideo, type VideoFacts } from "../video-sink.ts";
import type { TaskContext } from "../worker-host.ts";
import type { Canvas } from "./canvas.ts";
import { createCompositor } from "./compositor.ts";
import { createFitter, type Fitter, type Layer } from "./layer.ts";
import { openPictures, type Pictures } from "./pictures.ts";

/** A picture or video that is to be seen for a while. */
export type PlacedPicture = {
  readonly media: MediaHandle;
  readonly kind: MediaKind;
  /** Seconds of the result at which the file's time zero lies. */
  readonly start: number;
  /** First frame of the result in which it is seen, and the first in which it no longer is. */
  readonly from: number;
  readonly to: number;
};

/** What is to be made. */
export type Timeline = {
  readonly canvas: Canvas;
  /** Lowest first. */
  readonly pictures: readonly PlacedPicture[];
  readonly frameCount: number;
  /** Mixed, or one file's as it is; none: no sound. */
  readonly sound: readonly PlacedSound[] | AudioPlan;
  readonly delivery: Delivery;
};

/** What to call with the first frame of the result, which stays the renderer's. */
export type OnFirst = (picture: NativeFrame) => Promise<void>;

type Open = { readonly pictures: Pictures; readonly fitter: Fitter };

/**
 * Frame `k` is seen at `k / rate` seconds. It shows of every file the last picture that begins less than half a frame
 * later, as FFmpeg's `fps` filter does.
 * @param path absolute, of an MP4.
 * @throws ReshootError naming the field of the file that cannot be used; `storage_full`.
 */
export async function renderTimeline(
  path: string,
  timeline: Timeline,
  limits: TimelineLimits,
  context: Pick<TaskContext, "signal" | "progress">,
  onFirst?: OnFirst,
): Promise<VideoFacts> {
  const { canvas, pictures, frameCount, sound } = timeline;
  const [num, den] = canvas.rate;
  const open = new Map<PlacedPicture, Open>();
  const compositor = createCompositor(canvas);
  const plan = Array.isArray(sound) ? undefined : (sound as AudioPlan);
  const placed = Array.isArray(sound) ? (sound as readonly PlacedSound[]) : [];
  const sink = await createVideo(path, {
    format: canvas.format,
    timeBase: [den, num],
    color: canvas.color,
    sampleAspect: [1, 1],
    frameDuration: 1n,
    delivery: timeline.delivery,
    limits,
    ...(plan && { audio: plan }),
    ...(placed.length > 0 && { sound: (output) => mixSounds(output, placed, limits) }),
  });

  const close = async (piece: PlacedPicture): Promise<void> => {
    const held = open.get(piece);
    open.delete(piece);
    held?.fitter.close();
    await held?.pictures.close();
  };
  const layerOf = async (piece: PlacedPicture, frame: number): Promise<Layer> => {
    let held = open.get(piece);
    if (!held) {
      const found = await openPictures(piece.media, piece.kind, limits);
      held = { pictures: found, fitter: createFitter(found.facts, canvas) };
      open.set(piece, held);
    }
    const picture = await held.pictures.show(((frame + 0.5) * den) / num - piece.start);
    return held.fitter.fit(picture);
  };
  const compose = async (frame: number): Promise<NativeFrame> => {
    const layers: Layer[] = [];
    for (const piece of pictures) {
      if (piece.from <= frame && frame < piece.to) layers.push(await layerOf(piece, frame));
      else if (frame >= piece.to && open.has(piece)) await close(piece);
    }
    return compositor.compose(layers);
  };

  // A frame is encoded while the next is made.
  let encoding: Promise<void> = Promise.resolve();
  try {
    for (let frame = 0; frame < frameCount; frame++) {
      context.signal.throwIfAborted();
      const picture = await compose(frame);
      await encoding;
      if (frame === 0) await onFirst?.(picture);
      encoding = sink.writePicture(picture, BigInt(frame));
      encoding.catch(() => {});
      context.progress(frame / frameCount, "composing");
    }
    await encoding;
    return await sink.finish();
  } catch (error) {
    await encoding.catch(() => {});
    throw error;
  } finally {
    await sink.abort();
    for (const piece of [...open.keys()]) await close(piece);
    compositor.close();
  }
}

/** Frame of the result at which something begins or ends that is at this time, in seconds. */
export function frameAt(seconds: number, [num, den]: Canvas["rate"]): number {
  return Math.floor((seconds * num) / den + 0.5 + 1e-9);
}

/** @throws `video_duration_too_long` when a result would be longer than allowed. */
export function checkLength(seconds: number, limits: TimelineLimits, loc: MediaHandle["loc"]): void {
  if (seconds <= limits.outputSeconds) return;
  const message = `The result would be ${Math.ceil(seconds)} seconds long; at most ${limits.outputSeconds} are allowed`;
  const ctx = { max_duration: limits.outputSeconds, provided_duration: seconds };
  throw fieldError("video_duration_too_long", loc, message, { ctx });
}
