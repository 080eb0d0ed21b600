import assert from "node:assert/strict";
import { test } from "node:test";
import { catalog } from "./index.ts";
import { mediaFields, parseInput, replaceAt } from "./validate.ts";

const URL_1 = "https://example.com/1";
const URL_2 = "https://example.com/2";

test("media fields come in the schema's order, nested ones included", () => {
  const compose = catalog.find("fal-ai/ffmpeg-api/compose")!;
  const keyframe = (url: string) => ({ timestamp: 0, duration: 1, url });
  const { input } = parseInput(compose, {
    tracks: [
      { id: "a", type: "video", keyframes: [keyframe(URL_1), keyframe(URL_2)] },
      { id: "b", type: "audio", keyframes: [keyframe(URL_2)] },
    ],
  });
  assert.deepEqual(
    mediaFields(compose, input).map(({ loc, kind, value }) => [loc.slice(1).join("."), kind, value]),
    [
      ["tracks.0.keyframes.0.url", "media", URL_1],
      ["tracks.0.keyframes.1.url", "media", URL_2],
      ["tracks.1.keyframes.0.url", "media", URL_2],
    ],
  );
});

test("empty defaults and references to stored files are no URLs", () => {
  const inpainting = catalog.find("fal-ai/void-video-inpainting")!;
  const { input } = parseInput(inpainting, { video_url: URL_1, prompt: "x" });
  assert.deepEqual(mediaFields(inpainting, input), [{ loc: ["body", "video_url"], kind: "video", value: URL_1 }]);
  assert.deepEqual(mediaFields(inpainting, replaceAt(input, ["body", "video_url"], { $url: "id" })), []);
});

test("replacing copies the path and shares the rest", () => {
  const input = { frames: [{ url: URL_1 }, { url: URL_2 }], output_fps: 24 };
  const replaced = replaceAt(input, ["body", "frames", 1, "url"], { $url: "id" });
  assert.deepEqual(replaced, { frames: [{ url: URL_1 }, { url: { $url: "id" } }], output_fps: 24 });
  assert.equal(input.frames[1]!.url, URL_2);
  assert.equal((replaced.frames as unknown[])[0], input.frames[0]);
  assert.throws(() => replaceAt(input, ["body", "frames", 2, "url"], 1), RangeError);
});
