/** Draws a cut-out picture into planar frames of any depth and chroma layout, in a given place, in the light that is there. */
import type { Frame, FrameFormat, Plane } from "../../media/frame.ts";
import type { Cutout } from "./cut-out.ts";
import type { Spot } from "./path.ts";

/** Half a picture each: premultiplied Y, U, V (about neutral) and opacity, 0 to 1. */
type Level = { readonly width: number; readonly height: number; readonly planes: readonly Float32Array[] };

/** How much of the difference in light and in tint the picture takes on. */
const LIGHT = 0.4;
const TINT = 0.25;
const [DARKEST, BRIGHTEST] = [0.65, 1.4];
/** Share of a frame's light that the light so far becomes: it does not flicker. */
const FRESH = 0.08;

type Light = { luma: number; u: number; v: number };

/** Draws one picture, frame after frame. */
export class PicturePainter {
  readonly #levels: Level[];
  readonly #format: FrameFormat;
  readonly #own: Light;
  #scene: Light | undefined;

  constructor(picture: Cutout, format: FrameFormat) {
    this.#format = format;
    this.#levels = [premultiplied(picture, this.#black)];
    for (let last = this.#levels[0]!; Math.min(last.width, last.height) > 1; ) {
      last = halved(last);
      this.#levels.push(last);
    }
    this.#own = lightOf(this.#levels[0]!);
  }

