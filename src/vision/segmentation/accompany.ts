/** What an object affects, its shadow or reflection, over a clip: it goes where the object goes. */

/** Small masks by frame, 0 to 1. */
export type MaskAt = (frame: number) => Float32Array;

/**
 * Carries masks of what an object affects from the frames they were given on to all others.
 *
 * A shadow has no surface that could be followed: the ground that it lies on stays behind. So each mask moves sideways
 * with the object's middle; up and down it stays, because a shadow keeps to the ground when its object jumps, and a
 * reflection goes the other way. Each frame takes the nearest given one.
 * @param given masks of what is affected, by frame; at least one. @param object masks of the object.
 * @param put takes every frame's mask; it is empty where the object is not seen, unless it was given there.
 */
export function accompany(
  given: ReadonlyMap<number, Float32Array>,
  object: MaskAt,
  { width, frameCount }: { readonly width: number; readonly frameCount: number },
  put: (frame: number, mask: Float32Array) => void,
): void {
  const anchors = [...given.keys()].sort((a, b) => a - b);
  const middles = new Map(anchors.map((frame) => [frame, middleOf(object(frame), width)]));
  for (let frame = 0; frame < frameCount; frame++) {
    const nearest = anchors.reduce((best, one) => (Math.abs(one - frame) < Math.abs(best - frame) ? one : best));
    const mask = given.get(nearest)!;
    if (nearest === frame) {
      put(frame, mask);
      continue;
    }
    const middle = middleOf(object(frame), width);
    const before = middles.get(nearest);
    if (middle === undefined) put(frame, new Float32Array(mask.length));
    else put(frame, before === undefined ? mask : moved(mask, width, Math.round(middle - before)));
  }
}

/** The middle column of a mask; undefined for an empty one. */
function middleOf(mask: Float32Array, width: number): number | undefined {
  let [sum, weight] = [0, 0];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i]! <= 0.5) continue;
    sum += i % width;
    weight++;
  }
  return weight > 0 ? sum / weight : undefined;
}

function moved(mask: Float32Array, width: number, by: number): Float32Array {
  const out = new Float32Array(mask.length);
  for (let row = 0; row < mask.length; row += width) {
    for (let x = Math.max(0, by); x < Math.min(width, width + by); x++) out[row + x] = mask[row + x - by]!;
  }
  return out;
}
