/** An object's mask on one frame, from clicks, a box or a guess. */
import { binsOf, Colours, evidence } from "./colour.ts";
import { geodesic } from "./geodesic.ts";
import type { Point } from "./match.ts";
import { movementEvidence, SURE } from "./movement.ts";
import { type Box, grow, type Picture } from "./picture.ts";
import { dropStrangers, fillHoles, keepRegions } from "./regions.ts";
import { evidenceOf, type StandingOut, standingOut } from "./standing-out.ts";
import { completeVessel } from "./vessel.ts";
import type { Workspace } from "./workspace.ts";

/** What is known of an object on one frame. */
export type Hints = {
  readonly positive: readonly Point[];
  readonly negative: readonly Point[];
  /** The object lies inside. */
  readonly box?: Box;
  /** How likely each pixel is the object's, 0 to 1: from tracking or a net. */
  readonly guess?: Float32Array;
  /** It is a glass, a cup or a bottle, and fills this box. */
  readonly vessel?: Box;
};

const ROUNDS = 4;
const CERTAIN = 60;
const SEED_RADIUS = 2;
/** Levels, of all planes together, by which pixels of one click may differ. */
const SEED_CHANGE = 40;
/** Weight of standing out from other frames: as clicks and guesses do, and as the object was known to before. */
const [DEPARTS, DEPARTS_AS_BEFORE] = [0.8, 1.3];
/** Weight of a guess. */
const GUESSED = 5;

/**
 * @param near another frame, shortly before or after: what moves by itself between the two may be the object.
 * @param stands how the object stands out from other frames, where that is known from before.
 */
export function beginMask(
  workspace: Workspace,
  picture: Picture,
  near: Picture | undefined,
  hints: Hints,
  stands?: StandingOut,
): Float32Array {
  const { width, height } = picture;
  const pixels = width * height;
  const bins = binsOf(picture);
  const seeds = (points: readonly Point[]): number[] => points.flatMap((point) => disc(point, picture));
  const [on, off] = [seeds(hints.positive), seeds(hints.negative)];
  const prior = spatialPrior(picture, hints, on, off);
  const movement = near ? movementEvidence(workspace, picture, near, on, off, hints.guess) : undefined;
  const whole: Box = { x0: 0, y0: 0, x1: width, y1: height };
  const limit = hints.box ?? whole;
  const region = hints.box
    ? grow(hints.box, 0.15 * Math.max(limit.x1 - limit.x0, limit.y1 - limit.y0) + 6, width, height)
    : whole;
  const inside = new Float32Array(pixels);
  for (let y = limit.y0; y < limit.y1; y++) inside.fill(1, y * width + limit.x0, y * width + limit.x1);

  const mask = new Float32Array(pixels);
  for (let i = 0; i < pixels; i++)
    mask[i] = Math.max(0, Math.min(1, 0.5 + prior[i]! / 4 + (movement ? movement[i]! / 4 : 0)));
  const against = new Float32Array(pixels);
  const known = stands ?? standingOut(picture, certain(picture, on, hints.guess));
  const departs = picture.departure && known ? evidenceOf(known) : undefined;
  const weight = stands ? DEPARTS_AS_BEFORE : DEPARTS;
  for (let round = 0; round < ROUNDS; round++) {
    const [own, around] = [new Colours(), new Colours()];
    own.add(bins, (i) => (mask[i]! > 0.6 && inside[i] ? mask[i]! : 0));
    around.add(bins, (i) => (mask[i]! < 0.4 || !inside[i] ? 1 : 0));
    const size = Math.max(200, own.total);
    for (const [colours, indices] of [
      [own, on],
      [around, off],
    ] as const) {
      const clicked = new Colours();
      const isSeed = new Uint8Array(pixels);
      for (const i of indices) isSeed[i] = 1;
      clicked.add(bins, (i) => isSeed[i]!);
      if (clicked.total > 0) {
        clicked.weigh(size * 0.25);
        colours.merge(clicked);
      }
    }
    const table = evidence(own, around);
    for (let i = 0; i < pixels; i++) {
      against[i] = -(0.7 * table[bins[i]!]! + prior[i]! + (movement ? movement[i]! : 0));
      if (departs) against[i]! -= weight * departs[picture.departure![i]!]!;
      if (!inside[i]) against[i] = CERTAIN;
    }
    for (const i of on) against[i] = -CERTAIN;
    for (const i of off) against[i] = CERTAIN;
    workspace.cut(picture, region, against, mask);
  }
  const kept = new Float32Array(pixels);
  for (const i of on) kept[i] = 1;
  if (on.length > 0) keepRegions(mask, width, height, kept, ({ sum }) => sum > 0);
  // Nobody has pointed at them.
  else if (hints.guess) dropStrangers(mask, hints.guess, width, height);
  fillHoles(mask, width, height, pixels / 2000);
  if (hints.vessel) completeVessel(mask, width, hints.vessel);
  return mask;
}

