/** Where a mask's object is on every frame, and how large: smooth in time, without stray pixels, and beyond the picture's edge. */

/** What is marked on a frame: its box in pixels, ends excluded, and how many pixels. */
export type Marks = {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly area: number;
};

/** A box in pixels: the middle of its lower edge, and its size. */
export type Spot = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** Share of the marked pixels that may lie beyond each side of the box. */
const STRAY = 0.004;
/** Pixels from the picture's edge within which a box touches it. */
const NEAR = 2;
/** Standard deviation of the smoothing in time, in frames. */
const SMOOTH = 2.5;

/** The box of what is marked (not 0); undefined where nothing is. */
export function marksOf(labels: Uint8Array, width: number, height: number): Marks | undefined {
  const columns = new Uint32Array(width);
  const rows = new Uint32Array(height);
  let area = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (labels[i] === 0) continue;
      columns[x]!++;
      rows[y]!++;
      area++;
    }
  }
  if (area === 0) return undefined;
  const [x0, x1] = span(columns, area);
  const [y0, y1] = span(rows, area);
  return { x0, y0, x1, y1, area };
}

/** First and one behind the last place, some counts beyond each. */
function span(counts: Uint32Array, total: number): [number, number] {
  const stray = STRAY * total;
  let [first, last] = [0, counts.length - 1];
  for (let sum = counts[0]!; sum <= stray; sum += counts[++first]!);
  for (let sum = counts[last]!; sum <= stray; sum += counts[--last]!);
  return [first, Math.max(first, last) + 1];
}

/**
 * The object's path. Its size follows the marked area, which arms that are stretched out change little; one that is partly
 * beyond the picture's edge keeps the size that it had when it was whole. Frames without marks have no spot.
 */
export function pathOf(marks: readonly (Marks | undefined)[], width: number, height: number): (Spot | undefined)[] {
  const sides = marks.map((mark) => ({
    left: mark !== undefined && mark.x0 < NEAR,
    right: mark !== undefined && mark.x1 > width - NEAR,
    top: mark !== undefined && mark.y0 < NEAR,
    bottom: mark !== undefined && mark.y1 > height - NEAR,
  }));
  const isWhole = marks.map((mark, i) => mark !== undefined && !Object.values(sides[i]!).includes(true));
  const known = marks.filter(
    (mark, i): mark is Marks => mark !== undefined && (isWhole[i]! || !isWhole.includes(true)),
  );
  const typical = {
    width: middle(known.map(({ x0, x1 }) => x1 - x0)),
    height: middle(known.map(({ y0, y1 }) => y1 - y0)),
    area: middle(known.map(({ area }) => area)),
  };
  const scales = marks.map((mark, i) => (mark && isWhole[i] ? Math.sqrt(mark.area / typical.area) : undefined));
  const spots = marks.map((mark, i): Spot | undefined => {
    if (!mark) return undefined;
    const { x0, y0, x1, y1 } = mark;
    const scale = scales[i] ?? nearest(scales, i) ?? 1;
    const [w, h] = [typical.width * scale, typical.height * scale];
    const { left, right, top, bottom } = sides[i]!;
    // The side that is seen says where the rest is.
    const x = left && !right ? x1 - w / 2 : right && !left ? x0 + w / 2 : (x0 + x1) / 2;
    return { x, y: bottom && !top ? y0 + h : y1, width: w, height: h };
  });
  return smoothed(spots);
}

function nearest(values: readonly (number | undefined)[], index: number): number | undefined {
  for (let by = 1; by < values.length; by++) {
    const value = values[index - by] ?? values[index + by];
    if (value !== undefined) return value;
  }
  return undefined;
}

/** What lies beyond a gap has no say. */
function smoothed(spots: readonly (Spot | undefined)[]): (Spot | undefined)[] {
  const reach = Math.ceil(3 * SMOOTH);
  return spots.map((spot, frame) => {
    if (!spot) return undefined;
    let weight = 1;
    const sum = { ...spot };
    // Both ways to the same distance, so that steady motion stays where it is.
    for (let by = 1; by <= reach; by++) {
      const [before, after] = [spots[frame - by], spots[frame + by]];
      if (!before || !after) break;
      const own = Math.exp(-((by / SMOOTH) ** 2) / 2);
      for (const near of [before, after]) {
        weight += own;
        for (const key of ["x", "y", "width", "height"] as const) sum[key] += own * near[key];
      }
    }
    return { x: sum.x / weight, y: sum.y / weight, width: sum.width / weight, height: sum.height / weight };
  });
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 1;
}
