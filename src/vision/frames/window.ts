/** The frames held together: loaded, registered and divided into scenes. */
import type { TimedFrame } from "../../media/frame.ts";
import type { Carried } from "../completion/carry.ts";
import type { Fractions } from "../completion/fractions.ts";
import type { Agreement } from "../completion/slack.ts";
import type { Source } from "../completion/sources.ts";
import type { Box, MotionModel } from "../registration/align.ts";
import { distance, IDENTITY, overlap } from "../registration/homography.ts";
import type { PairResult } from "../registration/pair.ts";
import { CameraTrack, type Next, type Pose, relative, START } from "../registration/track.ts";
import type { MaskedFrame, RemovalOptions } from "../removal/options.ts";
import { type FrameMemory, SPARE_SLOTS } from "./frame-memory.ts";
import type { Layout } from "./layout.ts";
import type { Prepared } from "./prepare.ts";

/** A frame in memory. */
export type Held = {
  readonly index: number;
  readonly pts: bigint;
  readonly base: number;
  readonly hole: Box | undefined;
  readonly affected: boolean;
  readonly moving: readonly Box[];
  readonly still: readonly Box[];
  /** How it continues the frame before it, if there is one. */
  readonly pair: Promise<PairResult> | undefined;
  /** Set by registration. */
  scene?: Scene;
  pose?: Pose;
  /** Set once its hole has been looked up in other frames: pixels that none showed. */
  unseen?: number;
  /** Set once it is known what moves by itself: the share of the hole's surroundings that does. */
  movingShare?: number;
  /** Whether what moves is marked. */
  isMarked?: boolean;
  /** Set with `unseen`: how far the background goes on inside the mask. */
  agreement?: Agreement;
  /** What was carried here from the frames before. */
  past?: Carried;
  /** Set with `unseen`: frames close in time as they fit around the hole, by index. */
  local?: ReadonlyMap<number, Source>;
  /** Set with `unseen` where a second pass needs it: what rounding took from the fill. */
  fractions?: Fractions | undefined;
};

/** A frame that may still be being prepared. */
type Coming = { readonly base: number; readonly prepared?: Promise<Prepared> };

/** Frames between two cuts. */
type Scene = { readonly track: CameraTrack; readonly anchors: { readonly frame: Held; readonly invented: number }[] };

/** Below the first correlation neighbouring frames have nothing in common; below the second only if they also differ by more than
 * these 8-bit levels after alignment. */
const CUT_CORRELATION = [0.55, 0.87] as const;
const CUT_SIGMA = 7;
/** Motions below this many pixels are none: samples are then copied, not interpolated. */
const STILL = 0.08;
/** How many frames a hole is looked up in where each must be registered again around it. */
const MOST_SOURCES = 22;
const NEAREST_SOURCES = 12;

/** The frames that are considered together, as they come and go. */
export class Window {
  readonly #frames: FrameMemory;
  readonly #layout: Layout;
  readonly #model: MotionModel;
  readonly #log: NonNullable<RemovalOptions["onLog"]>;
  readonly #picture: Box | undefined;
  #held: Held[] = [];
  readonly #arriving: (Pick<Held, "pts" | "base" | "moving" | "still" | "pair"> & { prepared: Promise<Prepared> })[] =
    [];
  #loaded = 0;

  /** @param model how the camera may move. @param picture the part of the frames that can be compared; all of them when absent. */
  constructor(
    frames: FrameMemory,
    layout: Layout,
    model: MotionModel,
    log: NonNullable<RemovalOptions["onLog"]>,
    picture?: Box,
  ) {
    this.#picture = picture;
    this.#frames = frames;
    this.#layout = layout;
    this.#model = model;
    this.#log = log;
  }

  get held(): readonly Held[] {
    return this.#held;
  }

  /** Frames in memory. */
  get size(): number {
    return this.#held.length + this.#arriving.length;
  }

  /** Takes a frame in and starts preparing it and comparing it with the one before. It is held from the next {@link settle} on. @throws RangeError when it does not fit. */
  load(frame: MaskedFrame): void {
    const base = this.#frames.load(frame.frame, frame.labels);
    const prepared = this.#frames.pool.run<Prepared>("prepare", { layout: this.#layout, base, moving: frame.moving });
    const before = this.#arriving.at(-1) ?? this.#held.at(-1);
    const pair = before && this.#compare(before, { base, prepared });
    // A failure is thrown where it is awaited.
    prepared.catch(() => undefined);
    pair?.catch(() => undefined);
    this.#arriving.push({ pts: frame.pts, base, moving: frame.moving ?? [], still: frame.still ?? [], pair, prepared });
  }

  /** How a frame continues another, as soon as both are prepared: meanwhile more are decoded. */
  async #compare(from: Coming, to: Coming): Promise<PairResult> {
    await Promise.all([from.prepared, to.prepared]);
    const input = { levels: this.#layout.levels, from: from.base, to: to.base, model: this.#model };
    return this.#frames.pool.run<PairResult>("alignPair", input);
  }

  /** Waits until all loaded frames are held. */
  async settle(): Promise<void> {
    for (const { pts, base, moving, still, pair, prepared } of this.#arriving.splice(0)) {
      const { hole, affected } = await prepared;
      this.#held.push({ index: this.#loaded++, pts, base, hole, affected: affected > 0, moving, still, pair });
    }
  }

