import assert from "node:assert/strict";
import { test } from "node:test";
import { Chains, choose } from "./chains.ts";
import { CLASSES, type Detection } from "./detect.ts";
import type { Picture } from "./picture.ts";
import { asksForMotion, parseWords } from "./words.ts";

const kinds = (text: string) => parseWords(text).queries.map((query) => query.kinds.map((kind) => CLASSES[kind]));

test("classes are known by their names, synonyms and plurals", () => {
  for (const [text, names] of [
    ["the tennis player", ["person"]],
    ["everyone", ["person"]],
    ["Cars", ["car"]],
    ["a vehicle", ["car", "bus", "truck", "motorcycle"]],
    ["knives", ["knife"]],
    ["the sheep", ["sheep"]],
    ["wine glass", ["wine glass"]],
    ["please remove the parked car", ["car"]],
    ["get rid of the dog", ["dog"]],
    ["a group of people", ["person"]],
    ["the tall old walking man", ["person"]],
    ["person riding a bike", ["person"]],
    ["the cup of coffee on the table", ["cup"]],
    ["the car driver", ["person"]],
    ["the orange", ["orange"]],
    ["the orange cat", ["cat"]],
    ["remote control", ["remote"]],
  ] as const) {
    assert.deepEqual(kinds(text), [names], text);
  }
});

test("what is only named beside a thing is not taken for it", () => {
  for (const text of [
    "the bus stop",
    "the dog house",
    "the person's shadow",
    "the back of the car",
    "the quasar on the table",
    "shirt",
    "the reflection of the man",
    "not the man",
    "everything except the man",
    "everyone but the player",
    "all people other than the man",
    "keep the dog",
  ]) {
    assert.deepEqual(parseWords(text).queries, [], text);
    assert.equal(parseWords(text).unknown.length, 1, text);
  }
});

test("a rider is removed with what is ridden, and nobody else is", () => {
  const rides = (text: string) => parseWords(text).queries.map((query) => query.rides.map((kind) => CLASSES[kind]));
  assert.deepEqual(rides("the cyclist"), [["bicycle"]]);
  assert.deepEqual(rides("the skaters"), [["skateboard"]]);
  assert.deepEqual(rides("a boy riding a bike"), [["bicycle"]]);
  assert.deepEqual(rides("the girl on the horse"), [["horse"]]);
  assert.deepEqual(rides("the man on the left"), [[]]);
  assert.deepEqual(rides("the cup on the dining table"), [[]]);
});

test("several things are told apart by comma and by and, and what is unknown is told", () => {
  const { queries, unknown } = parseWords("the man, a red car and the dog; the quasar");
  assert.deepEqual(
    queries.map(({ kinds: [first] }) => CLASSES[first!]),
    ["person", "car", "dog"],
  );
  assert.deepEqual(unknown, ["the quasar"]);
  assert.deepEqual(kinds("cats and dogs"), [["cat"], ["dog"]]);
  assert.deepEqual(kinds("the black and white cat"), [["cat"]]);
  assert.deepEqual(kinds("the man in a red and blue shirt"), [["person"]]);
});

test("places, colours and numbers qualify", () => {
  for (const [text, expected] of [
    ["the man on the left", { places: ["left"], all: false }],
    ["the woman in the white shirt", { places: [], colour: "white" }],
    ["the woman in a white top", { places: [], colour: "white" }],
    ["the man on the left in red", { places: ["left"], colour: "red", all: false }],
    ["the biggest car in the middle", { places: ["biggest", "middle"] }],
    ["all people", { all: true }],
    ["everyone", { all: true }],
    ["someone", { all: false }],
    ["both dogs", { all: true }],
    ["the two men on the right", { places: ["right"], all: true, count: 2 }],
    ["3 cars", { all: true, count: 3 }],
    ["the second man from the left", { places: ["left"], nth: 2, all: false }],
    ["the gray cat", { colour: "grey" }],
    ["the top left bird", { places: ["left", "top"] }],
  ] as const) {
    const [query] = parseWords(text).queries;
    assert.ok(query, text);
    const { kinds: _kinds, text: _text, ...rest } = query;
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(rest[key as keyof typeof rest], value, `${text}: ${key}`);
    }
    if (!("colour" in expected)) assert.equal(query.colour, undefined, text);
  }
});

