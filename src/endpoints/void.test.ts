import assert from "node:assert/strict";
import { test } from "node:test";
import { ReshootError } from "../errors.ts";
import type { EndpointContext } from "./endpoint.ts";
import { catalog } from "./index.ts";
import { parseInput } from "./validate.ts";
import { snapFrames } from "./void.ts";

const FAL = "fal-ai/void-video-inpainting";
const WAVESPEED = "wavespeed-ai/void-video-inpainting/mask";
const VIDEO = "https://example.com/v.mp4";
const MASK = "https://example.com/m.mp4";

type Call = { name: string; params: Record<string, unknown> };

/** Runs an endpoint against operations that record how they were called. */
async function run(id: string, body: Record<string, unknown>, fail?: ReshootError) {
  const endpoint = catalog.find(id)!;
  const { input } = parseInput(endpoint, body);
  const logs: string[] = [];
  const calls: Call[] = [];
  const handle = (field: string) => ({ path: `/job/${field}`, loc: ["body", field], contentType: "", fileName: field });
  const produced = { video: handle("out"), width: 2, height: 2, fps: 25, frameCount: 1, duration: 0.04 };
  const operation = (name: string) => (params: Record<string, unknown>) => {
    calls.push({ name, params });
    return fail ? Promise.reject(fail) : Promise.resolve({ ...produced, mask: handle("mask"), timings: { total: 1 } });
  };
  const context = {
    open: (path: string) => Promise.resolve(handle(path)),
    operations: {
      removeObject: operation("removeObject"),
      muxAudio: operation("muxAudio"),
      segment: (params: Record<string, unknown>) => {
        calls.push({ name: "segment", params });
        return fail
          ? Promise.reject(fail)
          : Promise.resolve({ mask: handle("mask"), found: [], timings: { total: 2 } });
      },
    },
    log: (level: string, message: string) => logs.push(`${level} ${message}`),
    stage: () => undefined,
    signal: new AbortController().signal,
    defaultSeed: 99,
  } as unknown as EndpointContext;
  return { output: await endpoint.run!(input as never, context), logs, calls };
}

const needsOf = (id: string, body: Record<string, unknown>) => {
  const endpoint = catalog.find(id)!;
  return endpoint.needs(parseInput(endpoint, body).input).map(({ operation, loc }) => `${operation} ${loc.join(".")}`);
};

test("num_frames snaps to the nearest 8k + 5 from 69 to 197", () => {
  const table = [
    [1, 69],
    [69, 69],
    [72, 69],
    [73, 77],
    [80, 77],
    [81, 85],
    [85, 85],
    [88, 85],
    [100, 101],
    [193, 197],
    [197, 197],
    [500, 197],
  ];
  for (const [asked, snapped] of table) assert.equal(snapFrames(asked!), snapped, String(asked));
  for (let frames = 1; frames <= 197; frames++) {
    const snapped = snapFrames(frames);
    assert.ok((snapped - 5) % 8 === 0 && snapped >= 69 && snapped <= 197);
    assert.equal((((snapped - 1) / 4 + 1) | 0) % 2, 0);
  }
});

test("what an input needs follows from what it gives", () => {
  const body = { video_url: VIDEO, prompt: "x" };
  const withMask = { ...body, quad_mask_video_url: MASK, mask_prompt: "a man" };
  assert.deepEqual(needsOf(FAL, withMask), ["removeObject body.quad_mask_video_url"]);
  const withWords = { ...body, mask_prompt: "a man" };
  assert.deepEqual(needsOf(FAL, withWords), ["segment body.mask_prompt", "removeObject body.video_url"]);
  assert.deepEqual(needsOf(FAL, body), ["segment body.video_url", "removeObject body.video_url"]);
  const wavespeed = { video: VIDEO, prompt: "x", mask_prompt: "a man" };
  assert.deepEqual(needsOf(WAVESPEED, wavespeed), ["segment body.mask_prompt", "removeObject body.video"]);
  assert.deepEqual(needsOf("fal-ai/pixverse/lipsync", { video_url: VIDEO, text: "hi" }), [
    "speak body.text",
    "lipsync body.video_url",
  ]);
});

