/** Fills pixels that nothing shows from the picture around them: pieces of it where they fit, else a smooth surface. */
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, type Layout, MASKED, MOVING, type PlaneSize, samplesAt } from "../frames/layout.ts";
import type { Box } from "../registration/align.ts";
import { diffuse } from "./diffuse.ts";
import { findPieces } from "./pieces.ts";
import { grown, type PixelList } from "./pixels.ts";
import { layPieces } from "./seams.ts";

/** Below this many luma pixels a smooth surface does as well. */
const LEAST_PIXELS = 60;
/** Where a larger share of what is around moves, a gap may belong to that; elsewhere it shows what stands still. */
const MOST_MOVING = 0.15;
/** How far around that is, in pixels. */
const NEAR = 40;
/** Pixels further apart than about two to this are filled on their own. */
const APART = 4;

/** @param missing the pixels of each plane to fill, in the frame's fills. */
export function fillFromAround(context: JobContext, layout: Layout, base: number, missing: readonly PixelList[]): void {
  const { memory } = context;
  const without = movingShare(memory, layout, base, missing[0]!) < MOST_MOVING ? MOVING : 0;
  for (const [i, pixels] of missing.entries()) smoothFill(context, layout, base, i, pixels, without);
  const open = layout.sizes.map(({ width, height }, i) => {
    const map = new Uint8Array(width * height);
    for (const pixel of missing[i]!) map[(pixel >> 16) * width + (pixel & 0xffff)] = 1;
    return map;
  });
  const { width, height } = layout.format;
  for (const patch of patches(missing[0]!, width, height)) {
    if (patch.length >= LEAST_PIXELS) copyPieces(context, layout, base, boxOf(patch), open, without);
  }
}

/** Divides pixels into groups that are not close to each other. */
function patches(pixels: PixelList, width: number, height: number): PixelList[] {
  const [columns, rows] = [(width >> APART) + 1, (height >> APART) + 1];
  const cells = new Map<number, number[]>();
  for (const pixel of pixels) {
    const cell = (pixel >> (16 + APART)) * columns + ((pixel & 0xffff) >> APART);
    const list = cells.get(cell);
    if (list) list.push(pixel);
    else cells.set(cell, [pixel]);
  }
  const found: PixelList[] = [];
  for (const start of cells.keys()) {
    const group: number[] = [];
    const open = [start];
    for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
      const list = cells.get(cell);
      if (!list) continue;
      cells.delete(cell);
      for (const pixel of list) group.push(pixel);
      const [x, y] = [cell % columns, Math.floor(cell / columns)];
      for (let ny = Math.max(0, y - 1); ny <= Math.min(rows - 1, y + 1); ny++)
        for (let nx = Math.max(0, x - 1); nx <= Math.min(columns - 1, x + 1); nx++) open.push(ny * columns + nx);
    }
    found.push(Int32Array.from(group));
  }
  return found;
}

/** A smooth surface over the missing pixels of one plane of a frame's fills. @param without bits of the blocked map whose pixels do not count. */
export function smoothFill(
  { memory }: JobContext,
  layout: Layout,
  base: number,
  index: number,
  missing: PixelList,
  without = 0,
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
  if (without) {
    const leftOut = blockedTest(memory, layout, base, size, without);
    const counted = known.map((one, i) =>
      one && !leftOut(box.x0 + (i % columns), box.y0 + Math.floor(i / columns)) ? 1 : 0,
    );
    if (counted.includes(1)) known.set(counted);
  }
  diffuse(values, known, columns, rows, 2 ** (layout.format.bitDepth - 1));
  for (const pixel of missing) plane[(pixel >> 16) * size.width + (pixel & 0xffff)] = Math.round(values[at(pixel)]!);
}

/** Which samples of a plane have one of some bits in the blocked map. */
function blockedTest(memory: WebAssembly.Memory, layout: Layout, base: number, size: PlaneSize, bits: number) {
  const { width, height } = layout.format;
  const blocked = bytesAt(memory, base + layout.levels[0]!.blocked, width * height);
  return (x: number, y: number): boolean => (blocked[(y << size.shiftY) * width + (x << size.shiftX)]! & bits) !== 0;
}

