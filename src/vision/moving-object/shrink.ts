/** Frames small enough to analyse a whole clip: 4:4:4, 8 bits. */
import type { Frame, FrameFormat, Plane } from "../../media/frame.ts";

/** Longest side of an analysed frame. */
const LONGEST = 256;

/** How many source pixels make one analysed pixel, per axis, and the analysed size. */
export type Shrink = { readonly factor: number; readonly format: FrameFormat };

/** Chooses the analysed size for a format. */
export function shrinkOf(format: FrameFormat): Shrink {
  const factor = Math.max(1, Math.ceil(Math.max(format.width, format.height) / LONGEST));
  return {
    factor,
    format: {
      width: Math.ceil(format.width / factor),
      height: Math.ceil(format.height / factor),
      chromaShiftX: 0,
      chromaShiftY: 0,
      bitDepth: 8,
      fullRange: format.fullRange,
    },
  };
}

/** Averages a frame down. */
export function shrinkFrame(frame: Frame, source: FrameFormat, { factor, format }: Shrink): Frame {
  const plane = (index: 0 | 1 | 2): Plane => {
    const own = frame.planes[index];
    const shiftX = index ? source.chromaShiftX : 0;
    const shiftY = index ? source.chromaShiftY : 0;
    const down = 2 ** (source.bitDepth - 8);
    const data = new Uint8Array(format.width * format.height);
    const starts = new Int32Array(format.width);
    const ends = new Int32Array(format.width);
    for (let x = 0; x < format.width; x++) {
      starts[x] = Math.min(own.width - 1, (x * factor) >> shiftX);
      ends[x] = Math.max(starts[x]! + 1, Math.min(own.width, ((x + 1) * factor) >> shiftX));
    }
    for (let y = 0; y < format.height; y++) {
      const y0 = Math.min(own.height - 1, (y * factor) >> shiftY);
      const y1 = Math.max(y0 + 1, Math.min(own.height, ((y + 1) * factor) >> shiftY));
      for (let x = 0; x < format.width; x++) {
        const [x0, x1] = [starts[x]!, ends[x]!];
        let sum = 0;
        for (let sy = y0; sy < y1; sy++) {
          const row = sy * own.stride;
          for (let sx = x0; sx < x1; sx++) sum += own.data[row + sx]!;
        }
        data[y * format.width + x] = Math.round(sum / ((y1 - y0) * (x1 - x0) * down));
      }
    }
    return { data, width: format.width, height: format.height, stride: format.width };
  };
  return { planes: [plane(0), plane(1), plane(2)] };
}
