/** Where in each frame there is something to look at: people and things that nets find, motion, contrast. */
import type { Frame, FrameFormat } from "../../media/frame.ts";
import { type Shrink, shrinkFrame, shrinkOf } from "../moving-object/shrink.ts";
import { CLASSES, type Detection } from "../segmentation/detect.ts";
import { type Picture, pictureShrink, toPicture } from "../segmentation/picture.ts";

/** Cells that a side is divided into. */
export const CELLS = 64;

/** What one frame shows along its sides: interest of each of {@link CELLS} cells, which adds up to about one. */
export type Interest = {
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** A scene begins with this frame. */
  readonly isCut: boolean;
};

/** Finds people and things in a small picture. */
export type Detect = (picture: Picture, fullRange: boolean) => readonly Detection[];

/** Shares of a frame's interest where people or things, motion, and contrast are all to be seen. */
const THINGS = 1;
const MOTION = 0.35;
const CONTRAST = 0.12;
/** Levels by which a pixel must change to have moved, and the share of pixels that makes motion count whole. */
const MOVED = 10;
const MUCH_MOTION = 0.03;
/** A cut: neighbouring frames differ by more than so many levels on average, and by so many times what is usual. */
const CUT = 22;
const CUT_RATIO = 3;
/** Pixels of the analysed frame by which the camera may move between two frames. */
const REACH = 10;

const PERSON = 0;
const ANIMALS = [CLASSES.indexOf("bird"), CLASSES.indexOf("giraffe")] as const;

/** Looks at the frames of a clip one after the other. */
export class InterestFinder {
  readonly #format: FrameFormat;
  readonly #shrink: Shrink;
  readonly #detect: Detect;
  readonly #every: number;
  #before: Uint8Array | undefined;
  #usual = 0;
  #things: readonly Detection[] = [];
  #index = 0;
  readonly frames: Interest[] = [];

  /** @param every frames from one detection to the next. */
  constructor(format: FrameFormat, detect: Detect, every: number) {
    this.#format = format;
    this.#shrink = shrinkOf(format);
    this.#detect = detect;
    this.#every = Math.max(1, every);
  }

  add(frame: Frame): void {
    const { width, height } = this.#shrink.format;
    const [luma, ...chroma] = shrinkFrame(frame, this.#format, this.#shrink).planes.map((p) => p.data as Uint8Array);
    const map = new Float32Array(width * height);
    const isCut = this.#addMotion(map, luma!);
    if (isCut || this.#index % this.#every === 0) {
      const shrink = pictureShrink(this.#format);
      this.#things = this.#detect(toPicture(frame, this.#format, shrink), this.#format.fullRange).map((thing) => ({
        ...thing,
        box: scaled(thing.box, shrink.factor / this.#shrink.factor),
      }));
    }
    addThings(map, width, height, this.#things);
    for (const plane of [luma!, ...chroma]) addContrast(map, width, height, plane);
    this.frames.push({ ...alongSides(map, width, height), isCut });
    this.#before = luma!;
    this.#index++;
  }

  /** @returns whether the scene changed. */
  #addMotion(map: Float32Array, luma: Uint8Array): boolean {
    const { width, height } = this.#shrink.format;
    const before = this.#before;
    if (!before) return false;
    const { dx, dy } = shiftBetween(before, luma, width, height);
    const moved = new Float32Array(map.length);
    let [sum, compared, total, count] = [0, 0, 0, 0];
    for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
      for (let x = Math.max(0, -dx); x < Math.min(width, width - dx); x++) {
        const difference = Math.abs(luma[y * width + x]! - before[(y + dy) * width + x + dx]!);
        sum += difference;
        compared++;
        if (difference <= MOVED) continue;
        moved[y * width + x] = difference - MOVED;
        total += difference - MOVED;
        count++;
      }
    }
    const mean = sum / Math.max(1, compared);
    const isCut = mean > CUT && mean > CUT_RATIO * this.#usual;
    this.#usual = isCut ? 0 : this.#usual === 0 ? mean : 0.8 * this.#usual + 0.2 * mean;
    const share = MOTION * Math.min(1, count / (MUCH_MOTION * map.length));
    if (!isCut && total > 0) for (let i = 0; i < map.length; i++) map[i]! += (share * moved[i]!) / total;
    return isCut;
  }
}

