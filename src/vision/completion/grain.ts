/** Film grain and sensor noise: a fill made of many frames is cleaner than its surroundings, which shows. */

/** Distance (thirds of a pixel) from which a pixel counts as surroundings. */
const OUTSIDE = 60;

/**
 * Adds noise to fill values until they are as grainy as the source around. The noise depends on the seed and the place
 * alone.
 * @param source the plane the fill goes into. @param distance distance to the hole at an index of the plane.
 */
export function addGrain(
  values: Float32Array,
  pixels: Int32Array,
  source: Uint8Array | Uint16Array,
  { width, height }: { width: number; height: number },
  distance: (at: number) => number,
  seed: number,
): void {
  const sigma = grainOf(source, width, height, distance);
  for (let i = 0; i < pixels.length; i++) values[i]! += sigma * gaussian(pixels[i]!, seed);
}

/** Noise of the plane outside the hole: the lower quartile of local second differences, which texture hardly touches. */
function grainOf(
  plane: Uint8Array | Uint16Array,
  width: number,
  height: number,
  distance: (at: number) => number,
): number {
  const found: number[] = [];
  for (let y = 1; y < height - 1; y += 2) {
    for (let x = 1; x < width - 1; x += 2) {
      const at = y * width + x;
      if (distance(at) < OUTSIDE) continue;
      found.push(
        Math.abs(plane[at]! - (plane[at - 1]! + plane[at + 1]! + plane[at - width]! + plane[at + width]!) / 4),
      );
    }
  }
  if (found.length < 64) return 0;
  found.sort((a, b) => a - b);
  // The lower quartile of |normal| is 0.3186 sigma; the difference's own sigma is sqrt(5/4) of a sample's.
  return found[found.length >> 2]! / 0.3186 / Math.sqrt(1.25);
}

/** A normal deviate that depends on two integers alone (hash of Wang, sum of four uniforms). */
function gaussian(place: number, seed: number): number {
  let sum = 0;
  let state = (Math.imul(place, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b)) >>> 0;
  for (let i = 0; i < 4; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    state = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    state = (state ^ (state >>> 15)) >>> 0;
    sum += state / 2 ** 32;
  }
  return (sum - 2) * Math.sqrt(3);
}
