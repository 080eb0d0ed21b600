import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FramePlacement } from "../../operations/frames.ts";
import { type Axis, placeOn, type Size } from "./placement.ts";

const GRID = { x: 2, y: 2 };
const SQUARE = [1, 1] as const;
const FIT: FramePlacement = { kind: "fit", zoom: 0 };
const expand = (left: number, right: number, top: number, bottom: number): FramePlacement => ({
  kind: "expand",
  left,
  right,
  top,
  bottom,
});
const size = (width: number, height: number): Size => ({ width, height });

/** Start, length, and how much is cut off, rounded. */
const told = ({ start, length, slack }: Axis): number[] => [start, length, Math.round(slack)];

describe("a source on a canvas", () => {
  const table: [string, Size, Size, FramePlacement, x: number[], y: number[]][] = [
    ["as large as the canvas", size(832, 480), size(832, 480), FIT, [0, 832, 0], [0, 480, 0]],
    [
      "nearly of its shape: filled, and cut on both sides",
      size(832, 480),
      size(640, 360),
      FIT,
      [0, 832, 21],
      [0, 480, 0],
    ],
    ["landscape on portrait", size(720, 1280), size(1920, 1080), FIT, [0, 720, 0], [438, 404, 0]],
    ["portrait on landscape", size(1280, 720), size(1080, 1920), FIT, [438, 404, 0], [0, 720, 0]],
    [
      "enlarged until it juts out",
      size(720, 1280),
      size(1920, 1080),
      { kind: "fit", zoom: 1 },
      [0, 720, 720],
      [236, 810, 0],
    ],
    [
      "enlarged beyond both sides",
      size(832, 480),
      size(832, 480),
      { kind: "fit", zoom: 0.5 },
      [0, 832, 416],
      [0, 480, 240],
    ],
    ["a quarter on the left", size(800, 640), size(640, 640), expand(0.25, 0, 0, 0), [160, 640, 0], [0, 640, 0]],
    [
      "a quarter on all sides",
      size(960, 960),
      size(64, 64),
      expand(0.25, 0.25, 0.25, 0.25),
      [160, 640, 0],
      [160, 640, 0],
    ],
    [
      "above only, on a canvas of another shape",
      size(480, 832),
      size(640, 360),
      expand(0, 0, 1, 0),
      [0, 480, 0],
      [416, 270, 0],
    ],
    [
      "a rectangle of its shape",
      size(960, 960),
      size(640, 360),
      { kind: "rectangle", x: 100, y: 200, width: 640, height: 360 },
      [100, 640, 0],
      [200, 360, 0],
    ],
    [
      "a rectangle of another shape",
      size(720, 1280),
      size(1280, 720),
      { kind: "rectangle", x: 0, y: 0, width: 720, height: 1280 },
      [0, 720, 1556],
      [0, 1280, 0],
    ],
    [
      "a rectangle half outside",
      size(960, 960),
      size(640, 360),
      { kind: "rectangle", x: -320, y: 780, width: 640, height: 360 },
      [0, 320, 0],
      [780, 180, 0],
    ],
  ];
  for (const [name, canvas, source, placement, x, y] of table) {
    it(name, () => {
      const view = placeOn(canvas, source, SQUARE, placement, GRID)!;
      assert.deepEqual([told(view.x), told(view.y)], [x, y]);
    });
  }

  it("has pixels as wide as they are shown", () => {
    const view = placeOn(size(1280, 320), size(640, 360), [2, 1], FIT, GRID)!;
    assert.deepEqual(told(view.x), [72, 1136, 0]);
  });

  it("is seen from where the canvas begins when it begins before it", () => {
    const { x } = placeOn(
      size(960, 960),
      size(640, 360),
      SQUARE,
      { kind: "rectangle", x: -320, y: 0, width: 640, height: 360 },
      GRID,
    )!;
    assert.deepEqual([x.before, x.drawn, x.isFree], [320, 640, false]);
  });

  it("may move only where it is cut off on purpose", () => {
    const isFree = (placement: FramePlacement): boolean[] => {
      const { x, y } = placeOn(size(832, 480), size(640, 360), SQUARE, placement, GRID)!;
      return [x.isFree, y.isFree];
    };
    assert.deepEqual(isFree(FIT), [false, false]);
    assert.deepEqual(isFree({ kind: "fit", zoom: 0.3 }), [true, true]);
    assert.deepEqual(isFree({ kind: "rectangle", x: 0, y: 0, width: 480, height: 480 }), [true, false]);
  });

  it("is never enlarged until nothing can be told apart", () => {
    const { x } = placeOn(size(832, 480), size(64, 64), SQUARE, { kind: "fit", zoom: 1e12 }, GRID)!;
    assert.ok(Math.abs((x.length / x.drawn) * 64 - 27.7) < 0.1, `${(x.length / x.drawn) * 64} pixels are seen`);
  });

  it("is not there when it lies beside the canvas", () => {
    for (const x of [-640, 960, 959, -639]) {
      const placement: FramePlacement = { kind: "rectangle", x, y: 0, width: 640, height: 360 };
      assert.equal(placeOn(size(960, 960), size(640, 360), SQUARE, placement, GRID), undefined);
    }
  });

  it("survives the oddest sizes", () => {
    for (const source of [size(1, 1), size(2, 4000), size(4000, 2), size(3, 3)]) {
      for (const placement of [FIT, expand(1, 1, 1, 1), { kind: "fit", zoom: 3 } as const]) {
        const view = placeOn(size(720, 1280), source, SQUARE, placement, GRID);
        if (!view) continue;
        for (const [axis, whole] of [
          [view.x, 720],
          [view.y, 1280],
        ] as const) {
          assert.ok(axis.start >= 0 && axis.length >= 1 && axis.start + axis.length <= whole);
          assert.ok(axis.drawn + 1e-6 >= axis.before + axis.slack);
        }
      }
    }
  });
});
