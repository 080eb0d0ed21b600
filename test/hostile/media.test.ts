/** Hostile and odd files in every media field of every working endpoint, uploaded and inline. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { sharedMedia, withoutSharedMedia } from "../shared-media.ts";
import { attempt, inline, inParallel, upload } from "./attempts.ts";
import type { Bomb } from "./bombs.ts";
import { wave, yuv4mpeg } from "./boxes.ts";
import type { Target } from "./server.ts";
import { type Siege, startSiege } from "./siege.ts";

const VOID = "fal-ai/void-video-inpainting";
const MERGE = "fal-ai/ffmpeg-api/merge-audio-video";
const UPSCALE = "fal-ai/video-upscaler";
const INTERPOLATE = "fal-ai/amt-interpolation";
const REFRAME = "fal-ai/wan-vace-14b/reframe";
const FIELDS = [
  [VOID, "video_url"],
  [VOID, "quad_mask_video_url"],
  [MERGE, "video_url"],
  [MERGE, "audio_url"],
  [UPSCALE, "video_url"],
  [INTERPOLATE, "video_url"],
  [REFRAME, "video_url"],
] as const;

/** Inputs that work, each field of which gives way to a hostile file. */
const GOOD: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  [VOID]: {
    prompt: "",
    video_url: inline("video/x-yuv4mpeg", yuv4mpeg({ level: (frame) => 100 + frame })),
    quad_mask_video_url: inline("video/x-yuv4mpeg", yuv4mpeg({ level: () => 255 })),
  },
  [MERGE]: {
    video_url: inline("video/x-yuv4mpeg", yuv4mpeg({ level: (frame) => 100 + frame })),
    audio_url: inline("audio/wav", wave()),
  },
  [REFRAME]: {
    resolution: "480p",
    aspect_ratio: "16:9",
    video_url: inline("video/x-yuv4mpeg", yuv4mpeg({ level: (frame) => 100 + frame })),
  },
  [UPSCALE]: { video_url: inline("video/x-yuv4mpeg", yuv4mpeg({ level: (frame) => 100 + frame })) },
  [INTERPOLATE]: { video_url: inline("video/x-yuv4mpeg", yuv4mpeg({ level: (frame) => 100 + frame })) },
};

describe("hostile media", () => {
  let siege: Siege;
  let target: Target;
  let hostile: readonly Bomb[] = [];

  before(async () => {
    siege = await startSiege();
    ({ target, hostile } = siege);
  });
  after(() => siege.end());

  const accepts = async (endpoint: string, field: string, url: string, name: string): Promise<boolean> => {
    const body = { ...GOOD[endpoint], [field]: url };
    return (await attempt(target, { endpoint, body, loc: ["body", field], name })) !== undefined;
  };

  test("what the other fields hold is accepted", async () => {
    for (const [endpoint, input] of Object.entries(GOOD)) {
      assert.ok(await accepts(endpoint, "video_url", String(input.video_url), "the good input"));
    }
  });

  for (const [endpoint, field] of FIELDS) {
    test(`files that ask for too much, as ${field} of ${endpoint}`, async () => {
      // Thousands of pictures on large canvases are slow, not hostile.
      const files = hostile.filter(({ name }) => endpoint !== REFRAME || !/million|16000/.test(name));
      await inParallel(files, async ({ name, type, bytes, refused }) => {
        // Alternately: each file comes by both ways, in two fields each.
        const isInline =
          (hostile.findIndex((bomb) => bomb.name === name) + FIELDS.findIndex((f) => f[1] === field)) % 2;
        const url = isInline ? inline(type, bytes) : await upload(target, type, bytes);
        const accepted = await accepts(endpoint, field, url, name);
        assert.ok(!(refused && accepted), `${name} was accepted as ${field} of ${endpoint}`);
      });
      await target.assertHealthy();
    });
  }

  describe("real clips", { skip: withoutSharedMedia }, () => {
    const clips = (folder: string): string[] => readdirSync(sharedMedia(folder)).map((name) => `${folder}/${name}`);

    for (const [endpoint, field] of FIELDS) {
      test(`malformed and odd, as ${field} of ${endpoint}`, async () => {
        // Odd clips as videos: test/end-to-end/odd-media.test.ts looks at every frame.
        const names = [...clips("malformed"), ...(field === "video_url" ? [] : clips("odd"))];
        const accepted: string[] = [];
        await inParallel(names, async (name) => {
          const url = await upload(
            target,
            name.endsWith(".png") ? "image/png" : "video/mp4",
            await readFile(sharedMedia(name)),
          );
          if (await accepts(endpoint, field, url, name)) accepted.push(name);
        });
        await target.assertHealthy();
        for (const name of accepted) assert.match(name, /^odd\/|huge_declared_dims/, `${name} was accepted`);
      });
    }
  });
});
