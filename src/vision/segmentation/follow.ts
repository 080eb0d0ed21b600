/** Follows one object from frame to frame: its mask moves with the picture and is cut again by colours, edges and motion. */
import { cameraMotion } from "./camera.ts";
import { binsOf, type Colours, evidence, likeness } from "./colour.ts";
import { blend, coloursOf } from "./colours-of.ts";
import { recognise, search } from "./find-again.ts";
import type { Kind } from "./kind.ts";
import { agreement, areaOf, meanWhere, sideOf } from "./measure.ts";
import { movesOtherwise } from "./otherwise.ts";
import { boxOf, grow, type Picture } from "./picture.ts";
import { dropRunaways, fillHoles, keepRegions, regionsOf } from "./regions.ts";
import { blendStandingOut, evidenceOf, type StandingOut, standingOut } from "./standing-out.ts";
import { VesselBox } from "./vessel-box.ts";
import type { Workspace } from "./workspace.ts";

/** Weights of what speaks for a pixel. */
const SHAPE = 2.4;
const COLOUR = 0.9;
const MOTION = 1.8;
/** Weight of how a part has moved of late: background that was taken for the object goes on moving with the camera. */
const HABIT = 3;
const HABIT_SHARE = 0.4;
/**
 * Weight of moving otherwise than the object beside it, for what was not the object before: a hand that passes behind a head is
 * another's. How much otherwise counts fully, as a share of how far the object moves by itself, in pixels at least, and
 * the square beside it, as a share of its side.
 */
const OTHERWISE = 1.5;
const OTHERWISE_SHARE = 0.8;
const LEAST_OTHERWISE = 0.8;
const BESIDE = 0.1;
/** Share of the given mask that its largest part makes up at least where the object is in one piece. */
const ONE_PIECE = 0.9;
/** How much an object that grows faster than objects do is held back. */
const GROWTH = 2;
/** How much of what is known of colours is the first frame's. */
const REMEMBERED = 0.5;
/** Share of its usual size below which an object counts as gone, and likeness of colours below which it is not itself. */
const LEAST_SIZE = 0.12;
const LEAST_LIKENESS = 0.45;

/**
 * Weight of standing out from what other frames show at a place, and of not doing so; evidence of it that leaves no doubt, and the
 * share of that doubt's weight that counts where something moves otherwise.
 */
const [DEPARTS, STAYS] = [1.5, 1];
const DOUBTLESS = 1.5;
const STILL_OTHERWISE = 0.3;

/** Weight of a net's outline, and how far beyond what was followed it looks, in sides: for limbs that were lost. */
const OUTLINE = 2.2;
const OUTLINE_REACH = 0.12;
/** Share of the mask that the net agrees with below which the mask has gone astray, and frames in a row that this takes. */
const ASTRAY = 0.15;
const ASTRAY_FRAMES = 4;

/** Frames between two on which things of its kind are looked for while the object is out of sight. */
const FIND_STEP = 3;

/** One object on its way through a clip. */
export class Follower {
  readonly #workspace: Workspace;
  #mask: Float32Array;
  #picture: Picture;
  /** Colours where the object was given, and of late. */
  readonly #given: Colours;
  #own: Colours;
  #around: Colours;
  /** How it stands out from other frames, where that is known. */
  #stands: StandingOut | undefined;
  #area: number;
  #lost = false;
  /** How each part has moved of late: 1 by itself, -1 with the camera. */
  #habit: Float32Array;

  readonly #kind: Kind | undefined;
  /** Frames that the object has been looked for on, by its kind. */
  #sought = 0;
  readonly #vessel: VesselBox | undefined;
  readonly #isOnePiece: boolean;
  /** Frames in a row on which the net saw little of its kind where the mask is. */
  #astray = 0;

  /** @param mask of the object on `picture`, 0 to 1. @param stands how it stood out from other frames before. */
  constructor(workspace: Workspace, picture: Picture, mask: Float32Array, kind?: Kind, stands?: StandingOut) {
    this.#kind = kind;
    this.#vessel = kind?.isVessel ? new VesselBox(kind) : undefined;
    this.#workspace = workspace;
    this.#picture = picture;
    this.#mask = mask;
    const { own, around } = coloursOf(picture, binsOf(picture), mask);
    this.#given = own;
    this.#own = own.copy();
    this.#around = around;
    this.#stands = blendStandingOut(stands, standingOut(picture, mask), 0.3);
    this.#area = areaOf(mask);
    const { regions } = regionsOf(mask, picture.width, picture.height, mask);
    this.#isOnePiece = regions.some(({ size }) => size >= ONE_PIECE * this.#area);
    this.#habit = new Float32Array(mask.length);
  }

  get mask(): Float32Array {
    return this.#mask;
  }

  /** How the object stands out from what other frames show, where that is known. */
  get stands(): StandingOut | undefined {
    return this.#stands;
  }

  /** Whether the object is out of sight. */
  get isLost(): boolean {
    return this.#lost;
  }

