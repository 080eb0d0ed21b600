/** How an object stands out from what other frames show at its place: learnt, as its colours are, from where it is known to be. */
import { UNKNOWN } from "./depart.ts";
import { boxOf, grow, type Picture } from "./picture.ts";

/** Levels of departure by bin: its square root, and one bin for pixels of which nothing is known. */
const BINS = 17;
const BIN_OF = Uint8Array.from({ length: 256 }, (_, level) =>
  level === UNKNOWN ? BINS - 1 : Math.floor(Math.sqrt(level)),
);
/** Share of pixels that a bin never seen has, and most that one pixel says. */
const FLOOR = 0.01;
const MOST = 3;
/** Likelihood of departing more than what is around it from which on an object counts as standing out, and fully. */
const TOLD = [0.8, 0.84] as const;
/** Pixels below which there is too little to learn from. */
const LEAST = 20;

/** Shares of departures, of an object and around it. */
export type StandingOut = { readonly own: Float64Array; readonly around: Float64Array };

/** Departures inside a mask and beside it; undefined where nothing is known of them. */
export function standingOut({ width, height, departure }: Picture, mask: Float32Array): StandingOut | undefined {
  const box = departure && boxOf(mask, width, height, 0.5);
  if (!box) return undefined;
  const [own, around] = [new Float64Array(BINS), new Float64Array(BINS)];
  const ring = grow(box, 8 + 0.3 * Math.sqrt((box.x1 - box.x0) * (box.y1 - box.y0)), width, height);
  for (let y = ring.y0; y < ring.y1; y++) {
    for (let i = y * width + ring.x0; i < y * width + ring.x1; i++) {
      const bin = BIN_OF[departure[i]!]!;
      if (mask[i]! > 0.6) own[bin]!++;
      else if (mask[i]! < 0.4) around[bin]!++;
    }
  }
  return isKnown(own) && isKnown(around) ? { own: shares(own), around: shares(around) } : undefined;
}

/** Mixes what was learnt afresh into what is known. @param share of the fresh, 0 to 1. */
export function blendStandingOut(
  known: StandingOut | undefined,
  fresh: StandingOut | undefined,
  share: number,
): StandingOut | undefined {
  if (!known || !fresh) return known ?? fresh;
  const mix = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value + share * (b[i]! - value));
  return { own: mix(known.own, fresh.own), around: mix(known.around, fresh.around) };
}

/**
 * For every level of departure, how much it speaks for the object: a logarithm, between -3 and 3; 0 where nothing is known, and
 * less the less the object stands out.
 */
export function evidenceOf(known: StandingOut): Float32Array {
  const { own, around } = known;
  const belief = Math.max(0, Math.min(1, (separation(known) - TOLD[0]) / (TOLD[1] - TOLD[0])));
  return Float32Array.from(BIN_OF, (bin) => {
    if (bin === BINS - 1) return 0;
    const ratio = Math.log((smooth(own, bin) + FLOOR) / (smooth(around, bin) + FLOOR));
    return belief * Math.max(-MOST, Math.min(MOST, ratio));
  });
}

/** How likely a pixel of the object departs more than one beside it, 0.5 to 1. */
function separation({ own, around }: StandingOut): number {
  let [below, sum] = [0, 0];
  for (let bin = 0; bin < BINS - 1; bin++) {
    sum += own[bin]! * (below + around[bin]! / 2);
    below += around[bin]!;
  }
  return sum;
}

function smooth(values: Float64Array, bin: number): number {
  return (values[Math.max(0, bin - 1)]! + 2 * values[bin]! + values[Math.min(BINS - 2, bin + 1)]!) / 4;
}

function isKnown(counts: Float64Array): boolean {
  return counts.subarray(0, BINS - 1).reduce((a, b) => a + b, 0) >= LEAST;
}

function shares(counts: Float64Array): Float64Array {
  const total = counts.subarray(0, BINS - 1).reduce((a, b) => a + b, 0);
  return counts.map((count) => count / total);
}
