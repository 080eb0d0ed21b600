/**
 * Levels a fill to its surroundings: the difference seen on a ring around the hole is carried smoothly across it, so that
 * no seam shows where exposure or vignetting differ (a membrane, Perez et al. 2003, on a coarse grid so that the ring's
 * noise averages out).
 */

/** Samples per side of a grid cell. */
const CELL = 8;
/** How strongly a cell follows its neighbours, in samples of the ring. */
const STIFFNESS = 24;
const SWEEPS = 40;
/** Over-relaxation: each sweep goes this much of the way to where a cell should be. */
const RELAXATION = 1.7;

/** A smooth correction over a rectangle of a plane. */
export class Membrane {
  readonly #x0: number;
  readonly #y0: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #sum: Float32Array;
  readonly #count: Float32Array;
  readonly #cells: number[] = [];
  readonly #differences: number[] = [];
  #values: Float32Array | undefined;

  /** The rectangle, ends excluded, in samples of the plane. */
  constructor(x0: number, y0: number, x1: number, y1: number) {
    this.#x0 = x0;
    this.#y0 = y0;
    this.#columns = Math.ceil((x1 - x0) / CELL) + 1;
    this.#rows = Math.ceil((y1 - y0) / CELL) + 1;
    this.#sum = new Float32Array(this.#columns * this.#rows);
    this.#count = new Float32Array(this.#columns * this.#rows);
  }

  /** Records source minus estimate at a pixel of the ring. */
  add(x: number, y: number, difference: number): void {
    const cell = Math.round((y - this.#y0) / CELL) * this.#columns + Math.round((x - this.#x0) / CELL);
    this.#cells.push(cell);
    this.#differences.push(difference);
  }

  /** Solves for the correction, ignoring ring pixels further than `tolerance` and three spreads from the median. */
  solve(tolerance: number): void {
    const sorted = Float32Array.from(this.#differences).sort();
    const n = sorted.length;
    this.#values = new Float32Array(this.#sum.length);
    if (n < 8) return;
    const median = sorted[n >> 1]!;
    const spread = (sorted[Math.floor(n * 0.75)]! - sorted[Math.floor(n * 0.25)]!) * 0.74;
    const limit = Math.max(tolerance, 3 * spread);
    let sum = 0;
    let kept = 0;
    for (const [i, difference] of this.#differences.entries()) {
      const cell = this.#cells[i]!;
      if (Math.abs(difference - median) > limit) continue;
      this.#sum[cell]! += difference;
      this.#count[cell]!++;
      sum += difference;
      kept++;
    }
    this.#values.fill(kept > 0 ? sum / kept : 0);
    for (let sweep = 0; sweep < SWEEPS; sweep++) this.#relax(this.#values);
  }

  /** The correction to add at a pixel. */
  at(x: number, y: number): number {
    const values = this.#values!;
    const gx = Math.min(this.#columns - 1.001, Math.max(0, (x - this.#x0) / CELL));
    const gy = Math.min(this.#rows - 1.001, Math.max(0, (y - this.#y0) / CELL));
    const ix = Math.floor(gx);
    const iy = Math.floor(gy);
    const right = Math.min(ix + 1, this.#columns - 1);
    const below = Math.min(iy + 1, this.#rows - 1) * this.#columns;
    const row = iy * this.#columns;
    const top = values[row + ix]! + (values[row + right]! - values[row + ix]!) * (gx - ix);
    const bottom = values[below + ix]! + (values[below + right]! - values[below + ix]!) * (gx - ix);
    return top + (bottom - top) * (gy - iy);
  }

  #relax(values: Float32Array): void {
    for (let row = 0; row < this.#rows; row++) {
      for (let column = 0; column < this.#columns; column++) {
        const i = row * this.#columns + column;
        let sum = 0;
        let neighbours = 0;
        if (column > 0) {
          sum += values[i - 1]!;
          neighbours++;
        }
        if (column + 1 < this.#columns) {
          sum += values[i + 1]!;
          neighbours++;
        }
        if (row > 0) {
          sum += values[i - this.#columns]!;
          neighbours++;
        }
        if (row + 1 < this.#rows) {
          sum += values[i + this.#columns]!;
          neighbours++;
        }
        const target = (this.#sum[i]! + STIFFNESS * sum) / (this.#count[i]! + STIFFNESS * neighbours);
        values[i]! += RELAXATION * (target - values[i]!);
      }
    }
  }
}