  /** Finds cuts and camera motion for the frames that were added since. */
  async register(): Promise<void> {
    const first = this.#held.findIndex((frame) => !frame.pose);
    if (first < 0) return;
    const pairs = await Promise.all(this.#held.slice(first).map(({ pair }) => pair));
    let run: { frame: Held; next: Next }[] = [];
    let scene = this.#held[first - 1]?.scene;
    for (let i = first; i < this.#held.length; i++) {
      const frame = this.#held[i]!;
      const pair = pairs[i - first];
      const cut = pair !== undefined && isCut(pair);
      if (!scene || !pair || cut) {
        await this.#extend(scene, run);
        run = [];
        if (cut) this.#log("DEBUG", `Scene cut before frame ${frame.index}`);
        scene = {
          track: new CameraTrack(this.#frames.pool, this.#layout.levels, this.#model, frame.base, this.#picture),
          anchors: [],
        };
        frame.pose = START;
      } else run.push({ frame, next: { base: frame.base, pair } });
      frame.scene = scene;
    }
    await this.#extend(scene, run);
  }

  /** The frames to look a frame's hole up in, nearest in time first. */
  sources(target: Held): Source[] {
    return this.#divided(target).chosen;
  }

  /** All other frames of its scene, nearest in time first. */
  spare(target: Held): Source[] {
    return this.#divided(target).left;
  }

  #divided(target: Held): { chosen: Source[]; left: Source[] } {
    const others = this.#held
      .filter((frame) => frame !== target && frame.scene === target.scene)
      .sort((a, b) => Math.abs(a.index - target.index) - Math.abs(b.index - target.index) || a.index - b.index)
      .map((frame) => this.source(target, frame));
    const moving = others.filter((source) => !source.exact);
    if (moving.length <= MOST_SOURCES) return { chosen: others, left: [] };
    const spread = (moving.length - NEAREST_SOURCES) / (MOST_SOURCES - NEAREST_SOURCES);
    const chosen = new Set(moving.slice(0, NEAREST_SOURCES));
    for (let i = 0; chosen.size < MOST_SOURCES; i++) {
      chosen.add(moving[Math.min(moving.length - 1, Math.floor(NEAREST_SOURCES + i * spread))]!);
    }
    const isChosen = (source: Source) => source.exact || chosen.has(source);
    return { chosen: others.filter(isChosen), left: others.filter((source) => !isChosen(source)) };
  }

  /** One frame as a source for another of its scene. */
  source(target: Held, frame: Held, weight = 1): Source {
    const { homography, gain, offset } = relative(target.pose!, frame.pose!);
    const exact = distance(homography, IDENTITY, this.#layout.format.width, this.#layout.format.height) < STILL;
    return { base: frame.base, homography, exact, gain, offset, weight };
  }

  /** Completed frames of the same scene to copy inventions from. */
  anchors(target: Held): Source[] {
    return target.scene!.anchors.map(({ frame }) => this.source(target, frame));
  }

  /**
   * Keeps a completed frame as an anchor; when there are too many, in place of the one that shows least of what was made up for it in the
   * new one's view. @param invented how many pixels were.
   */
  makeAnchor(frame: Held, invented: number): void {
    const { anchors } = frame.scene!;
    const { width, height } = this.#layout.format;
    if (anchors.length >= SPARE_SLOTS) {
      const worth = anchors.map(
        (one) => one.invented * overlap(this.source(one.frame, frame).homography, width, height),
      );
      const [least] = anchors.splice(worth.indexOf(Math.min(...worth)), 1);
      if (least && !this.#held.includes(least.frame)) this.#frames.release(least.frame.base);
    }
    anchors.push({ frame, invented });
  }

  /** Lets go of all frames before `index`. Anchors of scenes that are over go as well. */
  release(index: number): void {
    const leaving = this.#held.filter((frame) => frame.index < index);
    this.#held = this.#held.filter((frame) => frame.index >= index);
    const live = new Set(this.#held.map((frame) => frame.scene));
    const bases = new Set(leaving.map((frame) => frame.base));
    for (const scene of live) scene?.track.releasing(bases);
    const kept = new Set([...live].flatMap((scene) => scene?.anchors.map(({ frame }) => frame) ?? []));
    const over = new Set(leaving.flatMap((frame) => (frame.scene && !live.has(frame.scene) ? [frame.scene] : [])));
    const old = [...over]
      .flatMap((scene) => scene.anchors)
      .flatMap(({ frame }) => (leaving.includes(frame) ? [] : [frame]));
    for (const frame of [...leaving, ...old]) if (!kept.has(frame)) this.#frames.release(frame.base);
  }

  async #extend(scene: Scene | undefined, run: readonly { frame: Held; next: Next }[]): Promise<void> {
    if (!scene || run.length === 0) return;
    const { poses, guessed } = await scene.track.extend(run.map(({ next }) => next));
    for (const [i, { frame }] of run.entries()) frame.pose = poses[i]!;
    if (guessed > 0)
      this.#log("WARN", `The camera could not be followed exactly in ${guessed} of ${run.length} frames`);
  }
}

/** Whether a scene ends before a frame. Frames that cannot be compared (masked all over) go on with the scene. */
function isCut({ correlation, alignment }: PairResult): boolean {
  if (correlation === undefined) return false;
  const differs = (alignment?.sigma ?? Number.POSITIVE_INFINITY) > CUT_SIGMA;
  return correlation < CUT_CORRELATION[0] || (correlation < CUT_CORRELATION[1] && differs);
}

/** Rebuilds a picture from packed planes. */
export function toFrame(layout: Layout, planes: readonly (Uint8Array | Uint16Array)[], pts: bigint): TimedFrame {
  const [y, u, v] = layout.sizes.map(({ width, height }, i) => ({ data: planes[i]!, width, height, stride: width }));
  return { frame: { planes: [y!, u!, v!] }, pts };
}
