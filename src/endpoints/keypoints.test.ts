import assert from "node:assert/strict";
import { test } from "node:test";
import { parseKeypoint, spellKeypoint } from "./keypoints.ts";

const POINT = { x: 160, y: 90.5, type: "positive" };

test("key points are read from Python's dictionaries and JSON, however they are spaced and spelled", () => {
  for (const text of [
    "{'x': 160, 'y': 90.5, 'type': 'positive'}",
    "{'x': 160, 'y': 90.5, 'type': 'positive',}",
    "  {'x':160,'y' : 90.5 , \"type\":'positive' , } ",
    "{'x': '160', 'y': '90.5', 'type': 'POSITIVE'}",
    '{"x": 160, "y": 90.5, "type": "positive"}',
    "{'x': 160, 'y': 90.5}",
  ]) {
    assert.deepEqual(parseKeypoint(text), POINT, text);
  }
  assert.equal(parseKeypoint("{'x': 1, 'y': 2, 'type': 'Negative'}")?.type, "negative");
  assert.equal(spellKeypoint({ x: "160", y: 90.5 }), "{'x': 160, 'y': 90.5, 'type': 'positive'}");
});

test("what is no key point is none", () => {
  for (const text of [
    "",
    "foo",
    "[1, 2]",
    "{'x': 1, 'type': 'positive'}",
    "{'x': NaN, 'y': 1}",
    "{'x': 1e999, 'y': 1}",
    "{'x': '', 'y': 1}",
    "{'x': true, 'y': 1}",
    "{'x': [1], 'y': 1}",
    "{'x': 1, 'y': 1, 'type': 'pos'}",
    "{'x': 1, 'y': 1, 'type': ['positive']}",
    `{'x': 1, 'y': 1, 'more': '${"x".repeat(200)}'}`,
  ]) {
    assert.equal(parseKeypoint(text), undefined, text);
  }
});
