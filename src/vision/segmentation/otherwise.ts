/** What moves otherwise than the object beside it is another's. */
import type { Flow, Workspace } from "./workspace.ts";

/** How far a pixel's motion is from that of the object within `radius`: 0 up to `tolerance`, 1 from twice that on; 0 where no object is near. */
export function movesOtherwise(
  workspace: Workspace,
  flow: Flow,
  shape: Float32Array,
  radius: number,
  tolerance: number,
): (index: number) => number {
  const reach = Math.max(3, radius);
  const share = workspace.mean(shape, reach);
  const mean = (way: Float32Array): Float32Array => {
    const moved = new Float32Array(shape.length);
    for (let i = 0; i < moved.length; i++) moved[i] = shape[i]! * way[i]!;
    return workspace.mean(moved, reach);
  };
  const [x, y] = [mean(flow.x), mean(flow.y)];
  return (i) => {
    if (share[i]! < 0.02) return 0;
    const away = Math.hypot(flow.x[i]! - x[i]! / share[i]!, flow.y[i]! - y[i]! / share[i]!);
    return Math.max(0, Math.min(1, away / tolerance - 1));
  };
}
