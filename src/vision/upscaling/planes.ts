/** Planes in the kernels' memory, and rows of them as fine samples. */
import type { Kernels } from "../../kernels/kernels.ts";

/** One plane in memory, rows packed. `fine`: signed 16-bit samples, 64 to an 8-bit level. */
export type PlaneAt = {
  readonly at: number;
  readonly width: number;
  readonly height: number;
  readonly kind: "samples8" | "samples16" | "fine";
  /** Bits of a sample as it is decoded; 14 for fine ones. */
  readonly bitDepth: number;
};

/** Bits of a fine sample before it is signed. */
const FINE_BITS = 14;
/** Kernels work on eight samples at a time, and may write as many behind a row's end. */
export const GROUP = 8;

/** Bytes of a plane's sample. */
export function sampleBytes(kind: PlaneAt["kind"]): 1 | 2 {
  return kind === "samples8" ? 1 : 2;
}

/** Bytes of a row of `count` 16-bit samples with room for the kernels to overshoot on both sides. */
export function rowBytes(count: number): number {
  return 2 * (Math.ceil(count / GROUP) * GROUP + 4 * GROUP);
}

/** Puts row `y` of a plane, rows beyond its edges repeating the outermost, into `target` as fine samples. */
export function readRow(kernels: Kernels, plane: PlaneAt, y: number, target: number): void {
  const { width, height, kind, bitDepth } = plane;
  const source = plane.at + Math.min(height - 1, Math.max(0, y)) * width * sampleBytes(kind);
  if (kind === "samples8") kernels.refine8(source, width, FINE_BITS - bitDepth, target);
  else kernels.refine16(source, width, kind === "fine" ? 0 : FINE_BITS - bitDepth, target);
}

/** Puts fine samples into row `y` of a plane. */
export function writeRow(kernels: Kernels, plane: PlaneAt, y: number, source: number): void {
  const { width, kind, bitDepth } = plane;
  const target = plane.at + y * width * sampleBytes(kind);
  const shift = FINE_BITS - bitDepth;
  if (kind === "samples8") kernels.settle8(source, width, shift, target);
  else if (kind === "samples16") kernels.settle16(source, width, shift, 2 ** bitDepth - 1, target);
  else kernels.refine16(source, width, 0, target);
}
