/** Decoded pictures. Frames stay planar YUV in the source's depth, matrix and range from decoder to encoder. */

/** One plane: rows of `stride` samples, of which `width` count. Samples are 8-bit, or up to 16-bit little endian. */
export type Plane = {
  readonly data: Uint8Array | Uint16Array;
  readonly width: number;
  readonly height: number;
  /** In samples, not bytes. */
  readonly stride: number;
};

/** What all frames of a stream share. */
export type FrameFormat = {
  /** Luma pixels. */
  readonly width: number;
  readonly height: number;
  /** log2 of horizontal and vertical chroma subsampling: 4:2:0 is 1, 1; 4:4:4 is 0, 0. */
  readonly chromaShiftX: 0 | 1 | 2;
  readonly chromaShiftY: 0 | 1;
  /** 8, 10 or 12 bits a sample; above 8 the planes are Uint16Array. */
  readonly bitDepth: number;
  /** Whether luma spans 0..2^n-1 (full) or 16..235 scaled (limited). */
  readonly fullRange: boolean;
};

/** A picture: Y, U, V (grey sources have neutral chroma). */
export type Frame = {
  readonly planes: readonly [Plane, Plane, Plane];
};

/** A frame at its time. */
export type TimedFrame = {
  readonly frame: Frame;
  /** In the stream's time base. */
  readonly pts: bigint;
  /** How coarsely the picture was coded, see quantiser.ts; undefined where the decoder does not say. */
  readonly quantiser?: number | undefined;
};
