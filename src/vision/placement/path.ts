/** Where a mask's object is on every frame: its box, without stray pixels, and smooth in time. */

/** A box in pixels: the middle of its lower edge, and its size. */
export type Spot = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** Share of the marked pixels that may lie beyond each side of the box. */
const STRAY = 0.004;
/** Standard deviation of the smoothing in time, in frames. */
const SMOOTH = 2.5;

/** The box of what is marked (not 0); undefined where nothing is. */
export function spotOf(labels: Uint8Array, width: number, height: number): Spot | undefined {
  const columns = new Uint32Array(width);
  const rows = new Uint32Array(height);
  let total = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (labels[i] === 0) continue;
      columns[x]!++;
      rows[y]!++;
      total++;
    }
  }
  if (total === 0) return undefined;
  const [x0, x1] = span(columns, total);
  const [y0, y1] = span(rows, total);
  return { x: (x0 + x1) / 2, y: y1, width: x1 - x0, height: y1 - y0 };
}

/** First and one behind the last place, some counts beyond each. */
function span(counts: Uint32Array, total: number): [number, number] {
  const stray = STRAY * total;
  let [first, last] = [0, counts.length - 1];
  for (let sum = counts[0]!; sum <= stray; sum += counts[++first]!);
  for (let sum = counts[last]!; sum <= stray; sum += counts[--last]!);
  return [first, Math.max(first, last) + 1];
}

/** Smooths spots in time; frames without one stay so, and what lies beyond a gap has no say. */
export function smoothPath(spots: readonly (Spot | undefined)[]): (Spot | undefined)[] {
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
