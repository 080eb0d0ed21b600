/** The way a window takes over a clip: still where it can be, one eased pan where it must move, a jump only at a cut. */
import { CELLS, type Interest } from "./interest.ts";

/** What is seen at a share of 0 and how far it moves by 1, in shares of the source's side; `length` likewise. */
export type Reach = { readonly first: number; readonly last: number; readonly length: number };

/** Places that the window may rest at. */
const PLACES = 49;
/** Seconds over which interest is averaged: whatever passes faster is not followed. */
const ATTENTION = 0.8;
/** Seconds that a pan takes at least. */
const PAN = 1.4;
/** What it costs to move over the whole reach, in seconds of missing all there is to see. */
const MOVING = 1.2;
/** What it costs to rest at the very side, in shares of what there is to see: for frames without interest. */
const OFF_CENTRE = 0.04;

/**
 * @param frames interest along one side.
 * @returns share of the reach for each frame, 0 to 1.
 */
export function pathOver(frames: readonly Pick<Interest, "x" | "isCut">[], reach: Reach, fps: number): Float32Array {
  const path = new Float32Array(frames.length);
  for (let start = 0; start < frames.length; ) {
    let end = start + 1;
    while (end < frames.length && !frames[end]!.isCut) end++;
    const scores = scoresOf(frames.slice(start, end), reach);
    smoothOverTime(scores, Math.max(1, Math.round(ATTENTION * fps)));
    const places = cheapestPath(scores, MOVING * fps);
    ease(places, path.subarray(start, end), Math.max(1, Math.round(PAN * fps)));
    start = end;
  }
  return path;
}

/** How much of a frame's interest each place keeps in view; the middle of the window counts more than its edges. */
function scoresOf(frames: readonly Pick<Interest, "x">[], { first, last, length }: Reach): Float32Array[] {
  return frames.map(({ x: interest }) => {
    let total = 0;
    for (const value of interest) total += value;
    return Float32Array.from({ length: PLACES }, (_, place) => {
      const share = place / (PLACES - 1);
      const from = first + (last - first) * share;
      let sum = 0;
      for (let cell = 0; cell < CELLS; cell++) {
        const across = ((cell + 0.5) / CELLS - from) / length;
        if (across > 0 && across < 1)
          sum += interest[cell]! * (1 - (2 * across - 1) ** 4 * 0.7 - 0.15 * (2 * across - 1) ** 2);
      }
      return (total > 0 ? sum / Math.max(total, 0.1) : 0) - OFF_CENTRE * (2 * share - 1) ** 2;
    });
  });
}

/** A moving average with mirrored ends, twice: a triangle. */
function smoothOverTime(scores: Float32Array[], reach: number): void {
  const count = scores.length;
  const radius = Math.min(reach >> 1, count - 1);
  if (radius < 1) return;
  for (let pass = 0; pass < 2; pass++) {
    for (let place = 0; place < PLACES; place++) {
      const line = Float32Array.from(scores, (row) => row[place]!);
      for (let t = 0; t < count; t++) {
        let [sum, n] = [0, 0];
        for (let k = Math.max(0, t - radius); k <= Math.min(count - 1, t + radius); k++) {
          sum += line[k]!;
          n++;
        }
        scores[t]![place] = sum / n;
      }
    }
  }
}

/** The places of greatest score less what moving costs, which is in proportion to the way: so it moves seldom, and at once. */
function cheapestPath(scores: readonly Float32Array[], moving: number): Float32Array {
  const step = moving / (PLACES - 1);
  const count = scores.length;
  const best = Float64Array.from(scores[0]!);
  const from = new Uint8Array(count * PLACES);
  for (let t = 1; t < count; t++) {
    // From the best place before: in reach of each other by steps of one, up and down.
    const origin = Uint8Array.from(best, (_, place) => place);
    for (let place = 1; place < PLACES; place++) {
      if (best[place - 1]! - step > best[place]!) {
        best[place] = best[place - 1]! - step;
        origin[place] = origin[place - 1]!;
      }
    }
    for (let place = PLACES - 2; place >= 0; place--) {
      if (best[place + 1]! - step > best[place]!) {
        best[place] = best[place + 1]! - step;
        origin[place] = origin[place + 1]!;
      }
    }
    from.set(origin, t * PLACES);
    for (let place = 0; place < PLACES; place++) best[place]! += scores[t]![place]!;
  }
  let place = best.indexOf(Math.max(...best));
  const path = new Float32Array(count);
  for (let t = count - 1; t >= 0; t--) {
    path[t] = place / (PLACES - 1);
    if (t > 0) place = from[t * PLACES + place]!;
  }
  return path;
}

/** Turns steps into pans of `length` frames that begin and end slowly (a raised cosine). */
function ease(places: Float32Array, path: Float32Array, length: number): void {
  const radius = length >> 1;
  const window = Float64Array.from(
    { length: 2 * radius + 1 },
    (_, i) => 1 + Math.cos((Math.PI * (i - radius)) / (radius + 1)),
  );
  const total = window.reduce((sum, weight) => sum + weight, 0);
  const last = places.length - 1;
  for (let t = 0; t <= last; t++) {
    let sum = 0;
    for (let k = -radius; k <= radius; k++) sum += window[k + radius]! * places[Math.min(last, Math.max(0, t + k))]!;
    path[t] = sum / total;
  }
}
