/** What reframing is made of: sampling, black bars, the path of what is seen. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noiseBytes } from "../../kernels/kernels.test.memory.ts";
import type { Frame, FrameFormat, Plane } from "../../media/frame.ts";
import type { Detection } from "../segmentation/detect.ts";
import { BorderFinder } from "./borders.ts";
import { CELLS, InterestFinder } from "./interest.ts";
import { pathOver } from "./path.ts";
import { type Cut, Sampler } from "./sample.ts";

const FORMAT: FrameFormat = { width: 64, height: 48, chromaShiftX: 1, chromaShiftY: 1, bitDepth: 8, fullRange: false };
const SITE = { x: 0.25, y: 0.5 };

function picture(format: FrameFormat, level: (x: number, y: number, plane: number) => number): Frame {
  const plane = (index: number): Plane => {
    const [sx, sy] = index === 0 ? [0, 0] : [format.chromaShiftX, format.chromaShiftY];
    const [width, height] = [(format.width + (1 << sx) - 1) >> sx, (format.height + (1 << sy) - 1) >> sy];
    const data = format.bitDepth > 8 ? new Uint16Array(width * height) : new Uint8Array(width * height);
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = level(x, y, index);
    return { data, width, height, stride: width };
  };
  return { planes: [plane(0), plane(1), plane(2)] };
}

const whole = (length: number): Cut => ({ from: 0, step: 1, length });

describe("sampling", () => {
  for (const format of [
    FORMAT,
    { ...FORMAT, chromaShiftY: 0 as const, bitDepth: 10 },
    { ...FORMAT, width: 63, height: 47, chromaShiftX: 0 as const, chromaShiftY: 0 as const },
    { ...FORMAT, chromaShiftX: 2 as const, chromaShiftY: 0 as const },
  ]) {
    const name = `${format.width}x${format.height}, ${format.bitDepth} bits, ${format.chromaShiftX}${format.chromaShiftY}`;
    it(`copies what stays as it is: ${name}`, () => {
      const noise = noiseBytes(64 * 48 * 3, 5);
      const source = picture(format, (x, y, plane) => noise[(y * 64 + x) * 3 + plane]! * 2 ** (format.bitDepth - 8));
      const to = picture(format, () => 0);
      new Sampler(format, SITE).draw(source, whole(format.width), whole(format.height), to, { x: 0, y: 0 });
      assert.deepEqual(to, source);
    });
  }

  it("takes a slope from between its samples, at any size, chroma where luma is", () => {
    const source = picture(FORMAT, (x, _y, plane) => (plane === 0 ? 20 + 3 * x : 20 + 3 * (2 * x + 0.0)));
    for (const [from, step] of [
      [10.3, 0.5],
      [4, 2],
      [7.5, 1],
    ] as const) {
      const cut: Cut = { from, step, length: 16 };
      const to = picture({ ...FORMAT, width: 16, height: 8 }, () => 0);
      new Sampler(FORMAT, SITE).draw(source, cut, { from: 8, step, length: 8 }, to, { x: 0, y: 0 });
      for (let x = 3; x < 13; x++) {
        const place = from + (x + 0.5) * step - 0.5;
        assert.ok(Math.abs(to.planes[0].data[x]! - (20 + 3 * place)) <= 0.51, `luma ${x}: ${to.planes[0].data[x]}`);
      }
      for (let x = 2; x < 6; x++) {
        // A chroma sample stands on its cell's first luma sample.
        const place = from + (2 * x + 0.5) * step - 0.5;
        assert.ok(Math.abs(to.planes[1].data[x]! - (20 + 3 * place)) <= 0.6, `chroma ${x}: ${to.planes[1].data[x]}`);
      }
    }
  });

  it("does not alias, nor leave its range", () => {
    const source = picture(FORMAT, (x, y) => ((x + y) % 2 ? 255 : 0));
    const to = picture({ ...FORMAT, width: 16, height: 12 }, () => 7);
    new Sampler(FORMAT, SITE).draw(source, { from: 0, step: 4, length: 16 }, { from: 0, step: 4, length: 12 }, to, {
      x: 0,
      y: 0,
    });
    for (const value of to.planes[0].data.subarray(2 * 16 + 2, 10 * 16 - 2)) assert.ok(Math.abs(value - 127.5) < 16);
    const edge = picture(FORMAT, (x) => (x < 32 ? 0 : 255));
    new Sampler(FORMAT, SITE).draw(edge, { from: 24, step: 0.3, length: 16 }, whole(12), to, { x: 0, y: 0 });
    assert.ok(to.planes[0].data.every((value) => value <= 255 && value >= 0));
    assert.ok(to.planes[0].data[0]! < 40);
  });
});

describe("black bars", () => {
  const noise = noiseBytes(64 * 48, 9);
  const letterboxed = (bars: { left: number; right: number; top: number; bottom: number }, bright = 90) =>
    picture(FORMAT, (x, y, plane) => {
      const isBar = x < bars.left || x >= 64 - bars.right || y < bars.top || y >= 48 - bars.bottom;
      if (plane > 0) return 128;
      return isBar ? 16 + (noise[y * 64 + x]! & 3) : bright + (noise[y * 64 + x]! & 31);
    });
  const found = (...frames: Frame[]) => {
    const finder = new BorderFinder(FORMAT);
    for (const frame of frames) finder.add(frame);
    return finder.found();
  };

  it("are found on each side, with the lines they have darkened", () => {
    assert.deepEqual(found(letterboxed({ left: 0, right: 0, top: 6, bottom: 6 })), {
      left: 0,
      right: 0,
      top: 8,
      bottom: 8,
    });
    assert.deepEqual(found(letterboxed({ left: 10, right: 4, top: 0, bottom: 0 })), {
      left: 12,
      right: 6,
      top: 0,
      bottom: 0,
    });
  });

  it("are what is black in all frames", () => {
    const bars = { left: 0, right: 0, top: 8, bottom: 0 };
    const dark = picture(FORMAT, (_x, _y, plane) => (plane ? 128 : 16));
    assert.equal(found(dark, letterboxed(bars), dark).top, 10);
    assert.equal(found(letterboxed(bars), letterboxed({ ...bars, top: 0 })).top, 0);
  });

  it("are not found where all is dark, nor where the picture fades into black", () => {
    const none = { left: 0, right: 0, top: 0, bottom: 0 };
    assert.deepEqual(found(picture(FORMAT, (_x, _y, plane) => (plane ? 128 : 17))), none);
    assert.deepEqual(found(picture(FORMAT, (_x, y, plane) => (plane ? 128 : 16 + y))), none);
    assert.deepEqual(found(letterboxed(none)), none);
    assert.deepEqual(found(letterboxed({ left: 0, right: 0, top: 40, bottom: 4 })), none);
  });
});

describe("the path of what is seen", () => {
  const FPS = 25;
  const REACH = { first: 0, last: 0.6, length: 0.4 };
  /** Interest around a place from 0 to 1. */
  const at = (place: number, isCut = false) => ({
    x: Float32Array.from({ length: CELLS }, (_, cell) => Math.exp(-((((cell + 0.5) / CELLS - place) / 0.08) ** 2))),
    isCut,
  });
  const middle = (share: number): number => 0.6 * share + 0.2;
  const steps = (path: Float32Array): number[] => Array.from(path.subarray(1), (share, i) => share - path[i]!);

  it("stays where its subject is, however that trembles", () => {
    const noise = noiseBytes(200, 3);
    const frames = Array.from({ length: 200 }, (_, i) => at(0.7 + (noise[i]! / 255 - 0.5) * 0.12));
    const path = pathOver(frames, REACH, FPS);
    assert.ok(Math.abs(middle(path[100]!) - 0.7) < 0.05, `${middle(path[100]!)}`);
    assert.ok(steps(path).every((step) => step === 0));
  });

  it("follows its subject without a jerk", () => {
    const frames = Array.from({ length: 250 }, (_, i) => at(0.2 + 0.6 * Math.min(1, Math.max(0, (i - 75) / 100))));
    const path = pathOver(frames, REACH, FPS);
    assert.ok(Math.abs(middle(path[0]!) - 0.2) < 0.06 && Math.abs(middle(path[249]!) - 0.8) < 0.06);
    for (const [i, share] of path.entries()) {
      const place = 0.2 + 0.6 * Math.min(1, Math.max(0, (i - 75) / 100));
      assert.ok(Math.abs(middle(share) - place) < 0.2, `frame ${i}: ${middle(share)} for ${place}`);
    }
    const speeds = steps(path);
    assert.ok(
      speeds.every((step) => step >= -1e-6),
      "never back",
    );
    const jerks = speeds.slice(1).map((speed, i) => Math.abs(speed - speeds[i]!));
    assert.ok(Math.max(...jerks) < 0.004, `${Math.max(...jerks)}`);
  });

  it("jumps at a cut and nowhere else", () => {
    const frames = Array.from({ length: 100 }, (_, i) => at(i < 40 ? 0.2 : 0.8, i === 40));
    const path = pathOver(frames, REACH, FPS);
    const far = steps(path).flatMap((step, i) => (step !== 0 ? [i + 1] : []));
    assert.deepEqual(far, [40]);
  });

  it("stays in the middle where there is nothing to see", () => {
    const frames = Array.from({ length: 20 }, () => ({ x: new Float32Array(CELLS), isCut: false }));
    assert.ok(pathOver(frames, REACH, FPS).every((share) => share === 0.5));
    assert.equal(pathOver(frames.slice(0, 1), REACH, FPS)[0], 0.5);
    assert.equal(pathOver([], REACH, FPS).length, 0);
  });

  it("sees people first, then motion, then contrast", () => {
    const format: FrameFormat = { ...FORMAT, width: 256, height: 144 };
    const where = (detections: Detection[], ball: (frame: number) => number): number => {
      const finder = new InterestFinder(format, () => detections, 5);
      for (let i = 0; i < 10; i++) {
        finder.add(
          picture(format, (x, y, plane) =>
            plane ? 128 : Math.hypot(x - ball(i), y - 72) < 12 ? 220 : 60 + ((x * 7 + y * 3) & 7),
          ),
        );
      }
      const { x } = finder.frames.at(-1)!;
      return x.indexOf(Math.max(...x)) / CELLS;
    };
    const person: Detection = { kind: 0, score: 0.8, box: { x0: 20, y0: 20, x1: 80, y1: 140 } };
    assert.ok(Math.abs(where([person], (i) => 180 + 4 * i) - 50 / 256) < 0.1);
    assert.ok(where([], (i) => 180 + 4 * i) > 0.65);
    assert.ok(Math.abs(where([], () => 200) - 200 / 256) < 0.1);
  });

  it("knows a cut from a pan", () => {
    const format: FrameFormat = { ...FORMAT, width: 128, height: 72 };
    const scene = (shift: number, kind: number) =>
      picture(format, (x, y, plane) =>
        plane ? 128 : 128 + 90 * Math.sin((x + shift) * (0.11 + 0.2 * kind)) * Math.cos(y * (0.13 + 0.3 * kind)),
      );
    const finder = new InterestFinder(format, () => [], 5);
    for (let i = 0; i < 20; i++) finder.add(scene(i * 3, i < 12 ? 0 : 1));
    assert.deepEqual(
      finder.frames.flatMap(({ isCut }, i) => (isCut ? [i] : [])),
      [12],
    );
  });
});
