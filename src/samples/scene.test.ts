import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FrameFormat } from "../media/frame.ts";
import { AFFECTED, labelTable } from "../vision/mask.ts";
import { removeObject } from "../vision/removal/remove-object.ts";
import { renderScene, type SceneFrame, type SceneOptions } from "./scene.ts";

const WET: SceneOptions = {
  width: 256,
  height: 144,
  frames: 30,
  shake: 1,
  pan: 0,
  noise: 1,
  reflection: 0.4,
  seed: 7,
};
const FORMAT: FrameFormat = {
  width: WET.width,
  height: WET.height,
  chromaShiftX: 1,
  chromaShiftY: 1,
  bitDepth: 8,
  fullRange: false,
};

/** Root mean square difference of luma from the truth, in levels, where the quadmask says affected. */
function affectedError(clip: readonly SceneFrame[], shown: (frame: number) => ArrayLike<number>): number {
  const labels = labelTable("void");
  let [sum, count] = [0, 0];
  for (const [i, { truth, mask }] of clip.entries()) {
    const own = shown(i);
    for (const [at, level] of mask.planes[0].data.entries()) {
      if (labels[level] !== AFFECTED) continue;
      sum += (own[at]! - truth.planes[0].data[at]!) ** 2;
      count++;
    }
  }
  return Math.sqrt(sum / count);
}

describe("a scene with shadow and reflection", () => {
  it("loses both through its quadmask", async () => {
    const clip = [...renderScene(WET)];
    const labels = labelTable("void");
    async function* masked() {
      for (const [i, { source, mask }] of clip.entries())
        yield {
          pts: BigInt(i),
          frame: source,
          labels: Uint8Array.from(mask.planes[0].data, (level) => labels[level]!),
        };
    }
    const out: Uint8Array[] = [];
    const options = { window: 40, refine: true, seed: 1, threads: 1 };
    for await (const { frame } of removeObject(masked(), FORMAT, options)) out.push(frame.planes[0].data as Uint8Array);
    const before = affectedError(clip, (i) => clip[i]!.source.planes[0].data);
    const after = affectedError(clip, (i) => out[i]!);
    assert.ok(before > 12, `shadow and reflection are seen: ${before} levels`);
    assert.ok(after < 0.35 * before, `${after} of ${before} levels are left`);
  });
});
