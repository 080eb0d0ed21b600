/** Job: the net over a band of rows. Rows pass through all layers at once, so that only a few of each are ever kept. */
import { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { GROUP, type PlaneAt, readRow, rowBytes, writeRow } from "./planes.ts";

/** A layer whose weights are in memory. */
export type LayerAt = {
  readonly outputs: number;
  readonly near: number;
  readonly wide: number;
  readonly shift: number;
  readonly relu: boolean;
  readonly weights: number;
  readonly bias: number;
};

/** What the job is told: doubles rows [y0, y1) of `source` into rows [2 y0, 2 y1) of `target`. */
export type DoubleInput = {
  readonly layers: readonly LayerAt[];
  readonly reach: number;
  readonly source: PlaneAt;
  readonly target: PlaneAt;
  readonly y0: number;
  readonly y1: number;
};

/** Rows of a kind that are kept, by their number. */
type Ring = { readonly at: number; readonly pitch: number; readonly size: number };

const BYTES_A_PAIR = 4;
const FEATURE_ROWS = 3;

/** Pixels of a row as wide as the widest layer needs it, in whole groups with room behind. */
function pixels(width: number, reach: number): number {
  return Math.ceil((width + 2 * reach) / GROUP) * GROUP + 2 * GROUP;
}

/** Bytes of scratch that the job takes. */
export function doubleScratch(width: number, reach: number, channels: number, layerCount: number): number {
  const pitch = pixels(width, reach) * BYTES_A_PAIR;
  const rows = reach + 3 + (layerCount - 1) * FEATURE_ROWS * (channels / 2) + 2;
  return rows * (pitch + 32) + 2 * (rowBytes(width + 2 * reach) + 32) + 4096;
}

/** See {@link DoubleInput}. */
export function double({ kernels, memory, scratch }: JobContext, input: DoubleInput): void {
  const { layers, reach, source, target, y0, y1 } = input;
  const { width } = source;
  const arena = new Arena(scratch.start, scratch.end);
  const pitch = pixels(width, reach) * BYTES_A_PAIR;
  const ring = (size: number, planes: number): Ring => ({
    at: arena.take(size * planes * pitch),
    pitch: planes * pitch,
    size,
  });
  const row = ({ at, pitch: bytes, size }: Ring, y: number): number => at + ((((y % size) + size) % size) | 0) * bytes;
  const luma = ring(reach + 3, 1);
  const features = layers.slice(0, -1).map(({ outputs }) => ring(FEATURE_ROWS, outputs / 2));
  const results = arena.take(2 * pitch);
  const samples = arena.take(rowBytes(width));
  const wider = arena.take(rowBytes(width + 2 * reach));
  const terms = arena.take(1024);
  const table = new Uint32Array(memory.buffer, terms, 256);

  const readLuma = (y: number): void => {
    readRow(kernels, source, y, samples);
    const behind = pixels(width, reach) - reach - width + 1;
    kernels.extend(samples, width, reach, behind, wider);
    kernels.couple(wider, pixels(width, reach) - GROUP, row(luma, y));
  };

  /** Row `y` of one layer's output into `to`; `margin` pixels beyond the picture are computed on either side. */
  const apply = (index: number, y: number, margin: number, to: number): void => {
    const layer = layers[index]!;
    const before = features[index - 1];
    let count = 0;
    if (before) {
      for (let dy = -1; dy <= 1; dy++) {
        for (let pair = 0; pair < before.pitch / pitch; pair++) table[count++] = row(before, y + dy) + pair * pitch;
      }
    }
    // Luma rows start at column -reach; the 5x5 window of the first result starts at column -margin - 2.
    const column = (reach - margin - 2) * BYTES_A_PAIR;
    if (layer.wide > 0) for (let dy = -2; dy <= 2; dy++) table[count++] = row(luma, y + dy) + column;
    const outputs = Math.ceil((width + 2 * margin) / GROUP) * GROUP;
    const termBytes = (layer.near + layer.wide) * 48;
    for (let group = 0; group < layer.outputs / 4; group++) {
      kernels.convolve(
        terms,
        layer.near,
        layer.wide,
        layer.weights + group * termBytes,
        layer.bias + group * 16,
        layer.shift,
        layer.relu ? 1 : 0,
        to + group * 2 * pitch,
        pitch,
        outputs,
      );
    }
  };

  const last = layers.length - 1;
  for (let y = y0 - reach; y < y1 + reach; y++) {
    readLuma(y);
    for (let index = 0; index < last; index++) {
      const margin = last - index;
      const at = y - 2 - index;
      if (at >= y0 - margin && at < y1 + margin) apply(index, at, margin, row(features[index]!, at));
    }
    const at = y - reach;
    if (at < y0) continue;
    apply(last, at, 0, results);
    writeRow(kernels, target, 2 * at, results);
    writeRow(kernels, target, 2 * at + 1, results + pitch);
  }
}
