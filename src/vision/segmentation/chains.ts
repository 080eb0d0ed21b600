/** Detections of the same thing on several frames of a clip. */
import { binsOf, Colours, likeness } from "./colour.ts";
import { type Detection, shared } from "./detect.ts";
import type { Box, Picture } from "./picture.ts";
import type { Colour, Place } from "./word-lists.ts";
import type { Query } from "./words.ts";

/** A thing as it was seen on some frames, in order. */
export type Chain = {
  readonly kind: number;
  readonly seen: { readonly frame: number; readonly detection: Detection }[];
};

/** Likeness of colours that makes up for a box elsewhere. */
const ALIKE = 0.6;
/** Share of a thing's pixels that must have the colour asked for. */
const LEAST_COLOUR = 0.12;
/** Colours that skin may be taken for, and saturation below which it may. */
const LIKE_SKIN: ReadonlySet<Colour> = new Set(["red", "orange", "pink"]);
const SKIN = 45;

type Known = Chain & { colours: Colours };

/** Collects detections frame by frame. */
export class Chains {
  readonly #chains: Known[] = [];

  get all(): readonly Chain[] {
    return this.#chains;
  }

  /** Adds a frame's detections, best first. */
  add(frame: number, picture: Picture, detections: readonly Detection[]): void {
    const taken = new Set<Chain>();
    const bins = binsOf(picture);
    for (const detection of detections) {
      const colours = coloursIn(picture, bins, detection.box);
      let best: Known | undefined;
      let bestScore = 0;
      for (const chain of this.#chains) {
        if (taken.has(chain) || chain.kind !== detection.kind) continue;
        const last = chain.seen.at(-1)!.detection.box;
        const likely = likeness(chain.colours, colours);
        const near = closeness(last, detection.box);
        if (!(shared(last, detection.box) > 0.2 || (near > 0 && likely > ALIKE))) continue;
        const score = likely + shared(last, detection.box) + 0.5 * near;
        if (score > bestScore) [best, bestScore] = [chain, score];
      }
      if (!best) {
        best = { kind: detection.kind, seen: [], colours };
        this.#chains.push(best);
      }
      best.seen.push({ frame, detection });
      best.colours = colours;
      taken.add(best);
    }
  }
}

/** 1 at the same place, 0 from three box sizes on or where sizes differ more than twofold. */
function closeness(a: Box, b: Box): number {
  const size = (box: Box): number => Math.sqrt((box.x1 - box.x0) * (box.y1 - box.y0));
  const ratio = size(a) / size(b);
  if (ratio > 2 || ratio < 0.5) return 0;
  const away = Math.hypot(a.x0 + a.x1 - b.x0 - b.x1, a.y0 + a.y1 - b.y0 - b.y1) / 2;
  return Math.max(0, 1 - away / (3 * Math.max(size(a), size(b))));
}

function coloursIn({ width }: Picture, bins: Uint16Array, box: Box): Colours {
  const colours = new Colours();
  // The middle of the box: its corners show the surroundings.
  const [mx, my] = [(box.x1 - box.x0) * 0.2, (box.y1 - box.y0) * 0.1];
  const rows: number[] = [];
  for (let y = Math.floor(box.y0 + my); y < box.y1 - my; y++) {
    for (let x = Math.floor(box.x0 + mx); x < box.x1 - mx; x++) rows.push(bins[y * width + x]!);
  }
  colours.add(Uint16Array.from(rows), () => 1);
  return colours;
}

/**
 * The things that a query means, best first; none when none fits.
 * @param picture gives the frame of a detection, for its colours.
 * @param outline how likely each pixel of a picture is a detected thing's own, 0 to 1; undefined where only its box is known.
 */
