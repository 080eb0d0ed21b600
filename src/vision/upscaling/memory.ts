/** Kernel memory of upscaling: what every frame shares (nets, filters), and a few frames at once in slots. */
import { Arena, padded } from "../../kernels/arena.ts";
import { createMemory } from "../../kernels/kernels.ts";
import { WorkerPool } from "../../kernels/pool.ts";
import type { FrameFormat, Plane } from "../../media/frame.ts";
import { doubleScratch, type LayerAt } from "./double.ts";
import { type Filter, lanczosFilter } from "./filter.ts";
import { cubicTable, fuseScratch } from "./fuse.ts";
import type { MotionPlan } from "./motion.ts";
import type { WholeNet } from "./net.ts";
import { type PlaneAt, rowBytes, sampleBytes } from "./planes.ts";
import { type FilterAt, resampleScratch } from "./resample.ts";

/** A frame of the source in memory, as long as it or a neighbour needs it. */
export type SourceSlot = {
  readonly planes: Planes;
  /** Its luma after the first doubling. */
  readonly doubled: PlaneAt;
  /** Where motion is sought: its pyramid, and fields to the frames before and behind it. */
  readonly motion: { readonly pyramid: number; readonly before: number; readonly behind: number } | undefined;
};

/** A result's place in memory. */
export type ResultSlot = {
  /** Luma from the first doubling, brought together with the neighbours', to the last; without the last where it is the result itself. */
  readonly stages: readonly PlaneAt[];
  readonly planes: Planes;
};

/** Luma and both chroma planes. */
type Planes = readonly [PlaneAt, PlaneAt, PlaneAt];

/** A net in memory. */
export type NetAt = { readonly layers: readonly LayerAt[]; readonly reach: number };

/** Filters of a plane. */
export type FiltersAt = { readonly vertical: FilterAt; readonly horizontal: FilterAt };

/** Where a chroma sample stands among the luma samples it is for: 0.5 in their middle; across and down. */
export type ChromaSite = { readonly x: number; readonly y: number };

/** What is to be held. */
export type MemoryPlan = {
  readonly from: FrameFormat;
  readonly to: FrameFormat;
  readonly passes: number;
  /** One for every strength of compression. */
  readonly nets: readonly WholeNet[];
  /** How motion is sought; undefined where it is not. */
  readonly motion: MotionPlan | undefined;
  readonly sources: number;
  readonly results: number;
  readonly threads: number;
  readonly chromaSite: ChromaSite;
};

const START = 1024;

/** Allocated once: its size follows from the formats. */
export class UpscalingMemory {
  readonly pool: WorkerPool;
  readonly nets: readonly NetAt[];
  /** Of what remains after the last doubling; undefined when nothing does. */
  readonly luma: FiltersAt | undefined;
  readonly chroma: FiltersAt;
  /** See `cubicTable` of fuse.ts. */
  readonly table: number;
  readonly sources: SourceSlot[];
  readonly results: ResultSlot[];
  readonly #memory: WebAssembly.Memory;

