/** Which known pixel each pixel of a hole is to be copied from: found in a small picture of the surroundings, then followed up to full size. */
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, type Layout, MOVING, samplesAt } from "../frames/layout.ts";
import type { Box } from "../registration/align.ts";
import { follow } from "./coherence.ts";
import { exemplarFill, MOST_PIXELS } from "./exemplar.ts";

/** A rectangle of a picture, reduced. */
export type Reduced = {
  readonly width: number;
  readonly height: number;
  /** Three channels in 8-bit levels, interleaved by four. */
  readonly pixels: Float32Array;
  /** 1 where the picture is known, and shows nothing that moves. */
  readonly known: Uint8Array;
  /** 1 where it is to be found. */
  readonly open: Uint8Array;
};

/**
 * @param missing 1 for each luma pixel of the frame that is to be found; its fills hold a smooth guess.
 * @returns for each pixel of `box` the index in it that it shows: its own where it is not missing, -1 where nothing fits, or something moves.
 */
export function findPieces(
  context: JobContext,
  layout: Layout,
  base: number,
  box: Box,
  missing: Uint8Array,
): Int32Array {
  const area = (box.x1 - box.x0) * (box.y1 - box.y0);
  let factor = 1;
  while (area > MOST_PIXELS * factor ** 2) factor *= 2;
  let reduced = reduce(context, layout, base, box, factor, missing);
  let from = exemplarFill(context, reduced);
  for (let i = 0; i < from.length; i++) if (!reduced.known[i] && !reduced.open[i]) from[i] = -1;
  follow(reduced, from);
  while (factor > 1) {
    const { width } = reduced;
    factor /= 2;
    reduced = reduce(context, layout, base, box, factor, missing);
    from = doubled(from, width, reduced);
    follow(reduced, from);
  }
  return from;
}

/** The same places in a picture of twice the size. */
function doubled(from: Int32Array, columns: number, { width, height, known, open }: Reduced): Int32Array {
  const out = new Int32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const origin = from[(y >> 1) * columns + (x >> 1)]!;
      if (known[i]) out[i] = i;
      else if (origin < 0 || !open[i]) out[i] = -1;
      else {
        const ox = Math.min(width - 1, 2 * (origin % columns) + (x & 1));
        const oy = Math.min(height - 1, 2 * Math.floor(origin / columns) + (y & 1));
        out[i] = known[oy * width + ox] ? oy * width + ox : -1;
      }
    }
  }
  return out;
}

/** A rectangle of a frame's fills, each `factor` x `factor` luma pixels one; those beyond its end repeat it. */
function reduce(
  { memory }: JobContext,
  layout: Layout,
  base: number,
  box: Box,
  factor: number,
  missing: Uint8Array,
): Reduced {
  const columns = layout.format.width;
  const width = Math.ceil((box.x1 - box.x0) / factor);
  const height = Math.ceil((box.y1 - box.y0) / factor);
  const pixels = new Float32Array(4 * width * height);
  const scale = 2 ** (8 - layout.format.bitDepth) / factor ** 2;
  for (const [plane, size] of layout.sizes.entries()) {
    const samples = samplesAt(memory, base + layout.fills[plane]!, size.width * size.height, layout.sampleBytes);
    for (let y = 0; y < height * factor; y++) {
      const row = (Math.min(box.y1 - 1, box.y0 + y) >> size.shiftY) * size.width;
      const out = Math.floor(y / factor) * width;
      for (let x = 0; x < width * factor; x++) {
        const at = row + (Math.min(box.x1 - 1, box.x0 + x) >> size.shiftX);
        pixels[4 * (out + Math.floor(x / factor)) + plane]! += samples[at]! * scale;
      }
    }
  }
  const known = new Uint8Array(width * height).fill(1);
  const open = new Uint8Array(width * height);
  const blocked = bytesAt(memory, base + layout.levels[0]!.blocked, missing.length);
  for (let y = box.y0; y < box.y1; y++) {
    for (let x = box.x0; x < box.x1; x++) {
      const i = y * columns + x;
      if (!missing[i] && !(blocked[i]! & MOVING)) continue;
      const cell = Math.floor((y - box.y0) / factor) * width + Math.floor((x - box.x0) / factor);
      known[cell] = 0;
      if (missing[i]) open[cell] = 1;
    }
  }
  return { width, height, pixels, known, open };
}
