/** Small patches in a hole that are not believed where something moves by itself. */
import { bytesAt, type Layout, SEEN, UNSEEN } from "../frames/layout.ts";

/** Where something moves, seen patches amid the unseen that are smaller than this, in squares of the soft edge's width, were part of that. */
const SPECK = 6;
/** Thirds of a pixel: the unit of distance maps. */
const THIRD = 3;

/** Makes small patches of SEEN pixels UNSEEN that do not touch what is visible. */
export function dropSpecks(memory: WebAssembly.Memory, layout: Layout, base: number): void {
  const { width, height } = layout.format;
  const state = bytesAt(memory, base + layout.state, width * height);
  const edge = bytesAt(memory, base + layout.edge, width * height);
  const reach = layout.radius * THIRD;
  const least = SPECK * layout.radius ** 2;
  const visited = new Uint8Array(state.length);
  for (let start = 0; start < state.length; start++) {
    if (state[start] !== SEEN || visited[start] || edge[start]! > reach) continue;
    const patch = [start];
    visited[start] = 1;
    let isRim = false;
    for (let k = 0; k < patch.length; k++) {
      const i = patch[k]!;
      const x = i % width;
      for (const next of [x > 0 ? i - 1 : -1, x + 1 < width ? i + 1 : -1, i - width, i + width]) {
        if (next < 0 || next >= width * height) continue;
        if (edge[next]! > reach) isRim = true;
        else if (state[next] === SEEN && !visited[next]) {
          visited[next] = 1;
          patch.push(next);
        }
      }
    }
    if (!isRim && patch.length < least) for (const i of patch) state[i] = UNSEEN;
  }
}
