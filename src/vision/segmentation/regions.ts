/** Connected parts of a mask. */

/** One connected part. */
export type Region = {
  /** Its number, from 1, in the map of parts. */
  readonly label: number;
  readonly size: number;
  /** Of its pixels' weights. */
  readonly sum: number;
  readonly touchesEdge: boolean;
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
    while (next < end) {
      const i = queue[next++]!;
      sum += weight[i]!;
      const x = i % width;
      const [left, right, top, bottom] = [x === 0, x + 1 === width, i < width, i >= width * (height - 1)];
      touchesEdge ||= left || right || top || bottom;
      for (let side = 0; side < 4; side++) {
        if (side === 0 ? left : side === 1 ? right : side === 2 ? top : bottom) continue;
        const near = side === 0 ? i - 1 : side === 1 ? i + 1 : side === 2 ? i - width : i + width;
        if (labels[near] !== 0 || mask[near]! > 0.5 === inverse) continue;
        labels[near] = label;
        queue[end++] = near;
      }
    }
    regions.push({ label, size: end, sum, touchesEdge });
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

/** Fills holes of at most `most` pixels that do not touch the picture's edge. */
export function fillHoles(mask: Float32Array, width: number, height: number, most: number): void {
  const { regions, labels } = regionsOf(mask, width, height, mask, true);
  paint(mask, labels, regions, ({ size, touchesEdge }) => size <= most && !touchesEdge, 1);
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
