/** Connected parts of a mask. */
import { type Box, boxOf, grow } from "./picture.ts";
import type { Flow } from "./workspace.ts";

/** One connected part. */
export type Region = {
  /** Its number, from 1, in the map of parts. */
  readonly label: number;
  readonly size: number;
  /** Of its pixels' weights. */
  readonly sum: number;
  readonly touchesEdge: boolean;
  readonly box: Box;
};

/**
 * Parts of `mask` above one half (with `inverse`, not above it), four-connected.
 * @param weight summed over each part.
 * @returns the parts and, for every pixel, its part's label; 0 for none.
 */
export function regionsOf(
  mask: Float32Array,
  width: number,
  height: number,
  weight: Float32Array,
  inverse = false,
): { regions: Region[]; labels: Int32Array } {
  const labels = new Int32Array(mask.length);
  const queue = new Int32Array(mask.length);
  const regions: Region[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (labels[start] !== 0 || mask[start]! > 0.5 === inverse) continue;
    const label = regions.length + 1;
    let [next, end] = [0, 1];
    queue[0] = start;
    labels[start] = label;
    let sum = 0;
    let touchesEdge = false;
    let [x0, y0, x1, y1] = [width, height, 0, 0];
    while (next < end) {
      const i = queue[next++]!;
      sum += weight[i]!;
      const x = i % width;
      const y = (i - x) / width;
      if (x < x0) x0 = x;
      if (x >= x1) x1 = x + 1;
      if (y < y0) y0 = y;
      if (y >= y1) y1 = y + 1;
      const [left, right, top, bottom] = [x === 0, x + 1 === width, y === 0, y + 1 === height];
      touchesEdge ||= left || right || top || bottom;
      for (let side = 0; side < 4; side++) {
        if (side === 0 ? left : side === 1 ? right : side === 2 ? top : bottom) continue;
        const near = side === 0 ? i - 1 : side === 1 ? i + 1 : side === 2 ? i - width : i + width;
        if (labels[near] !== 0 || mask[near]! > 0.5 === inverse) continue;
        labels[near] = label;
        queue[end++] = near;
      }
    }
    regions.push({ label, size: end, sum, touchesEdge, box: { x0, y0, x1, y1 } });
  }
  return { regions, labels };
}

/** Clears the parts of a mask that `keep` does not want. */
export function keepRegions(
  mask: Float32Array,
  width: number,
  height: number,
  weight: Float32Array,
  keep: (region: Region) => boolean,
): void {
  const { regions, labels } = regionsOf(mask, width, height, weight);
  paint(mask, labels, regions, (region) => !keep(region), 0);
}

/** Mean likelihood of a part that is the object, and of one that may be something else. */
const [KNOWN, STRANGE] = [0.5, 0.15];
/** Pixels around what is known that a part of it, a leg or an arm, may lie apart. */
const APART = 4;

/**
 * Clears the parts of a mask that are unlikely and lie apart from those that are likely.
 * @param likely how likely each pixel is the object's, 0 to 1.
 */
export function dropStrangers(mask: Float32Array, likely: Float32Array, width: number, height: number): void {
  const { regions, labels } = regionsOf(mask, width, height, likely);
  const largest = Math.max(0, ...regions.map(({ size }) => size));
  const known = regions.filter(({ size, sum }) => sum > KNOWN * size && size > 0.3 * largest);
  if (known.length === 0) return;
  const near = known.map(({ box }) => grow(box, APART, width, height));
  const isNear = ({ box }: Region): boolean =>
    near.some(({ x0, y0, x1, y1 }) => box.x0 < x1 && x0 < box.x1 && box.y0 < y1 && y0 < box.y1);
  paint(mask, labels, regions, (region) => region.sum <= STRANGE * region.size && !isNear(region), 0);
}

/** What tears off an object in one piece is another's: how far off, in sides of what is left, and pixels a frame by which it moves otherwise. */
const [TORN_OFF, RUNNING] = [0.25, 1.5];

/** Clears parts that lie apart from the largest one and move otherwise: they were taken in while something passed. */
export function dropRunaways(mask: Float32Array, flow: Flow, width: number, height: number): void {
  const { regions, labels } = regionsOf(mask, width, height, mask);
  if (regions.length < 2) return;
  const main = regions.reduce((a, b) => (b.size > a.size ? b : a));
  const near = grow(main.box, TORN_OFF * Math.max(main.box.x1 - main.box.x0, main.box.y1 - main.box.y0), width, height);
  const isApart = ({ box }: Region): boolean =>
    box.x0 >= near.x1 || near.x0 >= box.x1 || box.y0 >= near.y1 || near.y0 >= box.y1;
  const motionOf = ({ label, size }: Region): readonly [number, number] => {
    let [x, y] = [0, 0];
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] !== label) continue;
      x += flow.x[i]!;
      y += flow.y[i]!;
    }
    return [x / size, y / size];
  };
  const [x, y] = motionOf(main);
  for (const region of regions.filter(isApart)) {
    const own = motionOf(region);
    if (Math.hypot(own[0] - x, own[1] - y) < RUNNING) continue;
    for (let i = 0; i < labels.length; i++) if (labels[i] === region.label) mask[i] = 0;
  }
}

/** Fills holes of at most `most` pixels that do not touch the picture's edge. */
export function fillHoles(mask: Float32Array, width: number, height: number, most: number): void {
  const box = boxOf(mask, width, height, 0.5);
  if (!box) return;
  // Holes lie inside the box; what touches the edge of one that is a pixel larger, or the picture's, is none.
  const { x0, y0, x1, y1 } = grow(box, 1, width, height);
  const [w, h] = [x1 - x0, y1 - y0];
  const part = new Float32Array(w * h);
  for (let y = 0; y < h; y++) part.set(mask.subarray((y0 + y) * width + x0, (y0 + y) * width + x1), y * w);
  const { regions, labels } = regionsOf(part, w, h, part, true);
  paint(part, labels, regions, ({ size, touchesEdge }) => size <= most && !touchesEdge, 1);
  for (let y = 0; y < h; y++) mask.set(part.subarray(y * w, (y + 1) * w), (y0 + y) * width + x0);
}

function paint(
  mask: Float32Array,
  labels: Int32Array,
  regions: readonly Region[],
  wanted: (region: Region) => boolean,
  value: number,
): void {
  const chosen = Uint8Array.of(0, ...regions.map((region) => (wanted(region) ? 1 : 0)));
  if (!chosen.includes(1)) return;
  for (let i = 0; i < mask.length; i++) if (chosen[labels[i]!] === 1) mask[i] = value;
}
