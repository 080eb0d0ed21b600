import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { REMOVE } from "../mask.ts";
import { type RenderedFrame, renderClip, SMALL, stream } from "../removal/removal.test.clips.ts";
import { findMovingObject } from "./find-moving-object.ts";

const OPTIONS = { window: 40, threads: 1 };
const FORMAT = { ...SMALL, width: 192, height: 112 };

/** Worst recall over the frames, and the mean precision. */
function match(
  clip: readonly RenderedFrame[],
  labels: (frame: number) => Uint8Array,
): { recall: number; precision: number } {
  let recall = 1;
  let precision = 0;
  for (const [i, { labels: truth }] of clip.entries()) {
    const found = labels(i);
    let both = 0;
    let own = 0;
    let all = 0;
    for (let at = 0; at < truth.length; at++) {
      if (truth[at] === REMOVE) all++;
      if (found[at] === REMOVE) own++;
      if (truth[at] === REMOVE && found[at] === REMOVE) both++;
    }
    recall = Math.min(recall, both / Math.max(1, all));
    precision += both / Math.max(1, own) / clip.length;
  }
  return { recall, precision };
}

describe("findMovingObject", () => {
  for (const [name, camera] of Object.entries({
    static: undefined,
    panning: (i: number) => [1, 0, 1.3 * i, 0, 1, -0.5 * i, 0, 0, 1],
  })) {
    it(`finds the object before a ${name} camera`, async () => {
      const clip = renderClip({ format: FORMAT, frames: 24, ...(camera ? { camera } : {}) });
      const found = await findMovingObject(stream(clip), FORMAT, OPTIONS);
      assert.ok(found);
      assert.equal(found.frameCount, 24);
      const { recall, precision } = match(clip.slice(2, -2), (i) => found.labels(i + 2));
      assert.ok(recall > 0.9 && precision > 0.6, `recall ${recall}, precision ${precision}`);
    });
  }

  it("finds nothing where nothing moves, in one frame, and in none", async () => {
    for (const frames of [0, 1, 12]) {
      const clip = renderClip({ format: FORMAT, frames, object: null });
      assert.equal(await findMovingObject(stream(clip), FORMAT, OPTIONS), null);
    }
  });

  it("does not take specks or the whole picture for an object", async () => {
    const speck = renderClip({ format: FORMAT, frames: 12, object: (x, y, i) => x === i * 4 && y === 50 });
    assert.equal(await findMovingObject(stream(speck), FORMAT, OPTIONS), null);
    const whole = renderClip({ format: FORMAT, frames: 12, object: (_x, _y, i) => i % 2 === 0 });
    assert.equal(await findMovingObject(stream(whole), FORMAT, OPTIONS), null);
  });

  it("works through clips longer than the window, at other depths and sizes", async () => {
    const format = { ...SMALL, width: 301, height: 120, bitDepth: 10, chromaShiftY: 0 as const };
    const clip = renderClip({ format, frames: 30 });
    const found = await findMovingObject(stream(clip), format, { ...OPTIONS, window: 21 });
    assert.ok(found);
    assert.equal(found.labels(3).length, 301 * 120);
    assert.ok(found.framesWithObject >= 22);
  });

  it("stops when told", async () => {
    const clip = renderClip({ format: FORMAT, frames: 4 });
    const reason = new Error("enough");
    await assert.rejects(
      findMovingObject(stream(clip), FORMAT, { ...OPTIONS, signal: AbortSignal.abort(reason) }),
      reason,
    );
  });
});
