import assert from "node:assert/strict";
import { test } from "node:test";
import type { Timing } from "../operations/conform.ts";
import { planSampling, type SampledFacts, sampleFrames, toRate } from "./sampling.ts";

type Item = { readonly pts: bigint; readonly n: number };

async function* clip(count: number, pts: (n: number) => number): AsyncGenerator<Item> {
  for (let n = 0; n < count; n++) yield { pts: BigInt(Math.round(pts(n))), n };
}

async function take(timing: Timing, count: number, fps: number, clock = 90000) {
  const plan = planSampling(timing, { fps, frameCount: count });
  const facts: SampledFacts = { frames: 0, held: 0 };
  const taken: [index: number, from: number][] = [];
  const source = clip(count, (n) => (n * clock) / fps);
  for await (const { item, index } of sampleFrames(source, [1, clock], plan, facts)) taken.push([index, item.n]);
  return { taken, facts, plan };
}

const RATES = [5, 12, 16, 23.976, 24, 25, 29.97, 30, 50, 59.94, 60];

test("every number of frames, rate, source and step gives exactly the frames asked for", async () => {
  for (const fps of [5, 12, 15, 16, 24, 30, "input"] as const) {
    for (const frames of [81, 100, 241, "input"] as const) {
      for (const count of [1, 2, 50, 300]) {
        for (const rate of RATES) {
          for (const every of [1, 2, 3, 6]) {
            const what = `${count} frames at ${rate} to ${frames} at ${fps}, every ${every}`;
            const { taken, facts } = await take({ frames, fps, every }, count, rate);
            const whole = frames === "input" ? count : frames;
            assert.equal(facts.frames, whole, what);
            const made = Math.ceil((whole - 1) / every) + 1;
            assert.deepEqual(
              taken.map(([index]) => index),
              Array.from({ length: made }, (_, k) => k * every),
              what,
            );
            for (const [, from] of taken) assert.ok(from >= 0 && from < count, what);
            // Interpolated, the frames reach the last one that was asked for.
            assert.ok((made - 1) * every + 1 >= whole, what);
          }
        }
      }
    }
  }
});

test("a frame shows the source at its own time, to half a source frame", async () => {
  for (const rate of RATES) {
    for (const fps of [5, 12, 16, 24, 30]) {
      const { taken } = await take({ frames: 81, fps, every: 1 }, 2000, rate, 1000);
      for (const [index, from] of taken) {
        const off = Math.abs(from / rate - index / fps);
        assert.ok(off <= 0.5 / rate + 0.0015, `${rate} to ${fps}: frame ${index} is ${off} s off`);
      }
    }
  }
});

test("at the source's own rate every frame is taken once, whatever the container's clock rounds to", async () => {
  for (const rate of RATES) {
    for (const clock of [1000, 12800, 90000]) {
      const { taken } = await take({ frames: 81, fps: "input", every: 1 }, 200, rate, clock);
      assert.deepEqual(
        taken.map(([, from]) => from),
        Array.from({ length: 81 }, (_, n) => n),
        `${rate} in 1/${clock} s`,
      );
    }
  }
});

test("what the source is too short for shows its last frame, and is counted", async () => {
  const { taken, facts } = await take({ frames: 81, fps: 16, every: 1 }, 60, 30);
  assert.equal(taken.length, 81);
  assert.equal(taken.at(-1)![1], 59);
  assert.equal(facts.held, 49, "from second 2 on");
  const long = await take({ frames: 81, fps: 16, every: 1 }, 300, 30);
  assert.equal(long.facts.held, 0);
});

test("automatic steps fit the frames as long as enough are left a second", () => {
  const every = { fitFrames: 81, minFps: 15 };
  const step = (frames: number, fps: number, minFps = 15): number =>
    planSampling({ frames, fps, every: { ...every, minFps } }, { fps, frameCount: frames }).every;
  assert.equal(step(81, 30), 1);
  assert.equal(step(161, 30), 2);
  assert.equal(step(241, 30), 2, "15 frames a second must be left");
  assert.equal(step(241, 30, 10), 3);
  assert.equal(step(241, 16), 1);
  assert.equal(step(241, 30, 1), 3);
  assert.equal(planSampling({ frames: "input", fps: "input", every }, { fps: 60, frameCount: 300 }).every, 4);
  assert.equal(planSampling({ frames: "input", fps: "input", every }, { fps: 60, frameCount: 9999 }).every, 4);
});

test("rates are whole, over 1001, or in thousandths", () => {
  assert.deepEqual(toRate(30), [30, 1]);
  assert.deepEqual(toRate(29.97002997), [30000, 1001]);
  assert.deepEqual(toRate(23.976), [24000, 1001]);
  assert.deepEqual(toRate(19.257), [19257, 1000]);
  assert.deepEqual(toRate(12.5), [12500, 1000]);
  assert.deepEqual(toRate(0), [1, 1000]);
});
