import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CPU_OPERATIONS, operationsOf, renderCompatibility } from "./docs.ts";
import { catalog } from "./index.ts";

test("docs/compatibility.md is the catalog's (else run: node scripts/compatibility.mjs)", () => {
  assert.equal(readFileSync("docs/compatibility.md", "utf8"), renderCompatibility(catalog, CPU_OPERATIONS));
});

test("an endpoint's operations are found over variations of its examples", () => {
  const inpainting = operationsOf(catalog.find("fal-ai/void-video-inpainting")!);
  assert.deepEqual(inpainting, { always: ["removeObject"], sometimes: ["segment"] });
  const vace = operationsOf(catalog.find("fal-ai/wan-vace-14b")!);
  assert.deepEqual(vace.sometimes.toSorted(), ["conform", "interpolateFrames", "reframe", "removeObject", "zipFrames"]);
});
