/** What other frames show of a hole's pixels: the surest first. */
import type { JobContext } from "../../kernels/pool.ts";
import { CLOSE, MASKED, MOVING } from "../frames/layout.ts";
import { IDENTITY } from "../registration/homography.ts";
import type { EstimateInput } from "./estimate.ts";
import { gatherPixels, type PixelList } from "./pixels.ts";
import type { Source } from "./sources.ts";

/** What was found for each pixel of a list. */
export type Found = {
  /** Meaningless where the count is 0. */
  readonly values: Float32Array;
  /** How many frames showed it. */
  readonly counts: Uint8Array;
  /** 1 where it shows what moves by itself. */
  readonly believed: Uint8Array;
};

/**
 * What the sources show of some pixels. Where that leaves nothing, in the hole and its soft edge: what spare ones show, then what
 * any show right beside their holes, then what moves.
 * @param isFilled whether a pixel (y << 16 | x of the plane) lies there.
 */
export function lookUp(
  context: JobContext,
  { layout, base, believable, most, closest, spare, sources: all }: EstimateInput,
  plane: number,
  pixels: PixelList,
  sources: readonly Source[],
  isFilled: (pixel: number) => boolean,
): Found {
  const moving = believable === undefined ? 0 : MOVING;
  const bases = new Set(all.slice(0, believable).map((source) => source.base));
  const own: Source = { base, homography: IDENTITY, exact: true, gain: 1, offset: 0, weight: 1 };
  const tries = [
    { from: spare, without: MASKED | moving, moves: 0 },
    ...(closest ? [{ from: [...sources, ...spare, own], without: CLOSE | moving, moves: 0 }] : []),
    ...(moving ? [{ from: sources.filter((source) => bases.has(source.base)), without: MASKED, moves: 1 }] : []),
  ];
  const options = { plane, from: "source", most } as const;
  const found = gatherPixels(context, layout, pixels, sources, { ...options, without: MASKED | moving });
  const [values, counts] = [found.values.slice(), found.counts.slice()];
  const believed = new Uint8Array(pixels.length);
  for (const { from, without, moves } of tries) {
    const left: number[] = [];
    for (let i = 0; i < counts.length; i++) if (counts[i] === 0 && isFilled(pixels[i]!)) left.push(i);
    if (left.length === 0) break;
    if (from.length === 0) continue;
    const list = Int32Array.from(left, (i) => pixels[i]!);
    const more = gatherPixels(context, layout, list, from, { ...options, without });
    for (let k = 0; k < left.length; k++) {
      values[left[k]!] = more.values[k]!;
      counts[left[k]!] = more.counts[k]!;
      if (more.counts[k]) believed[left[k]!] = moves;
    }
  }
  return { values, counts, believed };
}
