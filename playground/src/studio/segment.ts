/** The studio's calls of `reshoot/segment-video`: one frame at once, or the whole clip with progress. */

import type { RunsFrame, RunsHead } from "../../../src/operations/segmentation.ts";
import type { RequestEvent } from "../../../src/playground/api.ts";
import { call, json, localUrl, ndjson } from "../shared/api.ts";
import type { ClickPoint, Edits, LayerName } from "./edits.ts";
import { asDataUri, fromPicture, fromRuns, type Mask, type MaskFormat, type Size } from "./mask.ts";

const ENDPOINT = "/queue/reshoot/segment-video";
const RECONNECT_MS = 1000;
/** Frames between two whose masks stand for what words found, once that is corrected by hand. */
const KEPT_STEP = 12;

/** An object followed through the clip. */
export type Tracked = {
  /** Of the mask video. */
  readonly url: string;
  readonly fileName: string;
  readonly format: MaskFormat;
  /** Pixels of the server's frames. */
  readonly size: Size;
  readonly frames: readonly RunsFrame[];
  /** What words found. */
  readonly found: readonly string[];
  readonly words?: string;
};

/** What is to be followed. */
export type FollowJob = {
  readonly source: string;
  readonly edits: Edits;
  readonly words?: string;
  /** What was followed before: where words found it, corrections build on it. */
  readonly before?: Tracked;
  readonly format: MaskFormat;
  /** Pixels that clicks count in. */
  readonly size: Size;
};

type SegmentResult = {
  readonly mask_video?: { readonly url: string; readonly file_name?: string };
  readonly mask_image?: { readonly url: string; readonly width?: number; readonly height?: number };
  readonly mask_runs?: { readonly url: string };
  readonly found: readonly string[];
};

/** Follows what is marked, or what words mean. @throws ApiError; an AbortError when the signal aborts: the request is cancelled. */
export async function follow(
  job: FollowJob,
  signal: AbortSignal,
  onProgress: (fraction: number, stage: string) => void,
): Promise<Tracked> {
  const { source, edits, words, format, size } = job;
  const quad = format === "quadmask";
  const marks = { object: marksOf(edits, "object", size), affected: marksOf(edits, "affected", size) };
  const own = words === undefined ? withFound(marks.object, job) : { points: [], masks: [] };
  const affected = (mark: object) => ({ ...mark, affected: true });
  const input = {
    video_url: source,
    ...(words !== undefined && { prompt: words }),
    points: [...own.points, ...(quad ? marks.affected.points.map(affected) : [])],
    masks: [...own.masks, ...(quad ? marks.affected.masks.map(affected) : [])],
    mask_format: format,
    mask_runs: true,
  };
  const result = await run(input, signal, onProgress);
  const lines: (RunsHead | RunsFrame)[] = [];
  for await (const line of ndjson<RunsHead | RunsFrame>(localUrl(result.mask_runs!.url), signal)) lines.push(line);
  const [head, ...frames] = lines as [RunsHead, ...RunsFrame[]];
  return {
    url: result.mask_video!.url,
    fileName: result.mask_video!.file_name ?? "mask.mp4",
    format,
    size: head,
    frames,
    found: result.found,
    ...(words === undefined ? job.before?.words !== undefined && { words: job.before.words } : { words }),
  };
}

/** What clicks mean on one frame. @returns the mask in the raster's size, and the size of the server's frames. */
export async function findOnFrame(
  job: {
    readonly source: string;
    readonly time: number;
    readonly points: readonly ClickPoint[];
    readonly size: Size;
    readonly raster: Size;
  },
  signal: AbortSignal,
): Promise<{ readonly mask: Mask; readonly size: Size }> {
  const { source, time, points, size, raster } = job;
  const at = { frame: 0, time };
  const input = { video_url: source, points: points.map((point) => inPixels(point, size, at)), frame_time: time };
  const { mask_image } = await run(input, signal, () => {});
  const own = { width: mask_image?.width ?? size.width, height: mask_image?.height ?? size.height };
  // Pixels that are not square: the browser's frame is wider than the server's, and the click meant another place.
  if (own.width !== size.width || own.height !== size.height) return findOnFrame({ ...job, size: own }, signal);
  const picture = await (await call(localUrl(mask_image!.url), { signal })).blob();
  return { mask: await fromPicture(picture, raster), size: own };
}

/** The tracked mask of a layer on a frame. */
export function trackedMask(tracked: Tracked, index: number, layer: LayerName, raster: Size): Mask | undefined {
  const runs = tracked.frames[index]?.[layer];
  return runs && fromRuns(runs, tracked.size, raster);
}

type Marks = { readonly points: readonly object[]; readonly masks: readonly object[] };

function marksOf(edits: Edits, layer: LayerName, size: Size): Marks {
  const frames = [...edits[layer].values()];
  const points = frames.flatMap(({ points, painted, time }) =>
    painted ? [] : points.map((point) => inPixels(point, size, { frame: 0, time })),
  );
  const masks = frames.flatMap(({ painted, time }) =>
    painted ? [{ mask_url: asDataUri(painted), frame: 0, time }] : [],
  );
  return { points, masks };
}

/** What words found stays as masks on some frames, except near those that were corrected. */
function withFound(marks: Marks, { before, edits }: FollowJob): Marks {
  if (before?.words === undefined) return marks;
  const corrected = [...edits.object.values()].map(({ time }) => nearestFrame(before, time));
  const kept: object[] = [];
  for (let index = 0; index < before.frames.length; index += KEPT_STEP) {
    const frame = before.frames[index]!;
    if (frame.object.length === 0 || corrected.some((other) => Math.abs(other - index) < KEPT_STEP)) continue;
    kept.push({ mask_url: asDataUri(fromRuns(frame.object, before.size, before.size)), frame: 0, time: frame.time });
  }
  return { ...marks, masks: [...marks.masks, ...kept] };
}

/** Index of the frame that is seen at a time. */
export function nearestFrame({ frames }: Pick<Tracked, "frames">, time: number): number {
  let best = 0;
  for (const [i, frame] of frames.entries()) {
    if (Math.abs(frame.time - time) < Math.abs(frames[best]!.time - time)) best = i;
  }
  return best;
}

function inPixels({ x, y, positive }: ClickPoint, { width, height }: Size, at: object): object {
  const within = (share: number, length: number): number =>
    Math.max(0, Math.min(length - 1, Math.floor(share * length)));
  return { x: within(x, width), y: within(y, height), positive, ...at };
}

async function run(
  input: object,
  signal: AbortSignal,
  onProgress: (fraction: number, stage: string) => void,
): Promise<SegmentResult> {
  const { request_id: id } = await json<{ request_id: string }>(ENDPOINT, { body: input, signal });
  const cancel = (): void => {
    call(`${ENDPOINT}/requests/${id}/cancel`, { method: "PUT" }).catch(() => {
      // It ended in the meantime.
    });
  };
  signal.addEventListener("abort", cancel);
  try {
    await ended(id, signal, onProgress);
    return await json<SegmentResult>(`${ENDPOINT}/requests/${id}`, { signal });
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** Resolves once a request has ended, well or badly. */
async function ended(id: string, signal: AbortSignal, onProgress: (fraction: number, stage: string) => void) {
  for (;;) {
    for await (const event of ndjson<RequestEvent>(`/playground/api/requests/${id}/events`, signal)) {
      if (event.status === "queued") {
        onProgress(0, event.position ? `Waiting, ${event.position} ahead in the queue` : "Waiting");
      } else if (event.status !== "running") return;
      else if (event.progress !== undefined) onProgress(event.progress, event.stage ?? "Working");
    }
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}
