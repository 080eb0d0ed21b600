/** Links the regions of successive frames and picks the one object that stands out. */
import type { Blob } from "./blobs.ts";

/** Regions that belong together, by frame. */
type Track = { readonly frames: Map<number, Blob[]>; last: number; box: Box; strength: number; area: number };
type Box = { x0: number; y0: number; x1: number; y1: number };

/** Frames an object may go unseen before it counts as gone. */
const GAP = 8;
/** Share of the frames an object must be in. */
const LEAST_PRESENCE = 0.25;
/** Share of the picture an object takes on average. */
const LEAST_SHARE = 0.001;
const MOST_SHARE = 0.6;

/** Regions that follow one another from frame to frame. */
export class Tracks {
  readonly #tracks: Track[] = [];
  #frames = 0;

  /** Adds the next frame's regions. */
  add(blobs: readonly Blob[]): void {
    const index = this.#frames++;
    const live = this.#tracks.filter((track) => index - track.last <= GAP).sort((a, b) => b.strength - a.strength);
    const before = new Map(live.map((track) => [track, grown(track.box)]));
    for (const blob of [...blobs].sort((a, b) => b.strength - a.strength)) {
      let track = live.find((candidate) => overlaps(before.get(candidate) ?? candidate.box, blob));
      if (!track) {
        track = { frames: new Map(), last: index, box: blob, strength: 0, area: 0 };
        this.#tracks.push(track);
        live.push(track);
      }
      const own = track.frames.get(index);
      if (own) own.push(blob);
      else track.frames.set(index, [blob]);
      track.box = own && track.last === index ? union(track.box, blob) : blob;
      track.last = index;
      track.strength += blob.strength;
      track.area += blob.area;
    }
  }

  /**
   * The strongest track's runs by frame, short gaps bridged by their neighbours; null when none is there long enough, or
   * it is tiny or fills the picture.
   */
  salient(pixels: number): readonly (readonly Int32Array[])[] | null {
    const best = this.#tracks
      .filter((track) => track.frames.size >= Math.max(2, LEAST_PRESENCE * this.#frames))
      .filter(
        ({ area, frames }) => area / frames.size > LEAST_SHARE * pixels && area / frames.size < MOST_SHARE * pixels,
      )
      .sort((a, b) => b.strength - a.strength)[0];
    if (!best) return null;
    const runs = (index: number) => (best.frames.get(index) ?? []).map((blob) => blob.runs);
    return Array.from({ length: this.#frames }, (_, index) => {
      if (best.frames.has(index)) return runs(index);
      let before = index - 1;
      let after = index + 1;
      while (before >= 0 && index - before <= GAP && !best.frames.has(before)) before--;
      while (after < this.#frames && after - index <= GAP && !best.frames.has(after)) after++;
      const bridged = best.frames.has(before) && best.frames.has(after) && after - before <= GAP;
      return bridged ? [...runs(before), ...runs(after)] : [];
    });
  }
}

function grown({ x0, y0, x1, y1 }: Box): Box {
  const [dx, dy] = [4 + (x1 - x0) / 4, 4 + (y1 - y0) / 4];
  return { x0: x0 - dx, y0: y0 - dy, x1: x1 + dx, y1: y1 + dy };
}

function overlaps(a: Box, b: Box): boolean {
  return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
}

function union(a: Box, b: Box): Box {
  return { x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1) };
}
