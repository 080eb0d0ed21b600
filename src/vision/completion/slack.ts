/**
 * How far inside a frame's mask the background is still seen, measured where other frames show what is there. Masks are often drawn with
 * room to spare, grown, or cut off square; what that hides is looked up only for want of anything better.
 */
import { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, type Layout, OBJECT, SEEN } from "../frames/layout.ts";
import { CLOSEST } from "../frames/prepare.ts";
import { AFFECTED, REMOVE } from "../mask.ts";
import type { Box } from "../registration/align.ts";
import { VISIBLE } from "./affected.ts";
import { grown } from "./pixels.ts";

/** Depths are told apart up to this many widths of the soft edge, and numbered in a byte. */
const [DEEPEST, MOST_BINS] = [6, 50];
/** What is not labelled, then by side of the mask and depth, as `slackPlaces` numbers them. */
const [OUTSIDE, INSIDE, SIDES] = [1, 2, 5];
/** Pixels that make a share of them meaningful, inside and outside. */
const [ENOUGH, ENOUGH_OUTSIDE] = [30, 200];
/** Share of a place's pixels in the whole scene that must be seen elsewhere, to speak for the others. */
const REPRESENTATIVE = 0.5;
/** Share that must agree outside: where less does, things move. */
const LEAST_OUTSIDE = 0.9;
/** Share of the agreement outside that counts as background still, and one that shows that it ends. */
const [LIKE_OUTSIDE, ENDED] = [0.9, 0.75];
/** Thirds of a pixel: the unit of distance maps. */
const THIRD = 3;

/** Pixels by their place: 256 times how many there are, how many of them were seen elsewhere, and how many of those look the same here. */
export type Agreement = Int32Array;

/** Length of an {@link Agreement}. */
export const AGREEMENT = 256 * 3;

/** 256 bytes by place: whether the background is seen there. */
export type Slack = Uint8Array;

/** A frame whose hole is filled. */
export type SlackInput = { readonly layout: Layout; readonly base: number; readonly hole: Box };

/** Job: compares a frame with what was found behind its hole. */
export function measureSlack(context: JobContext, { layout, base, hole }: SlackInput): Agreement {
  const { kernels, memory, scratch } = context;
  const { width, height, bitDepth } = layout.format;
  const arena = new Arena(scratch.start, scratch.end);
  const box = grown(hole, layout.radius + 1, layout.format);
  const { x0, y0, x1, y1 } = box;
  const [places, differs] = [numbered(context, layout, base, box, arena), arena.take(width * height)];
  bytesAt(memory, differs, width * height).fill(0);
  const compare = layout.sampleBytes === 1 ? kernels.differ8 : kernels.differ16;
  const state = base + layout.state;
  for (const [plane, size] of layout.sizes.entries()) {
    const [source, fill] = [base + layout.planes[plane]!, base + layout.fills[plane]!];
    const limit = VISIBLE * 2 ** (bitDepth - 8);
    const asked = [places, OUTSIDE, 255, state, SEEN, width, x0, y0, x1, y1] as const;
    // Sharp texture seldom meets to the pixel.
    const around = plane === 0 ? 1 : 0;
    compare(...asked, source, fill, size.width, size.height, size.shiftX, size.shiftY, around, limit, differs);
  }
  const counts = arena.take(4 * AGREEMENT);
  kernels.slackCount(places, state, SEEN, differs, width, x0, y0, x1, y1, counts);
  return new Int32Array(memory.buffer, counts, AGREEMENT).slice();
}

/** What {@link loosen} is asked. */
export type LoosenInput = SlackInput & { readonly slack: Slack };

/** Job: sets {@link OBJECT} in the frame's finest map of blocked pixels: what is labelled, without the slack, and the margin around it. */
export function loosen(context: JobContext, { layout, base, hole, slack }: LoosenInput): void {
  const { kernels, memory, scratch } = context;
  const { width, height } = layout.format;
  const arena = new Arena(scratch.start, scratch.end);
  const { x0, y0, x1, y1 } = grown(hole, layout.radius + 1, layout.format);
  const rectangle = [x0, y0, x1, y1] as const;
  const places = numbered(context, layout, base, { x0, y0, x1, y1 }, arena);
  const [table, core, map] = [arena.take(256), arena.take(width * height), arena.take(width * height)];
  bytesAt(memory, table, 256).set(slack);
  kernels.slackCore(base + layout.labels, places, table, width, ...rectangle, core);
  kernels.distance(core, width, height, ...rectangle, REMOVE, map);
  const margin = Math.floor(THIRD * CLOSEST * layout.radius);
  kernels.setAtMost(map, width * height, margin, OBJECT, base + layout.levels[0]!.blocked);
}

/** @returns address of a map of the places of a box's pixels. */
function numbered({ kernels }: JobContext, layout: Layout, base: number, box: Box, arena: Arena): number {
  const { width, height } = layout.format;
  const [inverse, depth, edge] = [0, 0, 0].map(() => arena.take(width * height)) as Three;
  const { x0, y0, x1, y1 } = box;
  const labels = base + layout.labels;
  kernels.inverse(labels, width * height, inverse);
  kernels.distance(inverse, width, height, x0, y0, x1, y1, REMOVE, depth);
  kernels.distance(labels, width, height, x0, y0, x1, y1, AFFECTED, edge);
  const [least, most] = [(THIRD * layout.radius) >> 1, THIRD * layout.radius];
  const maps = [labels, depth, edge] as const;
  kernels.slackPlaces(...maps, width, height, x0, y0, x1, y1, least, most, binsOf(layout), inverse);
  return inverse;
}

type Three = [number, number, number];

function binsOf({ radius }: Layout): number {
  return Math.min(MOST_BINS, DEEPEST * radius + 1);
}

/**
 * Where in its mask a frame shows the background: on each side down to the depth where it begins to look otherwise than what was found
 * behind it. What looks alike all the way down may be an object of the background's colour, and where little was found behind it, as with one that
 * stands still, that says nothing of the rest: no slack. Nor is less than half the soft edge's width, which is worth no second look.
 * @param own of the frame, if it is known. @param all of its scene's frames together: where the frame alone says too little.
 * @returns undefined where there is none.
 */
export function slackOf(layout: Layout, own: Agreement | undefined, all: Agreement): Slack | undefined {
  const bins = binsOf(layout);
  const shareAt = (place: number, enough: number): number | undefined => {
    const known = [own, all].find((counts) => counts && counts[3 * place + 1]! >= enough);
    return known && known[3 * place + 2]! / known[3 * place + 1]!;
  };
  const isKnown = (place: number) => all[3 * place + 1]! >= REPRESENTATIVE * all[3 * place]!;
  const outside = shareAt(OUTSIDE, ENOUGH_OUTSIDE);
  if (outside === undefined || outside < LEAST_OUTSIDE) return undefined;
  const slack = new Uint8Array(256);
  for (let side = 0; side < SIDES; side++) {
    const first = INSIDE + side * bins;
    const shares = Array.from({ length: bins - 1 }, (_, i) => shareAt(first + 1 + i, ENOUGH));
    const depth = shares.findIndex(
      (share, i) => share === undefined || share < LIKE_OUTSIDE * outside || !isKnown(first + 1 + i),
    );
    const ends = shares.slice(depth).some((share) => share !== undefined && share < ENDED * outside);
    if (depth >= layout.radius / 2 && ends) slack.fill(1, first + 1, first + 1 + depth);
  }
  return slack.includes(1) ? slack : undefined;
}