test("fal's VOID removes by its mask and says what it ignores", async () => {
  const { output, logs, calls } = await run(FAL, {
    video_url: VIDEO,
    quad_mask_video_url: MASK,
    prompt: "x",
    num_frames: 100,
    enable_pass2_refinement: true,
    reshoot_output: "lossless",
  });
  const { video, mask, ...rest } = calls[0]!.params as {
    video: { fileName: string };
    mask: { media: { fileName: string }; polarity: string };
  };
  assert.deepEqual([video.fileName, mask.media.fileName, mask.polarity], ["video_url", "quad_mask_video_url", "void"]);
  assert.deepEqual(rest, { window: 101, refine: true, seed: 99, delivery: "lossless" });
  assert.deepEqual([output.seed, output.timings], [99, { total: 1 }]);
  assert.equal((output.video as { $file: { fileName: string } }).$file.fileName, "out");
  assert.equal(logs.length, 2);
  assert.match(logs[0]!, /^WARN prompt, negative_prompt, num_inference_steps, guidance_scale and strength/);
  assert.match(logs[1]!, /^WARN enable_safety_checker was asked for/);
});

test("WaveSpeed's VOID is the same job, with its own field names and seed", async () => {
  const { output, logs, calls } = await run(WAVESPEED, { video: VIDEO, mask_video: MASK, prompt: "x", seed: 0 });
  const { mask, seed, window } = calls[0]!.params as {
    mask: { media: { fileName: string } };
    seed: number;
    window: number;
  };
  assert.deepEqual([mask.media.fileName, seed, window, output.seed], ["mask_video", 0, 85, 0]);
  assert.equal(logs.length, 1);
});

test("without a mask the moving object is removed, and an error names mask_prompt when nothing moves", async () => {
  const body = { video_url: VIDEO, prompt: "x", enable_safety_checker: false };
  const { calls, logs } = await run(FAL, body);
  assert.deepEqual(calls[0]!.params.target, { kind: "words", text: "moving object", loc: ["body", "mask_prompt"] });
  assert.equal((calls[1]!.params.mask as { polarity: string }).polarity, "white-removes");
  assert.match(logs[1]!, /Neither quad_mask_video_url nor mask_prompt/);
  await assert.rejects(
    run(FAL, body, new ReshootError("no_media_generated", "nothing moves")),
    (error: ReshootError) => {
      assert.deepEqual([error.code, error.issues[0]?.loc], ["missing", ["body", "mask_prompt"]]);
      return true;
    },
  );
  await assert.rejects(run(FAL, body, new ReshootError("video_load_error", "broken")), { code: "video_load_error" });
});

test("words make a mask that is used and handed back", async () => {
  const words = { prompt: "x", mask_prompt: "a man" };
  for (const [id, body] of [
    [FAL, { ...words, video_url: VIDEO }],
    [WAVESPEED, { ...words, video: VIDEO }],
  ] as const) {
    const { output, calls } = await run(id, body);
    assert.deepEqual(
      calls.map(({ name }) => name),
      ["segment", "removeObject"],
    );
    assert.equal((calls[0]!.params.target as { text: string }).text, "a man");
    const { media, polarity } = calls[1]!.params.mask as { media: { fileName: string }; polarity: string };
    assert.deepEqual([media.fileName, polarity], ["mask", "white-removes"]);
    assert.equal((output.mask_video as { $file: { fileName: string } }).$file.fileName, "mask");
    assert.deepEqual(output.timings, { find: 2, total: 1 });
  }
  const nothing = new ReshootError("no_media_generated", "nothing");
  await assert.rejects(run(FAL, { ...words, video_url: VIDEO }, nothing), (error: ReshootError) => {
    assert.deepEqual([error.code, error.issues[0]?.loc], ["no_media_generated", ["body", "mask_prompt"]]);
    return true;
  });
});

test("merge-audio-video hands both files on", async () => {
  const { output, calls } = await run("fal-ai/ffmpeg-api/merge-audio-video", {
    video_url: VIDEO,
    audio_url: MASK,
    start_offset: "-1.5",
  });
  const { video, audio, ...rest } = calls[0]!.params as { video: { fileName: string }; audio: { fileName: string } };
  assert.deepEqual(
    [video.fileName, audio.fileName, rest],
    ["video_url", "audio_url", { startOffset: -1.5, delivery: "default" }],
  );
  assert.equal((output.video as { $file: { fileName: string } }).$file.fileName, "out");
});