  /** Level of black, of 255. */
  get #black(): number {
    return this.#format.fullRange ? 0 : 16;
  }

  /** The picture as large as the spot has room for, standing in the middle of its lower edge. Changes the frame. */
  paint(frame: Frame, spot: Spot): void {
    const { width, height } = this.#levels[0]!;
    const scale = Math.min(spot.width / width, spot.height / height);
    const [w, h] = [width * scale, height * scale];
    const [left, top] = [spot.x - w / 2, spot.y - h];
    const change = this.#adapt(frame, { x0: left, y0: top, x1: left + w, y1: top + h });
    // The smallest level that still has a pixel for each of the frame's.
    let index = 0;
    while (index + 1 < this.#levels.length && this.#levels[index + 1]!.width >= w) index++;
    const level = this.#levels[index]!;
    for (const [k, plane] of frame.planes.entries()) {
      const [shiftX, shiftY] = k === 0 ? [0, 0] : [this.#format.chromaShiftX, this.#format.chromaShiftY];
      const place = { left: left / 2 ** shiftX, top: top / 2 ** shiftY, w: w / 2 ** shiftX, h: h / 2 ** shiftY };
      this.#blend(plane, level, k, place, change);
    }
  }

  #blend(
    plane: Plane,
    level: Level,
    k: number,
    { left, top, w, h }: { left: number; top: number; w: number; h: number },
    change: Light,
  ): void {
    const unit = 2 ** (this.#format.bitDepth - 8);
    const most = 256 * unit - 1;
    const zero = k === 0 ? this.#black : 128;
    const [gain, shift] = k === 0 ? [change.luma, 0] : [1, k === 1 ? change.u : change.v];
    const [samples, opacity] = [level.planes[k]!, level.planes[3]!];
    const { data } = plane;
    const [x0, x1] = [Math.max(0, Math.floor(left)), Math.min(plane.width, Math.ceil(left + w))];
    const [y0, y1] = [Math.max(0, Math.floor(top)), Math.min(plane.height, Math.ceil(top + h))];
    for (let y = y0; y < y1; y++) {
      const sy = ((y + 0.5 - top) / h) * level.height - 0.5;
      for (let x = x0; x < x1; x++) {
        const sx = ((x + 0.5 - left) / w) * level.width - 0.5;
        const alpha = sample(opacity, level, sx, sy);
        if (alpha < 1 / 512) continue;
        const value = (sample(samples, level, sx, sy) * gain + (zero + shift) * alpha) * unit;
        const at = y * plane.stride + x;
        data[at] = Math.max(0, Math.min(most, Math.round(data[at]! * (1 - alpha) + value)));
      }
    }
  }

  /** How the picture's light and tint change to go with what is around it. */
  #adapt(frame: Frame, box: { x0: number; y0: number; x1: number; y1: number }): Light {
    const unit = 2 ** (this.#format.bitDepth - 8);
    const mean = (k: 0 | 1 | 2): number => {
      const plane = frame.planes[k];
      const [fx, fy] = [plane.width / this.#format.width, plane.height / this.#format.height];
      const margin = 0.25 * Math.max(box.x1 - box.x0, box.y1 - box.y0);
      const [x0, x1] = [Math.max(0, Math.floor((box.x0 - margin) * fx)), Math.min(plane.width, (box.x1 + margin) * fx)];
      const [y0, y1] = [
        Math.max(0, Math.floor((box.y0 - margin) * fy)),
        Math.min(plane.height, (box.y1 + margin) * fy),
      ];
      let [sum, count] = [0, 0];
      for (let y = y0; y < y1; y += 2) {
        for (let x = x0; x < x1; x += 2, count++) sum += plane.data[y * plane.stride + x]!;
      }
      return count > 0 ? sum / count / unit - (k === 0 ? this.#black : 128) : 0;
    };
    const now: Light = { luma: mean(0), u: mean(1), v: mean(2) };
    const before = this.#scene ?? now;
    const scene: Light = {
      luma: before.luma + FRESH * (now.luma - before.luma),
      u: before.u + FRESH * (now.u - before.u),
      v: before.v + FRESH * (now.v - before.v),
    };
    this.#scene = scene;
    const ratio = (scene.luma + 8) / (this.#own.luma + 8);
    return {
      luma: Math.max(DARKEST, Math.min(BRIGHTEST, ratio ** LIGHT)),
      u: TINT * (scene.u - this.#own.u),
      v: TINT * (scene.v - this.#own.v),
    };
  }
}

function premultiplied({ width, height, planes: [y, u, v, a] }: Cutout, black: number): Level {
  const times = (plane: Uint8Array, zero: number): Float32Array => {
    const out = new Float32Array(plane.length);
    for (let i = 0; i < out.length; i++) out[i] = ((plane[i]! - zero) * a[i]!) / 255;
    return out;
  };
  const opacity = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) opacity[i] = a[i]! / 255;
  return { width, height, planes: [times(y, black), times(u, 128), times(v, 128), opacity] };
}

/** Half as large, by means of four. */
function halved({ width, height, planes }: Level): Level {
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const half = (from: Float32Array): Float32Array => {
    const out = new Float32Array(w * h);
    for (let y = 0; y < h; y++) {
      const [top, bottom] = [2 * y * width, Math.min(height - 1, 2 * y + 1) * width];
      for (let x = 0; x < w; x++) {
        const [left, right] = [2 * x, Math.min(width - 1, 2 * x + 1)];
        out[y * w + x] = (from[top + left]! + from[top + right]! + from[bottom + left]! + from[bottom + right]!) / 4;
      }
    }
    return out;
  };
  return { width: w, height: h, planes: planes.map(half) };
}

/** Bilinear; transparent beyond the edges. */
function sample(plane: Float32Array, { width, height }: Level, x: number, y: number): number {
  const [ix, iy] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - ix, y - iy];
  const at = (px: number, py: number): number =>
    px < 0 || py < 0 || px >= width || py >= height ? 0 : plane[py * width + px]!;
  const top = at(ix, iy) * (1 - fx) + at(ix + 1, iy) * fx;
  return top * (1 - fy) + (at(ix, iy + 1) * (1 - fx) + at(ix + 1, iy + 1) * fx) * fy;
}

function lightOf({ planes: [y, u, v, a] }: Level): Light {
  let [luma, cb, cr, weight] = [0, 0, 0, 1e-6];
  for (let i = 0; i < a!.length; i++) {
    luma += y![i]!;
    cb += u![i]!;
    cr += v![i]!;
    weight += a![i]!;
  }
  return { luma: luma / weight, u: cb / weight, v: cr / weight };
}