/** The whole shift that explains most of what changed: the camera's, roughly. `luma(x, y)` is `before(x + dx, y + dy)`. */
function shiftBetween(before: Uint8Array, luma: Uint8Array, width: number, height: number): { dx: number; dy: number } {
  const cost = (dx: number, dy: number): number => {
    let [sum, count] = [0, 0];
    for (let y = REACH; y < height - REACH; y += 3) {
      for (let x = REACH; x < width - REACH; x += 3) {
        // Bounded, so that what moves by itself does not decide.
        sum += Math.min(30, Math.abs(luma[y * width + x]! - before[(y + dy) * width + x + dx]!));
        count++;
      }
    }
    return count > 0 ? sum / count : 0;
  };
  let best = { dx: 0, dy: 0, cost: cost(0, 0) };
  // Downhill in steps that shrink: a camera moves smoothly, and its picture is smooth at this size.
  for (let step = 4; step >= 1; step >>= 1) {
    for (let moved = true; moved; ) {
      moved = false;
      for (const [sx, sy] of [
        [step, 0],
        [-step, 0],
        [0, step],
        [0, -step],
      ] as const) {
        const [dx, dy] = [best.dx + sx, best.dy + sy];
        if (Math.abs(dx) > REACH || Math.abs(dy) > REACH) continue;
        const now = cost(dx, dy);
        if (now >= best.cost - 1e-6) continue;
        best = { dx, dy, cost: now };
        moved = true;
      }
    }
  }
  return best;
}

/** Spreads each thing over its box, most of it where a head would be. */
function addThings(map: Float32Array, width: number, height: number, things: readonly Detection[]): void {
  const weights = things.map(({ kind, score, box }) => {
    const area = ((box.x1 - box.x0) * (box.y1 - box.y0)) / (width * height);
    const worth = kind === PERSON ? 1 : kind >= ANIMALS[0] && kind <= ANIMALS[1] ? 0.6 : 0.1;
    return worth * score * Math.sqrt(Math.max(0, area));
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total <= 0) return;
  // Faint or tiny things alone do not make a frame's interest.
  const share = THINGS * Math.min(1, total / 0.15);
  for (const [i, { box, kind }] of things.entries()) {
    const [cx, cy] = [(box.x0 + box.x1) / 2, box.y0 + (box.y1 - box.y0) * (kind === PERSON ? 0.3 : 0.5)];
    const [rx, ry] = [Math.max(1, (box.x1 - box.x0) / 2), Math.max(1, (box.y1 - box.y0) / 2)];
    const cells: [number, number][] = [];
    let sum = 0;
    for (let y = Math.max(0, Math.floor(box.y0)); y < Math.min(height, box.y1); y++) {
      for (let x = Math.max(0, Math.floor(box.x0)); x < Math.min(width, box.x1); x++) {
        const value = Math.max(0, 1 - ((x - cx) / rx) ** 2) * Math.max(0.05, 1 - ((y - cy) / ry) ** 2);
        cells.push([y * width + x, value]);
        sum += value;
      }
    }
    for (const [at, value] of cells) map[at]! += (share * weights[i]! * value) / (total * sum || 1);
  }
}

/** What differs from its surroundings. */
function addContrast(map: Float32Array, width: number, height: number, plane: Uint8Array): void {
  const radius = Math.max(2, Math.round(width / 12));
  const mean = boxMeans(plane, width, height, radius);
  const contrast = new Float32Array(map.length);
  let total = 0;
  for (let i = 0; i < map.length; i++) {
    const value = Math.max(0, Math.abs(plane[i]! - mean[i]!) - 6);
    contrast[i] = value;
    total += value;
  }
  if (total > 0) for (let i = 0; i < map.length; i++) map[i]! += ((CONTRAST / 3) * contrast[i]!) / total;
}

function boxMeans(plane: Uint8Array, width: number, height: number, radius: number): Float32Array {
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += plane[y * width + x]!;
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1]! + row;
    }
  }
  const means = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const [y0, y1] = [Math.max(0, y - radius), Math.min(height, y + radius + 1)];
    for (let x = 0; x < width; x++) {
      const [x0, x1] = [Math.max(0, x - radius), Math.min(width, x + radius + 1)];
      const sum =
        sums[y1 * (width + 1) + x1]! -
        sums[y0 * (width + 1) + x1]! -
        sums[y1 * (width + 1) + x0]! +
        sums[y0 * (width + 1) + x0]!;
      means[y * width + x] = sum / ((x1 - x0) * (y1 - y0));
    }
  }
  return means;
}

function alongSides(map: Float32Array, width: number, height: number): { x: Float32Array; y: Float32Array } {
  const [alongX, alongY] = [new Float32Array(CELLS), new Float32Array(CELLS)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = map[y * width + x]!;
      alongX[Math.floor(((x + 0.5) * CELLS) / width)]! += value;
      alongY[Math.floor(((y + 0.5) * CELLS) / height)]! += value;
    }
  }
  return { x: alongX, y: alongY };
}

function scaled({ x0, y0, x1, y1 }: Detection["box"], by: number): Detection["box"] {
  return { x0: x0 * by, y0: y0 * by, x1: x1 * by, y1: y1 * by };
}
