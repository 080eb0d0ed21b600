/**
 * A scene of our own making: a beach ball rolls past a brick house, filmed by a slightly unsteady camera. The source clip,
 * its quadmask and the truth without the ball are exact by construction, so anybody can measure a removal without
 * downloading anything.
 */
import type { Frame, Plane } from "../media/frame.ts";

/** What is filmed and how. */
export type SceneOptions = {
  /** Even pixels. */
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** Radius of the camera's shake in pixels; 0 is a tripod. */
  readonly shake: number;
  /** Pixels the camera pans to the right over the clip. */
  readonly pan: number;
  /** Standard deviation of the sensor noise in 8-bit levels. */
  readonly noise: number;
  /** How much of the ball the wet pavement before it reflects, 0 to 1; dry when absent. */
  readonly reflection?: number;
  readonly seed: number;
};

/** What the README's picture and the demo show. */
export const DEMO_SCENE: SceneOptions = {
  width: 640,
  height: 360,
  frames: 72,
  shake: 2.5,
  pan: 60,
  noise: 1.2,
  seed: 7,
};

/** One moment of the scene, as 8-bit 4:2:0 BT.709 limited-range frames. */
export type SceneFrame = {
  readonly source: Frame;
  /** The source without ball, shadow and reflection, with the same noise. */
  readonly truth: Frame;
  /** VOID levels: 0 ball, 63 ball over its shadow, 127 shadow and reflection, 255 keep; full-range luma in a neutral frame. */
  readonly mask: Frame;
};

type Rgb = readonly [number, number, number];

/** Renders frame after frame. */
export function* renderScene(options: SceneOptions): Generator<SceneFrame> {
  const { width, height, frames } = options;
  const backdrop = paintHouse(width + options.pan + 80, height + 80, options.seed);
  for (let index = 0; index < frames; index++) {
    const t = frames > 1 ? index / (frames - 1) : 0;
    const shakeX = options.shake * (Math.sin(t * 17.3) + 0.5 * Math.sin(t * 41.9 + 1));
    const shakeY = options.shake * (Math.cos(t * 13.7) + 0.5 * Math.sin(t * 37.1 + 2));
    const camera = {
      x: 40 + options.pan * t + shakeX,
      y: 40 + shakeY,
      angle: options.shake * 0.0012 * Math.sin(t * 11),
    };
    yield renderMoment(options, backdrop, camera, ballAt(options, t), index);
  }
}

type Canvas = { readonly width: number; readonly height: number; readonly rgb: Float32Array };
type Camera = { readonly x: number; readonly y: number; readonly angle: number };
type Ball = { readonly x: number; readonly y: number; readonly radius: number; readonly roll: number };

function ballAt({ width, height, pan }: SceneOptions, t: number): Ball {
  const radius = height * 0.13;
  const travel = width + pan + 2 * radius;
  const x = 40 - radius + travel * t;
  const bounce = Math.abs(Math.sin(t * Math.PI * 3)) * height * 0.16;
  return { x, y: 40 + height * 0.84 - radius - bounce, radius, roll: (t * travel) / radius };
}

function renderMoment(options: SceneOptions, backdrop: Canvas, camera: Camera, ball: Ball, index: number): SceneFrame {
  const { width, height } = options;
  const source = new Float32Array(width * height * 3);
  const truth = new Float32Array(width * height * 3);
  const levels = new Uint8Array(width * height).fill(255);
  const noise = noiseTable(options.noise, options.seed);
  let noiseAt = Math.imul(index + 1, 2654435761) >>> 0;
  const sin = Math.sin(camera.angle);
  const cos = Math.cos(camera.angle);
  const floor = 40 + height * 0.84;
  // A soft contact shadow that widens and fades as the ball rises.
  const lift = (floor - ball.radius - ball.y) / ball.radius;
  const shadowX = ball.radius * (1.15 + 0.2 * lift);
  const shadowY = ball.radius * 0.28;
  const darkness = 0.55 * Math.max(0.25, 1 - 0.5 * lift);
  const pixel = new Float32Array(3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dx = x - width / 2;
      const dy = y - height / 2;
      const worldX = camera.x + width / 2 + cos * dx - sin * dy;
      const worldY = camera.y + height / 2 + sin * dx + cos * dy;
      sampleBicubic(backdrop, worldX, worldY, pixel);
      const sx = (worldX - ball.x) / shadowX;
      const sy = (worldY - floor) / shadowY;
      const shadow = Math.max(0, 1 - sx * sx - sy * sy) * darkness;
      const cover = Math.min(1, Math.max(0, ball.radius - Math.hypot(worldX - ball.x, worldY - ball.y) + 0.5));
      const paint = cover > 0 ? ballColour(ball, worldX, worldY) : undefined;
      const mirrored = reflectionOf(options, ball, floor, worldX, worldY);
      const at = (y * width + x) * 3;
      for (let c = 0; c < 3; c++) {
        const grain = noise[noiseAt++ & (NOISE_LENGTH - 1)]!;
        const wet = pixel[c]! + (mirrored ? mirrored.share * (mirrored.colour[c]! - pixel[c]!) : 0);
        const behind = wet * (1 - shadow);
        truth[at + c] = pixel[c]! + grain;
        source[at + c] = (paint ? behind * (1 - cover) + paint[c]! * cover : behind) + grain;
      }
      if (cover > 0) levels[y * width + x] = shadow > 0.004 ? 63 : 0;
      else if (shadow > 0.004 || mirrored) levels[y * width + x] = 127;
    }
  }
  const mask = neutral(levels, width, height);
  return { source: toYuv420(source, width, height), truth: toYuv420(truth, width, height), mask };
}

