/** Job: paints what moves behind a hole over the still background that fills it. */
import { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { bytesAt, type Layout, MASKED, MOVING, SEEN, samplesAt, UNSEEN, UNTOUCHED } from "../frames/layout.ts";
import type { Carried } from "./carry.ts";
import { type Colour, joined } from "./join.ts";
import { outlined } from "./outline.ts";
import { type CellMap, cellMap } from "./pair-motion.ts";

/** Brightness of a frame against another: theirs = gain * own + offset, 8-bit levels. */
export type Brightness = { readonly base: number; readonly gain: number; readonly offset: number };

/** What {@link layOver} is asked. */
export type LayOverInput = {
  readonly layout: Layout;
  readonly base: number;
  /** What was carried here from earlier and from later frames. */
  readonly carried: readonly Carried[];
  /** Of the frames it comes from, against this one. */
  readonly brightness: readonly Brightness[];
};

/** Above this doubt the motion is a guess: the still background is a better one. */
const MOST_DOUBT = 100;
/** Share of a cell's neighbourhood that must be painted for a pixel to show anything. */
const LEAST_SHARE = 0.02;
/** Bytes of what a cell shows, as the kernel reads it. */
const RECORD = 20;

/** Bytes of scratch that {@link layOver} needs. */
export function layOverScratch(layout: Layout): number {
  const map = cellMap(layout);
  return map ? map.width * map.height * (4 + 4 + RECORD) + 1024 : 0;
}

/** @returns luma pixels of the hole that nothing shows. */
export function layOver({ kernels, memory, scratch }: JobContext, input: LayOverInput): number {
  const { layout, base } = input;
  const { width, height, bitDepth } = layout.format;
  const map = cellMap(layout);
  if (!map) throw new RangeError("too small a picture to follow motion in");
  const count = map.width * map.height;
  const arena = new Arena(scratch.start, scratch.end);
  const [indexAt, listAt] = [arena.take(4 * count), arena.take(4 * count)];
  const index = new Int32Array(memory.buffer, indexAt, count);
  const chosen = choose(input, index);
  const { cells, shown } = inPlace(memory, input, chosen, index, map);
  const blocked = (frame: number) => bytesAt(memory, frame + layout.levels[0]!.blocked, width * height);
  closeGaps(cells, shown, index, map, ({ x, y, level }) => {
    const [px, py] = [Math.round(x), Math.round(y)];
    return px >= 0 && py >= 0 && px < width && py < height && !(blocked(level.base)[py * width + px]! & MASKED);
  });
  const list = reached(cells, map);
  new Int32Array(memory.buffer, listAt, list.length).set(list);
  const recordsAt = arena.take(RECORD * shown.length);
  const words = new Uint32Array(memory.buffer, recordsAt, 5 * shown.length);
  const floats = new Float32Array(memory.buffer, recordsAt, 5 * shown.length);
  const depth = 2 ** (bitDepth - 8);
  const lay = layout.sampleBytes === 1 ? kernels.layCells8 : kernels.layCells16;
  for (const plane of [0, 1, 2]) {
    const size = layout.sizes[plane]!;
    for (const [i, { x, y, level }] of shown.entries()) {
      words[5 * i] = level.base + layout.planes[plane]!;
      floats.set([x, y, level.gain, plane === 0 ? level.offset * depth : 0], 5 * i + 1);
    }
    lay(
      base + layout.fills[plane]!,
      size.width,
      size.height,
      size.shiftX,
      size.shiftY,
      width,
      height,
      map.scale,
      indexAt,
      recordsAt,
      map.width,
      map.height,
      listAt,
      list.length,
      base + layout.state,
      UNSEEN,
      LEAST_SHARE,
      plane === 0 ? 0 : 2 ** (bitDepth - 1),
      2 ** bitDepth - 1,
    );
  }
  const state = bytesAt(memory, base + layout.state, width * height);
  const isShown = outlined(index, map);
  for (const cell of list) {
    eachPixel(layout, cell, map, (i) => {
      if (state[i] === UNSEEN && isShown(i % width, Math.floor(i / width))) state[i] = SEEN;
    });
  }
  const bits = blocked(base);
  for (const cell of list) {
    eachPixel(layout, cell, map, (i) => {
      if (state[i] !== UNTOUCHED) bits[i]! |= MOVING;
    });
  }
  let unseen = 0;
  for (let i = 0; i < state.length; i++) if (state[i] === UNSEEN) unseen++;
  return unseen;
}

type Shown = { readonly x: number; readonly y: number; readonly level: Brightness };

/** Gaps that so many of eight neighbours surround are closed, from their edges inwards, so many cells deep. */
const [CLOSED, DEEPEST] = [5, 4];
/** Neighbours, those that touch first. */
const AROUND: readonly (readonly [number, number])[] = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
  [-1, -1],
  [1, -1],
  [-1, 1],
  [1, 1],
];

