/** Pictures reduced to cells of a few pixels, of which only a part is known. */
import type { SampleLayout } from "../frames/layout.ts";
import { MOST_TEXTURE_PIXELS } from "./texture.ts";

/** One plane: samples, and 1 where they hold. */
export type PartialPlane = { readonly values: Float32Array; readonly known: Uint8Array };

/** Cells: a reduced picture, its channels in 8-bit levels. */
export type Cells = {
  readonly width: number;
  readonly height: number;
  /** Pixels a side. */
  readonly factor: number;
  readonly channels: readonly Float32Array[];
  readonly known: Uint8Array;
  readonly source: Uint8Array;
};

/** As few pixels a cell as there may be cells. A cell is known, or a source, where all of it is. @param source 1 at the luma pixels that may be copied. */
export function toCells(
  { format, sizes }: Pick<SampleLayout, "format" | "sizes">,
  planes: readonly PartialPlane[],
  source: Uint8Array,
): Cells {
  const factor = Math.ceil(Math.sqrt((format.width * format.height) / MOST_TEXTURE_PIXELS));
  const [width, height] = [Math.ceil(format.width / factor), Math.ceil(format.height / factor)];
  const known = new Uint8Array(width * height).fill(1);
  const copied = new Uint8Array(width * height).fill(1);
  const unit = 1 / (factor * factor * 2 ** (format.bitDepth - 8));
  const channels = planes.map(({ values, known: isKnown }, index) => {
    const { shiftX, shiftY, width: length } = sizes[index]!;
    const out = new Float32Array(width * height);
    for (let y = 0; y < height * factor; y++) {
      const ly = Math.min(format.height - 1, y);
      for (let x = 0; x < width * factor; x++) {
        const lx = Math.min(format.width - 1, x);
        const [cell, at] = [
          Math.floor(y / factor) * width + Math.floor(x / factor),
          (ly >> shiftY) * length + (lx >> shiftX),
        ];
        out[cell]! += values[at]! * unit;
        if (!isKnown[at]) known[cell] = 0;
        if (!source[ly * format.width + lx]) copied[cell] = 0;
      }
    }
    return out;
  });
  for (let i = 0; i < known.length; i++) copied[i]! &= known[i]!;
  return { width, height, factor, channels, known, source: copied };
}

/** Up to four channels as texture.ts takes them. */
export function interleaved(channels: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(4 * channels[0]!.length);
  for (const [c, channel] of channels.entries()) for (let i = 0; i < channel.length; i++) out[4 * i + c] = channel[i]!;
  return out;
}

/** Two box blurs of a radius; beyond its edge the picture repeats what is there. */
export function blurred(picture: Float32Array, width: number, height: number, radius: number): Float32Array {
  const [values, turned] = [Float32Array.from(picture), new Float32Array(picture.length)];
  for (let pass = 0; pass < 2; pass++) {
    boxLines(values, turned, width, height, radius);
    boxLines(turned, values, height, width, radius);
  }
  return values;
}

/** Blurs along rows, and writes rows as columns. */
function boxLines(from: Float32Array, to: Float32Array, width: number, height: number, radius: number): void {
  const scale = 1 / (2 * radius + 1);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    const [first, last] = [from[row]!, from[row + width - 1]!];
    let sum = first * radius;
    for (let x = 0; x <= radius; x++) sum += x < width ? from[row + x]! : last;
    for (let x = 0; x < width; x++) {
      to[x * height + y] = sum * scale;
      sum += x + radius + 1 < width ? from[row + x + radius + 1]! : last;
      sum -= x - radius >= 0 ? from[row + x - radius]! : first;
    }
  }
}
