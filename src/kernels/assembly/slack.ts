// How far inside masks the background is still seen.

/** Label of what is removed, as everywhere. */
const REMOVE: u8 = 2;

/**
 * Numbers the pixels of the rectangle [x0, x1) x [y0, y1) in `places` (width * height bytes): 1 for those not labelled whose distance to what
 * is, `edge`, lies above `least` and at most at `most`; for labelled ones 2 + side * bins + depth in whole pixels, up to bins - 1, counted from
 * what is not labelled, `depth` (side 0), or from the picture's left, right, upper or lower edge (1 to 4) where that is nearer; 0 for all others.
 * Both maps are in thirds of a pixel. 5 * bins is at most 254.
 */
export function slackPlaces(
  labels: usize, depth: usize, edge: usize, width: i32, height: i32, x0: i32, y0: i32, x1: i32, y1: i32, least: i32, most: i32,
  bins: i32, places: usize,
): void {
  memory.fill(places, 0, <usize>(width * height));
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const i = <usize>(y * width + x);
      if (!load<u8>(labels + i)) {
        const away = <i32>load<u8>(edge + i);
        if (away > least && away <= most) store<u8>(places + i, 1);
        continue;
      }
      let far = <i32>load<u8>(depth + i), side = 0;
      if (3 * (x + 1) < far) { far = 3 * (x + 1); side = 1; }
      if (3 * (width - x) < far) { far = 3 * (width - x); side = 2; }
      if (3 * (y + 1) < far) { far = 3 * (y + 1); side = 3; }
      if (3 * (height - y) < far) { far = 3 * (height - y); side = 4; }
      const bin = (far + 1) / 3;
      if (bin < bins) store<u8>(places + i, <u8>(2 + side * bins + bin));
    }
  }
}

/**
 * Counts, for each number in `places` within a rectangle, its pixels, those `seen` in `state`, and those of them without a mark in `differs`:
 * 256 times three i32.
 */
export function slackCount(
  places: usize, state: usize, seen: i32, differs: usize, width: i32, x0: i32, y0: i32, x1: i32, y1: i32, counts: usize,
): void {
  memory.fill(counts, 0, 256 * 12);
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const i = <usize>(y * width + x);
      const at = counts + <usize>load<u8>(places + i) * 12;
      store<i32>(at, load<i32>(at) + 1);
      if (<i32>load<u8>(state + i) != seen) continue;
      store<i32>(at, load<i32>(at, 4) + 1, 4);
      if (!load<u8>(differs + i)) store<i32>(at, load<i32>(at, 8) + 1, 8);
    }
  }
}

/** What masks really mark: `target` gets the label of what is removed for labelled pixels whose place has no mark in `slack` (256 bytes), else 0. */
export function slackCore(
  labels: usize, places: usize, slack: usize, width: i32, x0: i32, y0: i32, x1: i32, y1: i32, target: usize,
): void {
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const i = <usize>(y * width + x);
      const isCore = load<u8>(labels + i) && !load<u8>(slack + <usize>load<u8>(places + i));
      store<u8>(target + i, isCore ? REMOVE : 0);
    }
  }
}
