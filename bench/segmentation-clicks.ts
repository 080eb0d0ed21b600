/** Where somebody would click, from the truth: the same rule for every clip. */

/** A click of the endpoint. */
export type Click = { readonly x: number; readonly y: number; readonly positive: boolean };

/**
 * Three points inside the object (the one deepest inside, then the ones farthest from those before that are at least a third as
 * deep) and one beside it, an eighth of the box's diagonal from its right edge (or left, at the picture's edge).
 * @param mask 128 and more on the object; width * height.
 */
export function clicksOn(mask: Uint8Array, width: number, height: number): Click[] {
  const depth = depthOf(mask, width, height);
  const deepest = depth.reduce((best, value, i) => (value > depth[best]! ? i : best), 0);
  const points = [deepest];
  while (points.length < 3) {
    let [best, farthest] = [deepest, -1];
    for (let i = 0; i < depth.length; i++) {
      if (depth[i]! < Math.max(3, 0.3 * depth[deepest]!)) continue;
      const away = Math.min(
        ...points.map((p) => Math.hypot((p % width) - (i % width), Math.floor(p / width) - Math.floor(i / width))),
      );
      if (away > farthest) [best, farthest] = [i, away];
    }
    points.push(best);
  }
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i]! < 128) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
  }
  const gap = 0.12 * Math.hypot(x1 - x0, y1 - y0);
  const beside = x1 + gap < width - 1 ? x1 + gap : Math.max(0, x0 - gap);
  return [
    ...points.map((i) => ({ x: i % width, y: Math.floor(i / width), positive: true })),
    { x: Math.round(beside), y: Math.round((y0 + y1) / 2), positive: false },
  ];
}

/** City-block distance to the object's edge. */
function depthOf(mask: Uint8Array, width: number, height: number): Float32Array {
  const depth = new Float32Array(width * height);
  for (let i = 0; i < depth.length; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (mask[i]! >= 128) depth[i] = 1 + Math.min(x > 0 ? depth[i - 1]! : 0, y > 0 ? depth[i - width]! : 0);
  }
  for (let i = depth.length - 1; i >= 0; i--) {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (depth[i] === 0) continue;
    const around = Math.min(x + 1 < width ? depth[i + 1]! : 0, y + 1 < height ? depth[i + width]! : 0);
    depth[i] = Math.min(depth[i]!, 1 + around);
  }
  return depth;
}
