/** What moves and is laid in a hole must go on in the picture beside it: else it is somewhere else by now. */

/** Luma and the two of chroma, in 8-bit levels. */
export type Colour = readonly [number, number, number];

/** Levels of luma, and of both chromas together, by which one thing's neighbouring pixels seldom differ. */
const LIKE = [24, 16] as const;

/** Whether two colours beside each other belong to different things. */
function differs(one: Colour, other: Colour): boolean {
  return Math.abs(one[0] - other[0]) > LIKE[0] || Math.abs(one[1] - other[1]) + Math.abs(one[2] - other[2]) > LIKE[1];
}

/** Share of a patch's border that must go on in the picture, or in patches that do. */
const LEAST = 0.5;

/** Cells of a grid that are to be laid in a hole, and how they look. */
export type Cells = {
  /** y * width + x, each once. */
  readonly cells: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
  /** Asked of a cell of the grid: whether the picture shows something there. */
  readonly isVisible: (cell: number) => boolean;
  /** Of one of the cells, by its place in the list. */
  readonly colour: (i: number) => Colour;
  /** Of a visible cell of the grid. */
  readonly visibleColour: (cell: number) => Colour;
};

/**
 * The cells are divided into patches of one colour. A patch is kept when most of its border with what is visible goes on there, or most
 * of its whole border in patches that are kept.
 * @returns places in the list, ascending.
 */
export function joined({ cells, width, height, isVisible, colour, visibleColour }: Cells): number[] {
  const places = new Map<number, number>();
  for (let i = 0; i < cells.length; i++) places.set(cells[i]!, i);
  const colours = Array.from(cells, (_, i) => colour(i));
  const patchOf = new Int32Array(cells.length).fill(-1);
  const patches: number[][] = [];
  const around = (cell: number): number[] => {
    const x = cell % width;
    const beside = [x > 0 ? cell - 1 : -1, x + 1 < width ? cell + 1 : -1, cell - width, cell + width];
    return beside.filter((next) => next >= 0 && next < width * height);
  };
  const kept = new Set<number>();
  for (let start = 0; start < cells.length; start++) {
    if (patchOf[start]! >= 0) continue;
    const own = patches.length;
    const patch = [start];
    patchOf[start] = own;
    let [border, broken] = [0, 0];
    for (let k = 0; k < patch.length; k++) {
      const i = patch[k]!;
      for (const next of around(cells[i]!)) {
        const other = places.get(next);
        if (other !== undefined) {
          if (patchOf[other]! >= 0 || differs(colours[i]!, colours[other]!)) continue;
          patchOf[other] = own;
          patch.push(other);
        } else if (isVisible(next)) {
          border++;
          if (differs(colours[i]!, visibleColour(next))) broken++;
        }
      }
    }
    patches.push(patch);
    if (border > 0 && border - broken >= LEAST * border) kept.add(own);
  }
  for (let before = -1; before < kept.size; ) {
    before = kept.size;
    for (const [own, patch] of patches.entries()) {
      if (kept.has(own)) continue;
      let [border, held] = [0, 0];
      for (const i of patch) {
        for (const next of around(cells[i]!)) {
          const other = places.get(next);
          if (other !== undefined && patchOf[other] === own) continue;
          border++;
          if (other !== undefined && kept.has(patchOf[other]!)) held++;
        }
      }
      if (held > 0 && held >= LEAST * border) kept.add(own);
    }
  }
  return Array.from(cells, (_, i) => i).filter((i) => kept.has(patchOf[i]!));
}
