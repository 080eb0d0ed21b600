/** Plane projective maps, row major, from pixels to pixels (pixel centres at integers). */

/** Nine numbers: x' = (h0 x + h1 y + h2) / (h6 x + h7 y + h8), y' likewise from h3, h4, h5. */
export type Homography = readonly number[];

/** No motion: row-major 3x3. */
export const IDENTITY: Homography = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** First `b`, then `a`, normalised to a last element of 1 where that is possible. */
export function compose(a: Homography, b: Homography): Homography {
  const out = new Array<number>(9);
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      out[row * 3 + column] =
        a[row * 3]! * b[column]! + a[row * 3 + 1]! * b[3 + column]! + a[row * 3 + 2]! * b[6 + column]!;
    }
  }
  return normalised(out);
}

/** The map back. A map that has none gives the identity. */
export function invert(h: Homography): Homography {
  const [a, b, c, d, e, f, g, i, k] = h as [number, number, number, number, number, number, number, number, number];
  const determinant = a * (e * k - f * i) - b * (d * k - f * g) + c * (d * i - e * g);
  if (!(Math.abs(determinant) > 1e-12)) return IDENTITY;
  return normalised([
    (e * k - f * i) / determinant,
    (c * i - b * k) / determinant,
    (b * f - c * e) / determinant,
    (f * g - d * k) / determinant,
    (a * k - c * g) / determinant,
    (c * d - a * f) / determinant,
    (d * i - e * g) / determinant,
    (b * g - a * i) / determinant,
    (a * e - b * d) / determinant,
  ]);
}

/** Where a point goes; undefined when it lies at or behind the horizon. */
export function apply(h: Homography, x: number, y: number): readonly [number, number] | undefined {
  const w = h[6]! * x + h[7]! * y + h[8]!;
  if (!(w > 1e-9)) return undefined;
  return [(h[0]! * x + h[1]! * y + h[2]!) / w, (h[3]! * x + h[4]! * y + h[5]!) / w];
}

/** A shift by (x, y) pixels. */
export function translation(x: number, y: number): Homography {
  return [1, 0, x, 0, 1, y, 0, 0, 1];
}

/** The map between pictures halved `level` times, given the one between full pictures. */
export function toLevel(h: Homography, level: number): Homography {
  return level === 0 ? h : compose(compose(fromFull(level), h), toFull(level));
}

/** The map between full pictures, given the one between pictures halved `level` times. */
export function fromLevel(h: Homography, level: number): Homography {
  return level === 0 ? h : compose(compose(toFull(level), h), fromFull(level));
}

/** Largest distance in pixels between where two maps send the corners of a picture; infinite past the horizon. */
export function distance(a: Homography, b: Homography, width: number, height: number): number {
  let most = 0;
  for (let corner = 0; corner < 4; corner++) {
    const [x, y] = [corner & 1 ? width - 1 : 0, corner & 2 ? height - 1 : 0];
    const p = apply(a, x, y);
    const q = apply(b, x, y);
    if (!p || !q) return Number.POSITIVE_INFINITY;
    most = Math.max(most, Math.hypot(p[0] - q[0], p[1] - q[1]));
  }
  return most;
}

/** Share of a picture's points (0 to 1, on a 16 x 16 grid) that a map keeps inside the picture. */
export function overlap(h: Homography, width: number, height: number): number {
  let inside = 0;
  for (let row = 0; row < 16; row++) {
    for (let column = 0; column < 16; column++) {
      const p = apply(h, ((column + 0.5) * width) / 16, ((row + 0.5) * height) / 16);
      if (p && p[0] >= 0 && p[1] >= 0 && p[0] <= width - 1 && p[1] <= height - 1) inside++;
    }
  }
  return inside / 256;
}

function toFull(level: number): Homography {
  const factor = 2 ** level;
  return [factor, 0, (factor - 1) / 2, 0, factor, (factor - 1) / 2, 0, 0, 1];
}

function fromFull(level: number): Homography {
  const factor = 2 ** -level;
  return [factor, 0, (factor - 1) / 2, 0, factor, (factor - 1) / 2, 0, 0, 1];
}

function normalised(h: number[]): Homography {
  const last = h[8]!;
  return Math.abs(last) > 1e-9 ? h.map((value) => value / last) : h;
}
