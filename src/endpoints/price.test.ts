import assert from "node:assert/strict";
import { test } from "node:test";
import type { MediaInfo } from "../operations/operations.ts";
import { catalog } from "./index.ts";
import { parseInput } from "./validate.ts";

const URL_1 = "https://example.com/1";

const CLIP: MediaInfo = {
  container: "mov,mp4,m4a,3gp,3g2,mj2",
  duration: 4,
  bitrate: 0,
  size: 1,
  video: {
    codec: "h264",
    width: 1000,
    height: 500,
    fps: 25,
    frameCount: 100,
    duration: 4,
    pixelFormat: "yuv420p",
    rotation: 0,
    sampleAspect: [1, 1],
    bitrate: 0,
    timeBase: [1, 12800],
  },
};

function dollars(id: string, body: Record<string, unknown>, media?: MediaInfo): number {
  const endpoint = catalog.find(id) ?? assert.fail(id);
  const { input } = parseInput(endpoint, body);
  const units = endpoint.price.units(input, media ? { media } : {});
  return Math.round(units * endpoint.price.unitPrice * 1e6) / 1e6;
}

test("VOID costs by pass and by who makes the mask", () => {
  const fal = { video_url: URL_1, prompt: "x" };
  const id = "fal-ai/void-video-inpainting";
  assert.equal(dollars(id, fal), 0.05);
  assert.equal(dollars(id, { ...fal, quad_mask_video_url: URL_1, mask_prompt: "a" }), 0.05);
  assert.equal(dollars(id, { ...fal, mask_prompt: "a" }), 0.1);
  assert.equal(dollars(id, { ...fal, enable_pass2_refinement: true }), 0.1);
  assert.equal(dollars(id, { ...fal, enable_pass2_refinement: true, mask_prompt: "a" }), 0.15);
});

test("WaveSpeed's VOID costs by pass and given mask", () => {
  const body = { video: URL_1, prompt: "x", mask_prompt: "a" };
  const id = "wavespeed-ai/void-video-inpainting/mask";
  assert.equal(dollars(id, body), 0.05);
  assert.equal(dollars(id, { ...body, enable_pass2_refinement: true }), 0.1);
  assert.equal(dollars(id, { ...body, mask_video: URL_1 }), 0.1);
  assert.equal(dollars(id, { ...body, enable_pass2_refinement: true, mask_video: URL_1 }), 0.15);
});

function units(id: string, body: Record<string, unknown>, media?: MediaInfo): number {
  const endpoint = catalog.find(id) ?? assert.fail(id);
  return endpoint.price.units(parseInput(endpoint, body).input, media ? { media } : {});
}

test("Luma: 720p twice, 1080p four times, nine seconds twice", () => {
  const id = "fal-ai/luma-dream-machine/ray-2";
  const table = [
    ["540p", "5s", 1],
    ["720p", "5s", 2],
    ["1080p", "5s", 4],
    ["540p", "9s", 2],
    ["1080p", "9s", 8],
  ] as const;
  for (const [resolution, duration, expected] of table)
    assert.equal(units(id, { prompt: "x", resolution, duration }), expected);
});

test("MAGI: one unit, one more per 24 frames begun, half at 480p", () => {
  const table = [
    [96, "720p", 1],
    [97, "720p", 2],
    [120, "720p", 2],
    [121, "720p", 3],
    [192, "720p", 5],
    [96, "480p", 0.5],
    [192, "480p", 2.5],
  ] as const;
  for (const [num_frames, resolution, expected] of table)
    assert.equal(units("fal-ai/magi", { prompt: "", num_frames, resolution }), expected);
});

test("PixVerse: eight seconds double, lip sync by second and characters", () => {
  const id = "fal-ai/pixverse/v4.5/text-to-video";
  assert.equal(units(id, { prompt: "x", duration: 8 }), 2 * units(id, { prompt: "x" }));
  const lipsync = "fal-ai/pixverse/lipsync";
  assert.equal(dollars(lipsync, { video_url: URL_1, audio_url: URL_1 }, CLIP), 0.16);
  assert.equal(dollars(lipsync, { video_url: URL_1, text: "a".repeat(101) }, CLIP), 0.64);
});

test("prices by second and by megapixel come from the media", () => {
  assert.equal(dollars("bria/video/erase/prompt", { video_url: URL_1, prompt: "x" }, CLIP), 0.56);
  assert.equal(units("fal-ai/video-upscaler", { video_url: URL_1 }, CLIP), 200);
  assert.equal(units("fal-ai/video-upscaler", { video_url: URL_1 }), 1);
});

test("the FFmpeg endpoints cost by the length of their result, or of all their inputs", () => {
  const track = (type: string, ...keyframes: readonly (readonly [number, number])[]) => ({
    ...{ id: type, type },
    keyframes: keyframes.map(([timestamp, duration]) => ({ timestamp, duration, url: URL_1 })),
  });
  const tracks = [track("video", [0, 1500], [4000, 500]), track("audio", [1000, 6000])];
  assert.equal(units("fal-ai/ffmpeg-api/compose", { tracks }), 7);
  const images = [{ url: URL_1, frames: 30 }, { url: URL_1 }];
  assert.equal(units("fal-ai/ffmpeg-api/images-to-video", { images, fps: 10 }), 3.1);
  const merge = catalog.find("fal-ai/ffmpeg-api/merge-videos") ?? assert.fail();
  const { input } = parseInput(merge, { video_urls: [URL_1, URL_1] });
  assert.equal(merge.price.units(input, { seconds: 8.5 }), 8.5);
  assert.equal(units("fal-ai/ffmpeg-api/merge-audio-video", { video_url: URL_1, audio_url: URL_1 }, CLIP), 4);
});
