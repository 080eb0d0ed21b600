/** Job: a plane at another size, band by band, columns first. */
import { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { GROUP, type PlaneAt, readRow, rowBytes, writeRow } from "./planes.ts";

/** A filter whose numbers are in memory. */
export type FilterAt = { readonly taps: number; readonly starts: number; readonly weights: number };

/** What the job is told: computes rows [y0, y1) of `target`. */
export type ResampleInput = {
  readonly source: PlaneAt;
  readonly target: PlaneAt;
  /** From the source's rows to the target's, and from its columns. */
  readonly vertical: FilterAt;
  readonly horizontal: FilterAt;
  readonly y0: number;
  readonly y1: number;
};

/** Samples that a row is extended by: more than any filter reaches. */
const MARGIN = 16;

/** Bytes of scratch that the job takes. */
export function resampleScratch(sourceWidth: number, targetWidth: number, rows: number): number {
  return (rows + 1) * (rowBytes(sourceWidth) + 32) + rowBytes(sourceWidth + 2 * MARGIN) + rowBytes(targetWidth) + 4096;
}

/** See {@link ResampleInput}. */
export function resample({ kernels, memory, scratch }: JobContext, input: ResampleInput): void {
  const { source, target, vertical, horizontal, y0, y1 } = input;
  const arena = new Arena(scratch.start, scratch.end);
  const bytes = rowBytes(source.width);
  const held = Array.from({ length: vertical.taps }, () => ({ at: arena.take(bytes), y: -1 }));
  const blended = arena.take(bytes);
  const wider = arena.take(rowBytes(source.width + 2 * MARGIN));
  const result = arena.take(rowBytes(target.width));
  const rows = arena.take(4 * vertical.taps);
  const table = new Uint32Array(memory.buffer, rows, vertical.taps);
  const starts = new Int32Array(memory.buffer, vertical.starts, target.height);

  /** Address of a row as fine samples. Rows that follow one another never share a place. */
  const rowAt = (y: number): number => {
    const place = held[y % held.length]!;
    if (place.y !== y) readRow(kernels, source, y, place.at);
    place.y = y;
    return place.at;
  };

  for (let y = y0; y < y1; y++) {
    for (let k = 0; k < vertical.taps; k++) {
      table[k] = rowAt(Math.min(source.height - 1, Math.max(0, starts[y]! + k)));
    }
    const weights = vertical.weights + y * vertical.taps * 2;
    kernels.blendRows(rows, vertical.taps, weights, Math.ceil(source.width / GROUP) * GROUP, blended);
    kernels.extend(blended, source.width, MARGIN, MARGIN + GROUP, wider);
    // The first of the extended samples stands MARGIN before the row's own.
    const first = wider + 2 * MARGIN;
    const count = Math.ceil(target.width / 4) * 4;
    kernels.resampleRow(first, horizontal.starts, horizontal.weights, horizontal.taps, count, result);
    writeRow(kernels, target, y, result);
  }
}
