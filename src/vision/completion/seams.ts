/** Levels copied pieces to each other and to the picture around them, so that no seam shows between them (Perez, Gangnet, Blake 2003). */

/** How fast a correction fades away from the seam it mends: it reaches about one over the root of this, in samples. */
const FADE = 1 / 30 ** 2;
const SWEEPS = 60;
/** Over-relaxation: each sweep goes this much of the way to where a correction should be. */
const RELAXATION = 1.8;

/** A rectangle of a plane that pieces of it are to be copied into. */
export type Patchwork = {
  readonly width: number;
  readonly height: number;
  /** Samples, in 8-bit or deeper levels; those to be filled do not count. */
  readonly samples: Float32Array;
  /** For each sample the index of the one it shows: its own where it stays, -1 where there is none. */
  readonly from: Int32Array;
};

/** Copies the pieces in `samples`, levelled. Where there are none it stays. */
export function layPieces({ width, height, samples, from }: Patchwork): void {
  const filled: number[] = [];
  const index = new Int32Array(from.length).fill(-1);
  for (let i = 0; i < from.length; i++) {
    if (from[i]! < 0 || from[i] === i) continue;
    index[i] = filled.length;
    filled.push(i);
  }
  const count = filled.length;
  const links = new Int32Array(4 * count).fill(-1);
  const wanted = new Float32Array(count);
  const weight = new Float32Array(count).fill(FADE);
  for (let k = 0; k < count; k++) {
    const i = filled[k]!;
    const [x, y] = [i % width, Math.floor(i / width)];
    const origin = from[i]!;
    const [ox, oy] = [origin % width, Math.floor(origin / width)];
    for (let side = 0; side < 4; side++) {
      const [dx, dy] = [(side === 0 ? -1 : 0) + (side === 1 ? 1 : 0), (side === 2 ? -1 : 0) + (side === 3 ? 1 : 0)];
      if (x + dx < 0 || y + dy < 0 || x + dx >= width || y + dy >= height) continue;
      const next = i + dy * width + dx;
      const other = from[next]!;
      if (other < 0) continue;
      // What the neighbour would show if its piece were this one's, and the other way round.
      const inside = ox + dx >= 0 && oy + dy >= 0 && ox + dx < width && oy + dy < height;
      const along =
        inside && from[origin + dy * width + dx] === origin + dy * width + dx ? origin + dy * width + dx : -1;
      const fits = along < 0 || other === along ? 0 : samples[other]! - samples[along]!;
      weight[k]!++;
      if (other === next) wanted[k]! += fits;
      else {
        links[4 * k + side] = index[next]!;
        const [nx, ny] = [other % width, Math.floor(other / width)];
        const within = nx - dx >= 0 && ny - dy >= 0 && nx - dx < width && ny - dy < height;
        const back = other - dy * width - dx;
        const returns = within && from[back] === back && back !== origin ? samples[origin]! - samples[back]! : 0;
        wanted[k]! += (fits - returns) / 2;
      }
    }
  }
  const correction = new Float32Array(count);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let k = 0; k < count; k++) {
      let sum = wanted[k]!;
      for (let side = 4 * k; side < 4 * k + 4; side++) if (links[side]! >= 0) sum += correction[links[side]!]!;
      correction[k]! += RELAXATION * (sum / weight[k]! - correction[k]!);
    }
  }
  const copied = Float32Array.from(filled, (i) => samples[from[i]!]!);
  for (let k = 0; k < count; k++) samples[filled[k]!] = copied[k]! + correction[k]!;
}
