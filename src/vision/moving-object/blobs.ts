/** Connected regions of a difference map. */

/** One region: its pixels as runs (start index, length, ... in row-major order) and what is known of it. */
export type Blob = {
  readonly runs: Int32Array;
  readonly area: number;
  /** Sum of the differences. */
  readonly strength: number;
  readonly x0: number;
  readonly y0: number;
  /** Ends excluded. */
  readonly x1: number;
  readonly y1: number;
};

/** Differences below this many levels are never seen. */
const LEAST = 10;

/**
 * Regions in which the difference stands out from the map's own noise: strong pixels and the weaker ones that touch
 * them (hysteresis), small gaps closed, regions under `leastArea` pixels left out.
 */
export function findBlobs(difference: Uint8Array, width: number, height: number, leastArea: number): Blob[] {
  const noise = medianOf(difference) / 0.6745;
  const strong = Math.max(LEAST * 1.6, 6 * noise);
  const weak = Math.max(LEAST, 3.5 * noise);
  const mask = closed(
    difference.map((value) => (value >= weak ? 1 : 0)),
    width,
    height,
  );
  const seen = new Uint8Array(mask.length);
  const blobs: Blob[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || seen[start]) continue;
    const members = flood(mask, seen, start, width, height);
    if (members.length < leastArea) continue;
    let strength = 0;
    let hits = 0;
    for (const i of members) {
      strength += difference[i]!;
      if (difference[i]! >= strong) hits++;
    }
    if (hits * 4 >= members.length) blobs.push(describe(members, strength, width));
  }
  return blobs;
}

function describe(members: number[], strength: number, width: number): Blob {
  members.sort((a, b) => a - b);
  let [x0, x1] = [width, 0];
  const runs: number[] = [];
  for (const i of members) {
    const x = i % width;
    x0 = Math.min(x0, x);
    x1 = Math.max(x1, x + 1);
    const last = runs.length - 2;
    if (last >= 0 && runs[last]! + runs[last + 1]! === i && x > 0) runs[last + 1]!++;
    else runs.push(i, 1);
  }
  const y0 = Math.floor(members[0]! / width);
  const y1 = Math.floor(members.at(-1)! / width) + 1;
  return { runs: Int32Array.from(runs), area: members.length, strength, x0, y0, x1, y1 };
}

function flood(mask: Uint8Array, seen: Uint8Array, start: number, width: number, height: number): number[] {
  const members = [start];
  seen[start] = 1;
  const visit = (i: number) => {
    if (!mask[i] || seen[i]) return;
    seen[i] = 1;
    members.push(i);
  };
  for (let next = 0; next < members.length; next++) {
    const i = members[next]!;
    const x = i % width;
    if (x > 0) visit(i - 1);
    if (x + 1 < width) visit(i + 1);
    if (i >= width) visit(i - width);
    if (i < width * (height - 1)) visit(i + width);
  }
  return members;
}

/** Dilation, then erosion, by a 5 x 5 square; then an opening by 3 x 3. */
function closed(mask: Uint8Array, width: number, height: number): Uint8Array {
  const joined = morph(morph(mask, width, height, 2, 1), width, height, 2, 0);
  return morph(morph(joined, width, height, 1, 0), width, height, 1, 1);
}

/** Spreads `value` (1: dilation, 0: erosion) over a square of the given radius. */
export function morph(mask: Uint8Array, width: number, height: number, radius: number, value: 0 | 1): Uint8Array {
  const rows = mask.slice();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (mask[y * width + x] !== value) continue;
      rows.fill(value, y * width + Math.max(0, x - radius), y * width + Math.min(width, x + radius + 1));
    }
  }
  const out = rows.slice();
  for (let y = 0; y < height; y++) {
    for (let ny = Math.max(0, y - radius); ny <= Math.min(height - 1, y + radius); ny++) {
      if (ny === y) continue;
      for (let x = 0; x < width; x++) if (rows[ny * width + x] === value) out[y * width + x] = value;
    }
  }
  return out;
}

function medianOf(values: Uint8Array): number {
  const histogram = new Uint32Array(256);
  for (const value of values) histogram[value]!++;
  let seen = 0;
  for (let level = 0; level < 256; level++) {
    const before = seen;
    seen += histogram[level]!;
    if (seen * 2 >= values.length) return level + (values.length / 2 - before) / Math.max(1, histogram[level]!);
  }
  return 255;
}
