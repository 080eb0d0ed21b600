/** Hostile and odd files in every media field of every working endpoint, uploaded and inline. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { sharedMedia, withoutSharedMedia } from "../shared-media.ts";
import { attempt, inline, inParallel, replaced, upload } from "./attempts.ts";
import { type Bomb, PICTURE } from "./bombs.ts";
import { wave, yuv4mpeg } from "./boxes.ts";
import type { Target } from "./server.ts";
import { type Siege, startSiege } from "./siege.ts";

const VOID = "fal-ai/void-video-inpainting";
const MERGE = "fal-ai/ffmpeg-api/merge-audio-video";
const UPSCALE = "fal-ai/video-upscaler";
const INTERPOLATE = "fal-ai/amt-interpolation";
const REFRAME = "fal-ai/wan-vace-14b/reframe";
const IN_BETWEEN = `${INTERPOLATE}/frame-interpolation`;

/** A media field of an endpoint, `["frames", 0, "url"]` where it lies deeper. */
type Field = { readonly endpoint: string; readonly path: readonly (string | number)[] };

const field = (endpoint: string, ...path: (string | number)[]): Field => ({ endpoint, path });
const FIELDS = [
  field(VOID, "video_url"),
  field(VOID, "quad_mask_video_url"),
  field(MERGE, "video_url"),
  field(MERGE, "audio_url"),
  field(UPSCALE, "video_url"),
  field(INTERPOLATE, "video_url"),
  field(REFRAME, "video_url"),
  field(IN_BETWEEN, "frames", 0, "url"),
];
/** Endpoints that read their video as one of the above does. */
const ALIKE = [
  field("fal-ai/luma-dream-machine/ray-2/reframe", "video_url"),
  field("fal-ai/wan-vace-14b/outpainting", "video_url"),
  field("fal-ai/wan-vace-14b", "video_url"),
];
const nameOf = ({ endpoint, path }: Field): string => `${path.join(".")} of ${endpoint}`;

const CLIP = inline("video/x-yuv4mpeg", yuv4mpeg({ level: (frame) => 100 + frame }));

/** Inputs that work, each field of which gives way to a hostile file. */
const GOOD: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  [VOID]: {
    prompt: "",
    video_url: CLIP,
    quad_mask_video_url: inline("video/x-yuv4mpeg", yuv4mpeg({ level: () => 255 })),
  },
  [MERGE]: {
    video_url: CLIP,
    audio_url: inline("audio/wav", wave()),
  },
  [REFRAME]: {
    resolution: "480p",
    aspect_ratio: "16:9",
    video_url: CLIP,
  },
  [UPSCALE]: { video_url: CLIP },
  [INTERPOLATE]: { video_url: CLIP },
  [IN_BETWEEN]: { frames: [{ url: inline("image/png", PICTURE) }, { url: inline("image/png", PICTURE) }] },
  "fal-ai/luma-dream-machine/ray-2/reframe": { aspect_ratio: "1:1", video_url: CLIP },
  "fal-ai/wan-vace-14b/outpainting": {
    prompt: "",
    resolution: "480p",
    expand_left: true,
    match_input_num_frames: true,
    video_url: CLIP,
  },
  "fal-ai/wan-vace-14b": {
    prompt: "",
    task: "reframe",
    resolution: "480p",
    aspect_ratio: "1:1",
    match_input_num_frames: true,
    video_url: CLIP,
  },
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

  const accepts = async ({ endpoint, path }: Field, url: string, name: string): Promise<boolean> => {
    const body = replaced(GOOD[endpoint], path, url) as object;
    return (await attempt(target, { endpoint, body, loc: ["body", ...path], name })) !== undefined;
  };

  test("what the other fields hold is accepted", async () => {
    for (const where of [...FIELDS, ...ALIKE].filter(({ path }) => path[0] === "video_url")) {
      assert.ok(await accepts(where, CLIP, "the good input"));
    }
    assert.ok(await accepts(FIELDS[7]!, inline("image/png", PICTURE), "the good picture"));
  });

  for (const [place, where] of FIELDS.entries()) {
    test(`files that ask for too much, as ${nameOf(where)}`, async () => {
      // Thousands of pictures on large canvases are slow, not hostile.
      const files = hostile.filter(({ name }) => where.endpoint !== REFRAME || !/million|16000/.test(name));
      await inParallel(files, async ({ name, type, bytes, refused }) => {
        // Alternately: each file comes by both ways.
        const isInline = (hostile.findIndex((bomb) => bomb.name === name) + place) % 2;
        const url = isInline ? inline(type, bytes) : await upload(target, type, bytes);
        const accepted = await accepts(where, url, name);
        assert.ok(!(refused && accepted), `${name} was accepted as ${nameOf(where)}`);
      });
      await target.assertHealthy();
    });
  }

  describe("real clips", { skip: withoutSharedMedia }, () => {
    const clips = (folder: string): string[] => readdirSync(sharedMedia(folder)).map((name) => `${folder}/${name}`);

    for (const where of [...FIELDS, ...ALIKE]) {
      test(`malformed and odd, as ${nameOf(where)}`, async () => {
        // Odd clips as videos: test/end-to-end/odd-media.test.ts looks at every frame.
        const names = [...clips("malformed"), ...(where.path[0] === "video_url" ? [] : clips("odd"))];
        const accepted: string[] = [];
        await inParallel(names, async (name) => {
          const url = await upload(
            target,
            name.endsWith(".png") ? "image/png" : "video/mp4",
            await readFile(sharedMedia(name)),
          );
          if (await accepts(where, url, name)) accepted.push(name);
        });
        await target.assertHealthy();
        for (const name of accepted) assert.match(name, /^odd\/|huge_declared_dims/, `${name} was accepted`);
      });
    }
  });
});
