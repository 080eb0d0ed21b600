/** Job: paints what moves behind a hole over the still background that fills it. */
import type { JobContext } from "../../kernels/pool.ts";
import type { FlowPlan } from "../flow/plan.ts";
import { bytesAt, type Layout, type PlaneSize, SEEN, samplesAt, UNSEEN } from "../frames/layout.ts";
import type { Carried } from "./carry.ts";

/** What {@link layOver} is asked. */
export type LayOverInput = {
  readonly layout: Layout;
  readonly plan: FlowPlan;
  readonly base: number;
  /** What was carried here from earlier and from later frames. */
  readonly carried: readonly Carried[];
  /** Brightness of the frames it comes from, against this one: theirs = gain * own + offset, 8-bit levels. */
  readonly brightness: readonly { readonly base: number; readonly gain: number; readonly offset: number }[];
};

/** Above this doubt the motion is a guess: the still background is a better one. */
const MOST_DOUBT = 100;
/** Share of a cell's neighbourhood that must be painted for a pixel to show anything. */
const LEAST_SHARE = 0.02;

type Cell = { readonly base: number; readonly x: number; readonly y: number; readonly doubt: number };

/** @returns luma pixels of the hole that nothing shows. */
export function layOver(context: JobContext, { layout, plan, base, carried, brightness }: LayOverInput): number {
  const { memory } = context;
  const { width, height } = plan.levels[plan.finest]!;
  const scale = 2 ** plan.finest;
  const cells = new Map<number, Cell>();
  for (const { cells: places, bases, x, y, doubt } of carried) {
    for (let i = 0; i < places.length; i++) {
      const one = { base: bases[i]!, x: x[i]!, y: y[i]!, doubt: doubt[i]! };
      const other = cells.get(places[i]!);
      if (one.doubt < MOST_DOUBT && !(other && other.doubt <= one.doubt)) cells.set(places[i]!, one);
    }
  }
  const count = layout.format.width * layout.format.height;
  const state = bytesAt(memory, base + layout.state, count);
  const near = reached(cells, width, height);
  const levels = new Map(brightness.map((one) => [one.base, one]));
  for (const plane of [0, 1, 2]) {
    const size = layout.sizes[plane]!;
    const paint = (frame: number, kind: "planes" | "fills") =>
      samplesAt(memory, frame + layout[kind][plane]!, size.width * size.height, layout.sampleBytes);
    const fills = paint(base, "fills");
    const views = new Map([...levels.keys()].map((frame) => [frame, paint(frame, "planes")]));
    const top = 2 ** layout.format.bitDepth - 1;
    const middle = plane === 0 ? 0 : 2 ** (layout.format.bitDepth - 1);
    const depth = 2 ** (layout.format.bitDepth - 8);
    for (const cell of near) {
      const [cx, cy] = [cell % width, Math.floor(cell / width)];
      const [x0, y0] = [(cx * scale) >> size.shiftX, (cy * scale) >> size.shiftY];
      const x1 = Math.min(size.width, Math.max(x0 + 1, ((cx + 1) * scale) >> size.shiftX));
      const y1 = Math.min(size.height, Math.max(y0 + 1, ((cy + 1) * scale) >> size.shiftY));
      for (let y = y0; y < y1; y++) {
        for (let x = x0; x < x1; x++) {
          const [fx, fy] = [(x + 0.5) * 2 ** size.shiftX - 0.5, (y + 0.5) * 2 ** size.shiftY - 0.5];
          const pixel =
            Math.min(layout.format.height - 1, y << size.shiftY) * layout.format.width +
            Math.min(layout.format.width - 1, x << size.shiftX);
          if (state[pixel] === 0) continue;
          let [share, sum] = [0, 0];
          const [gx, gy] = [(fx + 0.5) / scale - 0.5, (fy + 0.5) / scale - 0.5];
          const [ix, iy] = [Math.floor(gx), Math.floor(gy)];
          for (let corner = 0; corner < 4; corner++) {
            const [nx, ny] = [ix + (corner & 1), iy + (corner >> 1)];
            if (nx < 0 || nx >= width) continue;
            const shown = cells.get(ny * width + nx);
            const level = shown && levels.get(shown.base);
            if (!shown || !level) continue;
            const weight = (1 - Math.abs(gx - nx)) * (1 - Math.abs(gy - ny));
            const px = shown.x + fx - ((nx + 0.5) * scale - 0.5);
            const py = shown.y + fy - ((ny + 0.5) * scale - 0.5);
            const [qx, qy] = [(px + 0.5) / 2 ** size.shiftX - 0.5, (py + 0.5) / 2 ** size.shiftY - 0.5];
            const value = between(views.get(shown.base)!, size, qx, qy);
            share += weight;
            sum += weight * (middle + (value - middle - (plane === 0 ? level.offset * depth : 0)) / level.gain);
          }
          if (share < LEAST_SHARE) continue;
          const at = y * size.width + x;
          const value = state[pixel] === UNSEEN ? sum / share : fills[at]! * (1 - share) + sum;
          fills[at] = Math.min(top, Math.max(0, Math.round(value)));
        }
      }
    }
  }
  for (const cell of cells.keys()) markSeen(state, layout, cell, width, scale);
  let unseen = 0;
  for (let i = 0; i < count; i++) if (state[i] === UNSEEN) unseen++;
  return unseen;
}

/** The cells and those beside them, in order. */
function reached(cells: ReadonlyMap<number, unknown>, width: number, height: number): Int32Array {
  const marks = new Uint8Array(width * height);
  for (const cell of cells.keys()) {
    const [x, y] = [cell % width, Math.floor(cell / width)];
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++)
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) marks[ny * width + nx] = 1;
  }
  return Int32Array.from(marks.keys()).filter((i) => marks[i]);
}

function markSeen(state: Uint8Array, { format }: Layout, cell: number, width: number, scale: number): void {
  const [x0, y0] = [(cell % width) * scale, Math.floor(cell / width) * scale];
  for (let y = y0; y < Math.min(format.height, y0 + scale); y++)
    for (let x = x0; x < Math.min(format.width, x0 + scale); x++)
      if (state[y * format.width + x] === UNSEEN) state[y * format.width + x] = SEEN;
}

/** A plane between its samples, bicubic (Catmull-Rom). */
function between(plane: Uint8Array | Uint16Array, { width, height }: PlaneSize, x: number, y: number): number {
  const [ix, iy] = [Math.floor(x), Math.floor(y)];
  const [tx, ty] = [x - ix, y - iy];
  let sum = 0;
  for (let j = 0; j < 4; j++) {
    const row = Math.min(height - 1, Math.max(0, iy + j - 1)) * width;
    let line = 0;
    for (let i = 0; i < 4; i++) line += cubic(tx, i) * plane[row + Math.min(width - 1, Math.max(0, ix + i - 1))]!;
    sum += cubic(ty, j) * line;
  }
  return sum;
}

function cubic(t: number, tap: number): number {
  if (tap === 0) return t * (-0.5 + t * (1 - 0.5 * t));
  if (tap === 1) return 1 + t * t * (-2.5 + 1.5 * t);
  if (tap === 2) return t * (0.5 + t * (2 - 1.5 * t));
  return t * t * (-0.5 + 0.5 * t);
}
