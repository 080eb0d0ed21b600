// Whole-plane kernels: depth reduction, pyramids, distance maps.

/** 16-bit samples to 8 bits by a right shift. */
export function narrow(source: usize, count: i32, shift: i32, target: usize): void {
  for (let i = 0; i < count; i++) {
    store<u8>(target + i, load<u16>(source + ((<usize>i) << 1)) >> <u16>shift);
  }
}

/** Halves an 8-bit plane by 2x2 means; odd sizes repeat the last row and column. */
export function halve(source: usize, width: i32, height: i32, target: usize): void {
  const w2 = (width + 1) >> 1;
  const h2 = (height + 1) >> 1;
  const even = width >> 1;
  for (let y = 0; y < h2; y++) {
    const top = source + <usize>(2 * y * width);
    const bottom = 2 * y + 1 < height ? top + <usize>width : top;
    const row = target + <usize>(y * w2);
    for (let x = 0; x < even; x++) {
      const o = <usize>(2 * x);
      const sum = <i32>load<u8>(top + o) + <i32>load<u8>(top + o, 1) + <i32>load<u8>(bottom + o) + <i32>load<u8>(bottom + o, 1);
      store<u8>(row + x, (sum + 2) >> 2);
    }
    if (even < w2) {
      const o = <usize>(width - 1);
      store<u8>(row + even, (<i32>load<u8>(top + o) + <i32>load<u8>(bottom + o) + 1) >> 1);
    }
  }
}

/** Halves a map of blocked pixels: blocked where any of the four is. */
export function halveBlocked(source: usize, width: i32, height: i32, target: usize): void {
  const w2 = (width + 1) >> 1;
  const h2 = (height + 1) >> 1;
  for (let y = 0; y < h2; y++) {
    const top = source + <usize>(2 * y * width);
    const bottom = 2 * y + 1 < height ? top + <usize>width : top;
    for (let x = 0; x < w2; x++) {
      const o = <usize>(2 * x);
      const next: usize = 2 * x + 1 < width ? o + 1 : o;
      const any = load<u8>(top + o) | load<u8>(top + next) | load<u8>(bottom + o) | load<u8>(bottom + next);
      store<u8>(target + <usize>(y * w2 + x), any);
    }
  }
}

/**
 * Chamfer 3-4 distance to the nearest pixel whose label is at least `threshold`, in thirds of a pixel, capped at 255
 * (Borgefors 1986).
 */
export function distance(labels: usize, width: i32, height: i32, threshold: i32, target: usize): void {
  for (let y = 0; y < height; y++) {
    const row = target + <usize>(y * width);
    const above = row - <usize>width;
    for (let x = 0; x < width; x++) {
      let d = 255;
      if (<i32>load<u8>(labels + <usize>(y * width + x)) >= threshold) d = 0;
      else {
        if (x > 0) d = min(d, <i32>load<u8>(row + x - 1) + 3);
        if (y > 0) {
          d = min(d, <i32>load<u8>(above + x) + 3);
          if (x > 0) d = min(d, <i32>load<u8>(above + x - 1) + 4);
          if (x + 1 < width) d = min(d, <i32>load<u8>(above + x + 1) + 4);
        }
      }
      store<u8>(row + x, d);
    }
  }
  for (let y = height - 1; y >= 0; y--) {
    const row = target + <usize>(y * width);
    const below = row + <usize>width;
    for (let x = width - 1; x >= 0; x--) {
      let d = <i32>load<u8>(row + x);
      if (x + 1 < width) d = min(d, <i32>load<u8>(row + x + 1) + 3);
      if (y + 1 < height) {
        d = min(d, <i32>load<u8>(below + x) + 3);
        if (x + 1 < width) d = min(d, <i32>load<u8>(below + x + 1) + 4);
        if (x > 0) d = min(d, <i32>load<u8>(below + x - 1) + 4);
      }
      store<u8>(row + x, d);
    }
  }
}
