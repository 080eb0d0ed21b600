/** 8-bit 4:2:0 clips as one run of samples, frame after frame, plane after plane, rows packed: what ffmpeg calls rawvideo. */
import type { Frame, FrameFormat, Plane } from "../src/media/frame.ts";

/** Their format: of limited range, as the scenes of src/samples are. */
export function formatOf(width: number, height: number): FrameFormat {
  return { width, height, chromaShiftX: 1, chromaShiftY: 1, bitDepth: 8, fullRange: false };
}

/** Bytes of a frame. Width and height are even. */
export function frameBytes(width: number, height: number): number {
  return (width * height * 3) / 2;
}

/** Frames as one run. */
export function pack(frames: readonly Frame[]): Uint8Array {
  return Buffer.concat(frames.flatMap(({ planes }) => planes.map(packPlane)));
}

/** A plane's samples without what lies between its rows. */
export function packPlane({ data, width, height, stride }: Plane): Uint8Array {
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) out.set(data.subarray(y * stride, y * stride + width), y * width);
  return out;
}

/** Frames that look into a run. */
export function unpack(samples: Uint8Array, width: number, height: number): Frame[] {
  const bytes = frameBytes(width, height);
  return Array.from({ length: samples.length / bytes }, (_, frame) => {
    const plane = (at: number, w: number, h: number): Plane => {
      const start = frame * bytes + at;
      return { data: samples.subarray(start, start + w * h), width: w, height: h, stride: w };
    };
    const [w, h, luma] = [width / 2, height / 2, width * height];
    return { planes: [plane(0, width, height), plane(luma, w, h), plane(luma + w * h, w, h)] };
  });
}
