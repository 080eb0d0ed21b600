/** Which known pixel each pixel of a hole is to be copied from: found in a picture of the surroundings, reduced where that is large. */
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, type Layout, samplesAt } from "../frames/layout.ts";
import type { Box } from "../registration/align.ts";
import { completePicture, MOST_PIXELS } from "./complete-picture.ts";
import type { HoledPicture } from "./picture-levels.ts";

/**
 * @param missing 1 for each luma pixel of the frame that is to be found; its fills hold a smooth guess.
 * @param without bits of the frame's blocked map whose pixels are neither copied nor compared.
 * @returns for each pixel of `box` the index in it that it shows: its own where it is not missing, -1 where nothing fits.
 */
export function findPieces(
  context: JobContext,
  layout: Layout,
  base: number,
  box: Box,
  missing: Uint8Array,
  without: number,
): Int32Array {
  const [width, height] = [box.x1 - box.x0, box.y1 - box.y0];
  let factor = 1;
  while (Math.ceil(width / factor) * Math.ceil(height / factor) > MOST_PIXELS) factor++;
  const picture = reduce(context, layout, base, box, factor, missing, without);
  const from = completePicture(context, picture);
  return Int32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (!missing[(box.y0 + y) * layout.format.width + box.x0 + x]) return i;
    if (!from) return -1;
    const found = from[Math.floor(y / factor) * picture.width + Math.floor(x / factor)]!;
    if (found < 0) return -1;
    const [fx, fy] = [
      (found % picture.width) * factor + (x % factor),
      Math.floor(found / picture.width) * factor + (y % factor),
    ];
    return fx < width && fy < height ? fy * width + fx : -1;
  });
}

/** A rectangle of a frame's fills, each `factor` x `factor` luma pixels one; those beyond its end repeat it. */
function reduce(
  { memory }: JobContext,
  layout: Layout,
  base: number,
  box: Box,
  factor: number,
  missing: Uint8Array,
  without: number,
): HoledPicture {
  const columns = layout.format.width;
  const width = Math.ceil((box.x1 - box.x0) / factor);
  const height = Math.ceil((box.y1 - box.y0) / factor);
  const pixels = new Float32Array(4 * width * height);
  for (let i = 3; i < pixels.length; i += 4) pixels[i] = 1;
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
      if (!missing[i] && !(blocked[i]! & without)) continue;
      const cell = Math.floor((y - box.y0) / factor) * width + Math.floor((x - box.x0) / factor);
      known[cell] = 0;
      if (missing[i]) open[cell] = 1;
    }
  }
  return { width, height, pixels, known, open };
}
