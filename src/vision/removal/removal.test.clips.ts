/** Clips that tests render themselves: a textured scene under a known camera path, and an object that crosses it. */
import type { FrameFormat } from "../../media/frame.ts";
import { REMOVE } from "../mask.ts";
import { apply, type Homography, IDENTITY } from "../registration/homography.ts";
import type { MaskedFrame } from "./options.ts";

/** What to render. */
export type Scene = {
  readonly format: FrameFormat;
  readonly frames: number;
  /** From a frame's luma pixels to the scene's. */
  readonly camera?: (frame: number) => Homography;
  /** Whether the object covers a luma pixel. Null: no object. */
  readonly object?: ((x: number, y: number, frame: number) => boolean) | null;
  /** Something that moves behind the object: whether it covers a luma pixel, and where its own texture begins. */
  readonly mover?: {
    covers(x: number, y: number, frame: number): boolean;
    origin(frame: number): readonly [number, number];
  };
  /** Standard deviation of noise in 8-bit levels. */
  readonly noise?: number;
  /** Sets one scene apart from another. */
  readonly texture?: number;
};

/** A frame, its mask, and what the scene looks like without the object and without noise. */
export type RenderedFrame = MaskedFrame & { readonly truth: readonly Float32Array[] };

export const SMALL: FrameFormat = {
  width: 96,
  height: 64,
  chromaShiftX: 1,
  chromaShiftY: 1,
  bitDepth: 8,
  fullRange: false,
};

/** Renders frame by frame. */
export function renderClip(scene: Scene): RenderedFrame[] {
  return Array.from({ length: scene.frames }, (_, index) => renderFrame(scene, index));
}

function renderFrame(scene: Scene, index: number): RenderedFrame {
  const { format } = scene;
  const camera = scene.camera?.(index) ?? IDENTITY;
  const covers = scene.object === undefined ? disc(format) : (scene.object ?? (() => false));
  const labels = new Uint8Array(format.width * format.height);
  for (let i = 0; i < labels.length; i++) {
    if (covers(i % format.width, Math.floor(i / format.width), index)) labels[i] = REMOVE;
  }
  const random = generator(index * 7919 + (scene.texture ?? 0) + 1);
  const scale = 2 ** (format.bitDepth - 8);
  const truth: Float32Array[] = [];
  const planes = [0, 1, 2].map((plane) => {
    const shiftX = plane ? format.chromaShiftX : 0;
    const shiftY = plane ? format.chromaShiftY : 0;
    const width = (format.width + (1 << shiftX) - 1) >> shiftX;
    const height = (format.height + (1 << shiftY) - 1) >> shiftY;
    const stride = width + 3;
    const data = format.bitDepth > 8 ? new Uint16Array(stride * height) : new Uint8Array(stride * height);
    const clean = new Float32Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const lx = (x + 0.5) * 2 ** shiftX - 0.5;
        const ly = (y + 0.5) * 2 ** shiftY - 0.5;
        const [sx, sy] = apply(camera, lx, ly)!;
        const place = scene.mover?.covers(lx, ly, index) ? scene.mover.origin(index) : undefined;
        const kind = scene.texture ?? 0;
        const value =
          (place ? texture(lx - place[0], ly - place[1], plane, kind + 3) : texture(sx, sy, plane, kind)) * scale;
        clean[y * width + x] = value;
        const covered = covers(
          Math.min(format.width - 1, x << shiftX),
          Math.min(format.height - 1, y << shiftY),
          index,
        );
        const noise = gaussian(random) * (scene.noise ?? 1) * scale;
        data[y * stride + x] = Math.round((covered ? (plane ? 90 : 235) * scale : value) + noise);
      }
    }
    truth.push(clean);
    return { data, width, height, stride };
  });
  return { pts: BigInt(index * 512), labels, truth, frame: { planes: [planes[0]!, planes[1]!, planes[2]!] } };
}

/** A disc of a sixth of the height that crosses the picture in about 24 frames. */
function disc({ width, height }: FrameFormat): (x: number, y: number, frame: number) => boolean {
  return (x, y, frame) => Math.hypot(x - ((frame % 24) / 23) * width, y - height / 2) < height / 6;
}

/** A smooth aperiodic pattern between 48 and 208. */
function texture(x: number, y: number, plane: number, kind: number): number {
  const a = Math.sin(x * 0.21 + kind * 2.1 + plane) * Math.cos(y * 0.17 - kind);
  const b = Math.sin(x * 0.053 - y * 0.071 + kind * 1.3) + Math.sin(y * 0.31 + x * 0.13 + plane * 2);
  const c = Math.sin(Math.hypot(x - 40 + kind * 9, y - 20) * 0.35);
  return 128 + (plane ? 10 : 20) * (a + b + c);
}

/** Uniform numbers in [0, 1) from a seed (Mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** The given frames as a stream. */
export async function* stream<T>(frames: Iterable<T>): AsyncGenerator<T> {
  yield* frames;
}
