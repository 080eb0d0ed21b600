/** Lists of pixels in a plane, and the kernel call that looks them up in other frames. */
import { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, type SampleLayout } from "../frames/layout.ts";
import { SOURCE_BYTES, type Source, type SourceOptions, writeSources } from "./sources.ts";

/** Pixels of one plane: y << 16 | x. */
export type PixelList = Int32Array;

/** What was found for each pixel of a list. */
export type Gathered = {
  /** Combined samples; meaningless where the count is 0. */
  readonly values: Float32Array;
  /** How many frames showed the point. */
  readonly counts: Uint8Array;
};

/** Bytes of scratch that the gather kernel needs. */
const GATHER_SCRATCH = 1088;
/** Levels (of 256) by which honest samples of one background point differ. */
const NOISE = 3;

/**
 * Looks up every pixel of a plane in the sources, at most `most` (up to 16) samples each, nearest source in the list first.
 * The result lies in scratch memory: it is overwritten by the next call.
 */
export function gatherPixels(
  { kernels, memory, scratch }: JobContext,
  layout: SampleLayout,
  pixels: PixelList,
  sources: readonly Source[],
  options: SourceOptions & { most: number },
): Gathered {
  const arena = new Arena(scratch.start, scratch.end);
  const records = arena.take(Math.max(1, sources.length) * SOURCE_BYTES);
  const samples = arena.take(GATHER_SCRATCH);
  const list = arena.take(4 * pixels.length);
  const values = arena.take(4 * pixels.length);
  const counts = arena.take(pixels.length);
  writeSources(memory, records, layout, sources, options);
  new Int32Array(memory.buffer, list, pixels.length).set(pixels);
  const { width, height, shiftX, shiftY } = layout.sizes[options.plane]!;
  (layout.sampleBytes === 1 ? kernels.gather8 : kernels.gather16)(
    list,
    pixels.length,
    width,
    height,
    shiftX,
    shiftY,
    layout.format.width,
    layout.format.height,
    records,
    sources.length,
    options.most,
    NOISE * 2 ** (layout.format.bitDepth - 8),
    samples,
    values,
    counts,
  );
  return {
    values: new Float32Array(memory.buffer, values, pixels.length),
    counts: bytesAt(memory, counts, pixels.length),
  };
}

/**
 * The pixels of a plane whose luma area (its first luma pixel up to its last) satisfies `wanted`, within a rectangle of
 * luma pixels.
 */
export function listPixels(
  layout: SampleLayout,
  plane: number,
  box: { x0: number; y0: number; x1: number; y1: number },
  wanted: (luma: number, x: number, y: number) => boolean,
): PixelList {
  const { width, height, shiftX, shiftY } = layout.sizes[plane]!;
  const luma = layout.format.width;
  const [x0, x1] = [box.x0 >> shiftX, Math.min(width, ((box.x1 - 1) >> shiftX) + 1)];
  const [y0, y1] = [box.y0 >> shiftY, Math.min(height, ((box.y1 - 1) >> shiftY) + 1)];
  const found = new Int32Array(Math.max(0, x1 - x0) * Math.max(0, y1 - y0));
  let count = 0;
  for (let y = y0; y < y1; y++) {
    const lastRow = Math.min((y + 1) << shiftY, layout.format.height);
    for (let x = x0; x < x1; x++) {
      const last = Math.min((x + 1) << shiftX, luma);
      let hit = false;
      for (let ly = y << shiftY; !hit && ly < lastRow; ly++) {
        for (let lx = x << shiftX; !hit && lx < last; lx++) hit = wanted(ly * luma + lx, x, y);
      }
      if (hit) found[count++] = (y << 16) | x;
    }
  }
  return found.slice(0, count);
}

/** A rectangle grown by `margin` and cut to the picture. */
export function grown(
  box: { x0: number; y0: number; x1: number; y1: number },
  margin: number,
  { width, height }: { width: number; height: number },
): { x0: number; y0: number; x1: number; y1: number } {
  return {
    x0: Math.max(0, box.x0 - margin),
    y0: Math.max(0, box.y0 - margin),
    x1: Math.min(width, box.x1 + margin),
    y1: Math.min(height, box.y1 + margin),
  };
}
