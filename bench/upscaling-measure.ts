/** How close an enlarged clip is to what it was made from: the figures of `npm run bench -- upscaling`. */

/** Planar 8-bit luma, frames one after the other. */
export type Luma = { readonly width: number; readonly height: number; readonly frames: readonly Uint8Array[] };

/** Figures of a clip. */
export type Quality = {
  /** Mean over frames, dB. */
  readonly psnr: number;
  /** Mean structural similarity over 8 x 8 windows, every fourth pixel (Wang et al. 2004), -1 to 1. */
  readonly ssim: number;
  /** Root mean square of how the error changes from frame to frame, in levels: what flickers that does not in the truth. */
  readonly flicker: number;
};

const WINDOW = 8;
const STEP = 4;

/** Compares luma. @throws RangeError when there are not as many frames of the same size. */
export function compareLuma(result: Luma, truth: Luma): Quality {
  if (result.frames.length !== truth.frames.length) throw new RangeError("not as many frames");
  let [psnr, ssim, changes, compared] = [0, 0, 0, 0];
  for (const [n, frame] of result.frames.entries()) {
    const real = truth.frames[n]!;
    if (frame.length !== real.length) throw new RangeError("not the same size");
    const [frameBefore, realBefore] = [result.frames[n - 1], truth.frames[n - 1]];
    let squares = 0;
    for (let i = 0; i < frame.length; i++) {
      const error = frame[i]! - real[i]!;
      squares += error * error;
      if (!frameBefore || !realBefore) continue;
      changes += (error - (frameBefore[i]! - realBefore[i]!)) ** 2;
      compared++;
    }
    psnr += 10 * Math.log10(255 ** 2 / (squares / frame.length));
    ssim += similarity(frame, real, truth.width, truth.height);
  }
  const count = result.frames.length;
  return { psnr: psnr / count, ssim: ssim / count, flicker: Math.sqrt(changes / Math.max(1, compared)) };
}

function similarity(a: Uint8Array, b: Uint8Array, width: number, height: number): number {
  let [total, windows] = [0, 0];
  for (let y = 0; y + WINDOW <= height; y += STEP) {
    for (let x = 0; x + WINDOW <= width; x += STEP) {
      let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
      for (let dy = 0; dy < WINDOW; dy++) {
        for (let at = (y + dy) * width + x, end = at + WINDOW; at < end; at++) {
          const [p, q] = [a[at]!, b[at]!];
          sumA += p;
          sumB += q;
          squaresA += p * p;
          squaresB += q * q;
          products += p * q;
        }
      }
      const n = WINDOW ** 2;
      const [meanA, meanB] = [sumA / n, sumB / n];
      const spread = squaresA / n - meanA ** 2 + squaresB / n - meanB ** 2;
      const shared = products / n - meanA * meanB;
      const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];
      total += ((2 * meanA * meanB + c1) * (2 * shared + c2)) / ((meanA ** 2 + meanB ** 2 + c1) * (spread + c2));
      windows++;
    }
  }
  return total / windows;
}
