/** How much a panorama shows, and that it fits where it goes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FrameFormat } from "../../media/frame.ts";
import type { Source } from "../completion/sources.ts";
import { layoutOf } from "../frames/layout.ts";
import { apply, type Homography, translation } from "../registration/homography.ts";
import { type PanoramaView, panoramaLayout, panoramaView, seenFrom, showing } from "./panorama-view.ts";

const FORMAT: FrameFormat = {
  width: 320,
  height: 180,
  chromaShiftX: 1,
  chromaShiftY: 1,
  bitDepth: 8,
  fullRange: false,
};
const view = (views: readonly Homography[]): PanoramaView => panoramaView({ format: FORMAT }, views);

describe("a panorama's view", () => {
  it("is little more than the frame's where the camera rests", () => {
    const { x, y, width, height } = view([]);
    assert.ok(x <= -8 && x >= -12 && y <= -5 && y >= -8, `${x}, ${y}`);
    assert.ok(x + width >= 328 && y + height >= 185 && width < 345 && height < 198, `${width}x${height}`);
  });

  it("goes along with the camera", () => {
    // What the frame has at x, the next has at x - 6.
    const { x, width } = view(Array.from({ length: 10 }, (_, i) => translation(-6 * (i + 1), 0)));
    assert.ok(x > -14 && x + width >= 380 && x + width < 390, `${x} to ${x + width}`);
  });

  it("stays within half a frame more", () => {
    for (const step of [40, -40, 1000, -1000]) {
      const { x, y, width, height } = view(
        Array.from({ length: 30 }, (_, i) => translation(step * (i + 1), step * (i + 1))),
      );
      assert.ok(width <= 480 + 3 && height <= 270 + 3, `${width}x${height}`);
      assert.ok(x <= 0 && y <= 0 && x + width >= 320 && y + height >= 180);
      assert.equal(Math.abs(x % 2) + Math.abs(y % 2), 0);
    }
  });

  it("ends where a frame looks elsewhere", () => {
    const behind: Homography = [1, 0, 0, 0, 1, 0, 0.1, 0, 1];
    assert.deepEqual(view([behind, translation(-100, 0)]), view([]));
  });

  it("fits a frame's slot for every format", () => {
    for (const bitDepth of [8, 10]) {
      for (const [chromaShiftX, chromaShiftY] of [
        [0, 0],
        [1, 0],
        [1, 1],
      ] as const) {
        for (const [width, height] of [
          [320, 180],
          [16, 16],
          [33, 720],
          [1919, 1081],
        ] as const) {
          const layout = layoutOf({ ...FORMAT, bitDepth, chromaShiftX, chromaShiftY, width, height });
          for (const step of [-7, 7]) {
            const far = Array.from({ length: 400 }, (_, i) => translation(step * i, step * i));
            assert.doesNotThrow(() => panoramaLayout(layout, panoramaView(layout, far)));
          }
        }
      }
    }
  });

  it("is where its key frame is", () => {
    const own = { x: -20, y: -10, width: 400, height: 200 };
    const toKey: Source = { base: 0, homography: translation(5, 3), exact: false, gain: 1, offset: 0, weight: 1 };
    assert.deepEqual(apply(showing(own, 64, toKey).homography, 0, 0), [25, 13]);
    assert.deepEqual(apply(seenFrom(own, toKey).homography, 20, 10), [5, 3]);
  });
});
