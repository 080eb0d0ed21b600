/** What moves and is laid in a hole must go on in the picture beside it: else it is somewhere else by now. */

/** Luma and the two of chroma, in 8-bit levels. */
export type Colour = readonly [number, number, number];

/** Levels of luma, and of both chromas together, by which one thing's neighbouring pixels seldom differ. */
const LIKE = [24, 16] as const;

/** Whether two colours beside each other belong to different things. */
export function differs(one: Colour, other: Colour): boolean {
  return Math.abs(one[0] - other[0]) > LIKE[0] || Math.abs(one[1] - other[1]) + Math.abs(one[2] - other[2]) > LIKE[1];
}

/** Shares of a patch's border with the picture that may disagree. */
const MOST = 0.5;

/**
 * Of the cells of a grid, those whose connected patch (by its sides) goes on in what is visible beside it, on most of that border. A patch
 * that touches nothing visible goes on nowhere.
 * @param cells y * width + x, each once. @param isVisible asked of a cell of the grid. @param differs asked of one of the cells, by its
 *   place in the list, and a visible cell beside it.
 * @returns places in the list, ascending.
 */
export function joined(
  cells: ArrayLike<number>,
  width: number,
  height: number,
  isVisible: (cell: number) => boolean,
  differs: (i: number, visible: number) => boolean,
): number[] {
  const places = new Map<number, number>();
  for (let i = 0; i < cells.length; i++) places.set(cells[i]!, i);
  const kept: number[] = [];
  for (let start = 0; start < cells.length; start++) {
    if (!places.delete(cells[start]!)) continue;
    const patch = [start];
    let [border, broken] = [0, 0];
    for (let k = 0; k < patch.length; k++) {
      const cell = cells[patch[k]!]!;
      const x = cell % width;
      for (const next of [
        x > 0 ? cell - 1 : -1,
        x + 1 < width ? cell + 1 : -1,
        cell - width,
        cell + width < width * height ? cell + width : -1,
      ]) {
        if (next < 0) continue;
        const other = places.get(next);
        if (other !== undefined) {
          places.delete(next);
          patch.push(other);
        } else if (isVisible(next)) {
          border++;
          if (differs(patch[k]!, next)) broken++;
        }
      }
    }
    if (border > 0 && broken <= MOST * border) for (const i of patch) kept.push(i);
  }
  return kept.sort((a, b) => a - b);
}
