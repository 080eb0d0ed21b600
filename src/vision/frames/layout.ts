/** Where the parts of a held frame lie in kernel memory, relative to the frame's own base address. */
import { padded } from "../../kernels/arena.ts";
import type { FrameFormat } from "../../media/frame.ts";

/** Size of one plane, samples packed without padding. */
export type PlaneSize = {
  readonly width: number;
  readonly height: number;
  readonly shiftX: number;
  readonly shiftY: number;
};

/** Byte offsets of one frame's parts. Plain data, so that jobs can take it. */
export type Layout = {
  readonly format: FrameFormat;
  /** 1 up to 8 bits, else 2. */
  readonly sampleBytes: 1 | 2;
  readonly sizes: readonly [PlaneSize, PlaneSize, PlaneSize];
  /** The source's samples. */
  readonly planes: readonly [number, number, number];
  /** The source with its hole filled, before the soft edge. */
  readonly fills: readonly [number, number, number];
  /** Labels of vision/mask.ts. */
  readonly labels: number;
  /** Distance to the hole in thirds of a pixel: what the soft edge is made of. */
  readonly edge: number;
  /** {@link UNTOUCHED}, {@link SEEN} or {@link UNSEEN} of every luma pixel. */
  readonly state: number;
  /** 8-bit luma and blocked map, halved level by level until no side exceeds 48 pixels. */
  readonly levels: readonly { luma: number; blocked: number; width: number; height: number }[];
  /** Bytes of the whole frame. */
  readonly bytes: number;
  /** Pixels by which the mask grows: inside half of it the fill is whole, over the rest it fades. */
  readonly radius: number;
};

/** What is needed to look samples up: a frame's layout, or that of another picture. */
export type SampleLayout = Pick<Layout, "format" | "sampleBytes" | "sizes" | "planes" | "fills" | "levels">;

/** The source's own pixel. */
export const UNTOUCHED = 0;
/** Filled with background that another frame shows. */
export const SEEN = 1;
/** To be filled without having been seen. */
export const UNSEEN = 2;

/** Bit of a blocked map: labelled, or close to it. */
export const MASKED = 1;
/** Bit of the finest blocked map: moves by itself. */
export const MOVING = 2;

/** Bit of the finest blocked map: labelled as affected, and kept as it came; something of the effect may be left in it. */
export const KEPT = 4;

/** Bit of the finest blocked map: labelled, or so close that soft edges of the object reach it. All these are {@link MASKED} too. */
export const CLOSE = 8;

/** Bit of the finest blocked map: the object itself as far as its mask is known to be slack, and a margin; where that is unknown it is not set. */
export const OBJECT = 16;

/** Largest side of the coarsest level. */
const COARSEST = 48;

/** Computes the layout of a format's frames. */
export function layoutOf(format: FrameFormat): Layout {
  let next = 0;
  const take = (bytes: number): number => {
    const at = next;
    next += padded(bytes);
    return at;
  };
  const sampleBytes = format.bitDepth > 8 ? 2 : 1;
  const luma: PlaneSize = { width: format.width, height: format.height, shiftX: 0, shiftY: 0 };
  const chroma: PlaneSize = {
    width: (format.width + (1 << format.chromaShiftX) - 1) >> format.chromaShiftX,
    height: (format.height + (1 << format.chromaShiftY) - 1) >> format.chromaShiftY,
    shiftX: format.chromaShiftX,
    shiftY: format.chromaShiftY,
  };
  const lumaBytes = luma.width * luma.height * sampleBytes;
  const chromaBytes = chroma.width * chroma.height * sampleBytes;
  const planes = [take(lumaBytes), take(chromaBytes), take(chromaBytes)] as const;
  const fills = [take(lumaBytes), take(chromaBytes), take(chromaBytes)] as const;
  const pixels = luma.width * luma.height;
  const [labels, edge, state] = [take(pixels), take(pixels), take(pixels)];
  const levels: { luma: number; blocked: number; width: number; height: number }[] = [];
  for (let { width, height } = luma; ; width = (width + 1) >> 1, height = (height + 1) >> 1) {
    const own = levels.length === 0 && sampleBytes === 1 ? planes[0] : take(width * height);
    levels.push({ luma: own, blocked: take(width * height), width, height });
    if (Math.max(width, height) <= COARSEST) break;
  }
  const radius = Math.min(16, Math.max(2, Math.round(Math.min(format.width, format.height) / 90)));
  return {
    format,
    sampleBytes,
    sizes: [luma, chroma, chroma],
    planes,
    fills,
    labels,
    edge,
    state,
    levels,
    bytes: next,
    radius,
  };
}

/** A byte view of part of a frame. */
export function bytesAt(memory: WebAssembly.Memory, at: number, length: number): Uint8Array {
  return new Uint8Array(memory.buffer, at, length);
}

/** A sample view of a plane. */
export function samplesAt(
  memory: WebAssembly.Memory,
  at: number,
  count: number,
  sampleBytes: 1 | 2,
): Uint8Array | Uint16Array {
  return sampleBytes === 1 ? new Uint8Array(memory.buffer, at, count) : new Uint16Array(memory.buffer, at, count);
}
