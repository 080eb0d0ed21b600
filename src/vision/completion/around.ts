/** Fills pixels that nothing shows from the picture around them: pieces of it where they fit, else a smooth surface. */
import type { JobContext } from "../../kernels/pool.ts";
import { type Layout, samplesAt } from "../frames/layout.ts";
import { completePicture, MOST_PIXELS } from "./complete-picture.ts";
import { diffuse } from "./diffuse.ts";
import type { HoledPicture } from "./picture-levels.ts";
import { grown, type PixelList } from "./pixels.ts";

type Box = { x0: number; y0: number; x1: number; y1: number };

/** Below this many luma pixels a smooth surface does as well. */
const LEAST_PIXELS = 60;

/** @param missing the pixels of each plane to fill, in the frame's fills. */
export function fillFromAround(context: JobContext, layout: Layout, base: number, missing: readonly PixelList[]): void {
  const planes = layout.sizes.map(({ width, height }, i) =>
    samplesAt(context.memory, base + layout.fills[i]!, width * height, layout.sampleBytes),
  );
  for (const [i, pixels] of missing.entries()) smoothFill(context, layout, base, i, pixels);
  if (missing[0]!.length >= LEAST_PIXELS) copyTexture(context, layout, planes, missing);
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

/** Overwrites the smooth surface with what looks like the surroundings: their picture, reduced where it is large, is completed. */
function copyTexture(
  context: JobContext,
  layout: Layout,
  planes: readonly (Uint8Array | Uint16Array)[],
  missing: readonly PixelList[],
): void {
  const hole = boxOf(missing[0]!);
  const margin = Math.max(40, Math.round(Math.max(hole.x1 - hole.x0, hole.y1 - hole.y0) * 0.8));
  const box = grown(hole, margin, layout.format);
  const factor = Math.ceil(Math.sqrt(((box.x1 - box.x0) * (box.y1 - box.y0)) / MOST_PIXELS));
  const width = Math.floor((box.x1 - box.x0) / factor);
  const height = Math.floor((box.y1 - box.y0) / factor);
  if (width < 1 || height < 1) return;
  const picture = {
    width,
    height,
    pixels: new Float32Array(4 * width * height).fill(1),
    known: new Uint8Array(width * height).fill(1),
  };
  for (const [i, plane] of planes.entries()) reduce(plane, layout, i, box, factor, width, height, picture.pixels);
  for (const pixel of missing[0]!) {
    const x = Math.min(width - 1, Math.floor(((pixel & 0xffff) - box.x0) / factor));
    const y = Math.min(height - 1, Math.floor(((pixel >> 16) - box.y0) / factor));
    picture.known[y * width + x] = 0;
  }
  const from = completePicture(context, picture);
  if (!from) return;
  for (const [i, plane] of planes.entries()) enlarge(plane, layout, i, missing[i]!, { ...picture, from, box, factor });
}

/** A completed picture, and where each of its pixels is best copied from. */
type Completed = HoledPicture & { readonly from: Int32Array; readonly box: Box; readonly factor: number };

/** Fills a plane's missing samples from the completed picture; detail that is lost there comes from where it was copied from. */
function enlarge(
  plane: Uint8Array | Uint16Array,
  layout: Layout,
  index: number,
  missing: PixelList,
  { width, height, pixels, from, box, factor }: Completed,
): void {
  const size = layout.sizes[index]!;
  const top = 2 ** layout.format.bitDepth - 1;
  const unit = 2 ** (layout.format.bitDepth - 8);
  const across = (x: number): number => ((x + 0.5) * 2 ** size.shiftX - box.x0) / factor - 0.5;
  const down = (y: number): number => ((y + 0.5) * 2 ** size.shiftY - box.y0) / factor - 0.5;
  const source = factor > 1 ? plane.slice() : plane;
  for (const pixel of missing) {
    const [x, y] = [pixel & 0xffff, pixel >> 16];
    const [cx, cy] = [across(x), down(y)];
    let value = unit * sampled(pixels, width, height, index, cx, cy);
    const cell = clamp(Math.round(cy), height) * width + clamp(Math.round(cx), width);
    const place = from[cell]!;
    if (factor > 1 && place >= 0) {
      const dx = ((place % width) - (cell % width)) * factor;
      const dy = (Math.floor(place / width) - Math.floor(cell / width)) * factor;
      const sx = clamp(x + (dx >> size.shiftX), size.width);
      const sy = clamp(y + (dy >> size.shiftY), size.height);
      value += source[sy * size.width + sx]! - unit * sampled(pixels, width, height, index, across(sx), down(sy));
    }
    plane[y * size.width + x] = Math.min(top, Math.max(0, Math.round(value)));
  }
}

/** One channel of a picture between its pixels, in 8-bit levels. */
function sampled(pixels: Float32Array, width: number, height: number, channel: number, x: number, y: number): number {
  const [cx, cy] = [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
  const [ix, iy] = [Math.floor(cx), Math.floor(cy)];
  const at = 4 * (iy * width + ix) + channel;
  const [right, below] = [ix + 1 < width ? 4 : 0, iy + 1 < height ? 4 * width : 0];
  const above = pixels[at]! + (pixels[at + right]! - pixels[at]!) * (cx - ix);
  const under = pixels[at + below]! + (pixels[at + below + right]! - pixels[at + below]!) * (cx - ix);
  return above + (under - above) * (cy - iy);
}

function clamp(place: number, length: number): number {
  return Math.min(length - 1, Math.max(0, place));
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
