/** The colours of an object on a picture and of what is around it. */
import { Colours } from "./colour.ts";
import { boxOf, grow, type Picture } from "./picture.ts";

/**
 * Colours inside a mask, and beside it.
 * @param table evidence of colours: what looks like the object is not learnt as its surroundings.
 */
export function coloursOf(
  { width, height }: Picture,
  bins: Uint16Array,
  mask: Float32Array,
  table?: Float32Array,
): { own: Colours; around: Colours } {
  const own = new Colours();
  own.add(bins, (i) => (mask[i]! > 0.6 ? 1 : 0));
  const around = new Colours();
  const box = boxOf(mask, width, height, 0.5) ?? { x0: 0, y0: 0, x1: width, y1: height };
  const ring = grow(box, 16 + 0.5 * Math.sqrt((box.x1 - box.x0) * (box.y1 - box.y0)), width, height);
  around.add(bins, (i) => {
    if (mask[i]! >= 0.4) return 0;
    const y = (i / width) | 0;
    const x = i - y * width;
    const weight = table && table[bins[i]!]! > 0.5 ? 0.15 : 1;
    return x >= ring.x0 && x < ring.x1 && y >= ring.y0 && y < ring.y1 ? weight : 0.05 * weight;
  });
  return { own, around };
}

/** Mixes fresh colours into known ones. @param share of the fresh ones, 0 to 1. */
export function blend(known: Colours, fresh: Colours, share: number): void {
  const copy = fresh.copy();
  copy.weigh(1000 * share);
  known.weigh(1000 * (1 - share));
  known.merge(copy);
}
