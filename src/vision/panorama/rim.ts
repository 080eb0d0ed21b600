/** The order in which patches fill a hole: from its rim inwards, strong edges first (Criminisi, Perez, Toyama 2004). */

/** A picture that is being filled: three channels, interleaved by four floats a pixel. */
export type Filling = {
  readonly width: number;
  readonly height: number;
  readonly pixels: Float32Array;
  /** 1 where the picture is known or has been filled. */
  readonly known: Uint8Array;
  /** How sure that is, 0 to 1. */
  readonly confidence: Float32Array;
};

/** Where to go on, and the mean confidence around. */
export type RimPlace = { readonly x: number; readonly y: number; readonly trust: number };

/**
 * The pixel of the rim to fill next: the best supported, and among those where an edge runs into the hole.
 * @param radius half side of the patches. @param plain levels of an edge that count as none.
 */
export function nextOnRim(filling: Filling, radius: number, plain: number): RimPlace | undefined {
  const { width, height, known } = filling;
  let best: RimPlace | undefined;
  let bestPriority = -1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (known[y * width + x] || !touches(known, x, y, width, height)) continue;
      const { trust, edge } = support(filling, x, y, radius);
      const priority = trust * (edge + plain);
      if (priority <= bestPriority) continue;
      bestPriority = priority;
      best = { x, y, trust };
    }
  }
  return best;
}

function touches(known: Uint8Array, x: number, y: number, width: number, height: number): boolean {
  const i = y * width + x;
  return Boolean(
    (x > 0 && known[i - 1]) ||
      (x + 1 < width && known[i + 1]) ||
      (y > 0 && known[i - width]) ||
      (y + 1 < height && known[i + width]),
  );
}

/** Mean confidence of the patch, and its strongest gradient. */
function support(
  { width, height, pixels, known, confidence }: Filling,
  x: number,
  y: number,
  radius: number,
): { trust: number; edge: number } {
  let sum = 0;
  let edge = 0;
  for (let ny = Math.max(0, y - radius); ny <= Math.min(height - 1, y + radius); ny++) {
    for (let nx = Math.max(0, x - radius); nx <= Math.min(width - 1, x + radius); nx++) {
      const i = ny * width + nx;
      if (!known[i]) continue;
      sum += confidence[i]!;
      if (nx + 1 < width && known[i + 1]) edge = Math.max(edge, Math.abs(pixels[4 * i]! - pixels[4 * i + 4]!));
      if (ny + 1 < height && known[i + width])
        edge = Math.max(edge, Math.abs(pixels[4 * i]! - pixels[4 * (i + width)]!));
    }
  }
  return { trust: sum / (2 * radius + 1) ** 2, edge };
}
