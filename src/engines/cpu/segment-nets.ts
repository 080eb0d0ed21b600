/** The nets of segmentation, read when they are first needed and kept as long as the worker lives. */
import type { Hints } from "../../vision/segmentation/begin.ts";
import { CLASSES, type Detection, Detector, shared } from "../../vision/segmentation/detect.ts";
import type { Kind } from "../../vision/segmentation/kind.ts";
import { around, type Point, thingAt, thingIn } from "../../vision/segmentation/match.ts";
import { PersonOutline } from "../../vision/segmentation/person.ts";
import { type Box, boxOf, grow, type Picture } from "../../vision/segmentation/picture.ts";

let things: Detector | undefined;
let people: PersonOutline | undefined;

const PERSON = 0;
/** Glasses, cups and bottles. */
const VESSELS = new Set(["bottle", "wine glass", "cup", "bowl", "vase"].map((name) => CLASSES.indexOf(name)));
/** A thing that was clicked needs to be seen less clearly than one that was only named. */
const CLICKED_SCORE = 0.3;

/** Finds things of COCO's classes. */
export function detector(): Detector {
  things ??= new Detector();
  return things;
}

/**
 * What is known of things that are made of these kinds.
 * @param kinds one, or several that go together, as a rider and the bicycle.
 */
export function kindOf(kinds: readonly number[], fullRange: boolean): Kind {
  const find = (picture: Picture): (readonly Detection[])[] => {
    const found = detector().detect(picture, fullRange, CLICKED_SCORE);
    return found
      .filter(({ kind }) => kind === kinds[0])
      .map((first) => [
        first,
        ...kinds.slice(1).flatMap((kind) => {
          const near = found.filter((one) => one.kind === kind && shared(one.box, first.box) > 0);
          return near.slice(0, 1);
        }),
      ]);
  };
  const outline = (picture: Picture, box: Box): Float32Array => {
    people ??= new PersonOutline();
    return people.outline(picture, fullRange, box);
  };
  return {
    find: (picture) =>
      find(picture).map((parts) => ({
        box: whole4(around(parts.map(({ box }) => box))),
        hints: () => ({ positive: [], negative: [], ...hintsFor(picture, fullRange, parts) }),
      })),
    ...(kinds.includes(PERSON) && { outline }),
    hasMore: kinds.length > 1,
    isVessel: isVessel(kinds),
  };
}

/** A detected person's outline, 0 to 1; undefined for other things. */
export function outlineOf(picture: Picture, fullRange: boolean, { kind, box }: Detection): Float32Array | undefined {
  if (kind !== PERSON) return undefined;
  people ??= new PersonOutline();
  return people.outline(picture, fullRange, box);
}

/** Likelihood from which on an outline has a click on it, and small pixels by which a click at the edge may miss it. */
const LEAST_AGREED = 0.4;
const BESIDE = 5;

/** Weight of a box in the place of an outline: {@link Hints.guess} in its middle and at its edges. */
const [MIDDLE, EDGE] = [0.74, 0.42];

/** A thing as hints: a person's outline, any other thing's box. */
export function hintsFor(
  picture: Picture,
  fullRange: boolean,
  parts: readonly Detection[],
): Pick<Hints, "box" | "guess" | "vessel"> {
  const { width, height } = picture;
  const whole = (box: Box, share: number): Box =>
    grow(whole4(box), share * Math.max(box.x1 - box.x0, box.y1 - box.y0) + 1, width, height);
  const shares = parts.map(({ kind, box }) => whole(box, kind === PERSON ? 0.12 : 0.03));
  const box = around(shares);
  if (!parts.some(({ kind }) => kind === PERSON)) {
    return isVessel(parts.map(({ kind }) => kind)) ? { box, vessel: whole4(parts[0]!.box) } : { box };
  }
  people ??= new PersonOutline();
  let guess: Float32Array | undefined;
  for (const [k, part] of parts.entries()) {
    const own = part.kind === PERSON ? people.outline(picture, fullRange, part.box) : boxGuess(picture, shares[k]!);
    guess = guess?.map((value, i) => Math.max(value, own[i]!)) ?? own;
  }
  return guess ? { box, guess } : { box };
}

function boxGuess({ width, height }: Picture, { x0, y0, x1, y1 }: Box): Float32Array {
  const guess = new Float32Array(width * height);
  const [cx, cy, rx, ry] = [(x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2];
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const away = Math.max(Math.abs(x + 0.5 - cx) / rx, Math.abs(y + 0.5 - cy) / ry);
      guess[y * width + x] = MIDDLE + (EDGE - MIDDLE) * away ** 2;
    }
  }
  return guess;
}

/** Adds what the nets know of the thing that was marked. */
export function withNets(picture: Picture, fullRange: boolean, hints: Hints): { hints: Hints; kind?: Kind } {
  if (hints.positive.length === 0 && !hints.box) return { hints };
  let detections = detector().detect(picture, fullRange, CLICKED_SCORE);
  for (;;) {
    const parts = thingAt(detections, hints);
    if (parts.length === 0) return { hints };
    const known = hintsFor(picture, fullRange, parts);
    if (parts.length > 1 || !known.guess || agrees(known.guess, picture, hints.positive)) {
      return { hints: { ...hints, ...known }, kind: kindOf(kindsIn(parts), fullRange) };
    }
    detections = detections.filter((one) => !parts.includes(one));
  }
}

/** Whether an outline has most clicks on it or beside it: a person that was only imagined has not. */
function agrees(guess: Float32Array, { width, height }: Picture, clicks: readonly Point[]): boolean {
  const isNear = ({ x, y }: Point): boolean => {
    const { x0, y0, x1, y1 } = grow(whole4({ x0: x, y0: y, x1: x, y1: y }), BESIDE, width, height);
    for (let row = y0; row < y1; row++) {
      for (let i = row * width + x0; i < row * width + x1; i++) if (guess[i]! > LEAST_AGREED) return true;
    }
    return false;
  };
  return clicks.length === 0 || clicks.filter(isNear).length * 2 >= clicks.length;
}

/** What the nets know of the thing that a mask lies on; undefined where they know nothing. */
export function kindUnder(picture: Picture, fullRange: boolean, mask: Float32Array): Kind | undefined {
  const box = boxOf(mask, picture.width, picture.height, 0.5);
  if (!box) return undefined;
  const parts = thingIn(detector().detect(picture, fullRange, CLICKED_SCORE), box);
  return parts.length > 0 ? kindOf(kindsIn(parts), fullRange) : undefined;
}

function isVessel(kinds: readonly number[]): boolean {
  return kinds.length === 1 && VESSELS.has(kinds[0]!);
}

function kindsIn(parts: readonly Detection[]): readonly number[] {
  return parts.map(({ kind }) => kind).sort((a, b) => a - b);
}

function whole4({ x0, y0, x1, y1 }: Box): Box {
  return { x0: Math.floor(x0), y0: Math.floor(y0), x1: Math.ceil(x1), y1: Math.ceil(y1) };
}
