import assert from "node:assert/strict";
import { test } from "node:test";
import { type AspectRatio, canvasSize, interpolated, type Resolution, timingOf } from "./wan-vace-canvas.ts";

const square = (width: number, height: number) => ({ width, height, sampleAspect: [1, 1] as const });

test("every resolution and shape has its size, whatever the source", () => {
  const table: Record<Resolution, Record<Exclude<AspectRatio, "auto">, [number, number]>> = {
    "480p": { "16:9": [832, 480], "1:1": [624, 624], "9:16": [480, 832] },
    "580p": { "16:9": [1024, 576], "1:1": [768, 768], "9:16": [576, 1024] },
    "720p": { "16:9": [1280, 720], "1:1": [960, 960], "9:16": [720, 1280] },
  };
  for (const [resolution, shapes] of Object.entries(table)) {
    for (const [shape, [width, height]] of Object.entries(shapes)) {
      for (const source of [square(640, 360), square(2, 2), square(99, 4000)]) {
        const size = canvasSize(resolution as Resolution, shape as AspectRatio, source);
        assert.deepEqual(size, { width, height }, `${resolution} ${shape}`);
      }
    }
  }
});

test("auto has the source's shape as displayed", () => {
  const auto = (width: number, height: number, sampleAspect: [number, number] = [1, 1]): string => {
    const size = canvasSize("480p", "auto", { width, height, sampleAspect });
    return `${size.width}x${size.height}`;
  };
  assert.equal(auto(1920, 1080), "832x480");
  assert.equal(auto(854, 480), "832x480");
  assert.equal(auto(1080, 1920), "480x832");
  assert.equal(auto(512, 512), "624x624");
  assert.equal(auto(640, 480), "736x544");
  assert.equal(auto(640, 360, [2, 1]), "1184x336");
  assert.equal(auto(4000, 10), "1264x320", "no wider than 4:1");
  assert.equal(auto(10, 4000), "320x1264");
});

test("auto sizes are multiples of 16 of the resolution's area", () => {
  const areas = { "480p": 832 * 480, "580p": 1024 * 576, "720p": 1280 * 720 };
  for (const [resolution, area] of Object.entries(areas)) {
    for (let width = 16; width <= 4096; width = Math.ceil(width * 1.07)) {
      const size = canvasSize(resolution as Resolution, "auto", square(width, 720));
      assert.deepEqual([size.width % 16, size.height % 16], [0, 0]);
      assert.ok(Math.abs((size.width * size.height) / area - 1) < 0.06, `${size.width}x${size.height}`);
    }
  }
});

test("the parameters of timing, one by one and together", () => {
  const given = { num_frames: 100, frames_per_second: 20 };
  assert.deepEqual(timingOf(given), { frames: 100, fps: 20, every: 1 });
  assert.deepEqual(timingOf({ ...given, match_input_num_frames: true }), { frames: "input", fps: 20, every: 1 });
  assert.deepEqual(timingOf({ ...given, match_input_frames_per_second: true }), {
    frames: 100,
    fps: "input",
    every: 1,
  });
  assert.equal(timingOf({ ...given, temporal_downsample_factor: 0 }).every, 1);
  assert.equal(timingOf({ ...given, temporal_downsample_factor: 5 }).every, 6);
  const auto = { fitFrames: 81, minFps: 15 };
  assert.deepEqual(timingOf({ ...given, enable_auto_downsample: true }).every, auto);
  const slow = timingOf({ ...given, enable_auto_downsample: true, auto_downsample_min_fps: 8 });
  assert.deepEqual(slow.every, { ...auto, minFps: 8 });
  const both = timingOf({ ...given, enable_auto_downsample: true, temporal_downsample_factor: 2 });
  assert.equal(both.every, 3, "what is said beats what is found out");
});

test("interpolated frames keep the length in seconds", () => {
  assert.deepEqual(interpolated({ frames: 81, fps: 16 }, 0), { frames: 81, fps: 16 });
  assert.deepEqual(interpolated({ frames: 81, fps: 16 }, 3), { frames: 321, fps: 64 });
  assert.deepEqual(interpolated({ frames: 1, fps: 16 }, 5), { frames: 1, fps: 96 });
});
