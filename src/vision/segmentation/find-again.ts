/** Looks for an object that was out of sight. */
import { beginMask } from "./begin.ts";
import { Colours, likeness } from "./colour.ts";
import type { Kind } from "./kind.ts";
import { areaOf } from "./measure.ts";
import type { Picture } from "./picture.ts";
import { regionsOf } from "./regions.ts";
import type { Workspace } from "./workspace.ts";

/** What is known of an object that is looked for. */
export type Missing = {
  readonly colours: Colours;
  /** Pixels that it usually has. */
  readonly area: number;
  /** Evidence of every colour, by bin. */
  readonly table: Float32Array;
  /** Evidence of every level of departure from other frames, where the object stands out from them. */
  readonly departs: Float32Array | undefined;
};

/** Likeness of colours from which on a thing of its kind is the object that was lost, and most of them that are looked at. */
const KNOWN_AGAIN = 0.6;
const MOST_SIGHTINGS = 4;
/** Likeness from which on a region is the object: by colours alone, and where it stands out from other frames as well. */
const [BY_COLOUR, STANDING_OUT] = [0.75, 0.6];
/** Weights of colour and of standing out, and what both must outweigh. */
const [COLOUR, DEPARTS, AGAINST] = [0.7, 1, 0.4];
/** Size, against the usual one, that it may have when it is seen again. */
const [SMALLEST, LARGEST] = [0.3, 3];

/** The thing of its kind that looks most like the object; undefined where none does. */
export function recognise(
  workspace: Workspace,
  kind: Kind,
  picture: Picture,
  bins: Uint16Array,
  { colours, area }: Missing,
): Float32Array | undefined {
  let best: Float32Array | undefined;
  let bestScore = KNOWN_AGAIN;
  for (const { hints } of kind.find(picture).slice(0, MOST_SIGHTINGS)) {
    const mask = beginMask(workspace, picture, undefined, hints());
    const size = areaOf(mask);
    if (size < SMALLEST * area || size > LARGEST * area) continue;
    const score = likeness(
      coloursWhere(bins, (i) => mask[i]! > 0.5),
      colours,
    );
    if (score > bestScore) [best, bestScore] = [mask, score];
  }
  return best;
}

/** The region, of the whole picture, that looks most like the object; empty where none does. */
export function search(
  workspace: Workspace,
  picture: Picture,
  bins: Uint16Array,
  { colours, area, table, departs }: Missing,
): Float32Array {
  const { width, height, departure } = picture;
  const against = new Float32Array(width * height);
  const mask = new Float32Array(width * height);
  const levels = departs && departure;
  for (let i = 0; i < against.length; i++) {
    against[i] = AGAINST - COLOUR * table[bins[i]!]! - (levels ? DEPARTS * departs[levels[i]!]! : 0);
    mask[i] = against[i]! < 0 ? 1 : 0;
  }
  workspace.cut(picture, { x0: 0, y0: 0, x1: width, y1: height }, against, mask);
  let best = 0;
  let bestScore = levels ? STANDING_OUT : BY_COLOUR;
  const { regions, labels } = regionsOf(mask, width, height, mask);
  for (const { label, size } of regions) {
    if (size < SMALLEST * area || size > LARGEST * area) continue;
    const score = likeness(
      coloursWhere(bins, (i) => labels[i] === label),
      colours,
    );
    if (score > bestScore) [best, bestScore] = [label, score];
  }
  for (let i = 0; i < mask.length; i++) mask[i] = best > 0 && labels[i] === best ? 1 : 0;
  return mask;
}

function coloursWhere(bins: Uint16Array, isOn: (index: number) => boolean): Colours {
  const colours = new Colours();
  colours.add(bins, (i) => (isOn(i) ? 1 : 0));
  return colours;
}
