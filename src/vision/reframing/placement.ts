/** Where a picture lies on a canvas of another shape, and which part of it is seen there. */
import type { FramePlacement } from "../../operations/frames.ts";

/** Pixels. */
export type Size = { readonly width: number; readonly height: number };

/** Whole pixels. */
export type Rectangle = Size & { readonly x: number; readonly y: number };

/** One axis of a {@link View}, in canvas pixels. */
export type Axis = {
  /** First pixel of the canvas that shows the source, and how many do. */
  readonly start: number;
  readonly length: number;
  /** How long the whole source is. */
  readonly drawn: number;
  /** What of it lies before the canvas' edge. */
  readonly before: number;
  /** What else of it is cut off, on both sides together: the part that is seen begins at `before + slack * share`. */
  readonly slack: number;
  /** Whether the share, 0 to 1, may be chosen to keep in view what matters; it is a half otherwise. */
  readonly isFree: boolean;
};

/** A source on a canvas. */
export type View = { readonly x: Axis; readonly y: Axis };

/** Shapes that differ by less than this fill the canvas: what juts out is cut off on both sides alike. */
const SAME_SHAPE = 0.04;
/** The smallest part of a side that is still shown, in source pixels. */
const LEAST_SEEN = 16;
/** Fewer canvas pixels than this are cut off in the middle, without a path. */
const LEAST_SLACK = 4;

/**
 * @param source as stored, borders already cut off. @param sampleAspect width to height of its pixels; a canvas' are square.
 * @param grid pixels that the seen part's edges lie on unless they are the canvas' own: chroma samples.
 * @returns undefined when nothing of the source would be seen.
 */
export function placeOn(
  canvas: Size,
  source: Size,
  sampleAspect: readonly [number, number],
  placement: FramePlacement,
  grid: { readonly x: number; readonly y: number },
): View | undefined {
  const shown: Size = { width: (source.width * sampleAspect[0]) / sampleAspect[1], height: source.height };
  switch (placement.kind) {
    case "fit": {
      const most = Math.max(1, Math.min(source.width, source.height) / LEAST_SEEN);
      const scale = fittingScale(canvas, shown) * Math.min(1 + placement.zoom, most);
      const axis = (whole: number, drawn: number, step: number): Axis | undefined => {
        const size = Math.min(whole, drawn);
        return axisOf(whole, (whole - size) / 2, size, drawn, step, placement.zoom > 0);
      };
      return both(axis(canvas.width, shown.width * scale, grid.x), axis(canvas.height, shown.height * scale, grid.y));
    }
    case "expand": {
      const { left, right, top, bottom } = placement;
      const all: Size = { width: shown.width * (1 + left + right), height: shown.height * (1 + top + bottom) };
      const scale = fittingScale(canvas, all);
      const axis = (whole: number, size: number, total: number, before: number, step: number): Axis | undefined => {
        const start = (whole - total * scale) / 2 + before * size * scale;
        return axisOf(whole, start, size * scale, size * scale, step, false);
      };
      return both(
        axis(canvas.width, shown.width, all.width, left, grid.x),
        axis(canvas.height, shown.height, all.height, top, grid.y),
      );
    }
    case "rectangle": {
      const { x, y, width, height } = placement;
      const scale = Math.max(width / shown.width, height / shown.height);
      return both(
        axisOf(canvas.width, x, width, shown.width * scale, grid.x, true),
        axisOf(canvas.height, y, height, shown.height * scale, grid.y, true),
      );
    }
  }
}

/** Canvas pixels to a source pixel for the source to be seen whole, or to fill a canvas of nearly its own shape. */
function fittingScale(canvas: Size, shown: Size): number {
  const scales = [canvas.width / shown.width, canvas.height / shown.height];
  const [least, most] = [Math.min(...scales), Math.max(...scales)];
  return most / least - 1 < SAME_SHAPE ? most : least;
}

function both(x: Axis | undefined, y: Axis | undefined): View | undefined {
  return x && y && { x, y };
}

/** @param start of the target on the canvas, @param size of it, @param drawn length of the source, at least `size`. */
function axisOf(
  whole: number,
  start: number,
  size: number,
  drawn: number,
  step: number,
  mayMove: boolean,
): Axis | undefined {
  const snap = (edge: number): number =>
    edge >= whole - step / 2 ? whole : Math.max(0, Math.round(edge / step) * step);
  const [first, last] = [snap(start), snap(start + size)];
  const length = last - first;
  if (length < Math.min(whole, 2 * step)) return undefined;
  const isClipped = start < -0.5 || start + size > whole + 0.5;
  // Rounding to the grid must not cut: the source is stretched by less than a grid step instead.
  const stretch = isClipped ? 1 : length / size;
  const slack = Math.max(0, drawn * stretch - (isClipped ? size : length));
  return {
    start: first,
    length,
    drawn: drawn * stretch,
    before: isClipped ? first - start : 0,
    slack,
    isFree: mayMove && slack >= LEAST_SLACK,
  };
}
