// Pixels labelled as affected: what follows from where the source differs from the background.

/** Labels, as everywhere. */
const AFFECTED: u8 = 1, REMOVE: u8 = 2;
/** Side of the square around a pixel, less one, halved; and how many of it must differ: single pixels are noise. */
const AROUND: i32 = 2, MAJORITY: i32 = 8;

function majority(differs: usize, width: i32, height: i32, x: i32, y: i32): bool {
  let hits = 0;
  for (let ny = max(0, y - AROUND); ny <= min(height - 1, y + AROUND); ny++) {
    const row = differs + <usize>(ny * width);
    for (let nx = max(0, x - AROUND); nx <= min(width - 1, x + AROUND); nx++) hits += <i32>load<u8>(row + <usize>nx);
  }
  return hits >= MAJORITY;
}

/**
 * Decides for the labelled pixels of the rectangle [x0, x1) x [y0, y1): `holes` receives the label of what is removed for those labelled so and
 * for affected ones that are `seen` and differ with those around, else 0. The others that are affected get the bits `kept` in `blocked`.
 */
export function affectedDecide(
  labels: usize, state: usize, seen: i32, differs: usize, width: i32, height: i32, x0: i32, y0: i32, x1: i32, y1: i32,
  holes: usize, blocked: usize, kept: i32,
): void {
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const i = <usize>(y * width + x);
      const label = load<u8>(labels + i);
      const isAffected = label == AFFECTED;
      const goes = label == REMOVE || (isAffected && <i32>load<u8>(state + i) == seen && majority(differs, width, height, x, y));
      store<u8>(holes + i, goes ? REMOVE : 0);
      if (isAffected && !goes) store<u8>(blocked + i, load<u8>(blocked + i) | <u8>kept);
    }
  }
}
