/** A clip's small frames and their masks in a file, so that a long clip needs no more memory than a short one. */
import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import type { FrameFormat } from "../../media/frame.ts";
import type { Picture } from "../../vision/segmentation/picture.ts";
import type { Clip } from "../../vision/segmentation/track.ts";

/** Planes of a frame: luma, chroma, one for the mask of every {@link Layer}, and departures from other frames. */
const PLANES = 6;
const DEPARTURE = 5;

/** What a mask is of: the object, or what it affects. */
export type Layer = "object" | "affected";

/** Small frames, appended in order, with their masks and times. */
export class SegmentStore implements Clip {
  readonly width: number;
  readonly height: number;
  readonly #path: string;
  readonly #file: number;
  readonly #pixels: number;
  readonly #compared = new Set<number>();
  #count = 0;

  /** Seconds from the start of the file, frame by frame. */
  readonly times: number[] = [];
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

  /** @param seconds from the start of the file. */
  append({ y, u, v }: Picture, seconds: number): void {
    const start = this.#count++ * this.#pixels * PLANES;
    const empty = new Uint8Array(this.#pixels);
    for (const [i, plane] of [y, u, v, empty, empty, empty].entries()) {
      writeSync(this.#file, plane, 0, this.#pixels, start + i * this.#pixels);
    }
    this.times.push(seconds);
  }

  /** Index of the frame nearest to a time. */
  frameAt(seconds: number): number {
    const distance = (i: number): number => Math.abs(this.times[i]! - seconds);
    let best = 0;
    for (let i = 1; i < this.times.length; i++) if (distance(i) < distance(best)) best = i;
    return best;
  }

  picture(frame: number): Picture {
    const bytes = new Uint8Array(this.#pixels * 3);
    readSync(this.#file, bytes, 0, bytes.length, frame * this.#pixels * PLANES);
    const plane = (i: number): Uint8Array => bytes.subarray(i * this.#pixels, (i + 1) * this.#pixels);
    const picture = { width: this.width, height: this.height, y: plane(0), u: plane(1), v: plane(2) };
    if (!this.#compared.has(frame)) return picture;
    const departure = new Uint8Array(this.#pixels);
    readSync(this.#file, departure, 0, departure.length, (frame * PLANES + DEPARTURE) * this.#pixels);
    return { ...picture, departure };
  }

  /** Keeps how a frame departs from others: its pictures have it from then on. */
  putDeparture(frame: number, departure: Uint8Array): void {
    writeSync(this.#file, departure, 0, departure.length, (frame * PLANES + DEPARTURE) * this.#pixels);
    this.#compared.add(frame);
  }

  /** A frame's mask, 0 to 1. */
  mask(frame: number, layer: Layer = "object"): Float32Array {
    const bytes = new Uint8Array(this.#pixels);
    readSync(this.#file, bytes, 0, bytes.length, this.#maskAt(frame, layer));
    const mask = new Float32Array(this.#pixels);
    for (let i = 0; i < mask.length; i++) mask[i] = bytes[i]! / 255;
    return mask;
  }

  putMask(frame: number, mask: Float32Array, layer: Layer = "object"): void {
    const bytes = new Uint8Array(this.#pixels);
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.round(mask[i]! * 255);
    writeSync(this.#file, bytes, 0, bytes.length, this.#maskAt(frame, layer));
  }

  /** Closes and removes the file. */
  close(): void {
    closeSync(this.#file);
    rmSync(this.#path, { force: true });
  }

  #maskAt(frame: number, layer: Layer): number {
    return (frame * PLANES + (layer === "object" ? 3 : 4)) * this.#pixels;
  }
}
