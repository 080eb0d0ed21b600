/** Lays pictures with alpha over black. */

type Samples = { readonly data: Uint8Array | Uint16Array; readonly stride: number };

/** Multiplies packed 8-bit RGBA by its own alpha, in place. */
export function premultiply(rgba: Uint8Array): void {
  for (let i = 0; i + 3 < rgba.length; i += 4) {
    const alpha = rgba[i + 3]!;
    if (alpha === 255) continue;
    for (let c = i; c < i + 3; c++) rgba[c] = Math.round((rgba[c]! * alpha) / 255);
  }
}

/** The alpha of one plane's samples: a chroma sample has the mean of the pixels that it covers. Tight rows. */
export function alphaForPlane(
  alpha: Samples,
  fullWidth: number,
  fullHeight: number,
  shiftX: number,
  shiftY: number,
): Uint16Array {
  const width = (fullWidth + (1 << shiftX) - 1) >> shiftX;
  const height = (fullHeight + (1 << shiftY) - 1) >> shiftY;
  const { data, stride } = alpha;
  const result = new Uint16Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    const top = (y << shiftY) * stride;
    const bottom = Math.min(fullHeight - 1, (y << shiftY) + (shiftY ? 1 : 0)) * stride;
    for (let x = 0; x < width; x++, at++) {
      const left = x << shiftX;
      // Of the four columns of 4:1:1 the outer two stand for all.
      const right = Math.min(fullWidth - 1, left + (1 << shiftX) - 1);
      const sum = data[top + left]! + data[top + right]! + data[bottom + left]! + data[bottom + right]!;
      result[at] = (sum + 2) >> 2;
    }
  }
  return result;
}

/**
 * One plane over black: `black + (sample - black) * alpha`. Tight rows.
 * @param alpha as {@link alphaForPlane} gives it; `opaque` is its largest value.
 */
export function flattenPlane(
  plane: Samples,
  alpha: Uint16Array,
  width: number,
  height: number,
  black: number,
  opaque: number,
): Uint8Array | Uint16Array {
  const { data, stride } = plane;
  const result = data instanceof Uint16Array ? new Uint16Array(width * height) : new Uint8Array(width * height);
  const half = opaque >> 1;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0, from = y * stride; x < width; x++, at++, from++) {
      const share = alpha[at]!;
      // Shifted up to stay positive: truncation then rounds the same way on both sides of black.
      const lifted = (data[from]! - black) * share + black * opaque + half;
      result[at] = share === opaque ? data[from]! : Math.floor(lifted / opaque);
    }
  }
  return result;
}
