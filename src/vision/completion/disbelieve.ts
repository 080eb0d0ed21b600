/** What moves by itself and is not seen to go on beside the hole is not believed to be behind it. */
import { bytesAt, type Layout, MOVING, SEEN, samplesAt, UNSEEN } from "../frames/layout.ts";
import { type Colour, joined } from "./join.ts";

/** Where something moves, seen patches amid the unseen that are smaller than this, in squares of the soft edge's width, were part of that. */
const SPECK = 6;
/** Thirds of a pixel: the unit of distance maps. */
const THIRD = 3;

/** Marks the pixels that show what moves, except where that does not go on beside the hole: there nothing is SEEN. */
export function disbelieve(memory: WebAssembly.Memory, layout: Layout, base: number, moves: readonly number[]): void {
  if (moves.length === 0) return;
  const { width, height } = layout.format;
  const blocked = bytesAt(memory, base + layout.levels[0]!.blocked, width * height);
  const state = bytesAt(memory, base + layout.state, width * height);
  const edge = bytesAt(memory, base + layout.edge, width * height);
  const reach = layout.radius * THIRD;
  const colour = fillColours(memory, layout, base);
  const kept = joined({
    cells: moves,
    width,
    height,
    isVisible: (i) => edge[i]! > reach,
    colour: (i) => colour(moves[i]!),
    visibleColour: colour,
  });
  for (const i of moves) state[i] = UNSEEN;
  for (const i of kept) {
    state[moves[i]!] = SEEN;
    blocked[moves[i]!]! |= MOVING;
  }
}

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

/** Reads the three samples, in 8-bit levels, of a luma pixel in a frame's fills. */
function fillColours(memory: WebAssembly.Memory, layout: Layout, base: number): (i: number) => Colour {
  const scale = 2 ** (8 - layout.format.bitDepth);
  const planes = layout.sizes.map(({ width, height }, plane) =>
    samplesAt(memory, base + layout.fills[plane]!, width * height, layout.sampleBytes),
  );
  return (i) => {
    const [x, y] = [i % layout.format.width, Math.floor(i / layout.format.width)];
    const read = (plane: 0 | 1 | 2) => {
      const { width, shiftX, shiftY } = layout.sizes[plane];
      return planes[plane]![(y >> shiftY) * width + (x >> shiftX)]! * scale;
    };
    return [read(0), read(1), read(2)];
  };
}
