/** A small mask at its frame's own size: its edge follows the frame's (guided upsampling, He and Sun, 2015). */
import { Arena, padded } from "../../kernels/arena.ts";
import { createMemory, type Kernels, loadKernels } from "../../kernels/kernels.ts";
import type { Frame, FrameFormat } from "../../media/frame.ts";
import { type Box, boxOf, grow, type Picture } from "./picture.ts";

const RADIUS = 2;
/** Variance of luma, in units of its whole range, below which there is no edge to follow. */
const FLAT = 1e-3;
/** Small pixels around the mask that its edge may move into. */
const REACH = 4;
/** Small pixels around those that the means reach. */
const AROUND = 2 * RADIUS + 1;

/** Fits masks of small pictures to frames of one format; holds a few planes of kernel memory. */
export class EdgeFitter {
  readonly #format: FrameFormat;
  readonly #factor: number;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: Kernels;
  readonly #mask: number;
  readonly #luma: number;
  readonly #scratch: number;
  readonly #row: number;
  readonly #out: number;

  /** @param small size of the pictures. @param factor frame pixels a small pixel, per axis. */
  constructor({ width, height }: { width: number; height: number }, format: FrameFormat, factor: number) {
    this.#format = format;
    this.#factor = factor;
    const plane = 4 * width * height;
    const scratch = 6 * (plane + 16) + 8 * (width + 2);
    const [row, out] = [format.width * (format.bitDepth > 8 ? 2 : 1), format.width];
    this.#memory = createMemory(1024 + 2 * padded(plane) + padded(scratch) + padded(row) + padded(out));
    this.#kernels = loadKernels(this.#memory);
    const arena = new Arena(1024, this.#memory.buffer.byteLength);
    this.#mask = arena.take(plane);
    this.#luma = arena.take(plane);
    this.#scratch = arena.take(scratch);
    this.#row = arena.take(row);
    this.#out = arena.take(out);
  }

  /**
   * @param mask of `picture`, 0 to 1.
   * @returns width * height of the frame: 1 on the object, 0 elsewhere.
   */
  fit(mask: Float32Array, picture: Picture, frame: Frame): Uint8Array {
    const { width, height, bitDepth } = this.#format;
    const out = new Uint8Array(width * height);
    const found = boxOf(mask, picture.width, picture.height, 0.5);
    if (!found) return out;
    const factor = this.#factor;
    const box = grow(found, REACH, picture.width, picture.height);
    const part = grow(box, AROUND, picture.width, picture.height);
    const [partWidth, partHeight] = [part.x1 - part.x0, part.y1 - part.y0];
    this.#load(mask, picture, part);
    this.#kernels.segmentGuide(this.#mask, this.#luma, partWidth, partHeight, RADIUS, FLAT, this.#scratch);
    const [luma] = frame.planes;
    const scale = 1 / (255 * 2 ** (bitDepth - 8));
    const [x0, x1] = [box.x0 * factor, Math.min(width, box.x1 * factor)];
    const end = Math.min(height, box.y1 * factor);
    const [samples, edge] =
      bitDepth > 8
        ? [new Uint16Array(this.#memory.buffer, this.#row, x1 - x0), this.#kernels.segmentEdge16]
        : [new Uint8Array(this.#memory.buffer, this.#row, x1 - x0), this.#kernels.segmentEdge8];
    const marks = new Uint8Array(this.#memory.buffer, this.#out, x1 - x0);
    for (let y = box.y0 * factor; y < end; y++) {
      samples.set(luma.data.subarray(y * luma.stride + x0, y * luma.stride + x1));
      const row = y - part.y0 * factor;
      edge(
        this.#row,
        x1 - x0,
        x0,
        scale,
        this.#luma,
        this.#mask,
        part.x0,
        partWidth,
        partHeight,
        row,
        factor,
        this.#out,
      );
      out.set(marks, y * width + x0);
    }
    return out;
  }

  /** Puts a part of the mask and of the picture's luma into memory. */
  #load(mask: Float32Array, { width, y }: Picture, part: Box): void {
    const [w, h] = [part.x1 - part.x0, part.y1 - part.y0];
    const own = new Float32Array(this.#memory.buffer, this.#mask, w * h);
    const luma = new Float32Array(this.#memory.buffer, this.#luma, w * h);
    for (let row = 0; row < h; row++) {
      const from = (part.y0 + row) * width + part.x0;
      for (let x = 0; x < w; x++) {
        own[row * w + x] = mask[from + x]!;
        luma[row * w + x] = y[from + x]! / 255;
      }
    }
  }
}
