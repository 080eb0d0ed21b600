/** Job: a scene's panorama around one of its frames. What frames show of it, what earlier panoramas made up, then what is made up now. */
import type { JobContext } from "../../kernels/pool.ts";
import { gatherPixels } from "../completion/pixels.ts";
import type { Source } from "../completion/sources.ts";
import { bytesAt, type Layout, type SampleLayout, samplesAt } from "../frames/layout.ts";
import { KEEP } from "../mask.ts";
import type { Box } from "../registration/align.ts";
import type { PartialPlane } from "./cells.ts";
import { inventPicture } from "./invented-picture.ts";
import { type PanoramaSource, type PanoramaView, panoramaLayout, seenFrom } from "./panorama-view.ts";

/** What {@link panorama} is asked. */
export type PanoramaInput = {
  /** Of the frames. */
  readonly layout: Layout;
  /** Slot that the panorama goes to. */
  readonly target: number;
  readonly view: PanoramaView;
  /** The key frame's address. */
  readonly base: number;
  /** Luma rectangles of the key frame that hold things: what moves by itself, and what stands still. Neither is repeated. */
  readonly moving: readonly Box[];
  readonly still: readonly Box[];
  /** Other frames as the key frame sees them. */
  readonly sources: readonly Source[];
  /** Earlier panoramas as the key frame sees them, oldest first. */
  readonly panoramas: readonly PanoramaSource[];
};

/** Frames combined for a pixel at most. */
const SAMPLES = 6;
/** Pixels that are looked up at once. */
const BAND = 65536;

/** Writes the panorama's samples into its slot. */
export function panorama(context: JobContext, input: PanoramaInput): void {
  const { layout, target, view } = input;
  const { memory } = context;
  const own = panoramaLayout(layout, view);
  const count = view.width * view.height;
  const source = new Uint8Array(count);
  const planes = own.sizes.map((_, plane) => seenPlane(context, input, own, plane, source));
  for (const { x0, y0, x1, y1 } of [...input.moving, ...input.still]) {
    for (let y = Math.max(0, y0 - view.y); y < Math.min(view.height, y1 - view.y); y++) {
      const row = y * view.width;
      source.fill(0, row + Math.max(0, x0 - view.x), row + Math.max(0, Math.min(view.width, x1 - view.x)));
    }
  }
  inventPicture(context, own, planes, source);
  const top = 2 ** own.format.bitDepth - 1;
  for (const [plane, { values, known }] of planes.entries()) {
    const samples = samplesAt(memory, target + own.planes[plane]!, values.length, own.sampleBytes);
    for (let i = 0; i < values.length; i++) {
      const value = known[i] ? values[i]! : values[i]! + dither(i);
      samples[i] = Math.min(top, Math.max(0, Math.round(value)));
    }
  }
  bytesAt(memory, target + own.levels[0]!.blocked, count).fill(0);
}

/** What is known of one plane. @param source 1 is written where frames show luma. */
function seenPlane(
  context: JobContext,
  input: PanoramaInput,
  own: SampleLayout,
  plane: number,
  source: Uint8Array,
): PartialPlane {
  const { layout, base, view, panoramas } = input;
  const { width, height } = own.sizes[plane]!;
  const values = new Float32Array(width * height).fill(2 ** (own.format.bitDepth - 1));
  const known = new Uint8Array(width * height);
  const key: Source = { base, homography: [1, 0, 0, 0, 1, 0, 0, 0, 1], exact: true, gain: 1, offset: 0, weight: 1 };
  const frames = [key, ...input.sources].map((one) => seenFrom(view, one));
  const earlier = panoramas.map((one) => ({
    layout: panoramaLayout(layout, one.view),
    source: seenFrom(view, one.source),
  }));
  const lookUp = (from: SampleLayout, sources: readonly Source[], pixels: Int32Array, isFilled: boolean): void => {
    const options = { plane, from: isFilled ? "filled" : "source", most: isFilled ? 1 : SAMPLES } as const;
    const found = gatherPixels(context, from, pixels, sources, options);
    for (let k = 0; k < pixels.length; k++) {
      if (!found.counts[k]) continue;
      const at = (pixels[k]! >> 16) * width + (pixels[k]! & 0xffff);
      values[at] = found.values[k]!;
      known[at] = 1;
    }
  };
  const rows = Math.max(1, Math.floor(BAND / width));
  for (let y = 0; y < height; y += rows) {
    const all = Int32Array.from(
      { length: Math.min(rows, height - y) * width },
      (_, i) => ((y + Math.floor(i / width)) << 16) | (i % width),
    );
    lookUp(layout, frames, all, false);
  }
  keepOwn(context, input, plane, values, known);
  if (plane === 0) source.set(known);
  for (let y = 0; y < height && earlier.length > 0; y += rows) {
    for (const { layout: theirs, source: one } of earlier) {
      const left: number[] = [];
      for (let i = y * width; i < Math.min(height, y + rows) * width; i++) {
        if (!known[i]) left.push((Math.floor(i / width) << 16) | (i % width));
      }
      if (left.length > 0) lookUp(theirs, [one], Int32Array.from(left), true);
    }
  }
  return { values, known };
}

/** The key frame's own samples count up to its very edge, but for what moves. */
function keepOwn(
  { memory }: JobContext,
  { layout, base, view, moving }: PanoramaInput,
  plane: number,
  values: Float32Array,
  known: Uint8Array,
): void {
  const { format, sizes, labels } = layout;
  const { width, height, shiftX, shiftY } = sizes[plane]!;
  const kept = bytesAt(memory, base + labels, format.width * format.height);
  const samples = samplesAt(memory, base + layout.planes[plane]!, width * height, layout.sampleBytes);
  const columns = -(-view.width >> shiftX);
  const [left, top] = [-view.x >> shiftX, -view.y >> shiftY];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = (y + top) * columns + x + left;
      const [lx, ly] = [x << shiftX, y << shiftY];
      if (known[to] || kept[ly * format.width + lx] !== KEEP) continue;
      if (moving.some((box) => lx >= box.x0 && lx < box.x1 && ly >= box.y0 && ly < box.y1)) continue;
      values[to] = samples[y * width + x]!;
      known[to] = 1;
    }
  }
}

/** Half a level at most, by place alone: soft slopes show no steps, and stay as they are from frame to frame. */
function dither(at: number): number {
  let bits = Math.imul(at + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 15), 0x85ebca6b);
  return ((bits ^ (bits >>> 13)) >>> 0) / 2 ** 32 - 0.5;
}