  /** @throws RangeError when the memory cannot be had. */
  constructor(plan: MemoryPlan) {
    const { from, to, passes, threads, motion } = plan;
    const [small, large] = [planesOf(from), planesOf(to)];
    const stages = Array.from({ length: passes }, (_, i) => fine(from.width << (i + 1), from.height << (i + 1)));
    const [first, last] = [stages[0]!, stages.at(-1)!];
    const exact = last.width === to.width && last.height === to.height;
    const filters = {
      luma: exact ? undefined : filtersFor(last, large[0], 0.5, 0.5),
      chroma: filtersFor(small[1], large[1], plan.chromaSite.x, plan.chromaSite.y),
    };
    const scratch = scratchBytes(plan, stages);
    if (exact) stages.pop();
    const cubic = cubicTable();
    const tables: (Int16Array | Int32Array)[] = [cubic];
    for (const { layers } of plan.nets) tables.push(...layers.flatMap(({ weights, bias }) => [weights, bias]));
    for (const { vertical, horizontal } of [filters.luma, filters.chroma].filter((one) => one !== undefined)) {
      tables.push(vertical.starts, vertical.weights, horizontal.starts, horizontal.weights);
    }
    const ofPlanes = (planes: readonly Size[]) => planes.reduce((sum, plane) => sum + padded(planeBytes(plane)), 0);
    const ofMotion = motion ? padded(motion.full.pyramidBytes) + 2 * padded(motion.full.fieldBytes) : 0;
    const bytes =
      START +
      tables.reduce((sum, { byteLength }) => sum + padded(byteLength), 0) +
      plan.sources * (ofPlanes([...small, first]) + ofMotion) +
      plan.results * ofPlanes([...stages, ...large]) +
      threads * padded(scratch);
    this.#memory = createMemory(bytes);
    const arena = new Arena(START, this.#memory.buffer.byteLength);
    const put = (table: Int16Array | Int32Array): number => {
      const at = arena.take(table.byteLength);
      new Uint8Array(this.#memory.buffer, at, table.byteLength).set(
        new Uint8Array(table.buffer, table.byteOffset, table.byteLength),
      );
      return at;
    };
    const putFilter = ({ taps, starts, weights }: Filter): FilterAt => ({
      taps,
      starts: put(starts),
      weights: put(weights),
    });
    const putFilters = ({ vertical, horizontal }: { vertical: Filter; horizontal: Filter }): FiltersAt => ({
      vertical: putFilter(vertical),
      horizontal: putFilter(horizontal),
    });
    this.table = put(cubic);
    this.nets = plan.nets.map(({ reach, layers }) => ({
      reach,
      layers: layers.map(({ weights, bias, ...layer }) => ({ ...layer, weights: put(weights), bias: put(bias) })),
    }));
    this.luma = filters.luma && putFilters(filters.luma);
    this.chroma = putFilters(filters.chroma);
    const place = (plane: Size): PlaneAt => ({ ...plane, at: arena.take(planeBytes(plane)) });
    const three = (planes: readonly Size[]) => planes.map(place) as unknown as Planes;
    this.sources = Array.from({ length: plan.sources }, () => ({
      planes: three(small),
      doubled: place(first),
      motion: motion && {
        pyramid: arena.take(motion.full.pyramidBytes),
        before: arena.take(motion.full.fieldBytes),
        behind: arena.take(motion.full.fieldBytes),
      },
    }));
    this.results = Array.from({ length: plan.results }, () => ({ stages: stages.map(place), planes: three(large) }));
    this.pool = new WorkerPool({
      threads,
      memory: this.#memory,
      jobs: new URL("./jobs.js", import.meta.url),
      scratch: Array.from({ length: threads }, () => {
        const start = arena.take(scratch);
        return { start, end: start + scratch };
      }),
    });
  }

  /** Copies samples in. @throws RangeError when sizes do not fit. */
  load(plane: Plane, to: PlaneAt): void {
    const { width, height } = to;
    if (plane.width !== width || plane.height !== height) throw new RangeError("a plane does not fit the format");
    const target = this.#samples(to);
    for (let y = 0; y < height; y++) {
      target.set(plane.data.subarray(y * plane.stride, y * plane.stride + width), y * width);
    }
  }

  /** A view of samples, valid until the slot is used again. */
  view(plane: PlaneAt): Plane {
    return { data: this.#samples(plane), width: plane.width, height: plane.height, stride: plane.width };
  }

  #samples({ at, width, height, kind }: PlaneAt): Uint8Array | Uint16Array {
    const { buffer } = this.#memory;
    return kind === "samples8"
      ? new Uint8Array(buffer, at, width * height)
      : new Uint16Array(buffer, at, width * height);
  }
}

type Size = Omit<PlaneAt, "at">;

function planesOf(format: FrameFormat): readonly [Size, Size, Size] {
  const { width, height, chromaShiftX, chromaShiftY, bitDepth } = format;
  const kind = bitDepth > 8 ? "samples16" : "samples8";
  const chroma = {
    width: (width + (1 << chromaShiftX) - 1) >> chromaShiftX,
    height: (height + (1 << chromaShiftY) - 1) >> chromaShiftY,
    kind,
    bitDepth,
  } as const;
  return [{ width, height, kind, bitDepth }, chroma, chroma];
}

function fine(width: number, height: number): Size {
  return { width, height, kind: "fine", bitDepth: 14 };
}

/** Kernels read and write up to two groups of samples more than a plane has. */
function planeBytes({ width, height, kind }: Size): number {
  return width * height * sampleBytes(kind) + 64;
}

function filtersFor(from: Size, to: Size, x: number, y: number): { vertical: Filter; horizontal: Filter } {
  return {
    vertical: lanczosFilter(from.height, to.height, y, 2),
    horizontal: lanczosFilter(from.width, to.width, x, 8),
  };
}

function scratchBytes({ from, to, nets, passes, motion }: MemoryPlan, stages: readonly Size[]): number {
  const widest = from.width << Math.max(0, passes - 1);
  const { reach, layers } = nets[0]!;
  const ofNet = doubleScratch(widest, reach, layers[0]!.outputs, layers.length);
  const source = Math.max(from.width, ...stages.map(({ width }) => width));
  const most = Math.max(
    ofNet,
    resampleScratch(source, to.width, 16),
    fuseScratch(from.width),
    motion?.scratchBytes ?? 0,
  );
  return most + rowBytes(source);
}
