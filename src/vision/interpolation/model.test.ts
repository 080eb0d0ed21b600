import assert from "node:assert/strict";
import { test } from "node:test";
import { planFlow } from "../flow/plan.ts";
import { fitAffine } from "./model.ts";

test("a camera's motion is found beside what moves otherwise", () => {
  const { levels } = planFlow(320, 180);
  const level = levels[2]!;
  const scale = 4;
  const truth = [0.02, -0.03, 4, 0.03, 0.02, -2.5] as const;
  const [u, v] = [new Float32Array(level.stride * level.height), new Float32Array(level.stride * level.height)];
  for (let y = 0; y < level.height; y++) {
    for (let x = 0; x < level.width; x++) {
      const [fullX, fullY] = [(x + 0.5) * scale, (y + 0.5) * scale];
      const isObject = x > 50 && y > 10 && y < 40;
      u[y * level.stride + x] = isObject ? -7 : (truth[0] * fullX + truth[1] * fullY + truth[2]) / scale;
      v[y * level.stride + x] = isObject ? 3 : (truth[3] * fullX + truth[4] * fullY + truth[5]) / scale;
    }
  }
  const found = fitAffine(u, v, level, scale)!;
  for (const [i, value] of truth.entries())
    assert.ok(Math.abs(found[i]! - value) < 0.02 * (i % 3 === 2 ? 10 : 1), `${i}: ${found}`);
});

test("a field of one value is that motion", () => {
  const level = planFlow(64, 48).levels[1]!;
  const fill = (value: number) => new Float32Array(level.stride * level.height).fill(value);
  const found = fitAffine(fill(1.5), fill(-2), level, 2)!;
  for (const [i, value] of [0, 0, 3, 0, 0, -4].entries()) assert.ok(Math.abs(found[i]! - value) < 1e-2, `${found}`);
});
