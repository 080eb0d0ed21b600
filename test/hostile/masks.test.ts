/** Hostile and odd files as video, mask and picture of the endpoints that erase, inpaint and segment. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { withoutFfmpeg } from "../ffmpeg.ts";
import { greyPng } from "../png.ts";
import { sharedMedia, withoutSharedMedia } from "../shared-media.ts";
import { attempt, inline, inParallel, replaced, upload } from "./attempts.ts";
import { type Bomb, PICTURE } from "./bombs.ts";
import { yuv4mpeg } from "./boxes.ts";
import type { Target } from "./server.ts";
import { type Siege, startSiege } from "./siege.ts";

const VOID = "fal-ai/void-video-inpainting";
const ERASE = "bria/video/erase";
const INPAINT = "fal-ai/wan-vace-14b/inpainting";
const SEGMENT = "reshoot/segment-video";

const [WIDTH, HEIGHT, FRAMES] = [96, 64, 5];
const onSquare = (x: number, y: number): boolean => x >= 30 && x < 58 && y >= 20 && y < 48;
const square = (object: number, ground: number): string =>
  inline(
    "video/x-yuv4mpeg",
    yuv4mpeg({
      width: WIDTH,
      height: HEIGHT,
      frames: FRAMES,
      draw: (_frame, x, y) => (onSquare(x, y) ? object : ground + ((x * 7 + y * 13) % 9)),
    }),
  );
const CLIP = square(225, 60);
const MASK = square(255, 0);
const PICTURE_MASK = inline(
  "image/png",
  greyPng(WIDTH, HEIGHT, (x, y) => (onSquare(x, y) ? 255 : 0)),
);
const POINT = { x: 44, y: 34, positive: true };

/** Inputs that work, each field of which gives way to a hostile file. */
const GOOD: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  [`${ERASE}/mask`]: { video_url: CLIP, mask_video_url: MASK },
  [`${ERASE}/keypoints`]: { video_url: CLIP, keypoints: ["{'x': 44, 'y': 34, 'type': 'positive'}"] },
  [`${ERASE}/prompt`]: { video_url: CLIP, prompt: "moving object" },
  [INPAINT]: {
    prompt: "",
    video_url: CLIP,
    mask_video_url: MASK,
    ref_image_urls: [inline("image/png", PICTURE)],
    match_input_num_frames: true,
    resolution: "480p",
  },
  [SEGMENT]: { video_url: CLIP, points: [POINT], masks: [{ mask_url: PICTURE_MASK, frame: 0 }] },
};
/** Not every clip shows what is asked for. */
const MAY_BE_ABSENT: Readonly<Record<string, readonly string[]>> = {
  [`${ERASE}/keypoints`]: ["keypoints"],
  [`${ERASE}/prompt`]: ["prompt"],
  [SEGMENT]: ["points"],
};
/** A media field of an endpoint, `["masks", 0, "mask_url"]` where it lies deeper. */
type Field = { readonly endpoint: string; readonly path: readonly (string | number)[] };

const field = (endpoint: string, ...path: (string | number)[]): Field => ({ endpoint, path });
const VIDEOS = [
  field(`${ERASE}/mask`, "video_url"),
  field(`${ERASE}/keypoints`, "video_url"),
  field(`${ERASE}/prompt`, "video_url"),
  field(INPAINT, "video_url"),
  field(SEGMENT, "video_url"),
];
const MASKS = [
  field(`${ERASE}/mask`, "mask_video_url"),
  field(INPAINT, "mask_video_url"),
  field(INPAINT, "mask_image_url"),
  field(INPAINT, "ref_image_urls", 0),
  field(SEGMENT, "masks", 0, "mask_url"),
];
/** One field for each way in which pictures are read here. */
const READ = [MASKS[0]!, MASKS[3]!, MASKS[4]!];
const BOMBED = [VIDEOS[4]!, ...READ];

