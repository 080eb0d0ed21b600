/** Kernel memory for one small picture size: dense motion and two-region cuts. */
import { Arena, padded } from "../../kernels/arena.ts";
import { createMemory, type Kernels, loadKernels } from "../../kernels/kernels.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { buildPyramid, computeFlow, enlargeFlow } from "../flow/flow.ts";
import { ACCURATE_FLOW, type FlowOptions, type FlowPlan, planFlow } from "../flow/plan.ts";
import type { CameraMotion } from "./camera.ts";
import { Cutter, cutBytes } from "./cut.ts";
import type { Box, Picture } from "./picture.ts";

/** Where each pixel of one picture lies in another, in pixels. */
export type Flow = { readonly x: Float32Array; readonly y: Float32Array };

/** Levels of difference that a pixel's error in a flow's way there and back counts as, and levels that halve its trust. */
const ASTRAY = 12;
const DOUBTFUL = 22;
/** Without the refinement that makes flow smooth within things: it changes no mask for the better and costs as much as the search. */
const FLOW: FlowOptions = { ...ACCURATE_FLOW, rounds: 0 };

/** Planes of f32 for {@link Workspace.carry} and the like. */
const VALUES = 5;

/** Kernel memory for one picture: its three planes, its pyramid, and the motion from it, two planes of f32. */
type Slot = { readonly planes: number; readonly pyramid: number; readonly motion: number; holds?: Picture };

/** A mask that was moved along, how well the picture moved that way (0 to 1), and what else was moved. */
export type Carried = { readonly shape: Float32Array; readonly trust: Float32Array; readonly habit: Float32Array };

