/** Small dense linear systems. */

/**
 * Solves a symmetric positive definite system by Cholesky decomposition, with a little of the diagonal added so that
 * directions the data say nothing about stay at zero.
 * @param matrix n rows of n. @param right n values.
 * @returns n values, or undefined when the system is not positive definite.
 */
export function solveSymmetric(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | undefined {
  const n = right.length;
  const lower: number[][] = [];
  for (let i = 0; i < n; i++) {
    lower.push(new Array<number>(n).fill(0));
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i]![j]! * (i === j ? 1 + 1e-6 : 1);
      for (let k = 0; k < j; k++) sum -= lower[i]![k]! * lower[j]![k]!;
      if (i !== j) lower[i]![j] = sum / lower[j]![j]!;
      else if (sum > 1e-9) lower[i]![i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  const out = [...right];
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) out[i]! -= lower[i]![k]! * out[k]!;
    out[i]! /= lower[i]![i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) out[i]! -= lower[k]![i]! * out[k]!;
    out[i]! /= lower[i]![i]!;
  }
  return out;
}
