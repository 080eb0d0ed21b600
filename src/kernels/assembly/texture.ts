// Texture synthesis: where in the known part of a picture the unknown part may be copied from. Pictures have three f32
// channels interleaved by four (the fourth must be zero); `guide` is the same picture, blurred, with a guess where it is
// unknown, and in the fourth how much texture there is.

// @ts-ignore: decorator
@inline
function difference(pixels: usize, a: i32, b: i32): v128 {
  const d = f32x4.sub(v128.load(pixels + (<usize>a << 4)), v128.load(pixels + (<usize>b << 4)));
  return f32x4.mul(d, d);
}

// @ts-ignore: decorator
@inline
function total(sum: v128): f32 {
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3);
}

/**
 * Finds the place whose patch is most like the one at (x, y), among all whose `source` (u8) is set and that lie at least
 * `radius` inside: mean squared difference over the target's `known` (u8) pixels, plus `prior` times that of the guides at the
 * centres, plus the place's own `penalty` (f32), plus `across` times its squared distance from (ox, oy), of which a fifth counts
 * along the direction (dx, dy), plus what {@link textureLikeness} says of the displacement.
 * Scans every `step`-th place, then all around the best of these.
 * @returns y << 16 | x of the best, or -1 without any.
 */
export function textureFind(
  pixels: usize, guide: usize, known: usize, source: usize, penalty: usize, width: i32, height: i32,
  x: i32, y: i32, radius: i32, step: i32, prior: f32, across: f32, ox: f32, oy: f32, dx: f32, dy: f32, likeness: usize, strange: f32,
): i32 {
  let best = f32.MAX_VALUE;
  let place = -1;
  for (let sy = radius; sy < height - radius; sy += step) {
    for (let sx = radius; sx < width - radius; sx += step) {
      const own = distant(likeness, strange, width, height, x, y, sx, sy, across, ox, oy, dx, dy);
      const whole = laidCost(pixels, guide, known, source, penalty, width, height, x, y, sx, sy, radius, prior, own, best);
      if (whole >= best) continue;
      best = whole;
      place = (sy << 16) | sx;
    }
  }
  if (place >= 0 && step > 1) {
    const cx = place & 0xffff, cy = place >> 16;
    for (let sy = max(radius, cy - step + 1); sy < min(height - radius, cy + step); sy++) {
      for (let sx = max(radius, cx - step + 1); sx < min(width - radius, cx + step); sx++) {
        const own = distant(likeness, strange, width, height, x, y, sx, sy, across, ox, oy, dx, dy);
        const whole = laidCost(pixels, guide, known, source, penalty, width, height, x, y, sx, sy, radius, prior, own, best);
        if (whole >= best) continue;
        best = whole;
        place = (sy << 16) | sx;
      }
    }
  }
  return place;
}

// @ts-ignore: decorator
@inline
function distant(likeness: usize, strange: f32, width: i32, height: i32, x: i32, y: i32, sx: i32, sy: i32, across: f32, ox: f32, oy: f32, dx: f32, dy: f32): f32 {
  const vx = <f32>sx - ox, vy = <f32>sy - oy;
  const side = vx * dy - vy * dx, along = vx * dx + vy * dy;
  return across * (side * side + <f32>0.2 * along * along) + unlike(likeness, strange, width, height, sx - x, sy - y);
}

/** What a displacement costs, see {@link textureLikeness}. */
// @ts-ignore: decorator
@inline
function unlike(likeness: usize, strange: f32, width: i32, height: i32, ox: i32, oy: i32): f32 {
  if (oy < 0) { ox = -ox; oy = -oy; }
  const reach = (width - 1) >> 1;
  return abs(ox) <= reach && oy < height ? load<f32>(likeness + (<usize>(oy * width + ox + reach) << 2)) : strange;
}

/**
 * How little the picture is like itself displaced: mean squared difference times `weight`, over the pixels on a grid of `step`
 * where both are `source`; `strange` where these are fewer than `least`. In a wall displacements by whole bricks stand out
 * (He and Sun 2012).
 * @param target f32, `width * height`: of displacement (ox, oy >= 0) at row oy, column ox + (width - 1) / 2.
 */
export function textureLikeness(
  pixels: usize, source: usize, width: i32, height: i32, step: i32, least: i32, weight: f32, strange: f32, target: usize,
): void {
  const reach = (width - 1) >> 1;
  for (let oy = 0; oy < height; oy++) {
    for (let ox = -reach; ox <= reach; ox++) {
      let sum = f32x4.splat(0);
      let count = 0;
      for (let y = 0; y + oy < height; y += step) {
        for (let x = max(0, -ox); x < min(width, width - ox); x += step) {
          const a = y * width + x, b = a + oy * width + ox;
          if (!load<u8>(source + <usize>a) || !load<u8>(source + <usize>b)) continue;
          sum = f32x4.add(sum, difference(pixels, a, b));
          count++;
        }
      }
      const mean = count < least ? strange : min(strange, weight * total(sum) / <f32>max(count, 1));
      store<f32>(target + (<usize>(oy * width + ox + reach) << 2), mean);
    }
  }
}

