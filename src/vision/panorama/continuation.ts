/**
 * Continues a picture beyond its edge: the mirror image of what lies along the edge, softer the further out, so that
 * colours, light and the order of things go on without anything being repeated that one would recognise.
 */
/** What is known of a picture. */
export type Known = {
  readonly width: number;
  readonly height: number;
  /** 1 where samples hold. */
  readonly known: Uint8Array;
};

/** Blur against the distance from what is known, as a standard deviation far out, and where it is half of that, in shares of the shorter side. */
const SOFTENING = 0.2;
const SHARP = 0.16;
/**
 * How deep the mirror shows, in shares of the picture's shorter side: the further out, the more slowly it goes in, so that
 * only what is near the edge is continued and not what stands in the middle of the picture.
 */
const DEPTH = 0.13;

/**
 * Overwrites what is not known of some planes of one picture. With nothing known they stay as they are.
 * @param near see {@link nearestKnown}.
 */
export function continuePlanes(
  { width, height, known }: Known,
  near: Int32Array | undefined,
  planes: readonly Float32Array[],
): void {
  if (!near) return;
  const side = Math.min(width, height);
  const depth = Math.max(2, DEPTH * side);
  const blurs = new Float32Array(width * height);
  const mirror = Int32Array.from(near);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (known[i]) continue;
      const at = near[i]!;
      const [qx, qy] = [at % width, Math.floor(at / width)];
      const distance = Math.hypot(x - qx, y - qy);
      blurs[i] = Math.max(0, Math.log2((2 * SOFTENING * distance ** 2) / (distance + SHARP * side)));
      const inwards = (depth * (1 - Math.exp(-distance / depth))) / distance;
      const mx = clamp(Math.round(qx + (qx - x) * inwards), width);
      const my = clamp(Math.round(qy + (qy - y) * inwards), height);
      if (known[my * width + mx]) mirror[i] = my * width + mx;
    }
  }
  for (const values of planes) {
    const levels = pyramid(
      Float32Array.from(mirror, (from) => values[from]!),
      width,
      height,
    );
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) if (!known[i]) values[i] = between(levels, blurs[i]!, x, y);
    }
  }
}

function clamp(place: number, length: number): number {
  return Math.min(length - 1, Math.max(0, place));
}

/** Index of (nearly) the nearest known sample of each sample, or undefined without any (Danielsson's distance map, 1980). */
export function nearestKnown({ width, height, known }: Known): Int32Array | undefined {
  const near = Int32Array.from(known, (one, i) => (one ? i : -1));
  const consider = (i: number, x: number, y: number, other: number): void => {
    const candidate = near[other]!;
    if (candidate < 0) return;
    const own = near[i]!;
    if (own < 0 || squared(x, y, candidate, width) < squared(x, y, own, width)) near[i] = candidate;
  };
  const row = (y: number, above: number): void => {
    const start = y * width;
    for (let x = 0; x < width; x++) {
      const i = start + x;
      if (known[i]) continue;
      const other = i + above * width;
      if (y + above >= 0 && y + above < height) {
        consider(i, x, y, other);
        if (x > 0) consider(i, x, y, other - 1);
        if (x + 1 < width) consider(i, x, y, other + 1);
      }
      if (x > 0) consider(i, x, y, i - 1);
    }
    for (let x = width - 2; x >= 0; x--) if (!known[start + x]) consider(start + x, x, y, start + x + 1);
  };
  for (let y = 0; y < height; y++) row(y, -1);
  for (let y = height - 1; y >= 0; y--) row(y, 1);
  return near.length > 0 && near[0]! >= 0 ? near : undefined;
}

function squared(x: number, y: number, index: number, width: number): number {
  return (x - (index % width)) ** 2 + (y - Math.floor(index / width)) ** 2;
}

type Level = { readonly width: number; readonly height: number; readonly values: Float32Array };

/** Means over 2^k samples a side. */
function pyramid(picture: Float32Array, width: number, height: number): Level[] {
  const levels: Level[] = [{ width, height, values: picture }];
  for (let own = levels[0]!; own.width > 1 || own.height > 1; levels.push(own)) {
    const [w, h] = [(own.width + 1) >> 1, (own.height + 1) >> 1];
    const values = new Float32Array(w * h);
    for (let y = 0; y < h; y++) {
      const [top, bottom] = [2 * y * own.width, Math.min(own.height - 1, 2 * y + 1) * own.width];
      for (let x = 0; x < w; x++) {
        const [left, right] = [2 * x, Math.min(own.width - 1, 2 * x + 1)];
        values[y * w + x] =
          (own.values[top + left]! +
            own.values[top + right]! +
            own.values[bottom + left]! +
            own.values[bottom + right]!) /
          4;
      }
    }
    own = { width: w, height: h, values };
  }
  return levels;
}

/** The pyramid's value at a place, between two levels. */
function between(levels: readonly Level[], level: number, x: number, y: number): number {
  const lower = Math.min(levels.length - 1, Math.floor(level));
  const share = level - lower;
  const fine = sampleAt(levels[lower]!, lower, x, y);
  const coarse = levels[lower + 1];
  return share > 0 && coarse ? fine + (sampleAt(coarse, lower + 1, x, y) - fine) * share : fine;
}

/** A level through a cubic B-spline, which shows no grid. */
function sampleAt({ width, height, values }: Level, level: number, x: number, y: number): number {
  if (level === 0) return values[y * width + x]!;
  const scale = 2 ** -level;
  const [px, py] = [(x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5];
  const [ix, iy] = [Math.floor(px), Math.floor(py)];
  const [t, s] = [px - ix, py - iy];
  const [x0, x1, x2, x3] = [
    Math.max(0, ix - 1),
    Math.max(0, ix),
    Math.min(width - 1, ix + 1),
    Math.min(width - 1, ix + 2),
  ];
  const w0 = (1 - t) ** 3 / 6;
  const w1 = 2 / 3 - t * t + (t * t * t) / 2;
  const w3 = (t * t * t) / 6;
  const w2 = 1 - w0 - w1 - w3;
  let sum = 0;
  for (let k = -1; k <= 2; k++) {
    const row = Math.min(height - 1, Math.max(0, iy + k)) * width;
    const across = w0 * values[row + x0]! + w1 * values[row + x1]! + w2 * values[row + x2]! + w3 * values[row + x3]!;
    const share =
      k === -1
        ? (1 - s) ** 3 / 6
        : k === 0
          ? 2 / 3 - s * s + s ** 3 / 2
          : k === 1
            ? 2 / 3 - (1 - s) ** 2 + (1 - s) ** 3 / 2
            : s ** 3 / 6;
    sum += share * across;
  }
  return sum;
}