/** Lets cells in gaps go on with what a neighbour shows. Adds to `cells`, `shown` and `index`. */
function closeGaps(
  cells: number[],
  shown: Shown[],
  index: Int32Array,
  { width, height, scale }: CellMap,
  isBackground: (one: Shown) => boolean,
): void {
  let edge: readonly number[] = cells;
  for (let depth = 0; depth < DEEPEST && edge.length > 0; depth++) {
    const closed = new Map<number, Shown>();
    for (const from of edge) {
      for (const [dx, dy] of AROUND) {
        const [x, y] = [(from % width) + dx, Math.floor(from / width) + dy];
        const cell = y * width + x;
        if (x < 1 || y < 1 || x + 1 >= width || y + 1 >= height || index[cell]! >= 0 || closed.has(cell)) continue;
        const near = AROUND.filter(([nx, ny]) => index[cell + ny * width + nx]! >= 0);
        if (near.length < CLOSED) continue;
        for (const [nx, ny] of near) {
          const other = shown[index[cell + ny * width + nx]!]!;
          const one = { ...other, x: other.x - nx * scale, y: other.y - ny * scale };
          if (!isBackground(one)) continue;
          closed.set(cell, one);
          break;
        }
      }
    }
    for (const [cell, one] of closed) {
      index[cell] = cells.length;
      cells.push(cell);
      shown.push(one);
    }
    edge = [...closed.keys()];
  }
}

/** What each cell shows: of two, the one that is doubted less. Writes its place in `shown`, or -1, to `index`. */
function choose({ carried, brightness }: LayOverInput, index: Int32Array): { cells: number[]; shown: Shown[] } {
  index.fill(-1);
  const levels = new Map(brightness.map((one) => [one.base, one]));
  const cells: number[] = [];
  const shown: Shown[] = [];
  const doubts: number[] = [];
  for (const { cells: places, bases, x, y, doubt } of carried) {
    for (let i = 0; i < places.length; i++) {
      const cell = places[i]!;
      const level = levels.get(bases[i]!);
      const own = doubt[i]!;
      if (!level || own >= MOST_DOUBT) continue;
      const other = index[cell]!;
      if (other >= 0 && doubts[other]! <= own) continue;
      const at = other >= 0 ? other : cells.length;
      index[cell] = at;
      cells[at] = cell;
      doubts[at] = own;
      shown[at] = { x: x[i]!, y: y[i]!, level };
    }
  }
  return { cells, shown };
}

/** The chosen cells that go on in what is visible around the hole. Keeps their places in `index`. */
function inPlace(
  memory: WebAssembly.Memory,
  { layout, base }: LayOverInput,
  { cells, shown }: { cells: number[]; shown: Shown[] },
  index: Int32Array,
  { level, width, height, scale }: CellMap,
): { cells: number[]; shown: Shown[] } {
  const blocked = bytesAt(memory, base + layout.levels[level]!.blocked, width * height);
  const own: Brightness = { base, gain: 1, offset: 0 };
  const half = (scale - 1) / 2;
  const kept = joined({
    cells,
    width,
    height,
    isVisible: (cell) => !(blocked[cell]! & MASKED),
    colour: (i) => colourOf(memory, layout, shown[i]!),
    visibleColour: (cell) => {
      const [x, y] = [(cell % width) * scale + half, Math.floor(cell / width) * scale + half];
      return colourOf(memory, layout, { x, y, level: own });
    },
  });
  index.fill(-1);
  for (const [to, i] of kept.entries()) index[cells[i]!] = to;
  return { cells: kept.map((i) => cells[i]!), shown: kept.map((i) => shown[i]!) };
}

/** The samples of a frame's source at a place, in 8-bit levels and another frame's brightness. */
function colourOf(memory: WebAssembly.Memory, layout: Layout, { x, y, level }: Shown): Colour {
  const { format, sizes, planes, sampleBytes } = layout;
  const [px, py] = [Math.min(format.width - 1, Math.round(x)), Math.min(format.height - 1, Math.round(y))];
  const read = (plane: 0 | 1 | 2) => {
    const { width, height, shiftX, shiftY } = sizes[plane];
    const samples = samplesAt(memory, level.base + planes[plane], width * height, sampleBytes);
    return samples[(py >> shiftY) * width + (px >> shiftX)]! * 2 ** (8 - format.bitDepth);
  };
  return [(read(0) - level.offset) / level.gain, read(1), read(2)];
}

/** The cells and those beside them, in order. */
function reached(cells: readonly number[], { width, height }: CellMap): Int32Array {
  const marks = new Uint8Array(width * height);
  for (const cell of cells) {
    const [x, y] = [cell % width, Math.floor(cell / width)];
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++)
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) marks[ny * width + nx] = 1;
  }
  const found: number[] = [];
  for (let i = 0; i < marks.length; i++) if (marks[i]) found.push(i);
  return Int32Array.from(found);
}

/** Calls for each luma pixel of a cell. */
function eachPixel({ format }: Layout, cell: number, { width, scale }: CellMap, visit: (i: number) => void): void {
  const [x0, y0] = [(cell % width) * scale, Math.floor(cell / width) * scale];
  for (let y = y0; y < Math.min(format.height, y0 + scale); y++)
    for (let x = x0; x < Math.min(format.width, x0 + scale); x++) visit(y * format.width + x);
}
