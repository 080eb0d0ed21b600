/** Masks drawn wider or tighter than they were, as a user's may be. */

/**
 * Spreads labels of src/vision/mask.ts by a disc: each pixel takes the greatest label within the radius, or the least where
 * the radius is negative. What lies beyond the picture counts for nothing.
 * @param radius in luma pixels; 0 leaves everything.
 */
export function widened(labels: Uint8Array, width: number, height: number, radius: number): Uint8Array {
  const [reach, sign] = [Math.abs(radius), Math.sign(radius)];
  const out = labels.slice();
  const inside = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < width && y < height;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const label = labels[y * width + x]!;
      const overcomes = (dx: number, dy: number): boolean =>
        inside(x + dx, y + dy) && sign * (label - labels[(y + dy) * width + x + dx]!) > 0;
      // Discs around an area's rim and the area itself are all that discs around each of its pixels cover.
      if (!overcomes(-1, 0) && !overcomes(1, 0) && !overcomes(0, -1) && !overcomes(0, 1)) continue;
      for (let dy = -reach; dy <= reach; dy++) {
        for (let dx = -reach; dx <= reach; dx++) {
          if (dx * dx + dy * dy > reach * reach || !inside(x + dx, y + dy)) continue;
          const at = (y + dy) * width + x + dx;
          if (sign * (label - out[at]!) > 0) out[at] = label;
        }
      }
    }
  }
  return out;
}