/** One thread's kernels over memory of its own. */
export class Workspace {
  readonly width: number;
  readonly height: number;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: Kernels;
  readonly #plan: FlowPlan;
  readonly #context: JobContext;
  /** Two pictures at a time: the one at hand and the one it is compared with, each with the field that leads from it to the other. */
  readonly #slots: readonly Slot[];
  readonly #field: number;
  /** Planes of f32 that hold what kernels take and make, and room to work in. */
  readonly #values: readonly number[];
  readonly #work: number;
  readonly #cutter: Cutter;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    const pixels = width * height;
    this.#plan = planFlow(width, height, FLOW);
    const { pyramidBytes, fieldBytes, scratchBytes } = this.#plan;
    const slots = 2 * (padded(pyramidBytes) + padded(8 * pixels) + padded(3 * pixels));
    const work = 4 * pixels + 8 * (width + 2);
    const values = VALUES * padded(4 * pixels) + padded(work);
    this.#memory = createMemory(
      1024 + slots + padded(fieldBytes) + values + padded(scratchBytes) + cutBytes(width, height),
    );
    this.#kernels = loadKernels(this.#memory);
    const arena = new Arena(1024, this.#memory.buffer.byteLength);
    this.#slots = [0, 1].map(() => ({
      planes: arena.take(3 * pixels),
      pyramid: arena.take(pyramidBytes),
      motion: arena.take(8 * pixels),
    }));
    this.#field = arena.take(fieldBytes);
    this.#values = Array.from({ length: VALUES }, () => arena.take(4 * pixels));
    this.#work = arena.take(work);
    const start = arena.take(scratchBytes);
    this.#context = { kernels: this.#kernels, memory: this.#memory, scratch: { start, end: start + scratchBytes } };
    this.#cutter = new Cutter(this.#memory, this.#kernels, arena, width, height);
  }

  /** Where each pixel of `current` lies in `previous`. The result is valid until the second next call. */
  flow(current: Picture, previous: Picture): Flow {
    const own = this.#load(current, previous);
    const other = this.#load(previous, current);
    computeFlow(this.#context, this.#plan, { from: own.pyramid, to: other.pyramid, target: this.#field });
    enlargeFlow(this.#context, this.#plan, this.#field, own.motion);
    const pixels = this.width * this.height;
    return {
      x: new Float32Array(this.#memory.buffer, own.motion, pixels),
      y: new Float32Array(this.#memory.buffer, own.motion + pixels * 4, pixels),
    };
  }

  /**
   * Moves a mask and a plane of `habits` with the picture, from `previous` to `current`, between which motion was asked for last,
   * in both directions. The planes are the caller's.
   */
  carry(mask: Float32Array, habits: Float32Array, current: Picture, previous: Picture): Carried {
    const [own, before] = [this.#load(current, previous), this.#load(previous, current)];
    const [from, habit, shape, moved, error] = this.#values as [number, number, number, number, number];
    const { width, height } = this;
    this.#view(from).set(mask);
    this.#view(habit).set(habits);
    this.#kernels.segmentCarry(
      from,
      habit,
      own.motion,
      before.motion,
      own.planes,
      before.planes,
      width,
      height,
      ASTRAY,
      shape,
      moved,
      error,
    );
    this.#kernels.boxMean(error, width, height, 2, error, this.#work);
    const trust = this.#view(error).slice();
    for (let i = 0; i < trust.length; i++) trust[i] = 1 / (1 + (trust[i]! / DOUBTFUL) ** 2);
    return { shape: this.#view(shape).slice(), trust, habit: this.#view(moved).slice() };
  }

  /** Mean over a square of `2 * radius + 1` pixels, cut off at the edges. */
  mean(values: Float32Array, radius: number): Float32Array {
    const [at] = this.#values as [number];
    this.#view(at).set(values);
    this.#kernels.boxMean(at, this.width, this.height, radius, at, this.#work);
    return this.#view(at).slice();
  }

  /** How far each pixel's motion is from the camera's, in pixels; `flow` is what {@link Workspace.flow} returned last for its picture. */
  ownMotion(flow: Flow, { ux, vx }: CameraMotion): Float32Array {
    const [at] = this.#values as [number];
    const { width, height } = this;
    this.#kernels.segmentOwnMotion(flow.x.byteOffset, width, height, ...ux, ...vx, at);
    return this.#view(at).slice();
  }

  /**
   * Solves a small symmetric positive definite system; see `solveSymmetric` in the kernels.
   * @param matrix n rows of n. @param right n values.
   * @returns n values, or undefined when the system is not positive definite.
   */
  solve(matrix: readonly number[], right: readonly number[]): readonly number[] | undefined {
    const n = right.length;
    const at = this.#work;
    const room = new Float64Array(this.#memory.buffer, at, matrix.length + n);
    room.set(matrix);
    room.set(right, matrix.length);
    const answer = at + 8 * matrix.length;
    const isSolved = this.#kernels.solveSymmetric(at, answer, n, answer + 8 * n);
    return isSolved ? [...room.subarray(matrix.length)] : undefined;
  }

  #view(at: number): Float32Array {
    return new Float32Array(this.#memory.buffer, at, this.width * this.height);
  }

  /** Divides a box of the picture in two where evidence and edges say so: see {@link Cutter.cut}. */
  cut(picture: Picture, box: Box, against: Float32Array, guess: Float32Array): void {
    this.#cutter.cut(picture, box, against, guess);
  }

  /** The slot that holds a picture; loads it into the one that `kept` is not in. */
  #load(picture: Picture, kept: Picture): Slot {
    const held = this.#slots.find((slot) => slot.holds === picture);
    if (held) return held;
    const slot = this.#slots.find(({ holds }) => holds !== kept)!;
    const planes = new Uint8Array(this.#memory.buffer, slot.planes, 3 * picture.y.length);
    for (const [i, plane] of [picture.y, picture.u, picture.v].entries()) planes.set(plane, i * picture.y.length);
    buildPyramid(this.#context, this.#plan, { luma: slot.planes, bitDepth: 8 }, slot.pyramid);
    slot.holds = picture;
    return slot;
  }
}
