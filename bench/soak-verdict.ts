/** Whether a quantity stays where it is. */

/** A quantity at a time, in seconds. */
export type Point = { readonly at: number; readonly value: number };

/** The line through the later part of a soak. */
export type Verdict = { readonly flat: boolean; readonly mean: number; readonly perHour: number };

/** Of a soak is warming up: caches fill, and what is kept for a while piles up. */
const WARM_UP = 0.4;
/** Of its mean a quantity may rise. */
const SHARE = 0.15;

/**
 * Fits a line (least squares) through the points after the warm-up. Flat: over that time it rises by no more than `slack`, in
 * the quantity's own unit, or 15 % of the mean. Falling is flat. @param points at least two after the warm-up, else not flat
 */
export function judge(points: readonly Point[], slack: number): Verdict {
  const last = points.at(-1)?.at ?? 0;
  const warm = points.filter(({ at }) => at >= last * WARM_UP);
  const average = (of: (point: Point) => number) => warm.reduce((sum, point) => sum + of(point), 0) / warm.length;
  const mean = average(({ value }) => value);
  const middle = average(({ at }) => at);
  const spread = warm.reduce((sum, { at }) => sum + (at - middle) ** 2, 0);
  if (warm.length < 2 || spread === 0) return { flat: false, mean, perHour: Number.NaN };
  const slope = warm.reduce((sum, { at, value }) => sum + (at - middle) * (value - mean), 0) / spread;
  const rise = slope * (last - warm[0]!.at);
  return { flat: rise <= Math.max(slack, SHARE * mean), mean, perHour: slope * 3600 };
}
