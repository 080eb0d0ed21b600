import assert from "node:assert/strict";
import { test } from "node:test";
import { CLASSES } from "./detect.ts";
import { parseWords } from "./words.ts";

const kinds = (text: string) => parseWords(text).queries.map((query) => query.kinds.map((kind) => CLASSES[kind]));

test("classes are known by their names, synonyms and plurals", () => {
  assert.deepEqual(kinds("the tennis player"), [["person"]]);
  assert.deepEqual(kinds("Cars"), [["car"]]);
  assert.deepEqual(kinds("a vehicle"), [["car", "bus", "truck", "motorcycle"]]);
  assert.deepEqual(kinds("knives"), [["knife"]]);
  assert.deepEqual(kinds("the sheep"), [["sheep"]]);
  assert.deepEqual(kinds("wine glass"), [["wine glass"]]);
});

test("several things are told apart by comma, and what is unknown is told", () => {
  const { queries, unknown } = parseWords("the man, a red car and the dog, the quasar");
  assert.deepEqual(
    queries.map(({ kinds: [first] }) => CLASSES[first!]),
    ["person", "car", "dog"],
  );
  assert.deepEqual(unknown, ["the quasar"]);
});

test("places, colours and numbers qualify", () => {
  const [left, shirt, people, big] = parseWords(
    "the man on the left, the woman in the white shirt, all people, biggest dog",
  ).queries;
  assert.deepEqual([left!.place, left!.all], ["left", false]);
  assert.deepEqual([shirt!.colour, shirt!.kinds], ["white", [0]]);
  assert.equal(people!.all, true);
  assert.deepEqual([big!.place, CLASSES[big!.kinds[0]!]], ["biggest", "dog"]);
});

test("nonsense asks for nothing", () => {
  assert.deepEqual(parseWords(" , ;; 123 \u0000").queries, []);
  assert.deepEqual(parseWords("constructor, __proto__").queries, []);
});
