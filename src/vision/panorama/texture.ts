/**
 * Texture for what a picture does not show: where in the known part each unknown pixel is to be copied from. In a small
 * picture patches are laid from the rim inwards, strong edges first (Criminisi, Perez, Toyama 2004), each the best of all that
 * are known; then pixels, level by level, go on with what their neighbours are copied from where that fits better (Ashikhmin
 * 2001; coordinates are what is enlarged: Lefebvre and Hoppe 2005). A guide, which says how bright and of what colour things
 * roughly go on, keeps it from going astray.
 */
import { Arena, padded } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { wholePatches } from "../completion/whole-patches.ts";
import { bytesAt } from "../frames/layout.ts";
import { layTexture, type Room } from "./texture-lay.ts";

/** A picture of three channels, interleaved by four floats a pixel (the fourth is zero), in 8-bit levels. */
export type TexturePicture = {
  readonly width: number;
  readonly height: number;
  /** Meaningless where not known. */
  readonly pixels: Float32Array;
  /** The picture blurred, with a guess where it is not known; in the fourth float, how much texture there is. */
  readonly guide: Float32Array;
  /** 1 where the picture is to stay. */
  readonly known: Uint8Array;
  /** 1 where it may be copied from: known, and nothing that one would recognise. */
  readonly source: Uint8Array;
};

/** Where each pixel is copied from, and how badly what is there fits: mean squared difference, in 8-bit levels; 0 where known. */
export type Texture = { readonly from: Int32Array; readonly errors: Float32Array };

/** The largest picture, in pixels, and the largest of those in which patches are searched for all over. */
export const MOST_TEXTURE_PIXELS = 420_000;
const MOST_SEARCHED = 40_000;
/** Half side of the patches that refine. */
const REFINED = 2;
/** How much the guide counts against the patch. */
const PRIOR = 0.5;
/** Passes of refinement on each level. */
const PASSES = 2;

/** Bytes of scratch that {@link synthesise} needs. */
export function textureScratch(count: number): number {
  return 2 * padded(16 * count) + 2 * padded(count) + 3 * padded(4 * count);
}

/** @returns undefined where nothing may be copied. */
export function synthesise(context: JobContext, picture: TexturePicture): Texture | undefined {
  const levels = [picture];
  while (levels[0]!.width * levels[0]!.height > MOST_SEARCHED) levels.unshift(halved(levels[0]!));
  let found: Texture | undefined;
  for (const level of levels) {
    const { width } = level;
    const room = placed(context, level);
    if (!found) {
      if (!layTexture(context, level, room, PRIOR)) return undefined;
    } else {
      enlarge(found.from, Math.ceil(width / 2), level, room);
    }
    refine(context, level, room, found ? 1 : 0);
    found = { from: room.from.slice(), errors: room.errors.slice() };
    if (level === picture) break;
  }
  return found;
}

function placed({ memory, scratch }: JobContext, { width, height, ...picture }: TexturePicture): Room {
  const count = width * height;
  const arena = new Arena(scratch.start, scratch.end);
  const at = {
    pixels: arena.take(16 * count),
    guide: arena.take(16 * count),
    known: arena.take(count),
    source: arena.take(count),
    penalty: arena.take(4 * count),
    from: arena.take(4 * count),
    errors: arena.take(4 * count),
  };
  const floats = (from: number, length: number): Float32Array => new Float32Array(memory.buffer, from, length);
  const room = {
    at,
    pixels: floats(at.pixels, 4 * count),
    known: bytesAt(memory, at.known, count),
    source: bytesAt(memory, at.source, count),
    penalty: floats(at.penalty, count).fill(0),
    from: new Int32Array(memory.buffer, at.from, count),
    errors: floats(at.errors, count).fill(0),
  };
  room.pixels.set(picture.pixels);
  floats(at.guide, 4 * count).set(picture.guide);
  room.known.set(picture.known);
  for (let i = 0; i < count; i++) room.from[i] = picture.known[i] ? i : -1;
  return room;
}

function refine({ kernels }: JobContext, { width, height, source }: TexturePicture, room: Room, jitter: number): void {
  const { at } = room;
  room.source.set(wholePatches(source, width, height, REFINED));
  for (let pass = 0; pass < PASSES; pass++) {
    kernels.textureRefine(
      at.pixels,
      at.guide,
      at.known,
      at.source,
      width,
      height,
      REFINED,
      PRIOR / 4,
      pass === 0 ? jitter : 0,
      pass & 1,
      at.from,
      at.errors,
    );
  }
}

/** Takes over where the pixels of a picture of half the size are copied from. */
function enlarge(
  coarse: Int32Array,
  coarseWidth: number,
  { width, height, known }: TexturePicture,
  { from, pixels }: Room,
): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (known[i]) continue;
      const cell = coarse[(y >> 1) * coarseWidth + (x >> 1)]!;
      if (cell < 0) continue;
      const sx = Math.min(width - 1, 2 * (cell % coarseWidth) + (x & 1));
      const sy = Math.min(height - 1, 2 * Math.floor(cell / coarseWidth) + (y & 1));
      from[i] = sy * width + sx;
      pixels.copyWithin(4 * i, 4 * (sy * width + sx), 4 * (sy * width + sx) + 4);
    }
  }
}

function halved({ width, height, pixels, guide, known, source }: TexturePicture): TexturePicture {
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const out = {
    width: w,
    height: h,
    pixels: new Float32Array(4 * w * h),
    guide: new Float32Array(4 * w * h),
    known: new Uint8Array(w * h),
    source: new Uint8Array(w * h),
  };
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const to = y * w + x;
      let [isKnown, isSource] = [1, 1];
      for (let k = 0; k < 4; k++) {
        const from = Math.min(height - 1, 2 * y + (k >> 1)) * width + Math.min(width - 1, 2 * x + (k & 1));
        isKnown &= known[from]!;
        isSource &= source[from]!;
        for (let c = 0; c < 4; c++) {
          out.pixels[4 * to + c]! += pixels[4 * from + c]! / 4;
          out.guide[4 * to + c]! += guide[4 * from + c]! / 4;
        }
      }
      out.known[to] = isKnown;
      out.source[to] = isSource;
    }
  }
  return out;
}
