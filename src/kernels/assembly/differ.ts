// Where the source differs from what it is filled with.

// @ts-ignore: decorator
@inline
function differ<T>(
  map: usize, least: i32, most: i32, state: usize, seen: i32, lumaWidth: i32, x0: i32, y0: i32, x1: i32, y1: i32,
  source: usize, fill: usize, width: i32, height: i32, shiftX: i32, shiftY: i32, around: i32, limit: i32, differs: usize,
): void {
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const i = <usize>(y * lumaWidth + x);
      const byte = <i32>load<u8>(map + i);
      if (byte < least || byte > most || <i32>load<u8>(state + i) != seen) continue;
      const px = x >> shiftX, py = y >> shiftY;
      const own = <i32>load<T>(source + <usize>(py * width + px) * sizeof<T>());
      let low = i32.MAX_VALUE, high = 0;
      for (let ny = max(0, py - around); ny <= min(height - 1, py + around); ny++) {
        for (let nx = max(0, px - around); nx <= min(width - 1, px + around); nx++) {
          const other = <i32>load<T>(fill + <usize>(ny * width + nx) * sizeof<T>());
          low = min(low, other);
          high = max(high, other);
        }
      }
      if (own < low - limit || own > high + limit) store<u8>(differs + i, 1);
    }
  }
}

/**
 * Marks in `differs` the luma pixels of the rectangle [x0, x1) x [y0, y1) whose byte in `map` is from `least` to `most`, that are `seen` in
 * `state`, and that lie by more than `limit` outside the values of the fill's samples `around` them in a plane.
 */
export function differ8(
  map: usize, least: i32, most: i32, state: usize, seen: i32, lumaWidth: i32, x0: i32, y0: i32, x1: i32, y1: i32,
  source: usize, fill: usize, width: i32, height: i32, shiftX: i32, shiftY: i32, around: i32, limit: i32, differs: usize,
): void { differ<u8>(map, least, most, state, seen, lumaWidth, x0, y0, x1, y1, source, fill, width, height, shiftX, shiftY, around, limit, differs); }

/** {@link differ8} for samples of two bytes. */
export function differ16(
  map: usize, least: i32, most: i32, state: usize, seen: i32, lumaWidth: i32, x0: i32, y0: i32, x1: i32, y1: i32,
  source: usize, fill: usize, width: i32, height: i32, shiftX: i32, shiftY: i32, around: i32, limit: i32, differs: usize,
): void { differ<u16>(map, least, most, state, seen, lumaWidth, x0, y0, x1, y1, source, fill, width, height, shiftX, shiftY, around, limit, differs); }
