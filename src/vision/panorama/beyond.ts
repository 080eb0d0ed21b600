/** Job: what lies beyond the picture and no frame shows, from the scene's panoramas, so that it stays as it is. */
import { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { Membrane } from "../completion/membrane.ts";
import { type Gathered, gatherPixels, listPixels, type PixelList } from "../completion/pixels.ts";
import { bytesAt, type Layout, samplesAt, UNSEEN } from "../frames/layout.ts";
import { KEEP } from "../mask.ts";
import { type PanoramaSource, panoramaLayout } from "./panorama-view.ts";

/** What {@link beyond} is asked. */
export type BeyondInput = {
  readonly layout: Layout;
  readonly base: number;
  /** As the frame sees them, the ones to take from first at the beginning. */
  readonly panoramas: readonly PanoramaSource[];
};

/** Pixels beside the unseen part on which a panorama is compared with the frame. */
const RING = { from: 2, to: 10 } as const;
/** 8-bit levels of difference that are a change of light rather than of the scene. */
const TOLERANCE = 12;

/**
 * Fills the UNSEEN pixels of the frame at `base`.
 * @returns how many luma pixels no panorama shows: with any, another one is needed.
 */
export function beyond(context: JobContext, { layout, base, panoramas }: BeyondInput): { missing: number } {
  const { kernels, memory, scratch } = context;
  const { width, height } = layout.format;
  const count = width * height;
  const state = bytesAt(memory, base + layout.state, count);
  const labels = bytesAt(memory, base + layout.labels, count);
  const isMissing = (i: number): boolean => state[i] === UNSEEN && labels[i] !== KEEP;
  kernels.distance(base + layout.state, width, height, 0, 0, width, height, UNSEEN, scratch.start);
  const distances = bytesAt(memory, scratch.start, count).slice();
  const all = { x0: 0, y0: 0, x1: width, y1: height };
  let missing = 0;
  for (const plane of [0, 1, 2]) {
    const size = layout.sizes[plane]!;
    const fills = samplesAt(memory, base + layout.fills[plane]!, size.width * size.height, layout.sampleBytes);
    const source = samplesAt(memory, base + layout.planes[plane]!, fills.length, layout.sampleBytes);
    keepOwn(layout, plane, state, labels, source, fills);
    const pixels = listPixels(layout, plane, all, isMissing);
    if (pixels.length === 0) continue;
    const left = fromPanoramas(context, layout, plane, panoramas, pixels, distances, fills);
    if (plane === 0) missing = left.length;
  }
  return { missing };
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

/** Takes over what panoramas show, as bright as this frame is. @returns what none of them shows. */
function fromPanoramas(
  context: JobContext,
  layout: Layout,
  plane: number,
  panoramas: readonly PanoramaSource[],
  missing: PixelList,
  distances: Uint8Array,
  fills: Uint8Array | Uint16Array,
): PixelList {
  const { width, height, shiftX, shiftY } = layout.sizes[plane]!;
  const unit = 2 ** (layout.format.bitDepth - 8);
  const top = 2 ** layout.format.bitDepth - 1;
  const { kernels, memory, scratch } = context;
  const arena = new Arena(scratch.start, scratch.end);
  const membrane = new Membrane(kernels, { x0: 0, y0: 0, x1: width, y1: height }, arena);
  const all = { x0: 0, y0: 0, x1: layout.format.width, y1: layout.format.height };
  const [from, to] = [3 * (RING.from + shiftX + shiftY), 3 * RING.to];
  const ring = listPixels(
    layout,
    plane,
    all,
    (i, x, y) => ((x + y) & 1) === 0 && distances[i]! >= from && distances[i]! <= to,
  );
  /** What the panoramas show of some pixels. @returns the others. */
  const lookUp = (pixels: PixelList, take: (shown: Gathered) => void): PixelList => {
    let left = pixels;
    for (const { view, source } of panoramas) {
      if (left.length === 0) break;
      const options = { plane, from: "filled", most: 1 } as const;
      const shown = gatherPixels(context, panoramaLayout(layout, view), left, [source], options, arena.rest());
      const { counts } = shown;
      take(shown);
      left = left.filter((_, i) => !counts[i]);
    }
    return left;
  };
  const compared = new Int32Array(memory.buffer, arena.take(4 * ring.length), ring.length);
  const differences = new Float32Array(memory.buffer, arena.take(4 * ring.length), ring.length);
  let count = 0;
  lookUp(ring, ({ pixels, values, counts }) => {
    for (let i = 0; i < pixels.length; i++) {
      if (!counts[i]) continue;
      differences[count] = fills[(pixels[i]! >> 16) * width + (pixels[i]! & 0xffff)]! - values[i]!;
      compared[count++] = pixels[i]!;
    }
  });
  membrane.solve(compared.byteOffset, differences.byteOffset, count, TOLERANCE * unit);
  return lookUp(missing, ({ pixels, values, counts }) => {
    membrane.add(pixels.byteOffset, counts.byteOffset, pixels.length, values.byteOffset);
    for (let i = 0; i < pixels.length; i++) {
      if (!counts[i]) continue;
      fills[(pixels[i]! >> 16) * width + (pixels[i]! & 0xffff)] = Math.min(top, Math.max(0, Math.round(values[i]!)));
    }
  });
}
