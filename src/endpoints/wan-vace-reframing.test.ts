/** What Wan VACE's outpainting and reframing ask of the engine, for every size, shape and timing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointContext } from "./endpoint.ts";
import { outpaint, type ReframingInput, reframe, reframingNeeds } from "./wan-vace-reframing.ts";

const SOURCE = { width: 640, height: 360, sampleAspect: [1, 1] };

/** Runs a task and tells what it asked for. */
async function asked(
  task: typeof reframe,
  input: Partial<ReframingInput>,
  source: Partial<Record<keyof typeof SOURCE, unknown>> = {},
): Promise<Record<string, Record<string, unknown>>> {
  const calls: Record<string, Record<string, unknown>> = {};
  const facts = { width: 2, height: 2, fps: 16, frameCount: 81, duration: 5 };
  const operation = (name: string, result: unknown) => async (params: Record<string, unknown>) => {
    calls[name] = params;
    return result;
  };
  const context = {
    open: async () => "the source",
    operations: {
      probe: async () => ({ video: { ...SOURCE, ...source } }),
      conform: async (params: { timing: { every: unknown } }) => {
        calls.conform = params;
        return { video: "retimed", plan: { frames: 31, fps: 16, every: params.timing.every } };
      },
      reframe: operation("reframe", { video: "made", ...facts }),
      interpolateFrames: operation("interpolateFrames", { video: "in between", ...facts }),
    },
    log: () => undefined,
    stage: () => undefined,
    defaultSeed: 3,
  } as unknown as EndpointContext;
  const defaults = {
    prompt: "",
    num_frames: 81,
    frames_per_second: 16,
    resolution: "720p",
    aspect_ratio: "auto",
    reshoot_output: "default",
  } as const;
  await task({ ...defaults, ...input } as ReframingInput, context);
  return calls;
}

const SIZES = {
  "480p": { auto: [832, 480], "16:9": [832, 480], "1:1": [624, 624], "9:16": [480, 832] },
  "580p": { auto: [1024, 576], "16:9": [1024, 576], "1:1": [768, 768], "9:16": [576, 1024] },
  "720p": { auto: [1280, 720], "16:9": [1280, 720], "1:1": [960, 960], "9:16": [720, 1280] },
} as const;

test("every resolution and shape has its size", async () => {
  for (const [resolution, shapes] of Object.entries(SIZES)) {
    for (const [aspect, [width, height]] of Object.entries(shapes)) {
      for (const task of [reframe, outpaint]) {
        const { reframe: call } = await asked(task, { resolution, aspect_ratio: aspect } as Partial<ReframingInput>);
        assert.deepEqual(call!.canvas, { width, height }, `${resolution} ${aspect}`);
      }
    }
  }
});

test("expanded sides make the canvas longer along them", async () => {
  const size = async (input: Partial<ReframingInput>): Promise<unknown> => {
    const { reframe: call } = await asked(outpaint, { resolution: "480p", expand_ratio: 0.25, ...input });
    return Object.values(call!.canvas as object);
  };
  assert.deepEqual(await size({ expand_left: true, expand_right: true }), [1024, 384]);
  assert.deepEqual(await size({ expand_left: true }), [944, 416]);
  assert.deepEqual(await size({ expand_top: true, expand_bottom: true }), [688, 576]);
  assert.deepEqual(
    await size({ expand_left: true, expand_right: true, expand_top: true, expand_bottom: true }),
    [832, 480],
  );
  assert.deepEqual(await size({ expand_bottom: true, expand_ratio: 1 }), [592, 672]);
  assert.deepEqual(await size({ expand_left: false, expand_ratio: 1 }), [832, 480]);
  assert.deepEqual(await size({ expand_left: true, aspect_ratio: "9:16" }), [480, 832]);
});

test("the placement is what was asked for", async () => {
  const placement = async (task: typeof reframe, input: Partial<ReframingInput>): Promise<unknown> =>
    (await asked(task, input)).reframe!.placement;
  assert.deepEqual(await placement(outpaint, { expand_top: true, expand_right: true, expand_ratio: 0.4 }), {
    kind: "expand",
    left: 0,
    right: 0.4,
    top: 0.4,
    bottom: 0,
  });
  assert.deepEqual(await placement(reframe, {}), { kind: "fit", zoom: 0 });
  assert.deepEqual(await placement(reframe, { zoom_factor: 0.5 }), { kind: "fit", zoom: 0.5 });
});

test("bars are cut off by reframing unless that is said not to be", async () => {
  assert.equal((await asked(reframe, {})).reframe!.trimBorders, true);
  assert.equal((await asked(reframe, { trim_borders: false })).reframe!.trimBorders, false);
  assert.equal((await asked(outpaint, {})).reframe!.trimBorders, false);
});

test("the frames are chosen before, and only where length or rate change", async () => {
  const matched = { match_input_num_frames: true, match_input_frames_per_second: true };
  assert.equal((await asked(reframe, matched)).conform, undefined);
  assert.equal((await asked(reframe, matched)).reframe!.video, "the source");
  const timings: [Partial<ReframingInput>, unknown][] = [
    [
      { num_frames: 100, frames_per_second: 24 },
      { frames: 100, fps: 24, every: 1 },
    ],
    [
      { match_input_num_frames: true, frames_per_second: 5 },
      { frames: "input", fps: 5, every: 1 },
    ],
    [
      { match_input_frames_per_second: true, num_frames: 241 },
      { frames: 241, fps: "input", every: 1 },
    ],
    [
      { ...matched, temporal_downsample_factor: 2 },
      { frames: "input", fps: "input", every: 3 },
    ],
  ];
  for (const [input, timing] of timings) {
    const { conform, reframe: call } = await asked(reframe, input);
    assert.deepEqual(conform!.timing, timing);
    assert.equal(call!.video, "retimed");
  }
});

test("what was left out, and what was asked for beside it, is made in between of what was reframed", async () => {
  const matched = { match_input_num_frames: true, match_input_frames_per_second: true };
  assert.equal((await asked(reframe, { ...matched, num_interpolated_frames: 0 })).interpolateFrames, undefined);
  const { reframe: drawn, interpolateFrames: made } = await asked(reframe, {
    ...matched,
    temporal_downsample_factor: 2,
    num_interpolated_frames: 1,
    reshoot_output: "lossless",
    video_quality: "low",
  });
  assert.deepEqual([drawn!.delivery, drawn!.encoding], ["lossless", { effort: "fast" }]);
  assert.deepEqual([made!.video, made!.between, made!.frames, made!.fps], ["made", 5, 61, 32]);
  assert.deepEqual([made!.delivery, made!.encoding], ["lossless", { quality: "low" }]);
  const { conform, interpolateFrames: more } = await asked(outpaint, { ...matched, num_interpolated_frames: 2 });
  assert.deepEqual(conform!.timing, { frames: "input", fps: "input", every: 1 });
  assert.deepEqual([more!.between, more!.frames, more!.fps], [2, 91, 48]);
});

test("what takes a generative model is said to", () => {
  const needed = (input: Record<string, unknown>): unknown => reframingNeeds(input).map(({ operation }) => operation);
  assert.deepEqual(needed({}), ["conform"]);
  assert.deepEqual(needed({ first_frame_url: "x" }), ["conform", "generateVideo"]);
  assert.deepEqual(needed({ ref_image_urls: ["x"] }), ["conform", "generateVideo"]);
  assert.deepEqual(needed({ return_frames_zip: true }), ["conform", "zipFrames"]);
});