  /** Goes on to the next frame. @returns the object's mask there, 0 to 1, empty while it is out of sight. */
  step(picture: Picture): Float32Array {
    const { width, height } = picture;
    const bins = binsOf(picture);
    const table = this.#evidence();
    const mask = this.#lost ? this.#findAgain(picture, bins, table) : this.#follow(picture, bins, table);
    this.#picture = picture;
    this.#mask = mask;
    if (!boxOf(mask, width, height, 0.5)) {
      this.#lost = true;
      this.#mask = new Float32Array(width * height);
      return this.#mask;
    }
    const { own, around } = coloursOf(picture, bins, mask, table);
    const size = areaOf(mask);
    if (size < LEAST_SIZE * this.#area || likeness(own, this.#expected()) < LEAST_LIKENESS) {
      this.#lost = true;
      this.#mask = new Float32Array(width * height);
      return this.#mask;
    }
    this.#lost = false;
    this.#area += 0.04 * (size - this.#area);
    blend(this.#own, own, 0.15);
    blend(this.#around, around, 0.3);
    this.#stands = blendStandingOut(this.#stands, standingOut(picture, mask), 0.15);
    return mask;
  }

  #expected(): Colours {
    const both = this.#given.copy();
    both.weigh(1000 * REMEMBERED);
    const late = this.#own.copy();
    late.weigh(1000 * (1 - REMEMBERED));
    both.merge(late);
    return both;
  }

  #evidence(): Float32Array {
    return evidence(this.#expected(), this.#around);
  }

  #follow(picture: Picture, bins: Uint16Array, table: Float32Array): Float32Array {
    const { width, height } = picture;
    const flow = this.#workspace.flow(picture, this.#picture);
    this.#workspace.flow(this.#picture, picture);
    const { shape, trust, habit } = this.#workspace.carry(this.#mask, this.#habit, picture, this.#picture);
    this.#habit = habit;
    const seen = boxOf(shape, width, height, 0.3);
    if (!seen) return new Float32Array(width * height);
    const side = Math.sqrt((seen.x1 - seen.x0) * (seen.y1 - seen.y0));
    const box = grow(seen, 10 + 0.2 * side, width, height);
    const near = this.#workspace.mean(shape, Math.max(3, Math.round(side * 0.07)));
    const camera = cameraMotion(this.#workspace, flow, shape);
    const own = this.#workspace.ownMotion(flow, camera);
    const typical = meanWhere(own, shape);
    const moves = typical > Math.max(0.7, 2.5 * camera.spread);
    const other = movesOtherwise(
      this.#workspace,
      flow,
      shape,
      Math.round(side * BESIDE),
      Math.max(LEAST_OTHERWISE, OTHERWISE_SHARE * typical),
    );
    const against = new Float32Array(width * height);
    const mask = shape.slice();
    const outline = this.#kind?.outline?.(picture, grow(seen, OUTLINE_REACH * sideOf(seen), width, height));
    const least = this.#kind?.hasMore ? 0 : -1;
    const stands = this.#stands && picture.departure ? evidenceOf(this.#stands) : undefined;
    const departure = picture.departure ?? new Uint8Array(0);
    const growth = GROWTH * Math.max(0, Math.log(areaOf(shape) / (1.1 * this.#area)));
    for (let y = box.y0; y < box.y1; y++) {
      for (let x = box.x0; x < box.x1; x++) {
        const i = y * width + x;
        let value = SHAPE * (2 * shape[i]! - 1) * trust[i]! + COLOUR * table[bins[i]!]!;
        const departs = stands ? stands[departure[i]!]! : 0;
        value += (departs > 0 ? DEPARTS : STAYS) * departs;
        // What departs from the background is not part of it, however it moves now.
        const doubt = Math.max(0, 1 - departs / DOUBTLESS);
        if (moves) {
          const movement = Math.max(-1, Math.min(0, own[i]! / (0.4 * typical) - 1));
          habit[i]! += HABIT_SHARE * (movement - habit[i]!);
          value += MOTION * doubt * movement;
        }
        value += HABIT * habit[i]! * (habit[i]! < 0 ? doubt : 1) - growth;
        if (outline) value += OUTLINE * Math.max(least, 2 * outline[i]! - 1);
        if (shape[i]! < 0.5) value -= OTHERWISE * other(i) * (STILL_OTHERWISE + (1 - STILL_OTHERWISE) * doubt);
        // Far from where the object was, nothing but good reasons count; that the net sees it there is one.
        value -= 2.5 * Math.max(0, 1 - near[i]! / 0.08) * (outline ? 1 - outline[i]! : 1) * doubt;
        against[i] = -value;
      }
    }
    this.#workspace.cut(picture, box, against, mask);
    keepRegions(mask, width, height, shape, ({ size, sum }) => sum > 0.25 * size);
    if (this.#isOnePiece) dropRunaways(mask, flow, width, height);
    // What sinks into a glass is seen through it.
    fillHoles(mask, width, height, (this.#kind?.isVessel ? 1 : 0.02) * this.#area);
    this.#vessel?.complete(picture, flow, shape, mask);
    if (!outline) return mask;
    this.#astray = agreement(mask, outline) < ASTRAY ? this.#astray + 1 : 0;
    return this.#astray < ASTRAY_FRAMES ? mask : new Float32Array(width * height);
  }

  #findAgain(picture: Picture, bins: Uint16Array, table: Float32Array): Float32Array {
    const departs = this.#stands && evidenceOf(this.#stands);
    const missing = { colours: this.#expected(), area: this.#area, table, departs };
    const isLooking = this.#kind && this.#sought++ % FIND_STEP === 0;
    const known = isLooking ? recognise(this.#workspace, this.#kind!, picture, bins, missing) : undefined;
    return known ?? search(this.#workspace, picture, bins, missing);
  }
}
