/** Masks as the studio paints them: one byte a pixel, in a raster that may be smaller than the video. */

/** Pixels. */
export type Size = { readonly width: number; readonly height: number };

/** 1 where it marks, row by row from the top left. Never changed once it is shown: strokes go to copies. */
export type Mask = Size & { readonly data: Uint8Array };

/** A rectangle of pixels, ends excluded. */
export type Rect = { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number };

/** Longest side of a raster: enough for a brush, little enough for fifty steps of undo. */
const LONGEST = 1280;

/** The raster of a video. */
export function rasterOf({ width, height }: Size): Size {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** A mask that marks nothing. */
export function emptyMask({ width, height }: Size): Mask {
  return { width, height, data: new Uint8Array(width * height) };
}

/** A copy to paint on. */
export function copyMask(mask: Mask): Mask {
  return { ...mask, data: mask.data.slice() };
}

/** Share of the picture that is marked, 0 to 1. */
export function shareOf({ data }: Mask): number {
  let marked = 0;
  for (const value of data) marked += value;
  return marked / data.length;
}

/** A mask from lengths of runs, beside the object and on it by turns, of a picture of another size. */
export function fromRuns(runs: readonly number[], from: Size, to: Size): Mask {
  const full = new Uint8Array(from.width * from.height);
  let at = 0;
  for (const [i, length] of runs.entries()) {
    if (i % 2 === 1) full.fill(1, at, at + length);
    at += length;
  }
  return scaled({ ...from, data: full }, to);
}

function scaled(mask: Mask, { width, height }: Size): Mask {
  if (mask.width === width && mask.height === height) return mask;
  const data = new Uint8Array(width * height);
  const columns = Int32Array.from({ length: width }, (_, x) => Math.floor(((x + 0.5) * mask.width) / width));
  for (let y = 0, to = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * mask.height) / height) * mask.width;
    for (let x = 0; x < width; x++) data[to++] = mask.data[row + columns[x]!]!;
  }
  return { width, height, data };
}

/** One mask and the other, or without the other; both of one size. */
export function combined(mask: Mask, other: Mask, how: "add" | "subtract"): Mask {
  const data = mask.data.map((value, i) => (how === "add" ? value | other.data[i]! : value & (1 - other.data[i]!)));
  return { ...mask, data };
}

/** Draws with a round brush from one place to another, onto the mask itself. @returns what may have changed. */
export function stroke(
  { width, height, data }: Mask,
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  radius: number,
  value: 0 | 1,
): Rect {
  const x0 = Math.max(0, Math.floor(Math.min(from.x, to.x) - radius));
  const y0 = Math.max(0, Math.floor(Math.min(from.y, to.y) - radius));
  const x1 = Math.min(width, Math.ceil(Math.max(from.x, to.x) + radius) + 1);
  const y1 = Math.min(height, Math.ceil(Math.max(from.y, to.y) + radius) + 1);
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length2 = dx * dx + dy * dy;
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y];
      const along = length2 > 0 ? Math.max(0, Math.min(1, (px * dx + py * dy) / length2)) : 0;
      const [ox, oy] = [px - along * dx, py - along * dy];
      if (ox * ox + oy * oy <= radius * radius) data[y * width + x] = value;
    }
  }
  return { x0, y0, x1, y1 };
}

/** Grey levels of pixels that are kept, on the object, affected, and both. */
export type Levels = readonly [number, number, number, number];

/** Levels of each format of the server. */
export const LEVELS = {
  white_object: [0, 255, 0, 255],
  black_object: [255, 0, 255, 0],
  quadmask: [255, 0, 127, 63],
} as const satisfies Readonly<Record<string, Levels>>;

/** Name of a format. */
export type MaskFormat = keyof typeof LEVELS;

/** A frame's masks. */
export type FrameMasks = { readonly object?: Mask; readonly affected?: Mask };

/** The grey picture of a frame's masks. */
export function greyPicture({ object, affected }: FrameMasks, size: Size, levels: Levels): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = size.width;
  canvas.height = size.height;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(size.width, size.height);
  for (let i = 0; i < size.width * size.height; i++) {
    const level = levels[(object?.data[i] ?? 0) + 2 * (affected?.data[i] ?? 0)]!;
    image.data.set([level, level, level, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** A mask as the server takes it: a data URI of a PNG, white on the object. */
export function asDataUri(mask: Mask): string {
  return greyPicture({ object: mask }, mask, LEVELS.white_object).toDataURL("image/png");
}

/** The mask in a picture that is white on the object. */
export async function fromPicture(bytes: Blob, { width, height }: Size): Promise<Mask> {
  const picture = await createImageBitmap(bytes);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, data: Uint8Array.from({ length: width * height }, (_, i) => (data[4 * i]! >= 128 ? 1 : 0)) };
}
