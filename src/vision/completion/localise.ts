/** Registers sources again on the surroundings of the hole alone, where parallax and drift make the camera's map wrong. */
import type { JobContext } from "../../kernels/pool.ts";
import type { Layout } from "../frames/layout.ts";
import { align, type Box } from "../registration/align.ts";
import { distance } from "../registration/homography.ts";
import { at } from "../registration/pair.ts";
import type { Source } from "./sources.ts";

/** Pixels compared for each source. */
const SAMPLES = 2500;
/** A local map is less exact than the camera's unless what remains shrinks to this share. */
const WORTHWHILE = 0.8;
/** Pixels of a 360-line picture that a local map may differ from the camera's. */
const REACH = 12;

/** The sources with maps that fit around the box, weighted by how well they fit; those that do not fit are left out. */
export function localise(
  { kernels, memory, scratch }: JobContext,
  layout: Layout,
  base: number,
  box: Box,
  sources: readonly Source[],
): Source[] {
  const template = at(layout.levels, base);
  const level = Math.min(1, layout.levels.length - 1);
  const limit = (REACH * Math.min(layout.format.width, layout.format.height)) / 360 + 1;
  const fitted = sources.map((source) => {
    if (source.exact) return { source, sigma: 0 };
    const start = { start: source.homography, gain: source.gain, offset: source.offset, within: box, samples: SAMPLES };
    const image = at(layout.levels, source.base);
    const levels = [{ index: level, model: "affine" as const, iterations: 2 }];
    const found = align(kernels, memory, scratch.start, template, image, { ...start, levels });
    if (
      !found ||
      distance(found.homography, source.homography, layout.format.width, layout.format.height) > 4 * limit
    ) {
      return { source, sigma: undefined };
    }
    if (found.sigma > WORTHWHILE * found.sigmaBefore) return { source, sigma: found.sigmaBefore };
    return {
      source: { ...source, homography: found.homography, gain: found.gain, offset: found.offset },
      sigma: found.sigma,
    };
  });
  const known = fitted.flatMap(({ sigma }) => (sigma === undefined ? [] : [sigma])).sort((a, b) => a - b);
  const good = known[known.length >> 2];
  if (good === undefined) return [...sources];
  return fitted
    .filter(({ sigma }) => sigma === undefined || sigma <= 2.5 * good + 4)
    .map(({ source, sigma }) => ({
      ...source,
      weight: source.weight / (1 + ((sigma ?? 2 * good + 4) / (good + 2)) ** 2),
    }));
}
