/** What other frames show of a hole's pixels: the surest first. */
import type { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { CLOSE, MASKED, MOVING, OBJECT } from "../frames/layout.ts";
import { IDENTITY } from "../registration/homography.ts";
import type { EstimateInput } from "./estimate.ts";
import { type Gathered, gatherPixels, type PixelList } from "./pixels.ts";
import type { Source } from "./sources.ts";

/** Fewer pixels than this are all looked up; of more, one in {@link SPARSE} squared first. */
const FEW = 1000;
const SPARSE = 4;

/**
 * What the sources show of some pixels. Where that leaves nothing, of those that are wanted: what spare ones show, then what any
 * show right beside their holes, then inside slack masks.
 * @param isWanted asked of a pixel (y << 16 | x of the plane). @param arena where the result lies.
 */
export function lookUp(
  context: JobContext,
  input: EstimateInput,
  plane: number,
  pixels: PixelList,
  sources: readonly Source[],
  isWanted: (pixel: number) => boolean,
  arena: Arena,
): Gathered {
  const { layout, base, moving, most, closest, slack, spare } = input;
  const barred = moving ? MOVING : 0;
  const own: Source = { base, homography: IDENTITY, exact: true, gain: 1, offset: 0, weight: 1 };
  const tries = [
    { from: spare, without: MASKED | barred },
    ...(closest ? [{ from: [...sources, ...spare, own], without: CLOSE | barred }] : []),
    ...(slack ? [{ from: [...sources, ...spare, own], without: OBJECT | barred }] : []),
  ];
  const found = gatherStill(context, input, plane, pixels, sources, arena);
  const { values, counts } = found;
  let left = Int32Array.from(pixels.keys()).filter((i) => counts[i] === 0 && isWanted(pixels[i]!));
  for (const { from, without } of tries) {
    if (from.length === 0) continue;
    const options = { plane, from: "source", most, without } as const;
    const gather = (some: PixelList) => gatherPixels(context, layout, some, from, options, arena.rest());
    const likely = left.length < FEW ? left : promising(left, pixels, (some) => gather(some).counts);
    if (likely.length === 0) continue;
    const more = gather(likely.map((i) => pixels[i]!));
    for (const [k, i] of likely.entries()) {
      if (more.counts[k] === 0) continue;
      values[i] = more.values[k]!;
      counts[i] = more.counts[k]!;
    }
    left = left.filter((i) => counts[i] === 0);
  }
  return found;
}

/** Those of many pixels that are worth a look: near one of a sparse grid that something shows. @param left places in `pixels`. */
function promising(left: Int32Array, pixels: PixelList, counts: (some: PixelList) => Uint8Array): Int32Array {
  const isTried = (i: number) => (pixels[i]! & 0xffff) % SPARSE === 1 && (pixels[i]! >> 16) % SPARSE === 1;
  const some = left.filter(isTried).map((i) => pixels[i]!);
  const found = counts(some);
  const cells = new Set<number>();
  for (let k = 0; k < some.length; k++) {
    if (found[k] === 0) continue;
    const [x, y] = [cellOf(some[k]! & 0xffff), cellOf(some[k]! >> 16)];
    for (let ny = y - 1; ny <= y + 1; ny++) for (let nx = x - 1; nx <= x + 1; nx++) cells.add((ny << 16) | nx);
  }
  return left.filter((i) => cells.has((cellOf(pixels[i]! >> 16) << 16) | cellOf(pixels[i]! & 0xffff)));
}

/** From 1 on. */
function cellOf(place: number): number {
  return Math.floor(place / SPARSE) + 1;
}

/** What the sources show of some pixels, without what moves by itself. @param arena where the result lies. */
export function gatherStill(
  context: JobContext,
  { layout, moving, most }: EstimateInput,
  plane: number,
  pixels: PixelList,
  sources: readonly Source[],
  arena: Arena,
): Gathered {
  const without = MASKED | (moving ? MOVING : 0);
  return gatherPixels(context, layout, pixels, sources, { plane, from: "source", most, without }, arena);
}
