import assert from "node:assert/strict";
import { test } from "node:test";
import { catalog } from "./index.ts";
import { parseInput } from "./validate.ts";

const URL_1 = "https://example.com/1";
const URL_2 = "https://example.com/2";

function accepted(id: string, body: Record<string, unknown>): Record<string, unknown> {
  const endpoint = catalog.find(id) ?? assert.fail(id);
  const { input, unknown } = parseInput(endpoint, body);
  assert.deepEqual(unknown, []);
  return input;
}

test("WaveSpeed's spellings work on fal's endpoints and the reverse", () => {
  const fal = accepted("fal-ai/void-video-inpainting", { video: URL_1, mask_video: URL_2, prompt: "x" });
  assert.deepEqual([fal.video_url, fal.quad_mask_video_url], [URL_1, URL_2]);
  const wavespeed = accepted("wavespeed-ai/void-video-inpainting/mask", {
    video_url: URL_1,
    quad_mask_video_url: URL_2,
    prompt: "x",
  });
  assert.deepEqual([wavespeed.video, wavespeed.mask_video], [URL_1, URL_2]);
  assert.equal(accepted("fal-ai/magi/image-to-video", { prompt: "", image: URL_1 }).image_url, URL_1);
  const merged = accepted("fal-ai/ffmpeg-api/merge-audio-video", { video: URL_1, audio: URL_2 });
  assert.deepEqual([merged.video_url, merged.audio_url], [URL_1, URL_2]);
  assert.equal(
    accepted("fal-ai/wan-vace-14b/inpainting", { prompt: "x", video: URL_1, mask_video: URL_2 }).mask_video_url,
    URL_2,
  );
  assert.deepEqual(accepted("fal-ai/ffmpeg-api/merge-videos", { videos: [URL_1] }).video_urls, [URL_1]);
});

test("the right name wins over another spelling", () => {
  const endpoint = catalog.find("fal-ai/void-video-inpainting")!;
  const { input, unknown } = parseInput(endpoint, { video_url: URL_1, video: URL_2, prompt: "x" });
  assert.equal(input.video_url, URL_1);
  assert.deepEqual(unknown, ["video"]);
});

test("older and newer names of the same field", () => {
  const reframe = accepted("fal-ai/wan-vace-14b/reframe", { video_url: URL_1, temporal_upsample_factor: 2 });
  assert.equal(reframe.num_interpolated_frames, 2);
  const luma = accepted("fal-ai/luma-dream-machine/image-to-video", {
    prompt: "x",
    image_url: URL_1,
    last_image_url: URL_2,
  });
  assert.equal(luma.end_image_url, URL_2);
  const transition = accepted("fal-ai/pixverse/v4.5/transition", {
    prompt: "x",
    first_image_url: URL_1,
    end_image_url: URL_2,
  });
  assert.equal(transition.last_image_url, URL_2);
});

test("PixVerse's clay and day are one style", () => {
  const extend = { video_url: URL_1, prompt: "x" };
  assert.equal(accepted("fal-ai/pixverse/extend", { ...extend, style: "clay" }).style, "day");
  assert.equal(accepted("fal-ai/pixverse/extend/fast", { ...extend, style: "day" }).style, "day");
  assert.equal(accepted("fal-ai/pixverse/v4/text-to-video", { prompt: "x", style: "day" }).style, "clay");
});

test('a background picture called "null" is none', () => {
  for (const none of ["null", "", null]) {
    const input = accepted("bria/video/background-removal/realtime", { background_image_url: none });
    assert.equal(input.background_image_url, null);
  }
  assert.equal(
    accepted("bria/video/background-removal/realtime", { background_image_url: URL_1 }).background_image_url,
    URL_1,
  );
});

test("Bria's key points come as Python dicts, JSON or objects", () => {
  const spellings = [
    "{'x': 765, 'y': 344, 'type': 'positive'}",
    '{"x": 765, "y": 344, "type": "positive"}',
    { x: 765, y: 344 },
  ];
  const { keypoints } = accepted("bria/video/erase/keypoints", { video_url: URL_1, keypoints: spellings });
  assert.deepEqual(keypoints, [spellings[0], spellings[1], spellings[0]]);
  for (const wrong of ["765,344", "{'x': 'a', 'y': 1}", { x: 1 }, 3]) {
    assert.throws(
      () => accepted("bria/video/erase/keypoints", { video_url: URL_1, keypoints: [wrong] }),
      (error: { issues: { loc: unknown }[] }) => {
        assert.deepEqual(error.issues[0]?.loc, ["body", "keypoints", 0]);
        return true;
      },
    );
  }
});