/** What clicks and boxes say of every pixel before colours are looked at: positive on the object. */
function spatialPrior(picture: Picture, hints: Hints, on: readonly number[], off: readonly number[]): Float32Array {
  const { width, height } = picture;
  const prior = new Float32Array(width * height);
  if (hints.guess) for (let i = 0; i < prior.length; i++) prior[i] = GUESSED * (hints.guess[i]! - 0.5);
  if (hints.box) {
    const { x0, y0, x1, y1 } = hints.box;
    const [cx, cy, rx, ry] = [(x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2];
    for (let y = y0; y < y1; y++) {
      for (let x = x0; x < x1; x++) {
        const off2 = Math.max(Math.abs(x + 0.5 - cx) / rx, Math.abs(y + 0.5 - cy) / ry);
        if (!hints.guess) prior[y * width + x] = 1.2 - 1.6 * off2 ** 2;
      }
    }
  }
  if (on.length === 0) return prior;
  const toOn = geodesic(picture, on);
  const toOff = off.length > 0 ? geodesic(picture, off) : undefined;
  const spread = spreadOf(hints.positive, width, height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let nearest = Number.POSITIVE_INFINITY;
      for (const point of hints.positive) nearest = Math.min(nearest, Math.hypot(point.x - x, point.y - y));
      const reach = nearest / spread;
      const along = Math.exp(-toOn[i]! / (6 * spread));
      let value = hints.guess || hints.box ? 0 : 1.2 * along - Math.min(3, 1.4 * reach * reach);
      if (toOff) value += (1.2 * (toOff[i]! - toOn[i]!)) / (toOff[i]! + toOn[i]! + 1);
      prior[i]! += value;
    }
  }
  return prior;
}

/** How far around its clicks an object may be expected, in pixels. */
function spreadOf(points: readonly Point[], width: number, height: number): number {
  const size = Math.hypot(width, height);
  let widest = 0;
  for (const a of points) for (const b of points) widest = Math.max(widest, Math.hypot(a.x - b.x, a.y - b.y));
  return Math.max(size * 0.05, Math.min(size * 0.3, widest * 0.55));
}

/** What is certainly the object's: clicks, and what is sure of a guess. */
function certain({ width, height }: Picture, on: readonly number[], guess: Float32Array | undefined): Float32Array {
  const sure = new Float32Array(width * height);
  if (guess) for (let i = 0; i < sure.length; i++) sure[i] = guess[i]! > SURE ? 1 : 0;
  for (const i of on) sure[i] = 1;
  return sure;
}

/** A click's own pixel and those around it that look like it: what is thinner than the disc is not taken with its surroundings. */
function disc({ x, y }: Point, { width, height, y: luma, u, v }: Picture): number[] {
  const out: number[] = [];
  const [cx, cy] = [Math.max(0, Math.min(width - 1, Math.floor(x))), Math.max(0, Math.min(height - 1, Math.floor(y)))];
  const centre = cy * width + cx;
  for (let dy = -SEED_RADIUS; dy <= SEED_RADIUS; dy++) {
    for (let dx = -SEED_RADIUS; dx <= SEED_RADIUS; dx++) {
      const [px, py] = [cx + dx, cy + dy];
      if (dx * dx + dy * dy > SEED_RADIUS ** 2 || px < 0 || py < 0 || px >= width || py >= height) continue;
      const i = py * width + px;
      const change = Math.abs(luma[i]! - luma[centre]!) + Math.abs(u[i]! - u[centre]!) + Math.abs(v[i]! - v[centre]!);
      if (change <= SEED_CHANGE) out.push(i);
    }
  }
  return out;
}
