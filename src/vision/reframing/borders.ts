/** Finds black bars around a clip. */
import type { Frame, FrameFormat } from "../../media/frame.ts";

/** Pixels cut off each side. */
export type Borders = { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number };

/** No bars. */
export const NO_BORDERS: Borders = { left: 0, right: 0, top: 0, bottom: 0 };

/** 8-bit levels above black that a bar's noise reaches. */
const BLACK = 12;
/** Share of a bar's line that may be brighter: specks of coding. */
const SPECKS = 0.005;
/** What stays is at least this share of a side: a picture that is darker all over has no bars. */
const LEAST_LEFT = 0.2;
/** A bar ends at an edge: somewhere the picture beside it is brighter than the bar by this, on average over a line. */
const EDGE = 4;
/** Lines of the picture that scaling and coding have darkened beside a bar. */
const BLEED = 2;

/** Of each row, or column: the highest mean it has had above black, and whether more of it than specks has been bright. */
type Lines = { readonly means: Float32Array; readonly bright: Uint8Array };

/** Looks at frames one by one; a line belongs to a bar when it is black in all of them. */
export class BorderFinder {
  readonly #format: FrameFormat;
  readonly #rows: Lines;
  readonly #columns: Lines;

  constructor(format: FrameFormat) {
    this.#format = format;
    this.#rows = { means: new Float32Array(format.height), bright: new Uint8Array(format.height) };
    this.#columns = { means: new Float32Array(format.width), bright: new Uint8Array(format.width) };
  }

  add(frame: Frame): void {
    const { width, height, bitDepth, fullRange } = this.#format;
    const unit = 2 ** (bitDepth - 8);
    const black = (fullRange ? 0 : 16) * unit;
    const { data, stride } = frame.planes[0];
    const bright = new Uint32Array(width);
    const sums = new Float64Array(width);
    for (let y = 0; y < height; y++) {
      let [count, sum] = [0, 0];
      for (let x = 0; x < width; x++) {
        const level = Math.max(0, data[y * stride + x]! - black) / unit;
        sum += level;
        sums[x]! += level;
        if (level <= BLACK) continue;
        count++;
        bright[x]!++;
      }
      note(this.#rows, y, sum / width, count > SPECKS * width);
    }
    for (let x = 0; x < width; x++) {
      note(this.#columns, x, sums[x]! / height, bright[x]! > SPECKS * height);
    }
  }

  /** @returns none unless they are surely bars; whole chroma samples. */
  found(): Borders {
    const { chromaShiftX, chromaShiftY } = this.#format;
    const [top, bottom] = barsOf(this.#rows, 2 ** chromaShiftY);
    const [left, right] = barsOf(this.#columns, 2 ** chromaShiftX);
    return { left, right, top, bottom };
  }
}

function note({ means, bright }: Lines, at: number, mean: number, isBright: boolean): void {
  if (mean > means[at]!) means[at] = mean;
  if (isBright) bright[at] = 1;
}

/** Bars at the beginning and the end of a line of lines, in multiples of `unit`. */
function barsOf({ means: lines, bright }: Lines, unit: number): [number, number] {
  const isBar = (at: number): boolean => !bright[at];
  let [first, last] = [0, lines.length];
  while (first < last && isBar(first)) first++;
  while (last > first && isBar(last - 1)) last--;
  if (last - first < Math.max(4, LEAST_LEFT * lines.length)) return [0, 0];
  const edge = (bar: number, picture: number): boolean => (lines[picture] ?? 0) - lines[bar]! > EDGE;
  const before = first > 0 && edge(first - 1, first + 1) ? first + BLEED : 0;
  const after = last < lines.length && edge(last, last - 2) ? lines.length - last + BLEED : 0;
  const whole = (bar: number): number => Math.min(Math.ceil(bar / unit) * unit, lines.length);
  return [whole(before), whole(after)];
}
