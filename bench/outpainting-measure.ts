/** How good what was made beside a clip is: what the table of `npm run bench -- outpainting` is made of. */
import { compose, type Homography, IDENTITY, invert } from "../src/vision/registration/homography.ts";
import type { Reference } from "./removal-measure.ts";

/** Pixels at the edge of what is kept that do not count as seen: a method may blend there. */
const MARGIN = 8;

/**
 * For each frame, 1 at the points that some other frame shows between two columns.
 * @param motions from each frame to the one before, see bench/removal-measure.ts.
 */
export function seenElsewhere(
  { width, height }: Pick<Reference, "width" | "height">,
  motions: readonly Homography[],
  { first, last }: { readonly first: number; readonly last: number },
): Uint8Array[] {
  /** From the first frame to each. */
  const poses: Homography[] = [IDENTITY];
  for (let i = 1; i < motions.length; i++) poses.push(compose(invert(motions[i]!), poses[i - 1]!));
  return poses.map((pose, own) => {
    const map = new Uint8Array(width * height);
    const back = invert(pose);
    for (const [other, to] of poses.entries()) {
      if (other === own) continue;
      const h = compose(to, back);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          if (map[y * width + x] || (x >= first && x < last)) continue;
          const w = h[6]! * x + h[7]! * y + h[8]!;
          const [qx, qy] = [(h[0]! * x + h[1]! * y + h[2]!) / w, (h[3]! * x + h[4]! * y + h[5]!) / w];
          if (qx >= first + MARGIN && qx < last - MARGIN && qy >= 0 && qy < height) map[y * width + x] = 1;
        }
      }
    }
    return map;
  });
}

/** Luma PSNR in dB where `maps` say 1 outside the kept columns, and the share of what is outside that this is. */
export function qualityAt(
  { width, height, truth }: Reference,
  result: Uint8Array,
  maps: readonly Uint8Array[],
  first: number,
  last: number,
): { readonly psnr: number; readonly share: number } {
  const luma = width * height;
  let [squares, count, outside] = [0, 0, 0];
  for (const [frame, map] of maps.entries()) {
    const at = (frame * luma * 3) / 2;
    for (let i = 0; i < luma; i++) {
      if (i % width >= first && i % width < last) continue;
      outside++;
      if (!map[i]) continue;
      squares += (result[at + i]! - truth[at + i]!) ** 2;
      count++;
    }
  }
  return { psnr: 10 * Math.log10(255 ** 2 / (squares / count)), share: count / outside };
}

/** Gradient energy of a result's luma where `maps` say 1 outside the kept columns, as a share of the truth's there: its texture. */
export function textureAt(
  { width, height, truth }: Reference,
  result: Uint8Array,
  maps: readonly Uint8Array[],
  first: number,
  last: number,
): number {
  const energy = (picture: Uint8Array): number => {
    let sum = 0;
    for (const [frame, map] of maps.entries()) {
      const at = (frame * width * height * 3) / 2;
      for (let y = 0; y < height - 1; y++) {
        for (let x = 0; x < width - 1; x++) {
          const i = y * width + x;
          // What is kept, and the step to it, is no texture of the result's own.
          if (!map[i] || (x >= first - 1 && x < last)) continue;
          sum += (picture[at + i + 1]! - picture[at + i]!) ** 2 + (picture[at + i + width]! - picture[at + i]!) ** 2;
        }
      }
    }
    return sum;
  };
  return energy(result) / energy(truth);
}

/** Root mean square change of a result from frame to frame at the same point of the scene, in levels, where `maps` say 1. */
export function boiling(
  { width, height }: Reference,
  result: Uint8Array,
  motions: readonly Homography[],
  maps: readonly Uint8Array[],
  first: number,
  last: number,
): number {
  const luma = width * height;
  const isOutside = (x: number): boolean => x < first - 1 || x >= last + 1;
  let [squares, count] = [0, 0];
  for (let frame = 1; frame < maps.length; frame++) {
    const [at, before] = [(frame * luma * 3) / 2, ((frame - 1) * luma * 3) / 2];
    const h = motions[frame]!;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (!isOutside(x) || !maps[frame]![y * width + x]) continue;
        const w = h[6]! * x + h[7]! * y + h[8]!;
        const [qx, qy] = [(h[0]! * x + h[1]! * y + h[2]!) / w, (h[3]! * x + h[4]! * y + h[5]!) / w];
        if (!(qx >= 0 && qy >= 0 && qx < width - 1 && qy < height - 1) || !isOutside(qx)) continue;
        const [ix, iy] = [Math.floor(qx), Math.floor(qy)];
        if (!maps[frame - 1]![iy * width + ix]) continue;
        const [fx, fy] = [qx - ix, qy - iy];
        const p = before + iy * width + ix;
        const top = result[p]! * (1 - fx) + result[p + 1]! * fx;
        const bottom = result[p + width]! * (1 - fx) + result[p + width + 1]! * fx;
        squares += (result[at + y * width + x]! - top * (1 - fy) - bottom * fy) ** 2;
        count++;
      }
    }
  }
  return Math.sqrt(squares / Math.max(1, count));
}
