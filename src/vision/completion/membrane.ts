/**
 * Levels a fill to its surroundings: the difference seen on a ring around the hole is carried smoothly across it, so that
 * no seam shows where exposure or vignetting differ (a membrane, Perez et al. 2003, on a coarse grid so that the ring's
 * noise averages out).
 */
import type { Arena } from "../../kernels/arena.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { Box } from "../registration/align.ts";

/** Samples per side of a grid cell. */
const CELL = 8;
/** How strongly a cell follows its neighbours, in samples of the ring. */
const STIFFNESS = 24;
const SWEEPS = 40;
/** Over-relaxation: each sweep goes this much of the way to where a cell should be. */
const RELAXATION = 1.7;

/** A smooth correction over a rectangle of a plane. What it is made of lies in kernel memory and is given by address. */
export class Membrane {
  readonly #kernels: Kernels;
  readonly #place: readonly [x0: number, y0: number, cell: number, columns: number, rows: number];
  readonly #grid: number;
  readonly #scratch: number;

  /** @param box ends excluded, in samples of the plane. @param arena where the correction lies. */
  constructor(kernels: Kernels, { x0, y0, x1, y1 }: Box, arena: Arena) {
    const [columns, rows] = [Math.ceil((x1 - x0) / CELL) + 1, Math.ceil((y1 - y0) / CELL) + 1];
    this.#kernels = kernels;
    this.#place = [x0, y0, CELL, columns, rows];
    this.#grid = arena.take(4 * columns * rows);
    this.#scratch = arena.take(8 * columns * rows + 8192);
  }

  /**
   * Solves for the correction.
   * @param pixels of the ring, `y << 16 | x`. @param differences source minus estimate (f32); those further than `tolerance` and three spreads
   *   from the median are ignored. With fewer than 8 nothing is corrected.
   */
  solve(pixels: number, differences: number, count: number, tolerance: number): void {
    const how = [tolerance, STIFFNESS, RELAXATION, SWEEPS] as const;
    this.#kernels.membraneSolve(pixels, differences, count, ...this.#place, ...how, this.#grid, this.#scratch);
  }

  /** Adds the correction to the values (f32) of pixels whose counts (u8) are not 0. */
  add(pixels: number, counts: number, count: number, values: number): void {
    this.#kernels.membraneAdd(pixels, counts, count, ...this.#place, this.#grid, values);
  }
}
