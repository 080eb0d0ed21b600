/** Which of the things that were detected is meant by clicks, a box or a mask. */
import { type Detection, shared } from "./detect.ts";
import type { Box } from "./picture.ts";

/** A point of a small frame. */
export type Point = { readonly x: number; readonly y: number };

/** Clicks on an object and beside it, or a box around it. */
export type Marks = { readonly positive: readonly Point[]; readonly negative: readonly Point[]; readonly box?: Box };

/** Pixels beside its box by which a thing may be clicked at most. */
const MOST_SLACK = 6;
/** Most things that one object is made of: a rider, a bicycle and a bag. */
const MOST_PARTS = 3;
/** What a thing loses that is clicked at its very edge: people click what they mean in the middle. */
const OFF_CENTRE = 0.5;
/** Share of area that a box and what is in it have in common at least. */
const SAME = 0.6;

/**
 * The thing that marks mean, best part first; more than one where no single one has all clicks on it, but several that
 * overlap do (a rider and the bicycle). Empty where nothing fits.
 */
export function thingAt(detections: readonly Detection[], marks: Marks): readonly Detection[] {
  let best: Detection | undefined;
  let bestScore = 0;
  for (const detection of detections) {
    const score = fit(detection, marks);
    if (score > bestScore) [best, bestScore] = [detection, score];
  }
  const parts = marks.box ? thingIn(detections, marks.box) : together(detections, marks);
  const isBetter = parts.length > 1 && weight(parts) > bestScore;
  return best && !isBetter ? [best] : parts;
}

/** The thing, or the things side by side, that fill a box; empty where none do. */
export function thingIn(detections: readonly Detection[], box: Box): readonly Detection[] {
  let best: readonly Detection[] = [];
  let bestShare = SAME;
  const consider = (parts: readonly Detection[]): void => {
    const share = shared(around(parts.map((part) => part.box)), box);
    if (share > bestShare) [best, bestShare] = [parts, share];
  };
  for (const one of detections) consider([one]);
  // Two make a box out of anything: only where no single one does.
  if (best.length > 0) return best;
  for (const [i, one] of detections.entries()) {
    for (const other of detections.slice(i + 1)) {
      if (one.kind !== other.kind && shared(one.box, other.box) > 0) consider([one, other]);
    }
  }
  return best;
}

/** The rectangle around some. */
export function around(boxes: readonly Box[]): Box {
  return {
    x0: Math.min(...boxes.map(({ x0 }) => x0)),
    y0: Math.min(...boxes.map(({ y0 }) => y0)),
    x1: Math.max(...boxes.map(({ x1 }) => x1)),
    y1: Math.max(...boxes.map(({ y1 }) => y1)),
  };
}

/** Things of different kinds that overlap and have all clicks on them, each at least one that no other has. */
function together(detections: readonly Detection[], { positive, negative }: Marks): readonly Detection[] {
  const parts: Detection[] = [];
  let left = positive;
  while (left.length > 0 && parts.length < MOST_PARTS) {
    let best: Detection | undefined;
    let bestScore = 0;
    for (const one of detections) {
      if (parts.some((part) => part.kind === one.kind)) continue;
      if (parts.length > 0 && !parts.some((part) => shared(part.box, one.box) > 0)) continue;
      if (negative.some((point) => within(point, one.box, -slack(one)))) continue;
      const score = left.filter((point) => within(point, one.box, slack(one))).length * one.score;
      if (score > bestScore) [best, bestScore] = [one, score];
    }
    if (!best) return [];
    const { box } = best;
    const margin = slack(best);
    left = left.filter((point) => !within(point, box, margin));
    parts.push(best);
  }
  return left.length === 0 ? parts : [];
}

/** How likely several things are meant together, as {@link fit} says of one. */
function weight(parts: readonly Detection[]): number {
  const { x0, y0, x1, y1 } = around(parts.map(({ box }) => box));
  const score = parts.reduce((sum, part) => sum + part.score, 0) / parts.length;
  return score / Math.sqrt(Math.sqrt((x1 - x0) * (y1 - y0)));
}

/** How well a detection explains clicks and box; 0: not at all. Of several, the smaller one is more likely meant. */
function fit(detection: Detection, { positive, negative, box: given }: Marks): number {
  const { box, score } = detection;
  if (!positive.every((point) => within(point, box, slack(detection)))) return 0;
  if (given) {
    const both = shared(box, given);
    return both > SAME ? score * both : 0;
  }
  const area = (box.x1 - box.x0) * (box.y1 - box.y0);
  const against = negative.filter((point) => within(point, box, -slack(detection))).length;
  const away = Math.max(0, ...positive.map((point) => offCentre(point, box)));
  return (score * 0.5 ** against * (1 - OFF_CENTRE * Math.min(1, away) ** 2)) / Math.sqrt(Math.sqrt(area));
}

/** 0 in a box's middle, 1 at its edge. */
function offCentre({ x, y }: Point, { x0, y0, x1, y1 }: Box): number {
  return Math.max(Math.abs((2 * x - x0 - x1) / (x1 - x0)), Math.abs((2 * y - y0 - y1) / (y1 - y0)));
}

/** How far beside a box its thing may still be clicked. */
function slack({ box }: Detection): number {
  return Math.min(MOST_SLACK, 0.04 * Math.max(box.x1 - box.x0, box.y1 - box.y0) + 2);
}

function within({ x, y }: Point, box: Box, margin: number): boolean {
  return x >= box.x0 - margin && x < box.x1 + margin && y >= box.y0 - margin && y < box.y1 + margin;
}
