/** What other frames show of a hole's pixels: the surest first. */
import type { Arena } from "../../kernels/arena.ts";
import type { JobContext } from "../../kernels/pool.ts";
import { CLOSE, MASKED, MOVING } from "../frames/layout.ts";
import { IDENTITY } from "../registration/homography.ts";
import type { EstimateInput } from "./estimate.ts";
import { type Gathered, gatherPixels, type PixelList } from "./pixels.ts";
import type { Source } from "./sources.ts";

/** What was found for each pixel of a list, and the places in it of those that show what moves by itself. */
export type Found = Gathered & { readonly believed: readonly number[] };

/**
 * What the sources show of some pixels. Where that leaves nothing: what spare ones show, then what any show right beside their
 * holes, then what moves.
 * @param arena where the result lies.
 */
export function lookUp(
  context: JobContext,
  input: EstimateInput,
  plane: number,
  pixels: PixelList,
  sources: readonly Source[],
  arena: Arena,
): Found {
  const { layout, base, believable, most, closest, spare, sources: all } = input;
  const moving = believable === undefined ? 0 : MOVING;
  const bases = new Set(all.slice(0, believable).map((source) => source.base));
  const own: Source = { base, homography: IDENTITY, exact: true, gain: 1, offset: 0, weight: 1 };
  const tries = [
    { from: spare, without: MASKED | moving, moves: false },
    ...(closest ? [{ from: [...sources, ...spare, own], without: CLOSE | moving, moves: false }] : []),
    ...(moving ? [{ from: sources.filter((source) => bases.has(source.base)), without: MASKED, moves: true }] : []),
  ];
  const found = gatherStill(context, input, plane, pixels, sources, arena);
  const { values, counts } = found;
  const believed: number[] = [];
  for (const { from, without, moves } of tries) {
    const left: number[] = [];
    for (let i = 0; i < counts.length; i++) if (counts[i] === 0) left.push(i);
    if (left.length === 0) break;
    if (from.length === 0) continue;
    const list = Int32Array.from(left, (i) => pixels[i]!);
    const options = { plane, from: "source", most, without } as const;
    const more = gatherPixels(context, layout, list, from, options, arena.rest());
    for (const [k, i] of left.entries()) {
      values[i] = more.values[k]!;
      counts[i] = more.counts[k]!;
      if (moves && more.counts[k]) believed.push(i);
    }
  }
  return { ...found, believed };
}

/** What the sources show of some pixels, without what moves by itself. @param arena where the result lies. */
export function gatherStill(
  context: JobContext,
  { layout, believable, most }: EstimateInput,
  plane: number,
  pixels: PixelList,
  sources: readonly Source[],
  arena: Arena,
): Gathered {
  const without = MASKED | (believable === undefined ? 0 : MOVING);
  return gatherPixels(context, layout, pixels, sources, { plane, from: "source", most, without }, arena);
}
