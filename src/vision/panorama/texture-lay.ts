/** The first step of texture synthesis: patches laid over what is not known of a small picture. */
import type { JobContext } from "../../kernels/pool.ts";
import { wholePatches } from "../completion/whole-patches.ts";
import { nextOnRim } from "./rim.ts";
import type { TexturePicture } from "./texture.ts";

/** Half sides of the patches that are laid, and of those that are compared to lay them. */
const LAID = 3;
const COMPARED = 5;
/** Levels of an edge that count as none where it is decided what is laid first. */
const PLAIN = 16;
/** How much less sure a patch is than what it was found by. */
const DOUBT = 0.98;
/** In larger pictures every second place is looked at, then all around the best. */
const MANY = 6000;
/** How much it counts that a patch comes from far away along the picture's edge, per squared pixel. */
const ACROSS = 0.2;
/** How much it counts that a patch has not its like elsewhere, up to a mean squared difference; looked at on a grid, with others so far away. */
const UNIQUE = 1;
const MOST_UNIQUE = 4000;
const GRID = 3;
const APART = 8;
/** What it costs to copy a pixel again, so many times at most, that differs so much (squared) from its surroundings. */
const USED = 12;
const MOST_USED = 8;
const MARKED = 400;
/** How much it counts that the picture is not like itself displaced so, what that costs at most, and of how many pixels it is told. */
const LIKENESS = 0.1;
const STRANGE = 400;
const LEAST_COMPARED = 40;

/** A level in kernel memory. */
export type Room = {
  readonly at: {
    pixels: number;
    guide: number;
    known: number;
    source: number;
    penalty: number;
    from: number;
    errors: number;
  };
  readonly pixels: Float32Array;
  readonly known: Uint8Array;
  readonly source: Uint8Array;
  readonly penalty: Float32Array;
  readonly from: Int32Array;
  readonly errors: Float32Array;
};

/** Lays patches over all that is unknown. @param prior how much the guide counts against the patch. @returns whether there are any. */
export function layTexture({ kernels }: JobContext, picture: TexturePicture, room: Room, prior: number): boolean {
  const { width, height } = picture;
  const { at, pixels, known, from } = room;
  room.source.set(wholePatches(picture.source, width, height, COMPARED));
  if (!room.source.includes(1)) return false;
  kernels.textureUniqueness(at.pixels, at.source, width, height, COMPARED - 1, GRID, APART, at.penalty);
  spreadPenalty(room, width, height);
  kernels.textureLikeness(at.pixels, at.source, width, height, GRID, LEAST_COMPARED, LIKENESS, STRANGE, at.errors);
  const confidence = Float32Array.from(known);
  const box = knownBox(picture);
  const worn = wear(picture);
  const used = new Uint8Array(known.length);
  const step = picture.source.length > MANY ? 2 : 1;
  for (;;) {
    const target = nextOnRim({ width, height, pixels, known, confidence }, LAID, PLAIN);
    if (!target) break;
    const { x, y, trust } = target;
    const i = y * width + x;
    const { ox, oy, dx, dy } = outwardsFrom(box, x, y);
    const place = kernels.textureFind(
      at.pixels,
      at.guide,
      at.known,
      at.source,
      at.penalty,
      width,
      height,
      x,
      y,
      COMPARED,
      step,
      prior,
      ACROSS,
      ox,
      oy,
      dx,
      dy,
      at.errors,
      STRANGE,
    );
    if (place < 0) return false;
    const offset = (place >> 16) * width + (place & 0xffff) - i;
    for (let ny = Math.max(0, y - LAID); ny <= Math.min(height - 1, y + LAID); ny++) {
      for (let nx = Math.max(0, x - LAID); nx <= Math.min(width - 1, x + LAID); nx++) {
        const to = ny * width + nx;
        if (known[to]) continue;
        const source = to + offset;
        pixels.copyWithin(4 * to, 4 * source, 4 * source + 4);
        from[to] = source;
        confidence[to] = trust * DOUBT;
        known[to] = 1;
        if (used[source]! < MOST_USED) {
          used[source]!++;
          room.penalty[source]! += worn[source]!;
        }
      }
    }
  }
  room.known.set(picture.known);
  room.errors.fill(0);
  return true;
}

/** Uniqueness was found on a grid. */
function spreadPenalty({ penalty, source }: Room, width: number, height: number): void {
  const found = penalty.slice();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!source[y * width + x]) continue;
      let best = 0;
      for (let ny = Math.max(0, y - GRID + 1); ny <= Math.min(height - 1, y + GRID - 1); ny++) {
        for (let nx = Math.max(0, x - GRID + 1); nx <= Math.min(width - 1, x + GRID - 1); nx++)
          best = Math.max(best, found[ny * width + nx]!);
      }
      penalty[y * width + x] = UNIQUE * Math.min(best, MOST_UNIQUE);
    }
  }
}

type Box = { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number };

/** Around what is known, ends included. */
function knownBox({ width, height, known }: TexturePicture): Box {
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!known[y * width + x]) continue;
      [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
    }
  }
  return { x0, y0, x1, y1 };
}

/** The place of the box that is nearest to a pixel, and the direction from there, a unit vector; none inside the box. */
function outwardsFrom(
  { x0, y0, x1, y1 }: Box,
  x: number,
  y: number,
): { ox: number; oy: number; dx: number; dy: number } {
  const [ox, oy] = [Math.min(x1, Math.max(x0, x)), Math.min(y1, Math.max(y0, y))];
  const length = Math.hypot(x - ox, y - oy) || 1;
  return { ox, oy, dx: (x - ox) / length, dy: (y - oy) / length };
}

/** What being copied once adds to a pixel's penalty: in proportion to what there is to be recognised. */
function wear({ pixels, guide, known }: TexturePicture): Float32Array {
  return Float32Array.from(known, (_, i) => {
    let energy = 0;
    for (let c = 0; c < 3; c++) energy += (pixels[4 * i + c]! - guide[4 * i + c]!) ** 2;
    return USED * Math.min(1, energy / MARKED);
  });
}