test("nonsense asks for nothing", () => {
  assert.deepEqual(parseWords(" , ;; 123 \u0000").queries, []);
  assert.deepEqual(parseWords("constructor, __proto__").queries, []);
  assert.deepEqual(parseWords("and and, in of the on").queries, []);
  parseWords(`${"the ".repeat(5000)}man`);
});

test("what moves is asked for in several ways", () => {
  for (const text of [
    "moving object",
    "The moving objects",
    "everything that moves",
    "what is moving",
    "remove the moving thing.",
  ])
    assert.ok(asksForMotion(text), text);
  for (const text of ["the moving car", "object", "moving", "the man"]) assert.ok(!asksForMotion(text), text);
});

const [WIDTH, HEIGHT] = [200, 100];
/** People with shirts, seen side by side on one frame. */
function scene(people: readonly { x: number; size: number; v?: number }[]) {
  const [y, u, v] = [100, 128, 128].map((level) => new Uint8Array(WIDTH * HEIGHT).fill(level));
  const picture: Picture = { width: WIDTH, height: HEIGHT, y: y!, u: u!, v: v! };
  const detections = people.map(({ x, size, v: red = 128 }): Detection => {
    const box = { x0: x - size / 4, y0: 90 - size, x1: x + size / 4, y1: 90 };
    for (let row = box.y0; row < box.y1; row++) v!.fill(red, row * WIDTH + box.x0, row * WIDTH + box.x1);
    return { kind: 0, score: 0.8, box };
  });
  const chains = new Chains();
  chains.add(0, picture, detections);
  return (text: string): number[] =>
    choose(parseWords(text).queries[0]!, chains.all, () => picture).map(({ seen }) => {
      const { x0, x1 } = seen[0]!.detection.box;
      return (x0 + x1) / 2;
    });
}

test("of several things those are chosen that the words mean", () => {
  const choice = scene([
    { x: 20, size: 32, v: 200 },
    { x: 60, size: 40 },
    { x: 96, size: 36 },
    { x: 140, size: 60, v: 200 },
    { x: 180, size: 32 },
  ]);
  for (const [text, chosen] of [
    ["the man on the left", [20]],
    ["the man on the right", [180]],
    ["the man in the middle", [96]],
    ["the man in red on the right", [140]],
    ["the man on the left in red", [20]],
    ["the biggest man", [140]],
    ["the second man from the left", [60]],
    ["the two men on the right", [140, 180]],
    ["the people on the left", [20, 60, 96]],
    ["the people in red", [20, 140]],
    ["everyone", [20, 60, 96, 140, 180]],
    ["the man in green", []],
    ["the sixth man from the left", []],
  ] as const) {
    assert.deepEqual(
      choice(text).toSorted((a, b) => a - b),
      chosen,
      text,
    );
  }
});

test("what somebody wears is looked for on the person, without skin", () => {
  const [y, u, v] = [100, 128, 128].map((level) => new Uint8Array(WIDTH * HEIGHT).fill(level));
  const picture: Picture = { width: WIDTH, height: HEIGHT, y: y!, u: u!, v: v! };
  const box = { x0: 20, y0: 20, x1: 60, y1: 100 };
  const chains = new Chains();
  chains.add(0, picture, [{ kind: 0, score: 0.8, box }]);
  // The person is the left half of the box; behind is a red wall.
  const outline = new Float32Array(WIDTH * HEIGHT);
  for (let row = box.y0; row < box.y1; row++) {
    outline.fill(1, row * WIDTH + 20, row * WIDTH + 40);
    v!.fill(200, row * WIDTH + 40, row * WIDTH + 60);
  }
  const found = (text: string): number =>
    choose(
      parseWords(text).queries[0]!,
      chains.all,
      () => picture,
      () => outline,
    ).length;
  assert.equal(found("the man in red"), 0);
  assert.equal(found("the man in grey"), 1);
  for (let row = 20; row < 60; row++) v!.fill(158, row * WIDTH + 20, row * WIDTH + 40);
  assert.equal(found("the man in red"), 0);
  for (let row = 20; row < 60; row++) v!.fill(200, row * WIDTH + 20, row * WIDTH + 40);
  assert.equal(found("the man in red"), 1);
});
