/** A short soak: too short for what is kept to balance, long enough for a leak of processes, descriptors or memory to show. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { soak } from "../../bench/soak.ts";
import { judge } from "../../bench/soak-verdict.ts";
import { withoutProc } from "./processes.ts";

const SECONDS = process.env.CI ? 60 : 20;

test(`${SECONDS} s of mixed load with faults`, { skip: withoutProc }, async (t) => {
  const report = await soak({ minutes: SECONDS / 60, every: 2, seed: 3 });
  assert.deepEqual(report.problems, []);
  assert.ok(report.submits > SECONDS / 4, `${report.submits} submits`);
  assert.ok(report.kills.worker > 0);
  for (const name of ["serverMb", "runnerMb", "serverFds", "runnerFds"] as const) {
    const { flat, perHour, mean } = report.verdicts[name];
    assert.ok(flat, `${name}: ${mean} on average, ${perHour} per hour`);
  }
  t.diagnostic(`${report.submits} submits, ${report.kills.worker} workers killed`);
});

test("the verdict tells a leak from noise and from falling", () => {
  const line = (perPoint: number, noise: number) =>
    Array.from({ length: 60 }, (_, i) => ({ at: i * 10, value: 100 + i * perPoint + noise * (i % 2 === 0 ? 1 : -1) }));
  assert.ok(judge(line(0, 5), 2).flat);
  assert.ok(judge(line(-1, 0), 2).flat);
  assert.ok(!judge(line(1, 5), 2).flat);
  assert.ok(!judge([], 2).flat);
  // A rise that ends with the warm-up.
  assert.ok(
    judge(
      line(0, 0).map((point, i) => ({ ...point, value: Math.min(i, 20) * 10 })),
      2,
    ).flat,
  );
});
