/** An object's masks over a clip, from what is known of it on some of its frames. */
import { beginMask, type Hints } from "./begin.ts";
import { Follower } from "./follow.ts";
import type { Kind } from "./kind.ts";
import type { Picture } from "./picture.ts";
import { Workspace } from "./workspace.ts";

/** A clip's small frames, in any order. */
export type Clip = {
  readonly frameCount: number;
  readonly width: number;
  readonly height: number;
  /** @param frame from 0. */
  picture(frame: number): Picture;
};

/** What is known of an object on a frame: its whole mask, 0 to 1, or hints that a mask is cut from. */
export type Anchor = { readonly mask: Float32Array } | { readonly hints: Hints };

/** How {@link trackObject} works. */
export type TrackOptions = {
  /** The first and last frame that a mask is wanted for. */
  readonly from: number;
  readonly to: number;
  /** Takes a frame's mask, 0 to 1; every frame from `from` to `to` once or, between two anchors, twice: the last one counts. */
  readonly put: (frame: number, mask: Float32Array) => void;
  /** What is known of objects like it. */
  readonly kind?: Kind;
  /** Called before every frame; may wait, may throw. */
  readonly turn: () => Promise<void>;
};

/** Frames between a frame and the one whose difference shows what moves. */
const MOTION_SPAN = 2;

/**
 * Follows an object from its first anchor on, corrects it at each later one, and goes back from each anchor: to the
 * clip's start from the first, half way to the one before from the others.
 * @param anchors by frame; at least one.
 * @returns whether the first anchor showed anything. Nothing is put when it did not.
 */
export async function trackObject(
  clip: Clip,
  anchors: ReadonlyMap<number, Anchor>,
  options: TrackOptions,
): Promise<boolean> {
  const { from, to, put, turn, kind } = options;
  const workspace = new Workspace(clip.width, clip.height);
  const frames = [...anchors.keys()].sort((a, b) => a - b);
  const set = (frame: number, mask: Float32Array): void => {
    if (frame >= from && frame <= to) put(frame, mask);
  };
  const given: Float32Array[] = [];
  let follower: Follower | undefined;
  let reached = 0;
  for (const [k, frame] of frames.entries()) {
    const anchor = anchors.get(frame)!;
    const mask = anchorMask(workspace, clip, frame, anchor, follower);
    const shows = isSomething(mask);
    // A mask that says that the object is not there yet is as good as any; clicks that find nothing are not.
    if (k === 0 && !shows && ("hints" in anchor || frames.length === 1)) return false;
    given.push(mask);
    const next = frames[k + 1];
    const needed = next === undefined || needsGuess(anchors.get(next)!);
    // What was followed up to there would only be thrown away.
    const skipped = !needed && next <= from;
    if (shows || "mask" in anchor) {
      set(frame, mask);
      follower =
        shows && !skipped ? new Follower(workspace, clip.picture(frame), mask, kind, follower?.stands) : undefined;
      reached = frame;
    } else if (follower && reached === frame) {
      // Hints that show nothing: what was followed goes on.
      set(frame, follower.mask);
    }
    // From half way on, what is followed back from the next anchor counts.
    const end = next === undefined ? clip.frameCount - 1 : needed ? next : halfWay(frame, next);
    for (const last = skipped ? frame : Math.min(to, end); reached < last; ) {
      reached++;
      if (follower) await turn();
      const followed = follower?.step(clip.picture(reached)) ?? mask;
      if (reached !== next) set(reached, followed);
    }
  }
  for (const [k, frame] of frames.entries()) {
    const before = frames[k - 1];
    const until = Math.max(from, before === undefined ? 0 : halfWay(before, frame) + 1);
    if (!isSomething(given[k]!) || until >= frame) continue;
    const back = new Follower(workspace, clip.picture(frame), given[k]!, kind);
    for (let next = frame - 1; next >= until; next--) {
      await turn();
      set(next, back.step(clip.picture(next)));
    }
  }
  return true;
}

function anchorMask(
  workspace: Workspace,
  clip: Clip,
  frame: number,
  anchor: Anchor,
  follower: Follower | undefined,
): Float32Array {
  if ("mask" in anchor) return anchor.mask;
  const near = frame + MOTION_SPAN < clip.frameCount ? frame + MOTION_SPAN : frame - MOTION_SPAN;
  const followed = follower?.mask;
  const guess = anchor.hints.guess ?? (followed && isSomething(followed) ? followed : undefined);
  const hints = guess ? { ...anchor.hints, guess } : anchor.hints;
  return beginMask(workspace, clip.picture(frame), near >= 0 ? clip.picture(near) : undefined, hints, follower?.stands);
}

/** Whether what is followed from before says more of the object than the anchor itself. */
function needsGuess(anchor: Anchor): boolean {
  return !("mask" in anchor) && !anchor.hints.guess;
}

/** The last frame that the first of two anchors decides. */
function halfWay(anchor: number, next: number): number {
  return Math.floor((anchor + next) / 2);
}

function isSomething(mask: Float32Array): boolean {
  return mask.some((value) => value > 0.5);
}
