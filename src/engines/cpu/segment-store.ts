/** A clip's small frames and their masks in a file, so that a long clip needs no more memory than a short one. */
import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import type { FrameFormat } from "../../media/frame.ts";
import type { Picture } from "../../vision/segmentation/picture.ts";
import type { Clip } from "../../vision/segmentation/track.ts";

/** Small frames, appended in order, and one mask each. */
export class SegmentStore implements Clip {
  readonly width: number;
  readonly height: number;
  readonly #path: string;
  readonly #file: number;
  readonly #pixels: number;
  #count = 0;

  /** Whether luma spans all levels. */
  readonly fullRange: boolean;

  /** @param path of a file that does not exist yet. @param format of the small frames. */
  constructor(path: string, { width, height, fullRange }: FrameFormat) {
    this.width = width;
    this.height = height;
    this.fullRange = fullRange;
    this.#path = path;
    this.#pixels = width * height;
    this.#file = openSync(path, "wx+");
  }

  get frameCount(): number {
    return this.#count;
  }

  append({ y, u, v }: Picture): void {
    const start = this.#count++ * this.#pixels * 4;
    for (const [i, plane] of [y, u, v, new Uint8Array(this.#pixels)].entries()) {
      writeSync(this.#file, plane, 0, this.#pixels, start + i * this.#pixels);
    }
  }

  picture(frame: number): Picture {
    const bytes = new Uint8Array(this.#pixels * 3);
    readSync(this.#file, bytes, 0, bytes.length, frame * this.#pixels * 4);
    const plane = (i: number): Uint8Array => bytes.subarray(i * this.#pixels, (i + 1) * this.#pixels);
    return { width: this.width, height: this.height, y: plane(0), u: plane(1), v: plane(2) };
  }

  /** A frame's mask, 0 to 1. */
  mask(frame: number): Float32Array {
    const bytes = new Uint8Array(this.#pixels);
    readSync(this.#file, bytes, 0, bytes.length, this.#maskAt(frame));
    return Float32Array.from(bytes, (level) => level / 255);
  }

  putMask(frame: number, mask: Float32Array): void {
    const bytes = Uint8Array.from(mask, (value) => Math.round(value * 255));
    writeSync(this.#file, bytes, 0, bytes.length, this.#maskAt(frame));
  }

  /** Closes and removes the file. */
  close(): void {
    closeSync(this.#file);
    rmSync(this.#path, { force: true });
  }

  #maskAt(frame: number): number {
    return (frame * 4 + 3) * this.#pixels;
  }
}
