/** Job: what lies beyond the picture and no frame shows. First what an earlier frame was given there, so that it stays; then a continuation. */
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, type Layout, samplesAt, UNSEEN } from "../frames/layout.ts";
import { KEEP } from "../mask.ts";
import type { Box } from "../registration/align.ts";
import { continuePlane } from "./continuation.ts";
import { Membrane } from "./membrane.ts";
import { gatherPixels, listPixels, type PixelList } from "./pixels.ts";
import type { Source } from "./sources.ts";

/** What {@link beyond} is asked. */
export type BeyondInput = {
  readonly layout: Layout;
  readonly base: number;
  /** Completed frames, best first. */
  readonly anchors: readonly Source[];
  /** Luma rectangles of what must not be mirrored. */
  readonly avoid: readonly Box[];
};

/** Pixels beside the unseen part on which an earlier frame's continuation is compared with this frame. */
const RING = { from: 2, to: 10 } as const;
/** Luma pixels around the canvas that are continued as well. */
const PADDING = 32;
/** 8-bit levels of difference that are a change of light rather than of the scene. */
const TOLERANCE = 12;

/**
 * Fills the UNSEEN pixels of the frame at `base`.
 * @returns how many luma pixels no anchor showed: if there are many, this frame should become an anchor itself.
 */
export function beyond(context: JobContext, { layout, base, anchors, avoid }: BeyondInput): { invented: number } {
  const { kernels, memory, scratch } = context;
  const { width, height, bitDepth } = layout.format;
  const count = width * height;
  const state = bytesAt(memory, base + layout.state, count);
  const labels = bytesAt(memory, base + layout.labels, count);
  const isMissing = (i: number): boolean => state[i] === UNSEEN && labels[i] !== KEEP;
  kernels.distance(base + layout.state, width, height, UNSEEN, scratch.start);
  const distances = bytesAt(memory, scratch.start, count).slice();
  const all = { x0: 0, y0: 0, x1: width, y1: height };
  let invented = 0;
  for (const plane of [0, 1, 2]) {
    const size = layout.sizes[plane]!;
    const fills = samplesAt(memory, base + layout.fills[plane]!, size.width * size.height, layout.sampleBytes);
    const source = samplesAt(memory, base + layout.planes[plane]!, fills.length, layout.sampleBytes);
    keepOwn(layout, plane, state, labels, source, fills);
    const missing = listPixels(layout, plane, all, isMissing);
    if (missing.length === 0) continue;
    const place = (pixel: number): number => (pixel >> 16) * size.width + (pixel & 0xffff);
    const rest = anchors.length > 0 ? fromAnchors(context, layout, plane, anchors, missing, distances, fills) : missing;
    if (plane === 0) invented = rest.length;
    if (rest.length === 0) continue;
    // Continued from what has been seen alone: what was made up before would be drawn out, strip by strip. Beyond the
    // canvas too, so that a strip at its edge is what it would have been on a larger one.
    const [padX, padY] = [PADDING >> size.shiftX, PADDING >> size.shiftY];
    const wide = { width: size.width + 2 * padX, height: size.height + 2 * padY };
    const inside = (pixel: number): number => ((pixel >> 16) + padY) * wide.width + (pixel & 0xffff) + padX;
    const known = new Uint8Array(wide.width * wide.height);
    const values = new Float32Array(known.length);
    for (let y = 0; y < size.height; y++) {
      const row = (y + padY) * wide.width + padX;
      known.fill(1, row, row + size.width);
      values.set(fills.subarray(y * size.width, (y + 1) * size.width), row);
    }
    for (const pixel of missing) known[inside(pixel)] = 0;
    const boxes = avoid.map(({ x0, y0, x1, y1 }) => ({
      x0: (x0 >> size.shiftX) + padX,
      y0: (y0 >> size.shiftY) + padY,
      x1: (x1 >> size.shiftX) + padX,
      y1: (y1 >> size.shiftY) + padY,
    }));
    continuePlane({ ...wide, values, known }, boxes);
    const top = 2 ** bitDepth - 1;
    for (const pixel of rest) {
      const at = place(pixel);
      fills[at] = Math.min(top, Math.max(0, Math.round(values[inside(pixel)]! + dither(at))));
    }
  }
  return { invented };
}

/** Half a level at most, by place alone: soft slopes show no steps, and stay as they are from frame to frame. */
function dither(at: number): number {
  let bits = Math.imul(at + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 15), 0x85ebca6b);
  return ((bits ^ (bits >>> 13)) >>> 0) / 2 ** 32 - 0.5;
}

/** The picture's own samples stay up to its very edge. */
function keepOwn(
  layout: Layout,
  plane: number,
  state: Uint8Array,
  labels: Uint8Array,
  source: Uint8Array | Uint16Array,
  fills: Uint8Array | Uint16Array,
): void {
  const { width, height, shiftX, shiftY } = layout.sizes[plane]!;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const luma = (y << shiftY) * layout.format.width + (x << shiftX);
      if (state[luma] === UNSEEN && labels[luma] === KEEP) fills[y * width + x] = source[y * width + x]!;
    }
  }
}

/** Takes over what earlier frames were given, as bright as this frame is. @returns what none of them shows. */
function fromAnchors(
  context: JobContext,
  layout: Layout,
  plane: number,
  anchors: readonly Source[],
  missing: PixelList,
  distances: Uint8Array,
  fills: Uint8Array | Uint16Array,
): PixelList {
  const { width, shiftX, shiftY } = layout.sizes[plane]!;
  const unit = 2 ** (layout.format.bitDepth - 8);
  const top = 2 ** layout.format.bitDepth - 1;
  const membrane = new Membrane(0, 0, layout.sizes[plane]!.width, layout.sizes[plane]!.height);
  const all = { x0: 0, y0: 0, x1: layout.format.width, y1: layout.format.height };
  const [from, to] = [3 * (RING.from + shiftX + shiftY), 3 * RING.to];
  const ring = listPixels(
    layout,
    plane,
    all,
    (i, x, y) => ((x + y) & 1) === 0 && distances[i]! >= from && distances[i]! <= to,
  );
  const options = { plane, from: "filled", most: 1 } as const;
  const seen = gatherPixels(context, layout, ring, anchors, options);
  for (let i = 0; i < ring.length; i++) {
    if (!seen.counts[i]) continue;
    const [x, y] = [ring[i]! & 0xffff, ring[i]! >> 16];
    membrane.add(x, y, fills[y * width + x]! - seen.values[i]!);
  }
  membrane.solve(TOLERANCE * unit);
  const { values, counts } = gatherPixels(context, layout, missing, anchors, options);
  return missing.filter((pixel, i) => {
    if (!counts[i]) return true;
    const [x, y] = [pixel & 0xffff, pixel >> 16];
    fills[y * width + x] = Math.min(top, Math.max(0, Math.round(values[i]! + membrane.at(x, y))));
    return false;
  });
}
