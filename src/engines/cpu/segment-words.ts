/** Objects from words: things are detected on some frames, told apart, outlined and followed in between. */
import { fieldError } from "../../errors.ts";
import type { LogLevel } from "../../operations/operations.ts";
import type { SegmentationTarget } from "../../operations/segmentation.ts";
import { type Chain, Chains, choose } from "../../vision/segmentation/chains.ts";
import { CLASSES, type Detection, shared } from "../../vision/segmentation/detect.ts";
import type { Picture } from "../../vision/segmentation/picture.ts";
import { type Anchor, trackObject } from "../../vision/segmentation/track.ts";
import { asksForMotion, parseWords } from "../../vision/segmentation/words.ts";
import { detector, hintsFor, kindOf, outlineOf } from "./segment-nets.ts";
import type { SegmentStore } from "./segment-store.ts";

type Words = Extract<SegmentationTarget, { kind: "words" }>;

/** What {@link findWords} works with. */
export type WordsOptions = {
  readonly from: number;
  readonly to: number;
  readonly fullRange: boolean;
  readonly turn: () => Promise<void>;
  readonly log: (level: LogLevel, message: string) => void;
};

/** Frames between two that are searched. */
const STEP = 8;
/** Most frames that are searched: between them things are followed. */
const MOST_SEARCHED = 120;
const LEAST_SCORE = 0.35;
/** Most things that are followed. */
const MOST_THINGS = 12;

/** Whether what moves by itself is asked for. */
export function isMovingObject(target: SegmentationTarget): boolean {
  return target.kind === "words" && asksForMotion(target.text);
}

/** Puts the masks into the store. @returns the names of what was found. @throws `no_media_generated` naming the words' field. */
export async function findWords(
  store: SegmentStore,
  words: Words,
  { from, to, fullRange, turn, log }: WordsOptions,
): Promise<readonly string[]> {
  const { queries, unknown } = parseWords(words.text);
  if (queries.length === 0) {
    throw notFound(words, "is nothing that can be found here", glance(store, fullRange, from, to));
  }
  const chains = new Chains();
  const step = Math.max(STEP, Math.ceil((to - from + 1) / MOST_SEARCHED));
  for (let frame = from; frame <= to; frame += step) {
    await turn();
    const picture = store.picture(frame);
    chains.add(frame, picture, detector().detect(picture, fullRange, LEAST_SCORE));
  }
  const chosen = new Map<Chain, readonly number[]>();
  const outline = (picture: Picture, detection: Detection): Float32Array | undefined =>
    outlineOf(picture, fullRange, detection);
  const missing: string[] = [...unknown];
  for (const query of queries) {
    const found = choose(query, chains.all, (frame) => store.picture(frame), outline);
    if (found.length === 0) missing.push(query.text);
    for (const chain of found.slice(0, MOST_THINGS)) chosen.set(chain, query.rides);
  }
  const seen = [...new Set(chains.all.map(({ kind }) => CLASSES[kind]!))];
  if (chosen.size === 0) throw notFound(words, "was not found in this video", seen);
  if (missing.length > 0) log("WARN", `Not found: ${missing.join(", ")}`);
  let any = false;
  for (const [chain, rides] of chosen) {
    const anchors = new Map<number, Anchor>();
    const ridden = new Set<number>();
    for (const { frame, detection } of chain.seen) {
      const mount = mountOf(detection, frame, chains.all, rides);
      if (mount) ridden.add(mount.kind);
      const hints = hintsFor(store.picture(frame), fullRange, mount ? [detection, mount] : [detection]);
      anchors.set(frame, { hints: { positive: [], negative: [], ...hints } });
    }
    const first = !any;
    const masks = new Map<number, Float32Array>();
    const put = (frame: number, mask: Float32Array): void => {
      if (first) store.putMask(frame, mask);
      else masks.set(frame, mask);
    };
    const kind = kindOf([chain.kind, ...ridden], fullRange);
    if (await trackObject(store, anchors, { from, to, put, turn, kind })) any = true;
    for (const [frame, mask] of masks) {
      const before = store.mask(frame);
      store.putMask(
        frame,
        mask.map((value, i) => Math.max(value, before[i]!)),
      );
    }
  }
  if (!any) throw notFound(words, "was not found in this video", seen);
  return [...new Set([...chosen.keys()].map(({ kind }) => CLASSES[kind]!))];
}

/** What a rider rides on a frame: what overlaps most of all that was seen of those kinds. */
function mountOf(
  rider: Detection,
  frame: number,
  chains: readonly Chain[],
  kinds: readonly number[],
): Detection | undefined {
  let best: Detection | undefined;
  let bestShare = 0;
  for (const { kind, seen } of kinds.length > 0 ? chains : []) {
    if (!kinds.includes(kind)) continue;
    const there = seen.find((one) => one.frame === frame)?.detection;
    const share = there ? shared(there.box, rider.box) : 0;
    if (share > bestShare) [best, bestShare] = [there, share];
  }
  return best;
}

/** Names of what is seen on a few frames, for an error that says what there is. */
function glance(store: SegmentStore, fullRange: boolean, from: number, to: number): readonly string[] {
  const frames = new Set([0, 1, 2].map((k) => Math.round(from + ((to - from) * k) / 2)));
  const found = [...frames].flatMap((frame) => detector().detect(store.picture(frame), fullRange, LEAST_SCORE));
  return [...new Set(found.map(({ kind }) => CLASSES[kind]!))];
}

/** @param seen names of what was detected in the video. */
function notFound({ text, loc }: Words, what: string, seen: readonly string[] = []): Error {
  const there = seen.length > 0 ? ` Seen in it: ${seen.slice(0, 12).join(", ")}.` : "";
  const message =
    `${text.trim() ? `"${text.slice(0, 80)}" ${what}` : "No words were given"}.${there} Found here, by words of English, are people, vehicles, animals and household things (the 80 classes of COCO, ` +
    `such as ${CLASSES.slice(0, 8).join(", ")}), several by comma, with a place or a colour ("the man on the left", "red car"), and "moving object". ` +
    "An engine with an open-vocabulary segmentation model on your own GPU would find more; clicks or a mask work for anything";
  return fieldError("no_media_generated", loc, message);
}
