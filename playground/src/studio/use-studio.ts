/** What the studio knows and does: marks, what was followed, and calls under way. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ApiError } from "../shared/api.ts";
import { upload } from "../shared/upload.ts";
import { type ClickPoint, type Edits, keyAt, type LayerName, NO_EDITS, useEdits, withEdit } from "./edits.ts";
import {
  combined,
  emptyMask,
  type FrameMasks,
  greyPicture,
  LEVELS,
  type Mask,
  type MaskFormat,
  rasterOf,
  type Size,
  shareOf,
} from "./mask.ts";
import { findOnFrame, follow, type Tracked, trackedMask } from "./segment.ts";
import { useClip } from "./use-clip.ts";

/** Where a message belongs. */
export type Place = "frame" | "words" | "follow";

/** A call under way. */
export type Task = { readonly name: "frame" | "follow"; readonly fraction?: number; readonly stage: string };

/** Kept while the page lives, so that a studio that was closed opens as it was. */
type Kept = { readonly preview: string; readonly edits: Edits; readonly tracked?: Tracked; readonly followed?: Edits };
let kept: Kept | undefined;

/** What a correction must leave of a mask: less is more likely a slip. */
const LEAST_LEFT = 0.15;
const UNKNOWN: Size = { width: 16, height: 9 };

/**
 * @param preview URL of the clip for the page. @param source its URL for the server, once it is there.
 */
