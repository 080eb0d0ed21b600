// Patch comparison for exemplar filling.

/**
 * Finds the place in [x0, x1] x [y0, y1] whose patch is most like the one at (x, y): sum of squared differences, those of
 * pixels that are not `known` (u8) at the target, where the picture is only a guess, times `prior`. Centres of candidate
 * patches are marked in `valid` (u8). Three f32 channels interleaved by four (`pixels`; the fourth must be zero). Scans
 * every `step`-th place.
 * @returns y << 16 | x of the best, or -1 when none; its cost is stored at `cost` (f32), which bounds the search.
 */
export function matchPatch(
  pixels: usize, known: usize, valid: usize, width: i32, height: i32, x: i32, y: i32, radius: i32,
  x0: i32, y0: i32, x1: i32, y1: i32, step: i32, prior: f32, cost: usize,
): i32 {
  let best = load<f32>(cost);
  let place = -1;
  const left = max(-radius, -x), right = min(radius, width - 1 - x);
  const top = max(-radius, -y), bottom = min(radius, height - 1 - y);
  x0 = max(x0, radius); y0 = max(y0, radius);
  x1 = min(x1, width - 1 - radius); y1 = min(y1, height - 1 - radius);
  for (let sy = y0; sy <= y1; sy += step) {
    for (let sx = x0; sx <= x1; sx += step) {
      if (!load<u8>(valid + <usize>(sy * width + sx))) continue;
      let sum = f32x4.splat(0);
      let total: f32 = 0;
      for (let dy = top; dy <= bottom; dy++) {
        const a = (y + dy) * width + x, b = (sy + dy) * width + sx;
        for (let dx = left; dx <= right; dx++) {
          const d = f32x4.sub(v128.load(pixels + (<usize>(a + dx) << 4)), v128.load(pixels + (<usize>(b + dx) << 4)));
          const square = f32x4.mul(d, d);
          sum = f32x4.add(sum, load<u8>(known + <usize>(a + dx)) ? square : f32x4.mul(square, f32x4.splat(prior)));
        }
        total = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2);
        if (total >= best) break;
      }
      if (total < best) {
        best = total;
        place = (sy << 16) | sx;
      }
    }
  }
  store<f32>(cost, best);
  return place;
}
