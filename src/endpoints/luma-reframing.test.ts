import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLumaReframe, type LumaReframeInput, placementOf, REFRAME_CANVASES } from "./luma-reframing.ts";

const input = (more: Partial<LumaReframeInput>): LumaReframeInput => ({
  aspect_ratio: "1:1",
  reshoot_output: "default",
  ...more,
});
const SOURCE = { width: 1920, height: 1080, sampleAspect: [1, 1] as const };

test("every shape is exact, about as large as 1280x720, and has sides in multiples of 16", () => {
  for (const [name, { width, height }] of Object.entries(REFRAME_CANVASES)) {
    const [w, h] = name.split(":").map(Number) as [number, number];
    assert.equal(width * h, height * w, name);
    assert.deepEqual([width % 16, height % 16], [0, 0], name);
    assert.ok(Math.abs((width * height) / (1280 * 720) - 1) < 0.04, name);
  }
});

test("coordinates, one by one and together", () => {
  const at = (more: Partial<LumaReframeInput>): number[] | string => {
    const placement = placementOf(input(more), SOURCE);
    if (placement.kind !== "rectangle") return placement.kind;
    return [placement.x, placement.y, placement.width, placement.height];
  };
  assert.equal(at({}), "fit");
  assert.deepEqual(at({ grid_position_x: 0, grid_position_y: 100 }), [0, 100, 960, 540]);
  assert.deepEqual(at({ grid_position_y: -40 }), [0, -40, 960, 540]);
  assert.deepEqual(at({ x_start: 100, x_end: 740 }), [100, 300, 640, 360]);
  assert.deepEqual(at({ x_start: 100 }), [100, 210, 960, 540]);
  assert.deepEqual(at({ x_end: 900, y_end: 960 }), [-60, 420, 960, 540]);
  assert.deepEqual(at({ y_start: 0, y_end: 720 }), [-160, 0, 1280, 720]);
  assert.deepEqual(at({ x_start: 0, x_end: 960, y_start: 0, y_end: 960 }), [0, 0, 960, 960]);
  assert.deepEqual(at({ x_start: 10, x_end: 20, grid_position_x: 500 }), [10, 477.1875, 10, 5.625]);
});

test("what cannot be seen is refused at its field", () => {
  const refused = (more: Partial<LumaReframeInput>): unknown[] =>
    checkLumaReframe(input(more)).map(({ loc, type }) => [loc[1], type]);
  assert.deepEqual(refused({}), []);
  assert.deepEqual(refused({ x_start: -500, x_end: 100, y_start: 900, y_end: 5000 }), []);
  assert.deepEqual(refused({ x_start: 5, x_end: 5 }), [["x_end", "greater_than"]]);
  assert.deepEqual(refused({ x_start: 960 }), [["x_start", "less_than_equal"]]);
  assert.deepEqual(refused({ y_end: 0 }), [["y_end", "greater_than_equal"]]);
  assert.deepEqual(refused({ grid_position_y: 4000 }), [["grid_position_y", "less_than_equal"]]);
  assert.deepEqual(refused({ x_start: -9, x_end: -3 }), [["x_end", "greater_than_equal"]]);
});
