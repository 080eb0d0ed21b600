/** Whether two frames show the same scene. */
import type { FlowLevel } from "../flow/plan.ts";

/**
 * How alike two pictures are once brightness and contrast are taken out: their correlation, -1 to 1. Pictures without contrast are like everything.
 * @param a @param b pixels in rows of the level's stride.
 */
export function likeness(a: Float32Array, b: Float32Array, { width, height, stride }: FlowLevel): number {
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let at = y * stride, end = at + width; at < end; at++) {
      const x = a[at]!;
      const z = b[at]!;
      sumA += x;
      sumB += z;
      squaresA += x * x;
      squaresB += z * z;
      products += x * z;
    }
  }
  const count = width * height;
  const [varA, varB] = [squaresA - sumA ** 2 / count, squaresB - sumB ** 2 / count];
  const shared = products - (sumA * sumB) / count;
  const noise = count;
  return (shared + noise) / Math.sqrt((Math.max(0, varA) + noise) * (Math.max(0, varB) + noise));
}
