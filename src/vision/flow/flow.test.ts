import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { endPointError, flowBetween, type Motion, picture, texture } from "./flow.test.pictures.ts";
import { ACCURATE_FLOW, BALANCED_FLOW, FAST_FLOW, planFlow } from "./plan.ts";

const SIZES = [
  [320, 180],
  [157, 93],
  [90, 211],
] as const;

/** Turns by `degrees` about the middle, grows by `zoom` and shifts. */
function camera(
  width: number,
  height: number,
  degrees: number,
  zoom: number,
  shift: readonly [number, number],
): Motion {
  const [c, s] = [zoom * Math.cos((degrees * Math.PI) / 180), zoom * Math.sin((degrees * Math.PI) / 180)];
  return (x, y) => {
    const [dx, dy] = [x - width / 2, y - height / 2];
    return [width / 2 + c * dx - s * dy + shift[0], height / 2 + s * dx + c * dy + shift[1]];
  };
}

describe("flow", () => {
  for (const [width, height] of SIZES) {
    it(`follows a camera that turns and zooms, ${width}x${height}, up to the edges`, () => {
      const motion = camera(width, height, 2, 1.03, [2.4, -1.7]);
      // The second picture is the texture; the first shows at each point what lies where the point goes.
      const first = picture(width, height, (x, y) => texture(...motion(x, y)));
      const second = picture(width, height, texture);
      const error = (options: typeof FAST_FLOW) =>
        endPointError(flowBetween(first, second, { width, height, options }), width, height, motion);
      const errors = [error(FAST_FLOW), error(BALANCED_FLOW), error(ACCURATE_FLOW)];
      assert.ok(errors[0]! < 0.25 && errors[1]! < 0.15 && errors[2]! < 0.16, errors.join(" "));
    });
  }

  it("follows a fast pan", () => {
    const [width, height] = [320, 180];
    const motion: Motion = (x, y) => [x + 47, y - 9];
    const first = picture(width, height, (x, y) => texture(...motion(x, y)));
    const found = flowBetween(first, picture(width, height, texture), { width, height, options: BALANCED_FLOW });
    assert.ok(endPointError(found, width, height, motion) < 0.5, String(endPointError(found, width, height, motion)));
  });

  it("tells an object from its background, and marks what it hides", () => {
    const [width, height] = [240, 160];
    const [cx, cy, r] = [110, 80, 26];
    const inside = (x: number, y: number) => Math.hypot(x - cx, y - cy) < r;
    const scene = (x: number, y: number, moved: number) =>
      inside(x - moved, y) ? texture(3 * (x - moved), 3 * y, 5) : texture(x, y);
    const first = picture(width, height, (x, y) => scene(x, y, 0));
    const second = picture(width, height, (x, y) => scene(x, y, 11));
    const found = flowBetween(first, second, { width, height, options: ACCURATE_FLOW });
    const mean = (values: Float32Array, where: (x: number, y: number) => boolean): number => {
      const picked = [...values].filter((_, i) => where(i % width, Math.floor(i / width)));
      return picked.reduce((sum, value) => sum + value, 0) / picked.length;
    };
    assert.ok(Math.abs(mean(found.u, (x, y) => Math.hypot(x - cx, y - cy) < r - 6) - 11) < 0.3);
    assert.ok(Math.abs(mean(found.u, (x, y) => Math.hypot(x - cx, y - cy) > r + 30)) < 0.05);
    // The crescent before the disc is hidden in the second picture.
    const share = (where: (x: number, y: number) => boolean) => mean(Float32Array.from(found.wrong), where);
    assert.ok(share((x, y) => !inside(x, y) && inside(x - 8, y) && Math.abs(y - cy) < 15) > 0.6);
    assert.ok(share((x, y) => Math.hypot(x - cx, y - cy) > r + 30 && x > 4 && x < width - 4) < 0.01);
  });

  it("gives 10-bit pictures the same flow as 8-bit ones", () => {
    const [width, height] = [128, 72];
    const motion: Motion = (x, y) => [x + 3.5, y + 1.25];
    const at = (x: number, y: number) => texture(...motion(x, y));
    const error = (bits: number) => {
      const [first, second] = [picture(width, height, at, bits), picture(width, height, texture, bits)];
      const found = flowBetween(first, second, { width, height, options: BALANCED_FLOW });
      return endPointError(found, width, height, motion);
    };
    assert.ok(error(10) < 0.06 && error(8) < 0.08, `${error(10)} ${error(8)}`);
  });

  for (const [width, height] of [
    [1, 1],
    [2, 9],
    [33, 3],
    [17, 23],
    [61, 40],
  ] as const) {
    it(`depends on the pictures alone and is finite, ${width}x${height}`, () => {
      const first = picture(width, height, texture);
      const second = picture(width, height, (x, y) => texture(x - 1.5, y, 0.2));
      for (const options of [FAST_FLOW, BALANCED_FLOW, ACCURATE_FLOW]) {
        const clean = flowBetween(first, second, { width, height, options });
        const dirty = flowBetween(first, second, { width, height, options, dirt: 0x5a });
        assert.ok(clean.u.every(Number.isFinite) && clean.v.every(Number.isFinite));
        assert.deepEqual(dirty, clean);
      }
    });
  }

  it("finds nothing where there is nothing", () => {
    const [width, height] = [64, 48];
    const flat = picture(width, height, () => 77);
    const found = flowBetween(flat, flat, { width, height, options: BALANCED_FLOW });
    assert.ok(found.u.every((value) => Math.abs(value) < 1e-6) && found.wrong.every((value) => value === 0));
  });

  it("plans for any size", () => {
    for (const [width, height] of [
      [1, 1],
      [7, 4096],
      [4096, 2304],
    ] as const) {
      const plan = planFlow(width, height);
      assert.deepEqual([plan.levels[0]!.width, plan.levels[0]!.height], [width, height]);
      assert.ok(plan.finest < plan.levels.length && plan.offsets[plan.finest]! >= 0);
    }
  });
});
