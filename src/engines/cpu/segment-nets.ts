/** The nets of segmentation, read when they are first needed and kept as long as the worker lives. */
import type { Hints, Point } from "../../vision/segmentation/begin.ts";
import { type Detection, Detector } from "../../vision/segmentation/detect.ts";
import type { Outline } from "../../vision/segmentation/follow.ts";
import { PersonOutline } from "../../vision/segmentation/person.ts";
import { type Box, grow, type Picture } from "../../vision/segmentation/picture.ts";

let things: Detector | undefined;
let people: PersonOutline | undefined;

const PERSON = 0;
/** A thing that was clicked needs to be seen less clearly than one that was only named. */
const CLICKED_SCORE = 0.3;

/** Finds things of COCO's classes. */
export function detector(): Detector {
  things ??= new Detector();
  return things;
}

/** How to outline things of a kind; undefined where no net knows. */
export function outlineOf(kind: number | undefined, fullRange: boolean): Outline | undefined {
  if (kind !== PERSON) return undefined;
  return (picture, box) => {
    people ??= new PersonOutline();
    return people.outline(picture, fullRange, box);
  };
}

/** A detection as hints: a person's outline, any other thing's box. */
export function hintsFor(picture: Picture, fullRange: boolean, { kind, box }: Detection): Pick<Hints, "box" | "guess"> {
  const side = Math.max(box.x1 - box.x0, box.y1 - box.y0);
  const whole = grow(whole4(box), (kind === PERSON ? 0.12 : 0.03) * side + 1, picture.width, picture.height);
  if (kind !== PERSON) return { box: whole };
  people ??= new PersonOutline();
  return { box: whole, guess: people.outline(picture, fullRange, box) };
}

/** Adds what the nets know of the thing that was clicked on: the best one that has all positive clicks inside. */
export function withNets(picture: Picture, fullRange: boolean, hints: Hints): { hints: Hints; kind?: number } {
  if (hints.positive.length === 0 && !hints.box) return { hints };
  let best: Detection | undefined;
  let bestScore = 0;
  for (const detection of detector().detect(picture, fullRange, CLICKED_SCORE)) {
    const score = fit(detection, hints);
    if (score > bestScore) [best, bestScore] = [detection, score];
  }
  if (!best) return { hints };
  return { hints: { ...hints, ...hintsFor(picture, fullRange, best) }, kind: best.kind };
}

/** How well a detection explains clicks and box; 0: not at all. Of several, the smaller one is more likely meant. */
function fit({ box, score }: Detection, { positive, negative, box: given }: Hints): number {
  const side = 0.04 * Math.max(box.x1 - box.x0, box.y1 - box.y0) + 2;
  if (!positive.every((point) => within(point, box, side))) return 0;
  const area = (box.x1 - box.x0) * (box.y1 - box.y0);
  if (given) {
    const w = Math.min(box.x1, given.x1) - Math.max(box.x0, given.x0);
    const h = Math.min(box.y1, given.y1) - Math.max(box.y0, given.y0);
    if (w <= 0 || h <= 0) return 0;
    const both = (w * h) / (area + (given.x1 - given.x0) * (given.y1 - given.y0) - w * h);
    return both > 0.6 ? score * both : 0;
  }
  const against = negative.filter((point) => within(point, box, -side)).length;
  return (score * 0.5 ** against) / Math.sqrt(Math.sqrt(area));
}

function within({ x, y }: Point, box: Box, margin: number): boolean {
  return x >= box.x0 - margin && x < box.x1 + margin && y >= box.y0 - margin && y < box.y1 + margin;
}

function whole4({ x0, y0, x1, y1 }: Box): Box {
  return { x0: Math.floor(x0), y0: Math.floor(y0), x1: Math.ceil(x1), y1: Math.ceil(y1) };
}
