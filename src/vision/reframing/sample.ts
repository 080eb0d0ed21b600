/** Samples a part of a picture at another size, from any place between its samples. */
import type { Frame, FrameFormat, Plane } from "../../media/frame.ts";

/** A line of pixels taken out of a longer line. */
export type Cut = {
  /** Where the part begins in the source, in luma pixels from its first pixel's edge. */
  readonly from: number;
  /** Source pixels to a result's. */
  readonly step: number;
  /** Result's luma pixels. */
  readonly length: number;
};

/** Weights of each result's samples along one line. */
type Filter = { readonly taps: number; readonly places: Int32Array; readonly weights: Float32Array };

/**
 * Catmull-Rom where the picture grows, the same filter made wider where it shrinks, so that nothing aliases (Keys 1981).
 * @param site where a sample stands in the cell of luma samples it is for, 0 to 1. @param shift log2 of the cell's size.
 * @param size samples of the source's line; beyond its ends the outermost is repeated.
 */
function filterOf({ from, step, length }: Cut, site: number, shift: number, size: number): Filter {
  const cell = 2 ** shift;
  const count = Math.ceil(length / cell);
  const stretch = Math.max(1, step);
  const taps = 2 * Math.ceil(2 * stretch);
  const places = new Int32Array(count * taps);
  const weights = new Float32Array(count * taps);
  for (let i = 0; i < count; i++) {
    const centre = from / cell + (i + site) * step - site;
    const first = Math.floor(centre) - taps / 2 + 1;
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      const weight = cubic((first + k - centre) / stretch);
      places[i * taps + k] = Math.min(size - 1, Math.max(0, first + k));
      weights[i * taps + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < taps; k++) weights[i * taps + k]! /= sum;
  }
  return { taps, places, weights };
}

function cubic(x: number): number {
  const t = Math.abs(x);
  if (t >= 2) return 0;
  return t < 1 ? (1.5 * t - 2.5) * t * t + 1 : ((-0.5 * t + 2.5) * t - 4) * t + 2;
}

/** The result lies in the given corner of a picture of its own: `place` is where its rows begin. */
type Target = { readonly data: Uint8Array | Uint16Array; readonly stride: number; readonly start: number };

/** Draws parts of a stream's frames into canvases, one after the other. */
export class Sampler {
  readonly #format: FrameFormat;
  readonly #site: { readonly x: number; readonly y: number };

  /** @param site place of chroma among luma, see media/chroma-site.ts. */
  constructor(format: FrameFormat, site: { readonly x: number; readonly y: number }) {
    this.#format = format;
    this.#site = site;
  }

  /** Draws the part of `frame` that `x` and `y` cut out at a pixel of `canvas` that lies on whole chroma samples. */
  draw(frame: Frame, x: Cut, y: Cut, canvas: Frame, at: { readonly x: number; readonly y: number }): void {
    const { chromaShiftX, chromaShiftY, bitDepth } = this.#format;
    const top = 2 ** bitDepth - 1;
    for (const [i, plane] of frame.planes.entries()) {
      const [shiftX, shiftY] = i === 0 ? [0, 0] : [chromaShiftX, chromaShiftY];
      const to = canvas.planes[i as 0 | 1 | 2];
      const target = { data: to.data, stride: to.stride, start: (at.y >> shiftY) * to.stride + (at.x >> shiftX) };
      const columns = filterOf(x, i === 0 ? 0.5 : this.#site.x, shiftX, plane.width);
      const rows = filterOf(y, i === 0 ? 0.5 : this.#site.y, shiftY, plane.height);
      drawPlane(plane, columns, rows, target, top);
    }
  }
}

function drawPlane(plane: Plane, columns: Filter, rows: Filter, target: Target, top: number): void {
  const count = columns.places.length / columns.taps;
  const height = rows.places.length / rows.taps;
  const line = new Float32Array(plane.width);
  for (let y = 0; y < height; y++) {
    blend(plane, rows, y, line);
    const row = target.start + y * target.stride;
    const { taps, places, weights } = columns;
    for (let x = 0, k = 0; x < count; x++) {
      let sum = 0.5;
      for (const end = k + taps; k < end; k++) sum += weights[k]! * line[places[k]!]!;
      target.data[row + x] = sum < 0 ? 0 : sum > top ? top : sum;
    }
  }
}

/** Row `y` of the result before its columns are: a mix of the source's rows. */
function blend({ data, stride, width }: Plane, { taps, places, weights }: Filter, y: number, line: Float32Array): void {
  line.fill(0);
  for (let k = y * taps; k < (y + 1) * taps; k++) {
    const weight = weights[k]!;
    if (weight === 0) continue;
    const row = places[k]! * stride;
    for (let x = 0; x < width; x++) line[x]! += weight * data[row + x]!;
  }
}
