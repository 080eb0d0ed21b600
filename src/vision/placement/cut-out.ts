/** What of a picture is its subject: by its transparency, or by the colour of a plain border. */

/** A picture in planes of one byte a pixel: Y, U, V and how opaque it is. */
export type Cutout = {
  readonly width: number;
  readonly height: number;
  readonly planes: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
};

/** Difference of levels from the border's colour up to which a pixel is background, and from which on it is not. */
const [SAME, OTHER] = [14, 34];
/** Share of the border that must have its colour for a picture to count as standing on a plain ground. */
const LEAST_PLAIN = 0.9;
/** Share of a whole picture's shorter side over which it fades at its edge. */
const FADE = 0.03;

/** The subject, cropped to its box. Pictures without transparency and plain border stay whole, fading at their edge. */
export function cutOut(picture: Cutout): Cutout {
  const alpha = picture.planes[3];
  if (alpha.some((value) => value < 250)) return cropped(picture, alpha);
  const plain = withoutGround(picture);
  if (plain) return cropped(picture, plain);
  return { ...picture, planes: [picture.planes[0], picture.planes[1], picture.planes[2], faded(picture)] };
}

/** Opacity where what is connected with the border and has its colour is away; undefined when the border is no plain ground. */
function withoutGround({ width, height, planes: [y, u, v] }: Cutout): Uint8Array | undefined {
  const border: number[] = [];
  for (let x = 0; x < width; x++) border.push(x, (height - 1) * width + x);
  for (let row = 1; row < height - 1; row++) border.push(row * width, row * width + width - 1);
  const middle = (plane: Uint8Array): number => {
    const sorted = border.map((i) => plane[i]!).sort((a, b) => a - b);
    return sorted[sorted.length >> 1]!;
  };
  const [my, mu, mv] = [middle(y), middle(u), middle(v)];
  const away = (i: number): number => Math.max(Math.abs(y[i]! - my), Math.abs(u[i]! - mu), Math.abs(v[i]! - mv));
  if (border.filter((i) => away(i) <= SAME).length < LEAST_PLAIN * border.length) return undefined;
  const opacity = new Uint8Array(width * height).fill(255);
  const queue = new Int32Array(width * height);
  let end = 0;
  const reach = (i: number): void => {
    const distance = away(i);
    if (opacity[i] !== 255 || distance >= OTHER) return;
    // Between the two lie the mixed pixels of an edge.
    opacity[i] = distance <= SAME ? 0 : Math.min(254, Math.round((255 * (distance - SAME)) / (OTHER - SAME)));
    queue[end++] = i;
  };
  for (const i of border) reach(i);
  for (let next = 0; next < end; next++) {
    const i = queue[next]!;
    if (opacity[i]! > 0) continue;
    const x = i % width;
    if (x > 0) reach(i - 1);
    if (x + 1 < width) reach(i + 1);
    if (i >= width) reach(i - width);
    if (i < width * (height - 1)) reach(i + width);
  }
  // A picture of nothing but ground is meant as it is.
  return opacity.some((value) => value === 255) ? opacity : undefined;
}

function faded({ width, height }: Cutout): Uint8Array {
  const fade = Math.max(1, FADE * Math.min(width, height));
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = Math.min(x, y, width - 1 - x, height - 1 - y) + 0.5;
      out[y * width + x] = Math.round(255 * Math.min(1, inside / fade));
    }
  }
  return out;
}

function cropped({ width, height, planes }: Cutout, opacity: Uint8Array): Cutout {
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  for (let i = 0; i < opacity.length; i++) {
    if (opacity[i]! < 16) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x + 1), Math.max(y1, y + 1)];
  }
  if (x1 <= x0) return { width, height, planes: [planes[0], planes[1], planes[2], opacity] };
  const [w, h] = [x1 - x0, y1 - y0];
  const part = (plane: Uint8Array): Uint8Array => {
    const out = new Uint8Array(w * h);
    for (let y = 0; y < h; y++) out.set(plane.subarray((y0 + y) * width + x0, (y0 + y) * width + x1), y * w);
    return out;
  };
  return { width: w, height: h, planes: [part(planes[0]), part(planes[1]), part(planes[2]), part(opacity)] };
}
