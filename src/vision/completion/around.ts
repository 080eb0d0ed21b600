/** Fills pixels that nothing shows from the picture around them: pieces of it where they fit, else a smooth surface. */
import type { JobContext } from "../../kernels/pool.ts";
import { type Layout, type PlaneSize, samplesAt } from "../frames/layout.ts";
import { diffuse } from "./diffuse.ts";
import { exemplarFill, MOST_PIXELS } from "./exemplar.ts";
import { grown, type PixelList } from "./pixels.ts";

type Box = { x0: number; y0: number; x1: number; y1: number };

/** Below this many luma pixels a smooth surface does as well. */
const LEAST_PIXELS = 60;
/** Reach, in cells of the reduced picture, over which the seams between pieces are blended. */
const BLEND = 3;

/** @param missing the pixels of each plane to fill, in the frame's fills. */
export function fillFromAround(context: JobContext, layout: Layout, base: number, missing: readonly PixelList[]): void {
  const planes = layout.sizes.map(({ width, height }, i) =>
    samplesAt(context.memory, base + layout.fills[i]!, width * height, layout.sampleBytes),
  );
  for (const [i, pixels] of missing.entries()) smoothFill(context, layout, base, i, pixels);
  if (missing[0]!.length >= LEAST_PIXELS) copyPieces(context, layout, planes, missing);
}

/** A smooth surface over the missing pixels of one plane of a frame's fills. */
export function smoothFill(
  { memory }: JobContext,
  layout: Layout,
  base: number,
  index: number,
  missing: PixelList,
): void {
  if (missing.length === 0) return;
  const size = layout.sizes[index]!;
  const plane = samplesAt(memory, base + layout.fills[index]!, size.width * size.height, layout.sampleBytes);
  const box = grown(boxOf(missing), 32 >> size.shiftX, size);
  const columns = box.x1 - box.x0;
  const rows = box.y1 - box.y0;
  const values = new Float32Array(columns * rows);
  const known = new Uint8Array(columns * rows).fill(1);
  for (let y = 0; y < rows; y++) {
    const row = (box.y0 + y) * size.width + box.x0;
    values.set(plane.subarray(row, row + columns), y * columns);
  }
  const at = (pixel: number) => ((pixel >> 16) - box.y0) * columns + (pixel & 0xffff) - box.x0;
  for (const pixel of missing) known[at(pixel)] = 0;
  diffuse(values, known, columns, rows, 2 ** (layout.format.bitDepth - 1));
  for (const pixel of missing) plane[(pixel >> 16) * size.width + (pixel & 0xffff)] = Math.round(values[at(pixel)]!);
}

/** Overwrites the smooth surface with pieces found in a reduced picture of the surroundings, copied at full size. */
function copyPieces(
  context: JobContext,
  layout: Layout,
  planes: readonly (Uint8Array | Uint16Array)[],
  missing: readonly PixelList[],
): void {
  const hole = boxOf(missing[0]!);
  const margin = Math.max(40, Math.round(Math.max(hole.x1 - hole.x0, hole.y1 - hole.y0) * 0.8));
  const box = grown(hole, margin, layout.format);
  const factor = Math.ceil(Math.sqrt(((box.x1 - box.x0 + 2) * (box.y1 - box.y0 + 2)) / MOST_PIXELS));
  const width = Math.floor((box.x1 - box.x0) / factor);
  const height = Math.floor((box.y1 - box.y0) / factor);
  if (width < 1 || height < 1) return;
  const pixels = new Float32Array(4 * width * height);
  for (const [i, plane] of planes.entries()) reduce(plane, layout, i, box, factor, width, height, pixels);
  const known = new Uint8Array(width * height).fill(1);
  const cell = (x: number, y: number) => {
    const [cx, cy] = [
      Math.min(width - 1, Math.floor((x - box.x0) / factor)),
      Math.min(height - 1, Math.floor((y - box.y0) / factor)),
    ];
    return cy * width + cx;
  };
  for (const pixel of missing[0]!) known[cell(pixel & 0xffff, pixel >> 16)] = 0;
  const from = exemplarFill(context, { width, height, pixels, known });
  for (const [i, plane] of planes.entries()) {
    const size = layout.sizes[i]!;
    const source = plane.slice();
    for (const pixel of missing[i]!) {
      const [x, y] = [pixel & 0xffff, pixel >> 16];
      const blended = vote(source, size, x, y, cell(x << size.shiftX, y << size.shiftY), from, width, height, factor);
      if (blended !== undefined) plane[y * size.width + x] = Math.round(blended);
    }
  }
}

/**
 * What the pieces around a cell would put at (x, y), averaged: within a piece all agree, across a seam they blend.
 * @returns undefined when no piece is near.
 */
function vote(
  source: Uint8Array | Uint16Array,
  size: PlaneSize,
  x: number,
  y: number,
  own: number,
  from: Int32Array,
  width: number,
  height: number,
  factor: number,
): number | undefined {
  const [cx, cy] = [own % width, Math.floor(own / width)];
  let sum = 0;
  let total = 0;
  for (let ny = Math.max(0, cy - BLEND); ny <= Math.min(height - 1, cy + BLEND); ny++) {
    for (let nx = Math.max(0, cx - BLEND); nx <= Math.min(width - 1, cx + BLEND); nx++) {
      const cell = ny * width + nx;
      const origin = from[cell]!;
      if (origin < 0 || origin === cell) continue;
      const dx = (((origin % width) - nx) * factor) >> size.shiftX;
      const dy = ((Math.floor(origin / width) - ny) * factor) >> size.shiftY;
      const sx = Math.min(size.width - 1, Math.max(0, x + dx));
      const sy = Math.min(size.height - 1, Math.max(0, y + dy));
      const weight = 1 / (1 + (nx - cx) ** 2 + (ny - cy) ** 2);
      sum += weight * source[sy * size.width + sx]!;
      total += weight;
    }
  }
  return total > 0 ? sum / total : undefined;
}

/** Samples one plane of a rectangle, reduced by `factor`, into a channel, in 8-bit levels. */
function reduce(
  plane: Uint8Array | Uint16Array,
  layout: Layout,
  index: number,
  box: Box,
  factor: number,
  width: number,
  height: number,
  out: Float32Array,
): void {
  const size = layout.sizes[index]!;
  const scale = 2 ** (layout.format.bitDepth - 8);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let sy = 0; sy < factor; sy++) {
        const row = Math.min(size.height - 1, (box.y0 + y * factor + sy) >> size.shiftY) * size.width;
        for (let sx = 0; sx < factor; sx++)
          sum += plane[row + Math.min(size.width - 1, (box.x0 + x * factor + sx) >> size.shiftX)]!;
      }
      out[4 * (y * width + x) + index] = sum / (factor * factor * scale);
    }
  }
}

function boxOf(pixels: PixelList): Box {
  const box = { x0: Number.POSITIVE_INFINITY, y0: Number.POSITIVE_INFINITY, x1: 0, y1: 0 };
  for (const pixel of pixels) {
    box.x0 = Math.min(box.x0, pixel & 0xffff);
    box.x1 = Math.max(box.x1, (pixel & 0xffff) + 1);
    box.y0 = Math.min(box.y0, pixel >> 16);
    box.y1 = Math.max(box.y1, (pixel >> 16) + 1);
  }
  return box;
}
