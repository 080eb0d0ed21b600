// Two-region segmentation by weighted total variation (Unger et al., "TVSeg", 2008), solved by the primal-dual method of
// Chambolle and Pock (2011).

const STEP: f32 = 0.353;

/**
 * Minimises, over u in [0, 1], the sum of costX |u(x + 1, y) - u(x, y)| + costY |u(x, y + 1) - u(x, y)| + data * u. All planes are f32 with rows of
 * `stride` (a multiple of four) and one row and four values of slack before them; `width` <= `stride` - 4. costX must be 0 in the
 * last column and behind it, costY in the last row. `u` and `ahead` hold the guess to begin with, `dualX` and `dualY` (zero before the first row and in the slack) the
 * dual to begin with.
 */
export function segmentCut(
  u: usize, ahead: usize, dualX: usize, dualY: usize, costX: usize, costY: usize, data: usize,
  width: i32, height: i32, stride: i32, iterations: i32,
): void {
  const step = f32x4.splat(STEP), zero = f32x4.splat(0), one = f32x4.splat(1), two = f32x4.splat(2);
  const row = <usize>stride << 2, end = <usize>width << 2;
  for (let i = 0; i < iterations; i++) {
    for (let y = 0; y < height; y++) {
      const start = <usize>y * row;
      const below: usize = y + 1 < height ? row : 0;
      for (let x: usize = 0; x < end; x += 16) {
        const at = start + x;
        const here = v128.load(ahead + at);
        const cx = v128.load(costX + at), cy = v128.load(costY + at);
        const dx = f32x4.add(v128.load(dualX + at), f32x4.mul(step, f32x4.sub(v128.load(ahead + at + 4), here)));
        const dy = f32x4.add(v128.load(dualY + at), f32x4.mul(step, f32x4.sub(v128.load(ahead + at + below), here)));
        v128.store(dualX + at, f32x4.max(f32x4.neg(cx), f32x4.min(cx, dx)));
        v128.store(dualY + at, f32x4.max(f32x4.neg(cy), f32x4.min(cy, dy)));
      }
    }
    for (let y = 0; y < height; y++) {
      const start = <usize>y * row;
      for (let x: usize = 0; x < end; x += 16) {
        const at = start + x;
        const before = v128.load(u + at);
        const flow = f32x4.add(
          f32x4.sub(v128.load(dualX + at), v128.load(dualX + at - 4)),
          f32x4.sub(v128.load(dualY + at), v128.load(dualY + at - row)),
        );
        const next = f32x4.max(zero, f32x4.min(one, f32x4.add(before, f32x4.mul(step, f32x4.sub(flow, v128.load(data + at))))));
        v128.store(u + at, next);
        v128.store(ahead + at, f32x4.sub(f32x4.mul(two, next), before));
      }
    }
  }
}
