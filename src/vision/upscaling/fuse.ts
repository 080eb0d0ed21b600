/** Job: the doubled luma of a frame together with that of its neighbours along the motion, over a band of rows. */
import { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { GROUP, type PlaneAt, readRow, rowBytes, writeRow } from "./planes.ts";

/** A neighbour: its doubled luma, and the field of motion to it. */
export type Neighbour = { readonly doubled: PlaneAt; readonly u: number; readonly v: number };

/** What the job is told: rows [y0, y1) of the source, which are rows [2 y0, 2 y1) of `target`. */
export type FuseInput = {
  readonly own: PlaneAt;
  readonly neighbours: readonly Neighbour[];
  /** Of the fields' rows, in pixels. */
  readonly stride: number;
  /** See {@link cubicTable}. */
  readonly table: number;
  readonly target: PlaneAt;
  readonly y0: number;
  readonly y1: number;
};

/** Rows around one whose errors count. */
const REACH = 2;
const RING = 2 * REACH + 1;
/** Parts of a sample that places in neighbours are rounded to. */
const STEPS = 64;
/** Differences of this root mean square, in fine samples, end a neighbour's part: 14 levels. */
const MOST_ERROR = 14 * 64;

/** Of each of 64 parts of a sample the weights of the four samples around it, in 32768ths: cubic convolution (Keys 1981). */
export function cubicTable(): Int16Array {
  return Int16Array.from({ length: STEPS * 4 }, (_, i) => {
    const away = Math.abs((i % 4) - 1 - Math.floor(i / 4) / STEPS);
    const weight = away < 1 ? 1.5 * away ** 3 - 2.5 * away ** 2 + 1 : -0.5 * away ** 3 + 2.5 * away ** 2 - 4 * away + 2;
    return Math.min(32767, Math.round(weight * 32768));
  });
}

/** Bytes of scratch that the job takes. `width`: the source's. */
export function fuseScratch(width: number): number {
  const row = rowBytes(2 * width) + 32;
  return (2 * (4 * RING + 4) + 3) * row + 4096;
}

/** See {@link FuseInput}. */
export function fuse({ kernels, memory, scratch }: JobContext, input: FuseInput): void {
  const { own, neighbours, stride, table, target, y0, y1 } = input;
  const [width, height] = [own.width / 2, own.height / 2];
  const arena = new Arena(scratch.start, scratch.end);
  const bytes = rowBytes(own.width);
  const pitch = bytes;
  const kept = neighbours.map((neighbour) => ({
    ...neighbour,
    differences: Array.from({ length: RING }, () => arena.take(2 * pitch)),
    means: Array.from({ length: RING }, () => arena.take(bytes)),
    errors: Array.from({ length: RING }, () => arena.take(bytes)),
    mean: arena.take(bytes),
    around: arena.take(bytes),
    levels: arena.take(bytes),
    shares: arena.take(bytes),
  }));
  const [work, result] = [arena.take(bytes), arena.take(bytes)];
  const spare = arena.take(bytes);
  const rows = arena.take(4 * RING);
  const table32 = new Uint32Array(memory.buffer, rows, RING);
  const place = (y: number): number => Math.min(height - 1, Math.max(0, y)) % RING;

  const compare = (y: number): void => {
    for (const { doubled, differences, means, errors, u, v } of kept) {
      const at = differences[place(y)]!;
      kernels.fuseCompare(
        own.at,
        doubled.at,
        own.width,
        own.height,
        y,
        u + 4 * y * stride,
        v + 4 * y * stride,
        table,
        at,
        pitch,
        means[place(y)]!,
        errors[place(y)]!,
      );
    }
  };

  const finish = (y: number): void => {
    for (const { means, errors, mean, around, levels } of kept) {
      for (const [values, to] of [
        [means, mean],
        [errors, around],
      ] as const) {
        for (let k = 0; k < RING; k++) table32[k] = values[place(y + k - REACH)]!;
        kernels.fuseSurroundings(rows, width, work, to);
      }
      kernels.fuseLevels(mean, around, width, levels);
    }
    const [first, second] = kept;
    if (first)
      kernels.fuseShares(
        first.around,
        second?.around ?? 0,
        MOST_ERROR ** 2,
        width,
        first.shares,
        second?.shares ?? spare,
      );
    for (const half of [0, 1]) {
      readRow(kernels, own, 2 * y + half, result);
      for (const { differences, levels, shares } of kept) {
        const count = Math.ceil(own.width / GROUP) * GROUP;
        kernels.fuseAdd(result, differences[place(y)]! + half * pitch, levels, shares, count);
      }
      writeRow(kernels, target, 2 * y + half, result);
    }
  };

  for (let y = y0 - REACH; y < y1 + REACH; y++) {
    if (y >= 0 && y < height) compare(y);
    if (y - REACH >= y0) finish(y - REACH);
  }
}
