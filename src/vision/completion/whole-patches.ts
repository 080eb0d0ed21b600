/** 1 at the centres of patches that lie wholly where a map is not 0. @param radius half side of the patches. */
export function wholePatches(map: Uint8Array, width: number, height: number, radius: number): Uint8Array {
  const run = new Uint8Array(map.length);
  const out = new Uint8Array(map.length);
  const side = 2 * radius + 1;
  for (let y = 0; y < height; y++) {
    let length = 0;
    for (let x = 0; x < width; x++) {
      length = map[y * width + x] ? length + 1 : 0;
      if (length >= side) run[y * width + x - radius] = 1;
    }
  }
  for (let x = 0; x < width; x++) {
    let length = 0;
    for (let y = 0; y < height; y++) {
      length = run[y * width + x] ? length + 1 : 0;
      if (length >= side) out[(y - radius) * width + x] = 1;
    }
  }
  return out;
}
