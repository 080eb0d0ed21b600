import assert from "node:assert/strict";
import { test } from "node:test";
import { CLASSES, type Detection } from "./detect.ts";
import { thingAt, thingIn } from "./match.ts";

const seen = (name: string, score: number, x0: number, y0: number, x1: number, y1: number): Detection => ({
  kind: CLASSES.indexOf(name),
  score,
  box: { x0, y0, x1, y1 },
});
const names = (parts: readonly Detection[]): string[] => parts.map(({ kind }) => CLASSES[kind]!);
const clicks = (...positive: [number, number][]) => ({ positive: positive.map(([x, y]) => ({ x, y })), negative: [] });

const RIDER = seen("person", 0.64, 210, 60, 263, 171);
const BICYCLE = seen("bicycle", 0.37, 183, 111, 281, 178);
const WALL = seen("bus", 0.31, 0, 0, 344, 160);

test("clicks on a rider and on the bicycle mean both, and not the wall behind them", () => {
  const both = clicks([234, 89], [202, 165], [253, 143]);
  assert.deepEqual(names(thingAt([RIDER, BICYCLE, WALL], both)), ["person", "bicycle"]);
  assert.deepEqual(names(thingAt([RIDER, BICYCLE, WALL], clicks([234, 89]))), ["person"]);
  assert.deepEqual(names(thingAt([RIDER, BICYCLE, WALL], clicks([20, 20]))), ["bus"]);
  assert.deepEqual(thingAt([RIDER, BICYCLE], clicks([234, 89], [20, 20])), []);
});

test("of things that overlap the one is meant that is clicked in its middle", () => {
  const head = seen("person", 0.5, 0, 40, 100, 140);
  const hand = seen("person", 0.5, 20, 0, 90, 75);
  assert.equal(thingAt([hand, head], clicks([50, 70]))[0], head);
  assert.equal(thingAt([hand, head], clicks([50, 45]))[0], hand);
});

test("what stands on a bed is not the bed, however large the bed is", () => {
  const bed = seen("bed", 0.4, 0, 69, 319, 175);
  assert.deepEqual(thingAt([bed], clicks([119, 57])), []);
  assert.equal(thingAt([bed], clicks([119, 66]))[0], bed);
});

test("a box or a mask is matched with what fills it, alone or together", () => {
  const box = { x0: 185, y0: 58, x1: 283, y1: 180 };
  assert.deepEqual(names(thingIn([WALL, RIDER, BICYCLE], box)), ["person", "bicycle"]);
  assert.deepEqual(names(thingIn([WALL, RIDER, BICYCLE], RIDER.box)), ["person"]);
  assert.deepEqual(thingIn([WALL, RIDER], { x0: 0, y0: 0, x1: 40, y1: 40 }), []);
});