export function choose(
  query: Query,
  chains: readonly Chain[],
  picture: (frame: number) => Picture,
  outline: (picture: Picture, detection: Detection) => Float32Array | undefined = () => undefined,
): readonly Chain[] {
  let fitting = chains.filter((chain) => query.kinds.includes(chain.kind));
  const strength = ({ seen }: Chain): number =>
    seen.reduce(
      (sum, { detection: { score, box } }) => sum + score ** 2 * Math.sqrt((box.x1 - box.x0) * (box.y1 - box.y0)),
      0,
    );
  const { colour, places, all, count, nth } = query;
  if (colour) {
    const share = (chain: Chain): number => {
      const best = chain.seen.reduce((a, b) => (b.detection.score > a.detection.score ? b : a));
      const there = picture(best.frame);
      return colourShare(there, best.detection.box, colour, outline(there, best.detection));
    };
    fitting = fitting.filter((chain) => share(chain) >= LEAST_COLOUR).sort((a, b) => share(b) - share(a));
  }
  if (fitting.length === 0) return [];
  const most = Math.max(...fitting.map(strength));
  // What was seen once and faintly is not what somebody points at.
  fitting = fitting.filter((chain) => strength(chain) > 0.1 * most);
  if (!colour) fitting.sort((a, b) => strength(b) - strength(a));
  if (places.length > 0) {
    const size = picture(fitting[0]!.seen[0]!.frame);
    if (all && count === undefined) {
      const there = fitting.filter((chain) => places.every((place) => isThere(place, chain, fitting, size)));
      if (there.length > 0) return there;
    }
    // Where several qualifiers disagree, each counts by the rank that it gives.
    const ranks = new Map<Chain, number>(fitting.map((chain) => [chain, 0]));
    for (const place of places) {
      const order = [...fitting].sort((a, b) => placed(place, b, size) - placed(place, a, size));
      for (const [rank, chain] of order.entries()) ranks.set(chain, ranks.get(chain)! + rank);
    }
    fitting.sort((a, b) => ranks.get(a)! - ranks.get(b)!);
  }
  if (nth !== undefined) return fitting.slice(nth - 1, nth);
  return all && places.length === 0 ? fitting.slice(0, count) : fitting.slice(0, all ? (count ?? 1) : 1);
}

/** How well a thing fits a place on the frame where it is first seen; only the order counts. */
function placed(place: Place, { seen }: Chain, { width }: Picture): number {
  const { x0, y0, x1, y1 } = seen[0]!.detection.box;
  const area = (x1 - x0) * (y1 - y0);
  if (place === "left") return -(x0 + x1);
  if (place === "right") return x0 + x1;
  if (place === "top") return -(y0 + y1);
  if (place === "bottom") return y0 + y1;
  if (place === "biggest") return area;
  if (place === "smallest") return -area;
  return -Math.abs((x0 + x1) / 2 - width / 2);
}

/** Whether a thing is one of those at a place: in that half or third of the picture, or large or small beside the largest. */
function isThere(place: Place, chain: Chain, among: readonly Chain[], { width, height }: Picture): boolean {
  const { x0, y0, x1, y1 } = chain.seen[0]!.detection.box;
  const [x, y] = [(x0 + x1) / (2 * width), (y0 + y1) / (2 * height)];
  if (place === "left") return x < 0.5;
  if (place === "right") return x >= 0.5;
  if (place === "top") return y < 0.5;
  if (place === "bottom") return y >= 0.5;
  if (place === "middle") return Math.abs(x - 0.5) < 1 / 6;
  const area = ({ seen }: Chain): number => {
    const { box } = seen[0]!.detection;
    return (box.x1 - box.x0) * (box.y1 - box.y0);
  };
  const isLarge = area(chain) >= 0.5 * Math.max(...among.map(area));
  return place === "biggest" ? isLarge : !isLarge;
}

/** Share of a thing's pixels that are of a colour, by hue and lightness; of its whole box where it has no outline. */
function colourShare({ width, y, u, v }: Picture, box: Box, colour: Colour, outline: Float32Array | undefined): number {
  let [count, hits] = [0, 0];
  for (let row = Math.floor(box.y0); row < box.y1; row++) {
    for (let x = Math.floor(box.x0); x < box.x1; x++) {
      const i = row * width + x;
      if (outline && !(outline[i]! > 0.5)) continue;
      count++;
      const [cb, cr] = [u[i]! - 128, v[i]! - 128];
      // What has an outline is a person: nobody who says "in red" means skin.
      if (outline && LIKE_SKIN.has(colour) && Math.hypot(cb, cr) < SKIN) continue;
      if (nameOf(y[i]!, cb, cr) === colour) hits++;
    }
  }
  return count > 0 ? hits / count : 0;
}

function nameOf(luma: number, cb: number, cr: number): Colour {
  const saturation = Math.hypot(cb, cr);
  if (saturation < 12) return luma > 165 ? "white" : luma < 70 ? "black" : "grey";
  const hue = (Math.atan2(cr, cb) * 180) / Math.PI;
  if (hue > 80 && hue <= 130) return luma < 70 ? "brown" : luma > 150 ? "pink" : "red";
  if (hue > 130 && hue <= 160) return luma < 95 ? "brown" : "orange";
  if (hue > 160 || hue <= -165) return "yellow";
  if (hue > -165 && hue <= -100) return "green";
  if (hue > -100 && hue <= 10) return "blue";
  return hue <= 45 ? "purple" : "pink";
}
