/** What was marked, frame by frame, with undo and redo. */
import { useCallback, useState } from "react";
import type { Mask } from "./mask.ts";

/** The object, or what it affects: its shadow or reflection. */
export type LayerName = "object" | "affected";

/** A click, in shares of the picture, 0 to 1. */
export type ClickPoint = { readonly x: number; readonly y: number; readonly positive: boolean };

/** What was marked on a frame. */
export type FrameEdit = {
  /** Seconds: the frame's own time. */
  readonly time: number;
  readonly points: readonly ClickPoint[];
  /** What the server found for the clicks. */
  readonly found?: Mask;
  /** The whole mask, once it was painted or corrected: the truth on this frame. */
  readonly painted?: Mask;
};

/** All marks of a layer, by {@link frameKey}. */
export type LayerEdits = ReadonlyMap<string, FrameEdit>;

/** All marks. */
export type Edits = Readonly<Record<LayerName, LayerEdits>>;

/** No marks. */
export const NO_EDITS: Edits = { object: new Map(), affected: new Map() };

const MOST_STEPS = 50;

/** The name of a frame: its time to a tenth of a millisecond. */
export function frameKey(time: number): string {
  return time.toFixed(4);
}

/** A copy with another edit of a frame; undefined takes it away. */
export function withEdit(edits: Edits, layer: LayerName, key: string, edit: FrameEdit | undefined): Edits {
  const frames = new Map(edits[layer]);
  if (edit) frames.set(key, edit);
  else frames.delete(key);
  return { ...edits, [layer]: frames };
}

type Steps = { readonly past: readonly Edits[]; readonly now: Edits; readonly future: readonly Edits[] };

/** Marks that can be taken back. */
export function useEdits(initial: Edits) {
  const [steps, setSteps] = useState<Steps>({ past: [], now: initial, future: [] });

  /** A step that can be taken back. */
  const change = useCallback((next: (now: Edits) => Edits): void => {
    setSteps(({ past, now }) => {
      const after = next(now);
      return after === now
        ? { past, now, future: [] }
        : { past: [...past, now].slice(-MOST_STEPS), now: after, future: [] };
    });
  }, []);

  /** What has become known of the present step. */
  const amend = useCallback((next: (now: Edits) => Edits): void => {
    setSteps((before) => ({ ...before, now: next(before.now) }));
  }, []);

  const undo = useCallback((): void => {
    setSteps((steps) => {
      const last = steps.past.at(-1);
      if (!last) return steps;
      return { past: steps.past.slice(0, -1), now: last, future: [steps.now, ...steps.future] };
    });
  }, []);

  const redo = useCallback((): void => {
    setSteps((steps) => {
      const [next, ...future] = steps.future;
      return next ? { past: [...steps.past, steps.now], now: next, future } : steps;
    });
  }, []);

  return {
    edits: steps.now,
    canUndo: steps.past.length > 0,
    canRedo: steps.future.length > 0,
    change,
    amend,
    undo,
    redo,
  };
}

/** Seconds by which browser and server may name one frame differently. */
const SAME_FRAME = 0.002;

/** The key of the frame at a time: the one it has already, where something was marked there. */
export function keyAt(frames: LayerEdits, time: number): string {
  for (const [key, edit] of frames) if (Math.abs(edit.time - time) < SAME_FRAME) return key;
  return frameKey(time);
}
