/** A scene's panorama: what lies in and around one frame of it, the key, seen or made up, in that frame's coordinates. */
import { padded } from "../../kernels/arena.ts";
import type { Source } from "../completion/sources.ts";
import type { Layout, SampleLayout } from "../frames/layout.ts";
import { apply, compose, type Homography, invert } from "../registration/homography.ts";

/** Luma rectangle of a panorama in its key frame's pixels; begins on whole chroma samples, at or before the frame. */
export type PanoramaView = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** A panorama as a frame sees it. */
export type PanoramaSource = { readonly view: PanoramaView; readonly source: Source };

/** A panorama is at most so much longer and higher than a frame, in shares of its side, and reaches at least so far beyond it. */
const MOST_ROOM = 0.5;
const LEAST_ROOM = 0.03;
/** Pixels around what frames see, for interpolation. */
const SLACK = 4;

/** Where the parts of a panorama lie in a slot that a frame of `layout` fits in. */
export function panoramaLayout(layout: Layout, { width, height }: PanoramaView): SampleLayout {
  const { chromaShiftX: shiftX, chromaShiftY: shiftY } = layout.format;
  const luma = { width, height, shiftX: 0, shiftY: 0 };
  const chroma = { width: -(-width >> shiftX), height: -(-height >> shiftY), shiftX, shiftY };
  const { sampleBytes } = layout;
  const u = padded(width * height * sampleBytes);
  const v = u + padded(chroma.width * chroma.height * sampleBytes);
  const blocked = v + padded(chroma.width * chroma.height * sampleBytes);
  if (blocked + padded(width * height) > layout.bytes) throw new RangeError("a panorama does not fit its slot");
  const planes = [0, u, v] as const;
  return {
    format: { ...layout.format, width, height },
    sampleBytes,
    sizes: [luma, chroma, chroma],
    planes,
    fills: planes,
    levels: [{ luma: 0, blocked, width, height }],
  };
}

/**
 * What a panorama shows: the frame, and what frames that follow it see beyond that, as far as there is room.
 * @param views from the key frame to each of those, in order of time.
 */
export function panoramaView({ format }: Pick<Layout, "format">, views: readonly Homography[]): PanoramaView {
  const { width, height, chromaShiftX, chromaShiftY } = format;
  const axes = [width, height].map((side) => {
    const least = Math.ceil(LEAST_ROOM * side);
    return { side, least, low: -least, high: side + least };
  }) as [Axis, Axis];
  for (const view of views) if (!take(axes, corners(view, width, height))) break;
  const [x, y] = [begin(axes[0], chromaShiftX), begin(axes[1], chromaShiftY)];
  return { x, y, width: Math.ceil(axes[0].high) - x, height: Math.ceil(axes[1].high) - y };
}

/** Whole chroma samples. */
function begin({ low }: Axis, shift: number): number {
  return (Math.floor(low) >> shift) << shift;
}

type Axis = { readonly side: number; readonly least: number; low: number; high: number };

/** Widens the axes by what a frame sees. @returns whether there was room for all of it. */
function take(axes: readonly [Axis, Axis], points: readonly (readonly [number, number])[] | undefined): boolean {
  if (!points) return false;
  let isWhole = true;
  for (const [i, axis] of axes.entries()) {
    const most = (1 + MOST_ROOM) * axis.side;
    const places = points.map((point) => point[i]!);
    const low = Math.min(axis.low, Math.min(...places) - SLACK);
    const high = Math.max(axis.high, Math.max(...places) + SLACK);
    if (high - low > most) isWhole = false;
    // Room that is left goes to where the camera turns.
    axis.low = Math.max(low, axis.high - most);
    axis.high = Math.min(high, axis.low + most);
  }
  return isWhole;
}

/** The corners of another frame in the key's pixels; undefined where it looks elsewhere. */
function corners(view: Homography, width: number, height: number): [number, number][] | undefined {
  const back = invert(view);
  const points = [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ].map(([x, y]) => apply(back, x!, y!));
  return points.every((point) => point !== undefined) ? (points as [number, number][]) : undefined;
}

/**
 * Panoramas hold the levels that frames have, and are levelled where a frame takes from them: how bright frames are against
 * each other is known from neighbour to neighbour alone, and a long way that drifts.
 */
const AS_IT_IS = { exact: false, gain: 1, offset: 0 } as const;

/** A source for the key frame as a source for its panorama. */
export function seenFrom({ x, y }: PanoramaView, source: Source): Source {
  return { ...source, ...AS_IT_IS, homography: compose(source.homography, [1, 0, x, 0, 1, y, 0, 0, 1]) };
}

/** A panorama's key frame as a source for a frame, as that panorama is. */
export function showing({ x, y }: PanoramaView, base: number, source: Source): Source {
  return { ...source, ...AS_IT_IS, base, homography: compose([1, 0, -x, 0, 1, -y, 0, 0, 1], source.homography) };
}
