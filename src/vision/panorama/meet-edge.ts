/** How texture begins where the picture ends. */
import { blurred, type Cells } from "./cells.ts";

/** Radius in cells over which levelling is smooth. */
const SMOOTH = 4;
/** How far a difference at the picture's edge is levelled, and texture that does not go on there gives way, in shares of the shorter side. */
const LEVELLING = 0.1;
const MEETING = 0.05;
/** Radius in cells over which differences along the edge are averaged, and mean squared ones that do not count. */
const ALONG = 4;
const LEAST_MISFIT = 60;

/** A cell that is not known, one beside it that is, and the next behind that. */
type Edge = readonly [number, number, number];

/**
 * Has the texture meet the picture at its edge: by how much it is brighter there is taken off, less the further out; where it
 * still does not go on as the picture does, it gives way to what is soft, until some way out.
 * @param textures what the texture shows of each channel. @param bands of these, all but the finest detail; levelled. @param trust lowered.
 */
export function meetEdge(
  { width, height, known, channels }: Cells,
  near: Int32Array,
  textures: readonly Float32Array[],
  bands: readonly Float32Array[],
  trust: Float32Array,
): void {
  const side = Math.min(width, height);
  const [levelling, meeting] = [LEVELLING * side, MEETING * side];
  const edge: Edge[] = [];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      if (known[i]) continue;
      for (const step of [-1, 1, -width, width]) if (known[i + step]) edge.push([i, i + step, i + 2 * step]);
    }
  }
  const smeared = (value: (one: Edge) => number): Float32Array => {
    const sums = new Float32Array(known.length);
    for (const one of edge) sums[one[1]]! += value(one);
    return blurred(sums, width, height, ALONG);
  };
  const counts = smeared(() => 1);
  /** Mean of a value along the edge, at the known cells there. */
  const along = (value: (one: Edge) => number): Float32Array =>
    smeared(value).map((sum, i) => (counts[i]! > 1e-6 ? sum / counts[i]! : 0));
  const jumps = channels.map((channel, c) => along(([out, at]) => channel[at]! - textures[c]![out]!));
  const away = Float32Array.from(near, (at, i) =>
    Math.hypot((i % width) - (at % width), Math.floor(i / width) - Math.floor(at / width)),
  );
  for (const [c, jump] of jumps.entries()) {
    const field = jump.map((_, i) => (known[i] ? jump[i]! : jump[near[i]!]! * Math.exp(-away[i]! / levelling)));
    const smooth = blurred(field, width, height, SMOOTH);
    for (let i = 0; i < known.length; i++) {
      if (known[i]) continue;
      bands[c]![i]! += smooth[i]!;
      textures[c]![i]! += smooth[i]!;
    }
  }
  const squared = (a: number, b: (c: number) => number): number =>
    channels.reduce((sum, channel, c) => sum + (channel[a]! - b(c)) ** 2, 0);
  const misfit = along(([out, at]) => squared(at, (c) => textures[c]![out]!));
  const usual = along(([, at, inside]) => (known[inside] ? squared(at, (c) => channels[c]![inside]!) : 0));
  for (let i = 0; i < known.length; i++) {
    if (known[i]) continue;
    const at = near[i]!;
    const excess = misfit[at]! / (2 * usual[at]! + LEAST_MISFIT);
    trust[i]! *= 1 - Math.exp(-away[i]! / meeting) * (1 - 1 / (1 + excess ** 2));
  }
}
