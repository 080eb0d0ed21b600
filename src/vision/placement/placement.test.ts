import assert from "node:assert/strict";
import { test } from "node:test";
import type { Frame, FrameFormat } from "../../media/frame.ts";
import { type Cutout, cutOut } from "./cut-out.ts";
import { PicturePainter } from "./draw.ts";
import { marksOf, pathOf } from "./path.ts";

const [W, H] = [60, 40];

function picture(paint: (x: number, y: number) => readonly [number, number, number, number]): Cutout {
  const planes = [0, 1, 2, 3].map(() => new Uint8Array(W * H)) as unknown as Cutout["planes"];
  for (let i = 0; i < W * H; i++) {
    for (const [k, value] of paint(i % W, Math.floor(i / W)).entries()) planes[k]![i] = value;
  }
  return { width: W, height: H, planes };
}
const inBox = (x: number, y: number): boolean => x >= 20 && x < 40 && y >= 10 && y < 30;

test("a subject is cut out by its transparency or by a plain ground, else the picture stays whole", () => {
  const clear = cutOut(picture((x, y) => (inBox(x, y) ? [90, 100, 110, 255] : [16, 128, 128, 0])));
  assert.deepEqual([clear.width, clear.height], [20, 20]);
  assert.ok(clear.planes[3].every((value) => value === 255));
  const plain = cutOut(picture((x, y) => (inBox(x, y) ? [90, 100, 160, 255] : [230 + ((x + y) % 3), 128, 128, 255])));
  assert.deepEqual([plain.width, plain.height], [20, 20]);
  assert.ok(plain.planes[0].every((value) => value === 90));
  const hole = cutOut(
    picture((x, y) => (inBox(x, y) && !(x === 30 && y === 20) ? [90, 100, 160, 255] : [230, 128, 128, 255])),
  );
  assert.equal(hole.planes[3][10 * 20 + 10], 255, "what the border does not reach stays");
  const whole = cutOut(picture((x, y) => [(x * 37 + y * 91) % 200, 128, 128, 255]));
  assert.deepEqual([whole.width, whole.height], [W, H]);
  assert.ok(whole.planes[3][0]! < 255 && whole.planes[3][20 * W + 30] === 255);
  const nothing = cutOut(picture(() => [230, 128, 128, 255]));
  assert.deepEqual([nothing.width, nothing.height], [W, H]);
});

test("the path follows place and area, keeps its size beyond the edge, and has gaps where the mask has", () => {
  const box = (x0: number, x1: number): Uint8Array =>
    Uint8Array.from({ length: 200 * 100 }, (_, i) => +(i % 200 >= x0 && i % 200 < x1 && i >= 40 * 200 && i < 60 * 200));
  const frames = Array.from({ length: 30 }, (_, i) => box(100 - 4 * i, 120 - 4 * i));
  frames[5] = new Uint8Array(200 * 100);
  frames[10]![0] = 1;
  const path = pathOf(
    frames.map((labels) => marksOf(labels, 200, 100)),
    200,
    100,
  );
  assert.equal(path[5], undefined);
  for (const i of [8, 10, 15, 20]) {
    const { x, y, width, height } = path[i]!;
    assert.ok(Math.abs(x - (110 - 4 * i)) < 0.5, `frame ${i}: ${x}`);
    assert.deepEqual([Math.round(y), Math.round(width), Math.round(height)], [60, 20, 20], `frame ${i}`);
  }
  // Half of it is out of the picture on the left.
  assert.ok(Math.abs(path[27]!.x - 2) < 1.5, String(path[27]!.x));
  assert.ok(Math.abs(path[27]!.width - 20) < 1);
});

for (const [bitDepth, shift] of [
  [8, 1],
  [10, 0],
] as const) {
  test(`a picture is laid into a frame of ${bitDepth} bits, and nothing else changes`, () => {
    const format: FrameFormat = {
      width: 120,
      height: 80,
      chromaShiftX: shift,
      chromaShiftY: shift,
      bitDepth,
      fullRange: false,
    };
    const unit = 2 ** (bitDepth - 8);
    const plane = (w: number, h: number, level: number) => {
      const data = bitDepth === 8 ? new Uint8Array(w * h) : new Uint16Array(w * h);
      return { data: data.fill(level * unit), width: w, height: h, stride: w };
    };
    const [w, h] = [120 >> shift, 80 >> shift];
    const frame: Frame = { planes: [plane(120, 80, 120), plane(w, h, 128), plane(w, h, 128)] };
    const cut = cutOut(picture((x, y) => (inBox(x, y) ? [150, 90, 190, 255] : [16, 128, 128, 0])));
    new PicturePainter(cut, format).paint(frame, { x: 60, y: 70, width: 60, height: 30 });
    const at = (k: 0 | 1 | 2, x: number, y: number): number => {
      const own = frame.planes[k];
      const by = k === 0 ? 0 : shift;
      return own.data[(y >> by) * own.stride + (x >> by)]! / unit;
    };
    // Fitted into the box: 30 x 30, standing on its lower edge.
    assert.ok(Math.abs(at(0, 60, 55) - 140) < 12, String(at(0, 60, 55)));
    assert.ok(at(1, 60, 55) < 112 && at(2, 60, 55) > 165);
    for (const [x, y] of [
      [60, 38],
      [60, 72],
      [40, 55],
      [80, 55],
    ] as const)
      assert.equal(at(0, x, y), 120);
  });
}