/** What a wet pavement shows of the ball at a point before it: the ball upside down, fainter the further away. */
function reflectionOf(
  { reflection = 0, height }: SceneOptions,
  ball: Ball,
  floor: number,
  x: number,
  y: number,
): { share: number; colour: Rgb } | undefined {
  if (reflection <= 0 || y <= floor) return undefined;
  const above = 2 * floor - y;
  const cover = Math.min(1, Math.max(0, ball.radius - Math.hypot(x - ball.x, above - ball.y) + 0.5));
  const share = reflection * cover * Math.max(0, 1 - (y - floor) / (height * 0.3));
  return share > 0.01 ? { share, colour: ballColour(ball, x, above) } : undefined;
}

const NOISE_LENGTH = 1 << 20;
let noiseCache: { sigma: number; seed: number; table: Float32Array } | undefined;

/** A long run of Gaussian noise, read from a different place in every frame. */
function noiseTable(sigma: number, seed: number): Float32Array {
  if (noiseCache?.sigma !== sigma || noiseCache.seed !== seed) {
    const random = randomSource(seed);
    noiseCache = { sigma, seed, table: Float32Array.from({ length: NOISE_LENGTH }, () => sigma * gaussian(random)) };
  }
  return noiseCache.table;
}

const BALL_COLOURS: readonly Rgb[] = [
  [232, 62, 52],
  [250, 246, 236],
  [38, 118, 214],
  [250, 246, 236],
  [247, 196, 46],
  [250, 246, 236],
];

function ballColour(ball: Ball, x: number, y: number): Rgb {
  const u = (x - ball.x) / ball.radius;
  const v = (y - ball.y) / ball.radius;
  const sector = (Math.atan2(v, u) - ball.roll) / (Math.PI / 3);
  const colour = BALL_COLOURS[((Math.floor(sector) % 6) + 6) % 6]!;
  const hub = Math.hypot(u, v) < 0.16;
  const base: Rgb = hub ? [250, 246, 236] : colour;
  const depth = Math.sqrt(Math.max(0, 1 - u * u - v * v));
  const light = 0.45 + 0.6 * Math.max(0, -0.45 * u - 0.6 * v + 0.66 * depth);
  const gleam = 90 * Math.max(0, -0.45 * u - 0.6 * v + 0.66 * depth) ** 24;
  return [base[0] * light + gleam, base[1] * light + gleam, base[2] * light + gleam];
}

/** The house: bricks, two windows, a door, a pavement, all with enough texture to be told apart. */
function paintHouse(width: number, height: number, seed: number): Canvas {
  const rgb = new Float32Array(width * height * 3);
  const floor = 40 + (height - 80) * 0.74;
  const noise = valueNoise(seed);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = y > floor ? pavement(x, y - floor, noise) : facade(x, y, floor, noise);
      const grain = 1 + 0.16 * (noise(x * 0.35, y * 0.35) - 0.5) + 0.14 * (noise(x * 0.04, y * 0.04) - 0.5);
      for (let c = 0; c < 3; c++) rgb[(y * width + x) * 3 + c] = Math.min(255, colour[c]! * grain);
    }
  }
  return { width, height, rgb };
}

type Noise = (x: number, y: number) => number;

function facade(x: number, y: number, floor: number, noise: Noise): Rgb {
  // Doors and windows take turns, each with a lintel a little wider than itself.
  const number = Math.floor((x - 48) / 230);
  const across = x - 60 - number * 230;
  const isDoor = number % 2 === 1;
  const top = isDoor ? floor - 190 : floor - 170;
  const bottom = isDoor ? floor : floor - 60;
  if (across >= 0 && across < 90 && y > top && y < bottom) {
    return isDoor ? door(across, y - top, bottom - top) : window(across, y - top, noise, x);
  }
  if (across < 102 && y > top - 12 && y < top) return [206, 198, 182];
  const row = Math.floor(y / 13);
  const shifted = x + (row % 2) * 17;
  const mortar = y % 13 < 2 || shifted % 34 < 2;
  if (mortar) return [186, 178, 166];
  const tone = noise(Math.floor(shifted / 34) * 3.7, row * 5.3);
  return [138 + 58 * tone, 68 + 34 * tone, 52 + 26 * tone];
}