export function useStudio(preview: string, source: Promise<string>) {
  const before = kept?.preview === preview ? kept : undefined;
  const history = useEdits(before?.edits ?? NO_EDITS);
  const { edits, change, amend } = history;
  const [tracked, setTracked] = useState(before?.tracked);
  /** The marks that were followed. */
  const [followed, setFollowed] = useState(before?.followed);
  const [layer, setLayer] = useState<LayerName>("object");
  const [task, setTask] = useState<Task>();
  const [problem, setProblem] = useState<{ readonly place: Place; readonly message: string }>();
  const [said, setSaid] = useState("");
  const calls = useRef<AbortController>(undefined);
  const times = useMemo(() => tracked?.frames.map((frame) => frame.time), [tracked]);
  const clip = useClip(times);
  const size = clip.facts?.size ?? UNKNOWN;
  const raster = useMemo(() => rasterOf(size), [size]);
  /** Of the server's frames, where pixels are not square. */
  const serverSize = useRef<Size>(undefined);

  useEffect(() => {
    kept = { preview, edits, ...(tracked && { tracked }), ...(followed && { followed }) };
  }, [preview, edits, tracked, followed]);
  useEffect(() => () => calls.current?.abort(), []);

  const { time, index } = clip;
  const masks: FrameMasks = useMemo(() => {
    if (!clip.facts) return {};
    const of = (name: LayerName): Mask | undefined => {
      const edit = edits[name].get(keyAt(edits[name], time));
      return edit?.painted ?? edit?.found ?? (tracked && trackedMask(tracked, index, name, raster));
    };
    const [object, affected] = [of("object"), of("affected")];
    return { ...(object && { object }), ...(affected && { affected }) };
  }, [clip.facts, edits, tracked, time, index, raster]);

  const key = keyAt(edits[layer], time);
  const edit = edits[layer].get(key);

  /** Runs a call that ends the one before; says what went wrong. @returns undefined when it failed. */
  const attempt = useCallback(
    async <T>(place: Place, first: Task, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> => {
      calls.current?.abort();
      const control = new AbortController();
      calls.current = control;
      setProblem(undefined);
      setTask(first);
      try {
        return await work(control.signal);
      } catch (error) {
        if (!control.signal.aborted) setProblem({ place, message: messageOf(error) });
        return undefined;
      } finally {
        if (calls.current === control) {
          calls.current = undefined;
          setTask(undefined);
        }
      }
    },
    [],
  );

  const find = (points: readonly ClickPoint[]): Promise<Mask | undefined> =>
    attempt("frame", { name: "frame", stage: "Looking" }, async (signal) => {
      const job = { source: await source, time, points, size: serverSize.current ?? size, raster };
      const found = await findOnFrame(job, signal);
      serverSize.current = found.size;
      return found.mask;
    });

  const click = async (point: ClickPoint): Promise<void> => {
    const corrected = edit?.painted ?? (edit?.points.length ? undefined : masks[layer]);
    if (corrected) return correct(corrected, point);
    const points = [...(edit?.points ?? []), point];
    if (!points.some(({ positive }) => positive)) {
      setProblem({ place: "frame", message: "Click on the object first, then on what does not belong to it." });
      return;
    }
    change((now) => withEdit(now, layer, key, { ...edit, time, points }));
    const found = await find(points);
    if (!found) return;
    amend((now) => {
      const own = now[layer].get(key);
      return own?.points === points ? withEdit(now, layer, key, { ...own, found }) : now;
    });
    setSaid(`Found: ${percent(found)} of the frame.`);
  };

  /** On a frame that has a mask already, a click adds the region that is there, or takes it away. */
  const correct = async (mask: Mask, point: ClickPoint): Promise<void> => {
    const found = await find([{ ...point, positive: true }]);
    if (!found) return;
    const painted = combined(mask, found, point.positive ? "add" : "subtract");
    if (!point.positive && shareOf(painted) < LEAST_LEFT * shareOf(mask)) {
      const message = "That would take nearly all of the mask away. Erase the part with the brush instead.";
      setProblem({ place: "frame", message });
      return;
    }
    change((now) => withEdit(now, layer, key, { time, points: edit?.points ?? [], painted }));
    setSaid(`The mask covers ${percent(painted)} of the frame.`);
  };

  const paint = (painted: Mask): void => {
    setProblem(undefined);
    change((now) => withEdit(now, layer, key, { time, points: edit?.points ?? [], painted }));
    setSaid(`The mask covers ${percent(painted)} of the frame.`);
  };

  /** Follows what is marked, or finds what words mean. */
  const track = async (format: MaskFormat, words?: string): Promise<Tracked | undefined> => {
    const now = words === undefined ? edits : { ...edits, object: new Map() };
    const asked = words ?? (now.object.size === 0 ? tracked?.words : undefined);
    if (asked === undefined && now.object.size === 0) {
      setProblem({ place: "follow", message: "Mark the object first: click on it, paint it, or say what it is." });
      return undefined;
    }
    const place = words === undefined ? "follow" : "words";
    const result = await attempt(place, { name: "follow", stage: "Starting" }, async (signal) => {
      const job = {
        source: await source,
        edits: now,
        format,
        size: serverSize.current ?? size,
        ...(asked !== undefined && { words: asked }),
        ...(tracked && words === undefined && { before: tracked }),
      };
      return follow(job, signal, (fraction, stage) => setTask({ name: "follow", fraction, stage }));
    });
    if (!result) return undefined;
    if (words !== undefined) change(() => now);
    setTracked(result);
    setFollowed(now);
    const seen = result.frames.filter((frame) => frame.object.length > 0).length;
    const what = result.found.length > 0 ? `Found: ${result.found.join(", ")}. ` : "";
    setSaid(`${what}The mask is on ${seen} of ${result.frames.length} frames.`);
    return result;
  };

  const isFresh = tracked !== undefined && followed === edits;

  return {
    clip,
    raster,
    history,
    tracked,
    /** Whether what was followed is what is marked. */
    isFresh,
    layer,
    setLayer,
    masks,
    points: edit?.painted ? [] : (edit?.points ?? []),
    isMarked: edit !== undefined,
    task,
    problem,
    said,
    click,
    paint,
    track,
    base: (): Mask => masks[layer] ?? emptyMask(raster),
    clear: () => change((now) => withEdit(now, layer, key, undefined)),
    cancel: () => calls.current?.abort(),
    /** The mask of the whole clip in a format: as it was followed, or followed now. */
    whole: async (format: MaskFormat): Promise<Tracked | undefined> =>
      isFresh && tracked.format === format ? tracked : track(format),
    /** The mask of this frame as a picture. */
    picture: async (format: MaskFormat): Promise<File | undefined> => {
      if (!masks.object) {
        setProblem({ place: "follow", message: "This frame has no mask yet: paint it, or click on the object." });
        return undefined;
      }
      const canvas = greyPicture(masks, raster, LEVELS[format]);
      const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
      return blob ? new File([blob], `mask-frame-${index}.png`, { type: "image/png" }) : undefined;
    },
    /** Puts a picture on the server. @returns its URL. */
    send: (file: File): Promise<string | undefined> =>
      attempt("follow", { name: "follow", stage: "Uploading the mask" }, async (signal) => {
        const sending = upload(file, (fraction) => setTask({ name: "follow", fraction, stage: "Uploading the mask" }));
        signal.addEventListener("abort", () => sending.abort());
        return sending.done;
      }),
  };
}

/** The studio's state. */
export type StudioState = ReturnType<typeof useStudio>;

function percent(mask: Mask): string {
  const share = 100 * shareOf(mask);
  return `${share < 10 ? share.toFixed(1) : Math.round(share)} %`;
}

function messageOf(error: unknown): string {
  if (error instanceof ApiError) return error.issues[0]?.msg ?? error.message;
  return String((error as Error)?.message ?? error);
}
