/** A picture with a hole, and its halves. */

/** Four floats a pixel: three channels in 8-bit levels, and a 1. */
export type HoledPicture = {
  readonly width: number;
  readonly height: number;
  readonly pixels: Float32Array;
  /** 1 where the picture is known, and may be copied. */
  readonly known: Uint8Array;
  /** 1 where it is to be found: `pixels` holds a guess. What is neither is left as it is, and counts for nothing. */
  readonly open: Uint8Array;
};

/** Depth of the hole in pixels at which a picture is small enough to begin with. */
const SHALLOW = 8;
/** And its pixels: every patch of it is compared with every other. */
const FEW = 3000;
/** Least pixels of the smaller side that a half should have, and that it must have for a patch to fit in. */
const [WIDE, LEAST_SIDE] = [24, 8];

/** The picture's halves down to one where little is missing, that first. */
export function picturePyramid(picture: HoledPicture): HoledPicture[] {
  const levels = [picture];
  for (;;) {
    const level = levels[0]!;
    const { width, height } = level;
    const count = width * height;
    const isShallow = count <= FEW && holeDepth(level).every((depth) => depth <= SHALLOW);
    const least = count > 4 * FEW ? LEAST_SIDE : WIDE;
    if (isShallow || Math.min(width, height) < 2 * least) return levels;
    levels.unshift(halved(level));
  }
}

/** City-block distance of each pixel to what is known, at most 65535; 0 there. */
export function holeDepth({ width, height, known }: HoledPicture): Uint16Array {
  const depth = Uint16Array.from(known, (one) => (one ? 0 : 0xffff));
  const closer = (i: number, j: number): void => {
    if (depth[j]! < depth[i]!) depth[i] = depth[j]! + 1;
  };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (x > 0) closer(i, i - 1);
      if (y > 0) closer(i, i - width);
    }
  }
  for (let y = height - 1, i = depth.length - 1; y >= 0; y--) {
    for (let x = width - 1; x >= 0; x--, i--) {
      if (x + 1 < width) closer(i, i + 1);
      if (y + 1 < height) closer(i, i + width);
    }
  }
  return depth;
}

/** A pixel is known where all that it covers is; it shows the known ones alone where there are any. */
function halved({ width, height, pixels, known, open }: HoledPicture): HoledPicture {
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const out = {
    width: w,
    height: h,
    pixels: new Float32Array(4 * w * h),
    known: new Uint8Array(w * h),
    open: new Uint8Array(w * h),
  };
  const four = new Int32Array(4);
  for (let y = 0, to = 0; y < h; y++) {
    for (let x = 0; x < w; x++, to++) {
      let [count, missing] = [0, 0];
      for (let k = 0; k < 4; k++) {
        four[k] = Math.min(height - 1, 2 * y + (k >> 1)) * width + Math.min(width - 1, 2 * x + (k & 1));
        count += known[four[k]!]!;
        missing |= open[four[k]!]!;
      }
      for (const from of four) {
        if (count > 0 && !known[from]) continue;
        for (let c = 0; c < 4; c++) out.pixels[4 * to + c]! += pixels[4 * from + c]! / (count || 4);
      }
      out.known[to] = count === 4 ? 1 : 0;
      out.open[to] = missing;
    }
  }
  return out;
}

/** Fills what is open with what the half shows there. */
export function guessFromHalf({ width, height, pixels, open }: HoledPicture, half: HoledPicture): void {
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!open[i]) continue;
      const from = 4 * ((y >> 1) * half.width + (x >> 1));
      pixels.set(half.pixels.subarray(from, from + 4), 4 * i);
    }
  }
}
