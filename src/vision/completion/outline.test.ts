import assert from "node:assert/strict";
import { it } from "node:test";
import { outlined } from "./outline.ts";

it("draws a smooth line around cells", () => {
  const [width, height, scale, radius] = [24, 20, 8, 6];
  const centre = [(width * scale) / 2, (height * scale) / 2] as const;
  const index = Int32Array.from({ length: width * height }, (_, i) =>
    Math.hypot((i % width) + 0.5 - width / 2, Math.floor(i / width) + 0.5 - height / 2) < radius ? i : -1,
  );
  const isIn = outlined(index, { width, height, scale });
  // Along rays from the middle: by how many pixels the radius changes from each to the next, which for the cells' sides are up to 8.
  const edge = (angle: number): number => {
    let far = 0;
    while (isIn(Math.floor(centre[0] + far * Math.cos(angle)), Math.floor(centre[1] + far * Math.sin(angle)))) far++;
    return far;
  };
  const radii = Array.from({ length: 90 }, (_, i) => edge((i / 45) * Math.PI));
  for (const [i, one] of radii.entries()) {
    assert.ok(Math.abs(one - radius * scale) <= scale, `${one} at ${i}`);
    assert.ok(Math.abs(one - radii[(i + 1) % radii.length]!) <= 3, `from ${one} at ${i}`);
  }
  assert.equal(isIn(4, 4), false);
});