describe("hostile media where masks are made and used", () => {
  let siege: Siege;
  let target: Target;
  let hostile: readonly Bomb[] = [];

  before(async () => {
    siege = await startSiege();
    ({ target, hostile } = siege);
  });
  after(() => siege.end());

  const tries = async (
    { endpoint, path }: Field,
    url: string,
    name: string,
    also: readonly string[] = [],
    good = GOOD[endpoint]!,
  ): Promise<boolean> => {
    const body = replaced(good, path, url) as object;
    return (await attempt(target, { endpoint, body, loc: ["body", ...path], name, also })) !== undefined;
  };

  test("what the other fields hold is accepted", async () => {
    for (const where of [...VIDEOS.slice(0, 2), ...VIDEOS.slice(3)]) {
      assert.ok(await tries(where, CLIP, "the good input"));
    }
    assert.ok(await tries(MASKS[2]!, PICTURE_MASK, "the good mask"));
  });

  for (const where of BOMBED) {
    test(`files that ask for too much, as ${where.path.join(".")} of ${where.endpoint}`, async () => {
      // What is accepted there is worked with for long, and media.test.ts does so elsewhere.
      const files = where.endpoint === INPAINT ? hostile.filter(({ refused }) => refused) : hostile;
      await inParallel(files, async ({ name, type, bytes, refused }) => {
        const accepted = await tries(where, inline(type, bytes), name, MAY_BE_ABSENT[where.endpoint]);
        assert.ok(!(refused && accepted), `${name} was accepted`);
      });
      await target.assertHealthy();
    });
  }

  describe("real clips", { skip: withoutSharedMedia || withoutFfmpeg }, () => {
    /** The first frames of a clip, coded as they are. */
    const beginning = async (name: string): Promise<Buffer> => {
      const source = sharedMedia(`odd/${name}`);
      if (name === "oneframe.mp4" || name.startsWith("audio_only")) return readFile(source);
      const path = join(target.folder, `beginning${extname(name)}`);
      await promisify(execFile)("ffmpeg", ["-v", "error", "-y", "-i", source, "-c", "copy", "-frames:v", "2", path]);
      return readFile(path);
    };
    const typeOf = (name: string): string =>
      ({ ".png": "image/png", ".gif": "image/gif", ".webm": "video/webm", ".mov": "video/quicktime" })[extname(name)] ??
      "video/mp4";

    test("malformed, in every field", async () => {
      const pairs = readdirSync(sharedMedia("malformed")).flatMap((name) =>
        [...VIDEOS, ...MASKS].map((where) => ({ name, where })),
      );
      await inParallel(pairs, async ({ name, where }) => {
        const url = await upload(target, typeOf(name), await readFile(sharedMedia(`malformed/${name}`)));
        const accepted = await tries(where, url, name, MAY_BE_ABSENT[where.endpoint]);
        if (accepted) assert.match(name, /huge_declared_dims/, `${name} was accepted as ${where.path.join(".")}`);
      });
      await target.assertHealthy();
    });

    test("the beginnings of odd clips", async () => {
      for (const name of readdirSync(sharedMedia("odd"))) {
        const url = await upload(target, typeOf(name), await beginning(name));
        await inParallel([...VIDEOS, ...READ], async (where) => {
          const isMask = where.path[0] !== "video_url";
          const also = [...(MAY_BE_ABSENT[where.endpoint] ?? []), ...(isMask ? [] : ["mask_video_url"])];
          const accepted = await tries(where, url, name, also);
          if (name.startsWith("audio_only")) assert.ok(!accepted);
          else if (where.endpoint === INPAINT && !isMask) assert.ok(accepted, `${name} was refused`);
        });
      }
      await target.assertHealthy();
    });

    test("as VOID's video with a mask from words", async () => {
      for (const name of readdirSync(sharedMedia("malformed"))) {
        const url = await upload(target, typeOf(name), await readFile(sharedMedia(`malformed/${name}`)));
        const good = { prompt: "", mask_prompt: "the person" };
        await tries(field(VOID, "video_url"), url, name, ["mask_prompt"], good);
      }
    });
  });
});
