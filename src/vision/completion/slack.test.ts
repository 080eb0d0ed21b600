import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { layoutOf } from "../frames/layout.ts";
import { AGREEMENT, type Agreement, slackOf } from "./slack.ts";

const LAYOUT = layoutOf({
  width: 640,
  height: 360,
  chromaShiftX: 1,
  chromaShiftY: 1,
  bitDepth: 8,
  fullRange: false,
});
/** Depths that are told apart, at this size. */
const BINS = 25;
const [CONTOUR, LOWER] = [0, 4];

/** A frame with so many pixels at every depth of both sides. @param share of those seen, by side and depth, that look like the background. */
function agreement(share: (side: number, depth: number) => number, seen = 100, all = seen, outside = 1): Agreement {
  const counts = new Int32Array(AGREEMENT);
  counts.set([1000, 1000, 1000 * outside], 3);
  for (const side of [CONTOUR, LOWER])
    for (let depth = 1; depth < BINS; depth++) {
      counts.set([all, seen, Math.round(seen * share(side, depth))], 3 * (2 + side * BINS + depth));
    }
  return counts;
}

/** Depth of the slack on one side. */
function depth(slack: Uint8Array | undefined, side: number): number {
  return slack?.subarray(2 + side * BINS, 2 + (side + 1) * BINS).reduce((sum, one) => sum + one, 0) ?? 0;
}

describe("slackOf", () => {
  const wide = agreement((side, at) => (at <= (side === CONTOUR ? 6 : 3) ? 0.97 : 0.1));

  it("goes down to where the picture changes, on each side", () => {
    const slack = slackOf(LAYOUT, wide, wide);
    assert.equal(depth(slack, CONTOUR), 6);
    assert.equal(depth(slack, LOWER), 3);
    assert.equal(depth(slack, 1), 0);
  });

  it("takes what the scene says where a frame says too little", () => {
    assert.equal(depth(slackOf(LAYOUT, undefined, wide), CONTOUR), 6);
    const little = agreement(() => 0, 10);
    assert.equal(depth(slackOf(LAYOUT, little, wide), CONTOUR), 6);
    const tight = agreement(() => 0.05);
    assert.equal(slackOf(LAYOUT, tight, wide), undefined);
  });

  it("finds none in what looks alike throughout, is hardly known, or lies among things that move", () => {
    const like = agreement(() => 0.95);
    assert.equal(slackOf(LAYOUT, like, like), undefined);
    const share = (_: number, at: number) => (at <= 6 ? 0.97 : 0.1);
    const rare = agreement(share, 100, 300);
    assert.equal(slackOf(LAYOUT, rare, rare), undefined);
    const moving = agreement(share, 100, 100, 0.8);
    assert.equal(slackOf(LAYOUT, moving, moving), undefined);
  });
});
