/** Lists of pixels in a plane, and the kernel call that looks them up in other frames. */
import { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, type SampleLayout } from "../frames/layout.ts";
import type { Box } from "../registration/align.ts";
import { SOURCE_BYTES, type Source, type SourceOptions, writeSources } from "./sources.ts";

/** Pixels of one plane: y << 16 | x. */
export type PixelList = Int32Array;

/** What was found for each pixel of a list, as it lies in kernel memory. */
export type Gathered = {
  readonly pixels: PixelList;
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
 * @param arena where the result lies; when absent in scratch memory, where the next call overwrites it.
 */
export function gatherPixels(
  { kernels, memory, scratch }: JobContext,
  layout: SampleLayout,
  pixels: PixelList,
  sources: readonly Source[],
  options: SourceOptions & { most: number },
  arena = new Arena(scratch.start, scratch.end),
): Gathered {
  const records = arena.take(Math.max(1, sources.length) * SOURCE_BYTES);
  const samples = arena.take(GATHER_SCRATCH);
  const list = inMemory(memory, pixels, arena);
  const values = arena.take(4 * pixels.length);
  const counts = arena.take(pixels.length);
  writeSources(memory, records, layout, sources, options);
  const { width, height, shiftX, shiftY } = layout.sizes[options.plane]!;
  (layout.sampleBytes === 1 ? kernels.gather8 : kernels.gather16)(
    list.byteOffset,
    list.length,
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
    pixels: list,
    values: new Float32Array(memory.buffer, values, list.length),
    counts: bytesAt(memory, counts, list.length),
  };
}

/** A list where kernels find it. */
function inMemory(memory: WebAssembly.Memory, pixels: PixelList, arena: Arena): PixelList {
  if (pixels.buffer === memory.buffer) return pixels;
  const list = new Int32Array(memory.buffer, arena.take(4 * pixels.length), pixels.length);
  list.set(pixels);
  return list;
}

/**
 * The pixels of a plane whose area of a luma map has a least byte above `above` and at most `most`, within a rectangle of luma pixels; of every
 * two beside each other one where `sparse`.
 * @param map address. @param arena where the list lies.
 */
export function listBetween(
  { kernels, memory }: JobContext,
  layout: SampleLayout,
  plane: number,
  box: Box,
  { map, above = -1, most, sparse = false }: { map: number; above?: number; most: number; sparse?: boolean },
  arena: Arena,
): PixelList {
  const { shiftX, shiftY } = layout.sizes[plane]!;
  const { x0, y0, x1, y1 } = planeBox(layout, plane, box);
  const { width, height } = layout.format;
  const target = arena.take(4 * Math.max(0, x1 - x0) * Math.max(0, y1 - y0));
  const flag = sparse ? 1 : 0;
  const list = [map, width, height, shiftX, shiftY, x0, y0, x1, y1, above, most, flag, target] as const;
  return new Int32Array(memory.buffer, target, kernels.listBetween(...list));
}

/**
 * The pixels of a plane whose luma area (its first luma pixel up to its last) satisfies `wanted`, within a rectangle of
 * luma pixels.
 */
export function listPixels(
  layout: SampleLayout,
  plane: number,
  box: Box,
  wanted: (luma: number, x: number, y: number) => boolean,
): PixelList {
  const { shiftX, shiftY } = layout.sizes[plane]!;
  const luma = layout.format.width;
  const { x0, y0, x1, y1 } = planeBox(layout, plane, box);
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

/** The pixels of a plane that lie in a rectangle of luma pixels, if only in part. */
export function planeBox(layout: SampleLayout, plane: number, box: Box): Box {
  const { width, height, shiftX, shiftY } = layout.sizes[plane]!;
  return {
    x0: box.x0 >> shiftX,
    y0: box.y0 >> shiftY,
    x1: Math.min(width, ((box.x1 - 1) >> shiftX) + 1),
    y1: Math.min(height, ((box.y1 - 1) >> shiftY) + 1),
  };
}

/** A rectangle grown by `margin` and cut to the picture. */
export function grown(box: Box, margin: number, { width, height }: { width: number; height: number }): Box {
  return {
    x0: Math.max(0, box.x0 - margin),
    y0: Math.max(0, box.y0 - margin),
    x1: Math.min(width, box.x1 + margin),
    y1: Math.min(height, box.y1 + margin),
  };
}