function window(x: number, y: number, noise: Noise, worldX: number): Rgb {
  const frame = x < 6 || x > 84 || y < 6 || y > 104 || Math.abs(x - 45) < 3 || Math.abs(y - 55) < 3;
  if (frame) return [236, 232, 222];
  const sky = noise(worldX * 0.03 + 9, y * 0.05);
  return [92 + 70 * sky, 128 + 66 * sky, 158 + 62 * sky];
}

function door(x: number, y: number, height: number): Rgb {
  if (x < 5 || x > 85 || y < 6) return [222, 214, 198];
  const panel = x % 40 > 8 && x % 40 < 34 && y % 60 > 10 && y % 60 < 52;
  if (Math.hypot(x - 76, y - height * 0.55) < 4) return [228, 196, 90];
  return panel ? [30, 92, 88] : [40, 112, 106];
}

function pavement(x: number, y: number, noise: Noise): Rgb {
  if (y < 6) return [112, 110, 106];
  const row = Math.floor(y / 26);
  const shifted = x + row * 23;
  if (y % 26 < 2 || shifted % 52 < 2) return [104, 100, 94];
  const tone = noise(Math.floor(shifted / 52) * 2.9 + 31, row * 4.1);
  return [150 + 46 * tone, 146 + 44 * tone, 136 + 42 * tone];
}

function sampleBicubic({ width, height, rgb }: Canvas, x: number, y: number, out: Float32Array): void {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  catmullRom(x - x0, weightsX);
  catmullRom(y - y0, weightsY);
  let [r, g, b] = [0, 0, 0];
  for (let j = 0; j < 4; j++) {
    const row = Math.min(height - 1, Math.max(0, y0 + j - 1)) * width;
    for (let i = 0; i < 4; i++) {
      const at = (row + Math.min(width - 1, Math.max(0, x0 + i - 1))) * 3;
      const weight = weightsY[j]! * weightsX[i]!;
      r += weight * rgb[at]!;
      g += weight * rgb[at + 1]!;
      b += weight * rgb[at + 2]!;
    }
  }
  out[0] = r;
  out[1] = g;
  out[2] = b;
}

const weightsX = new Float32Array(4);
const weightsY = new Float32Array(4);

/** Weights of the four neighbours of a point `t` of the way between the middle two (Catmull and Rom, 1974). */
function catmullRom(t: number, weights: Float32Array): void {
  weights[0] = t * (-0.5 + t * (1 - 0.5 * t));
  weights[1] = 1 + t * t * (-2.5 + 1.5 * t);
  weights[2] = t * (0.5 + t * (2 - 1.5 * t));
  weights[3] = t * t * (-0.5 + 0.5 * t);
}

function toYuv420(rgb: Float32Array, width: number, height: number): Frame {
  const luma = new Uint8Array(width * height);
  const cb = new Uint8Array((width * height) / 4);
  const cr = new Uint8Array((width * height) / 4);
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      let [sumB, sumR] = [0, 0];
      for (let k = 0; k < 4; k++) {
        const at = (y + (k >> 1)) * width + x + (k & 1);
        const [r, g, b] = [rgb[at * 3]!, rgb[at * 3 + 1]!, rgb[at * 3 + 2]!];
        const brightness = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        luma[at] = clamp(16 + (219 / 255) * brightness);
        sumB += (b - brightness) / 1.8556;
        sumR += (r - brightness) / 1.5748;
      }
      const at = (y / 2) * (width / 2) + x / 2;
      cb[at] = clamp(128 + (224 / 255) * (sumB / 4));
      cr[at] = clamp(128 + (224 / 255) * (sumR / 4));
    }
  }
  return { planes: [plane(luma, width, height), plane(cb, width / 2, height / 2), plane(cr, width / 2, height / 2)] };
}

/** Full-range grey in a 4:2:0 frame. */
function neutral(levels: Uint8Array, width: number, height: number): Frame {
  const chroma = (): Plane => plane(new Uint8Array((width * height) / 4).fill(128), width / 2, height / 2);
  return { planes: [plane(levels, width, height), chroma(), chroma()] };
}

function plane(data: Uint8Array, width: number, height: number): Plane {
  return { data, width, height, stride: width };
}

const clamp = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

/** Mulberry32: a small seeded generator of numbers in [0, 1). */
function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Smooth noise in [0, 1] over the plane. */
function valueNoise(seed: number): Noise {
  const lattice = (x: number, y: number): number => {
    let hash = Math.imul(x, 374761393) ^ Math.imul(y, 668265263) ^ Math.imul(seed, 974634777);
    hash = Math.imul(hash ^ (hash >>> 13), 1274126177);
    return ((hash ^ (hash >>> 16)) >>> 0) / 4294967296;
  };
  const ease = (t: number): number => t * t * (3 - 2 * t);
  return (x, y) => {
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const u = ease(x - x0);
    const v = ease(y - y0);
    const top = lattice(x0, y0) * (1 - u) + lattice(x0 + 1, y0) * u;
    const bottom = lattice(x0, y0 + 1) * (1 - u) + lattice(x0 + 1, y0 + 1) * u;
    return top * (1 - v) + bottom * v;
  };
}
