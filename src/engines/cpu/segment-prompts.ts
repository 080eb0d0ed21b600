/** Clicks, boxes and mask pictures, checked against the clip and made small. */
import { fieldError } from "../../errors.ts";
import type { FrameFormat } from "../../media/frame.ts";
import type { MediaLimits } from "../../media/limits.ts";
import { openMask } from "../../media/mask-source.ts";
import { openVideo } from "../../media/video-source.ts";
import type { MediaHandle } from "../../operations/operations.ts";
import type { Prompt } from "../../operations/segmentation.ts";
import { labelTable, REMOVE } from "../../vision/mask.ts";
import type { Hints } from "../../vision/segmentation/begin.ts";
import type { Kind } from "../../vision/segmentation/kind.ts";
import type { Point } from "../../vision/segmentation/match.ts";
import type { Box } from "../../vision/segmentation/picture.ts";
import { pictureShrink } from "../../vision/segmentation/picture.ts";
import type { Anchor, Clip } from "../../vision/segmentation/track.ts";
import { kindUnder, withNets } from "./segment-nets.ts";

/**
 * What prompts say, by frame.
 * @throws ReshootError `value_error` naming the prompt that lies outside the clip, or the first when none says what the
 *   object is; `no_media_generated` when the only mask picture is empty.
 */
export async function anchorsOf(
  clip: Clip,
  prompts: readonly Prompt[],
  video: MediaHandle,
  limits: MediaLimits,
): Promise<{ anchors: Map<number, Anchor>; kind?: Kind }> {
  const source = await openVideo(video, limits);
  const { format } = source;
  await source.close();
  const { factor } = pictureShrink(format);
  const byFrame = new Map<number, Prompt[]>();
  for (const prompt of prompts) {
    check(prompt, clip.frameCount, format);
    byFrame.set(prompt.frame, [...(byFrame.get(prompt.frame) ?? []), prompt]);
  }
  const anchors = new Map<number, Anchor>();
  let kind: Kind | undefined;
  for (const [frame, own] of [...byFrame].sort(([a], [b]) => a - b)) {
    const picture = own.find((prompt) => prompt.kind === "mask");
    if (picture?.kind === "mask") {
      const mask = await smallMask(picture, clip, format, limits);
      kind ??= kindUnder(clip.picture(frame), format.fullRange, mask);
      anchors.set(frame, { mask });
    } else {
      const hints = hintsOf(own, factor, clip);
      // Clicks on later frames correct what was followed there.
      const known = anchors.size === 0 ? withNets(clip.picture(frame), format.fullRange, hints) : { hints };
      if ("kind" in known) kind = known.kind;
      anchors.set(frame, { hints: known.hints });
    }
  }
  const [first] = anchors.values();
  if (!first || ("hints" in first && first.hints.positive.length === 0 && !first.hints.box)) {
    const message = "The first marked frame needs a click on the object, a box or a mask";
    throw fieldError("value_error", prompts[0]?.loc ?? video.loc, message);
  }
  // That the object is not there yet may be said beside other pictures only.
  if (prompts.length === 1 && "mask" in first && !first.mask.some((share) => share > 0))
    throw fieldError("no_media_generated", prompts[0]!.loc, "The mask marks nothing on this frame");
  return kind ? { anchors, kind } : { anchors };
}

function check(prompt: Prompt, frames: number, { width, height }: { width: number; height: number }): void {
  if (!(prompt.frame >= 0 && prompt.frame < frames)) {
    throw fieldError("value_error", prompt.loc, `The video has ${frames} frames: there is no frame ${prompt.frame}`);
  }
  const outside = `The video is ${width}x${height}: this lies outside it`;
  if (prompt.kind === "click" && !(prompt.x >= 0 && prompt.y >= 0 && prompt.x < width && prompt.y < height)) {
    throw fieldError("value_error", prompt.loc, outside);
  }
  if (prompt.kind !== "box") return;
  const { x, y } = prompt;
  const meets = x < width && y < height && x + prompt.width > 0 && y + prompt.height > 0;
  if (!(prompt.width > 0 && prompt.height > 0))
    throw fieldError("value_error", prompt.loc, "A box has a width and a height");
  if (!meets) throw fieldError("value_error", prompt.loc, outside);
}

function hintsOf(prompts: readonly Prompt[], factor: number, { width, height }: Clip): Hints {
  const positive: Point[] = [];
  const negative: Point[] = [];
  let box: Box | undefined;
  for (const prompt of prompts) {
    if (prompt.kind === "click") {
      (prompt.positive ? positive : negative).push({ x: prompt.x / factor, y: prompt.y / factor });
    } else if (prompt.kind === "box") {
      const x0 = Math.max(0, Math.min(width - 1, Math.floor(prompt.x / factor)));
      const y0 = Math.max(0, Math.min(height - 1, Math.floor(prompt.y / factor)));
      const x1 = Math.max(x0 + 1, Math.min(width, Math.ceil((prompt.x + prompt.width) / factor)));
      const y1 = Math.max(y0 + 1, Math.min(height, Math.ceil((prompt.y + prompt.height) / factor)));
      box = box
        ? { x0: Math.min(x0, box.x0), y0: Math.min(y0, box.y0), x1: Math.max(x1, box.x1), y1: Math.max(y1, box.y1) }
        : { x0, y0, x1, y1 };
    }
  }
  return box ? { positive, negative, box } : { positive, negative };
}

/** A prompt that is a picture. */
export type PicturePrompt = Extract<Prompt, { kind: "mask" }>;

/** A mask picture's object at its video's size: 1 on it. */
export async function fullMask(
  { media, polarity }: PicturePrompt,
  format: FrameFormat,
  limits: MediaLimits,
): Promise<Uint8Array> {
  const source = await openMask(media, format, limits);
  try {
    const { value } = await source.frames().next();
    const table = labelTable(polarity);
    return value!.levels.map((level) => (table[level] === REMOVE ? 1 : 0));
  } finally {
    await source.close();
  }
}

/** The same for the small frames, each small pixel by the share of it that is marked. */
async function smallMask(
  prompt: PicturePrompt,
  clip: Clip,
  format: FrameFormat,
  limits: MediaLimits,
): Promise<Float32Array> {
  const { factor } = pictureShrink(format);
  const full = await fullMask(prompt, format, limits);
  const out = new Float32Array(clip.width * clip.height);
  const share = 1 / (factor * factor);
  for (let y = 0, i = 0; y < format.height; y++) {
    const row = Math.floor(y / factor) * clip.width;
    for (let x = 0; x < format.width; x++, i++) if (full[i]) out[row + Math.floor(x / factor)]! += share;
  }
  return out;
}