/** `own`, and what laying the patch at (sx, sy) over the one at (x, y) costs; the largest number where that is no source or it exceeds `most`. */
function laidCost(
  pixels: usize, guide: usize, known: usize, source: usize, penalty: usize, width: i32, height: i32,
  x: i32, y: i32, sx: i32, sy: i32, radius: i32, prior: f32, own: f32, most: f32,
): f32 {
  const at = y * width + x, from = sy * width + sx;
  if (own >= most || !load<u8>(source + <usize>from)) return f32.MAX_VALUE;
  own += load<f32>(penalty + (<usize>from << 2)) + prior * total(difference(guide, at, from));
  if (own >= most) return f32.MAX_VALUE;
  const left = max(-radius, -x), right = min(radius, width - 1 - x);
  const top = max(-radius, -y), bottom = min(radius, height - 1 - y);
  let count = 0;
  for (let py = top; py <= bottom; py++) {
    for (let px = left; px <= right; px++) count += load<u8>(known + <usize>(at + py * width + px));
  }
  const share: f32 = count ? 1 / <f32>count : 0;
  let sum = f32x4.splat(0);
  for (let py = top; py <= bottom; py++) {
    const a = at + py * width, b = from + py * width;
    for (let px = left; px <= right; px++) {
      if (load<u8>(known + <usize>(a + px))) sum = f32x4.add(sum, difference(pixels, a + px, b + px));
    }
    if (own + total(sum) * share >= most) return f32.MAX_VALUE;
  }
  return own + total(sum) * share;
}

/** For each `source` place on a grid of `step`: the mean squared difference to the most similar patch at least `apart` away (f32 `target`). */
export function textureUniqueness(
  pixels: usize, source: usize, width: i32, height: i32, radius: i32, step: i32, apart: i32, target: usize,
): void {
  const side = 2 * radius + 1;
  const share: f32 = 1 / <f32>(side * side);
  for (let y = radius; y < height - radius; y += step) {
    for (let x = radius; x < width - radius; x += step) {
      const at = y * width + x;
      if (!load<u8>(source + <usize>at)) continue;
      let best = f32.MAX_VALUE;
      for (let sy = radius; sy < height - radius; sy += step) {
        for (let sx = radius; sx < width - radius; sx += step) {
          const from = sy * width + sx;
          if (!load<u8>(source + <usize>from) || max(abs(sx - x), abs(sy - y)) < apart) continue;
          let sum = f32x4.splat(0);
          let patch: f32 = 0;
          for (let oy = -radius; oy <= radius; oy++) {
            for (let ox = -radius; ox <= radius; ox++) {
              sum = f32x4.add(sum, difference(pixels, at + oy * width + ox, from + oy * width + ox));
            }
            patch = total(sum);
            if (patch >= best) break;
          }
          if (patch < best) best = patch;
        }
      }
      store<f32>(target + (<usize>at << 2), best * share);
    }
  }
}

/**
 * One pass over the unknown pixels, forwards or backwards: each may go on with what one of its neighbours is copied from where
 * that fits better what surrounds it (coherence search: Ashikhmin 2001), or move by up to `jitter` pixels.
 * @param from i32 index of the pixel that each pixel is copied from, its own where known; -1: nowhere, and stays so.
 * @param errors f32; receives the cost of each unknown pixel.
 */
export function textureRefine(
  pixels: usize, guide: usize, known: usize, source: usize, width: i32, height: i32,
  radius: i32, prior: f32, jitter: i32, backwards: i32, from: usize, errors: usize,
): void {
  const count = width * height;
  for (let k = 0; k < count; k++) {
    const at = backwards ? count - 1 - k : k;
    if (load<u8>(known + <usize>at)) continue;
    const own = load<i32>(from + (<usize>at << 2));
    if (own < 0) continue;
    const x = at % width, y = at / width;
    let place = own;
    let best = patchCost(pixels, guide, source, width, height, x, y, own, radius, prior, f32.MAX_VALUE);
    for (let oy = -1; oy <= 1; oy++) {
      for (let ox = -1; ox <= 1; ox++) {
        if ((!ox && !oy) || x + ox < 0 || x + ox >= width || y + oy < 0 || y + oy >= height) continue;
        const neighbour = at + oy * width + ox;
        if (load<u8>(known + <usize>neighbour)) continue;
        const candidate = load<i32>(from + (<usize>neighbour << 2)) - oy * width - ox;
        if (candidate == own || candidate == place || candidate < 0 || candidate >= count) continue;
        const cost = patchCost(pixels, guide, source, width, height, x, y, candidate, radius, prior, best);
        if (cost < best) { best = cost; place = candidate; }
      }
    }
    for (let oy = -jitter; oy <= jitter; oy++) {
      for (let ox = -jitter; ox <= jitter; ox++) {
        const candidate = own + oy * width + ox;
        if (candidate == own || candidate == place || candidate < 0 || candidate >= count) continue;
        const cost = patchCost(pixels, guide, source, width, height, x, y, candidate, radius, prior, best);
        if (cost < best) { best = cost; place = candidate; }
      }
    }
    store<f32>(errors + (<usize>at << 2), best);
    if (place == own) continue;
    store<i32>(from + (<usize>at << 2), place);
    v128.store(pixels + (<usize>at << 4), v128.load(pixels + (<usize>place << 4)));
  }
}

/** The cost of copying (x, y) from `from`, or the largest number where that is no source or it exceeds `most`. */
function patchCost(
  pixels: usize, guide: usize, source: usize, width: i32, height: i32,
  x: i32, y: i32, from: i32, radius: i32, prior: f32, most: f32,
): f32 {
  if (!load<u8>(source + <usize>from)) return f32.MAX_VALUE;
  const at = y * width + x;
  const left = max(-radius, -x), right = min(radius, width - 1 - x);
  const top = max(-radius, -y), bottom = min(radius, height - 1 - y);
  const area = (right - left + 1) * (bottom - top + 1);
  const share: f32 = 1 / <f32>area;
  const own = prior * total(difference(guide, at, from));
  let sum = f32x4.splat(0);
  for (let oy = top; oy <= bottom; oy++) {
    const a = at + oy * width, b = from + oy * width;
    for (let ox = left; ox <= right; ox++) sum = f32x4.add(sum, difference(pixels, a + ox, b + ox));
    if (own + total(sum) * share >= most) return f32.MAX_VALUE;
  }
  return own + total(sum) * share;
}