/** Share of what moves in what is around some luma pixels. */
function movingShare(memory: WebAssembly.Memory, layout: Layout, base: number, missing: PixelList): number {
  const has = (bits: number) => blockedTest(memory, layout, base, layout.sizes[0], bits);
  const [moves, isMasked] = [has(MOVING), has(MASKED)];
  const { x0, y0, x1, y1 } = grown(boxOf(missing), NEAR, layout.format);
  let [visible, moving] = [0, 0];
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      if (isMasked(x, y)) continue;
      visible++;
      if (moves(x, y)) moving++;
    }
  }
  return visible > 0 ? moving / visible : 0;
}

/** Overwrites the smooth surface within a rectangle of luma pixels with pieces of its surroundings. @param open 1 for each sample to fill. */
function copyPieces(
  context: JobContext,
  layout: Layout,
  base: number,
  hole: Box,
  open: readonly Uint8Array[],
  without: number,
): void {
  const margin = Math.max(40, Math.round(Math.max(hole.x1 - hole.x0, hole.y1 - hole.y0) * 0.8));
  const around = grown(hole, margin, layout.format);
  // Chroma samples lie whole in it.
  const box = { ...around, x0: around.x0 & ~3, y0: around.y0 & ~3 };
  const from = findPieces(context, layout, base, box, open[0]!, without);
  const top = 2 ** layout.format.bitDepth - 1;
  for (const [i, size] of layout.sizes.entries()) {
    const plane = samplesAt(context.memory, base + layout.fills[i]!, size.width * size.height, layout.sampleBytes);
    const { x0, y0, width, height, places } = placesIn(size, box, from, open[i]!);
    const samples = new Float32Array(places.length);
    const at = (k: number) => (y0 + Math.floor(k / width)) * size.width + x0 + (k % width);
    for (let k = 0; k < places.length; k++) samples[k] = plane[at(k)]!;
    const leftOut = blockedTest(context.memory, layout, base, size, without);
    for (let k = 0; k < places.length; k++)
      if (places[k] === k && leftOut(x0 + (k % width), y0 + Math.floor(k / width))) places[k] = -1;
    layPieces({ width, height, samples, from: places });
    for (let k = 0; k < places.length; k++) {
      if (places[k] !== k) plane[at(k)] = Math.min(top, Math.max(0, Math.round(samples[k]!)));
    }
  }
}

/** For each sample of a plane within a rectangle the index of the one it is to show: its own if it stays, -1 if there is none. */
function placesIn(
  { width: columns, height: rows, shiftX, shiftY }: PlaneSize,
  box: Box,
  from: Int32Array,
  open: Uint8Array,
): { x0: number; y0: number; width: number; height: number; places: Int32Array } {
  const [x0, y0] = [box.x0 >> shiftX, box.y0 >> shiftY];
  const width = Math.min(columns, ((box.x1 - 1) >> shiftX) + 1) - x0;
  const height = Math.min(rows, ((box.y1 - 1) >> shiftY) + 1) - y0;
  const [lumaWidth, lumaHeight] = [box.x1 - box.x0, box.y1 - box.y0];
  const places = Int32Array.from({ length: width * height }, (_, k) => k);
  const stays = (k: number) => !open[(y0 + Math.floor(k / width)) * columns + x0 + (k % width)];
  for (let k = 0; k < places.length; k++) {
    if (stays(k)) continue;
    places[k] = -1;
    const [left, top] = [(k % width) << shiftX, Math.floor(k / width) << shiftY];
    for (let y = top; y < Math.min(lumaHeight, top + (1 << shiftY)); y++) {
      for (let x = left; x < Math.min(lumaWidth, left + (1 << shiftX)); x++) {
        const origin = from[y * lumaWidth + x]!;
        if (origin < 0 || origin === y * lumaWidth + x) continue;
        const place = (Math.floor(origin / lumaWidth) >> shiftY) * width + ((origin % lumaWidth) >> shiftX);
        if (stays(place)) places[k] = place;
      }
    }
  }
  return { x0, y0, width, height, places };
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
