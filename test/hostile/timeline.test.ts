/** Hostile, malformed and odd files in every media field of fal's FFmpeg endpoints: the right result, or the field's name. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { sharedMedia, withoutSharedMedia } from "../shared-media.ts";
import { attempt, inline, inParallel, type Outcome, upload } from "./attempts.ts";
import { type Bomb, PICTURE } from "./bombs.ts";
import { wave, yuv4mpeg } from "./boxes.ts";
import type { Target } from "./server.ts";
import { type Siege, startSiege } from "./siege.ts";

/** What a real file holds, as ffprobe 5.1 and its own description have it. */
type Held = {
  /** As displayed, before the pixels' own shape; absent without pictures. */
  readonly size?: readonly [number, number];
  readonly frames?: number;
  readonly channels?: number;
  /** Of the pictures, of the sound where there are none. */
  readonly seconds: number;
  /** Of the sound, where it is not the pictures'. */
  readonly heard?: number;
};

/** The others are refused: nothing of them can be used, or their header asks for too much. */
const WHOLE: Readonly<Record<string, Held>> = {
  "odd/alpha_vp9_60fps.webm": { size: [1280, 720], frames: 541, seconds: 9.02 },
  "odd/audio_only_two_51_tracks.mp4": { channels: 6, seconds: 5.01 },
  "odd/hdr10_pq_main10.mp4": { size: [960, 540], frames: 50, seconds: 2 },
  "odd/newtonscradle.gif": { size: [200, 150], frames: 36, seconds: 0.82 },
  "odd/nom de fichier (1) é.mp4": { size: [320, 180], frames: 60, channels: 2, seconds: 2 },
  "odd/odd_dims_yuv444.mp4": { size: [853, 481], frames: 60, channels: 2, seconds: 2 },
  "odd/oneframe.mp4": { size: [1280, 720], frames: 1, seconds: 0.04 },
  "odd/prores422.mov": { size: [640, 360], frames: 24, seconds: 1 },
  // Its pictures begin a twelfth of a second after its sound.
  "odd/rotate-90_fragmented_51audio.mp4": { size: [1080, 1920], frames: 45, channels: 6, seconds: 1.958, heard: 2.01 },
  "odd/sar_2x1.mp4": { size: [640, 360], frames: 150, seconds: 5 },
  "odd/vfr_juggle.mp4": { size: [640, 360], frames: 76, seconds: 3.95 },
};

const VIDEO = inline("video/x-yuv4mpeg", yuv4mpeg({ level: (frame) => 100 + frame }));
const VIDEO_SECONDS = 4 / 25;
const SOUND = inline("audio/wav", wave());
const IMAGE = inline("image/png", PICTURE);

/** One media field of one endpoint. */
type Slot = {
  readonly endpoint: string;
  readonly loc: readonly (string | number)[];
  body(url: string): object;
  /** Whether a whole file can be used here. */
  takes(held: Held): boolean;
  /** Fails unless the result is the right one. */
  verify?(result: NonNullable<Outcome>, held: Held, what: string): void;
};

const isSeen = ({ size }: Held): boolean => size !== undefined;
const isHeard = ({ channels }: Held): boolean => channels !== undefined;
const near = (value: unknown, wanted: number, slack: number, what: string): void =>
  assert.ok(Math.abs(Number(value) - wanted) <= slack, `${what}: ${value} instead of ${wanted}`);

const track = (type: string, url: string) => ({ id: type, type, keyframes: [{ timestamp: 0, duration: 300, url }] });
const composed = (type: string, at: number, body: Slot["body"], takes: Slot["takes"]): Slot => ({
  endpoint: "fal-ai/ffmpeg-api/compose",
  loc: ["body", "tracks", at, "keyframes", 0, "url"],
  body: (url) => ({ tracks: [...(body(url) as object[]), track(type, url)] }),
  takes,
});
const slot = (name: string, loc: Slot["loc"], rest: Pick<Slot, "body" | "takes" | "verify">): Slot => ({
  endpoint: `fal-ai/ffmpeg-api/${name}`,
  loc: ["body", ...loc],
  ...rest,
});

const SLOTS: readonly Slot[] = [
  composed("video", 0, () => [], isSeen),
  composed("image", 1, () => [track("image", IMAGE)], isSeen),
  composed("audio", 1, () => [track("image", IMAGE)], isHeard),
  slot("metadata", ["media_url"], {
    body: (media_url) => ({ media_url, extract_frames: true }),
    takes: () => true,
    verify({ media }, held, what) {
      const { resolution, frame_count, audio, channels, duration } = media as Record<string, never>;
      const seen = resolution as undefined | { width: number; height: number };
      assert.deepEqual(seen && [seen.width, seen.height], held.size, what);
      if (held.size) assert.equal(frame_count, held.frames, what);
      assert.equal(held.size ? (audio as { channels: number } | undefined)?.channels : channels, held.channels, what);
      near(duration, Math.max(held.seconds, held.heard ?? 0), 0.05, what);
    },
  }),
  slot("merge-videos", ["video_urls", 0], {
    body: (url) => ({ video_urls: [url, VIDEO] }),
    takes: isSeen,
    verify({ metadata }, held, what) {
      const { width, height, duration, fps, num_videos } = metadata as Record<string, number>;
      assert.deepEqual([width, height, num_videos], [32, 32, 2], what);
      near(duration, held.seconds + VIDEO_SECONDS, 1.01 / fps!, what);
    },
  }),
  slot("merge-audios", ["audio_urls", 1], { body: (url) => ({ audio_urls: [SOUND, url] }), takes: isHeard }),
  slot("extract-frame", ["video_url"], {
    body: (video_url) => ({ video_url, frame_type: "last" }),
    takes: isSeen,
    verify({ images }, held, what) {
      const [image] = images as { width: number; height: number }[];
      assert.deepEqual([image?.width, image?.height], held.size, what);
    },
  }),
  slot("loudnorm", ["audio_url"], {
    body: (audio_url) => ({ audio_url, integrated_loudness: -20, print_summary: true }),
    takes: isHeard,
    verify({ summary }, _, what) {
      const { input_integrated: before, output_integrated: after } = summary as Record<string, number>;
      // Silence stays silent.
      near(after, before! <= -70 ? -70 : -20, 0.3, what);
    },
  }),
  slot("waveform", ["media_url"], {
    body: (media_url) => ({ media_url }),
    takes: isHeard,
    verify({ duration, points, waveform }, held, what) {
      near(duration, held.heard ?? held.seconds, 0.05, what);
      assert.deepEqual([points, (waveform as number[]).length], [Math.round(4 * Number(duration)), points], what);
    },
  }),
  slot("images-to-video", ["images", 0, "url"], { body: (url) => ({ images: [{ url }] }), takes: () => false }),
];

/** Of all places, so many are tried with each made file: each with others, and all of them by some. */
const PLACES = 3;

describe("hostile media on the timeline", () => {
  let siege: Siege;
  let target: Target;
  let hostile: readonly Bomb[] = [];

  before(async () => {
    siege = await startSiege();
    ({ target, hostile } = siege);
  });
  after(() => siege.end());

  const give = ({ endpoint, body, loc }: Slot, url: string, name: string): Promise<Outcome> =>
    attempt(target, { endpoint, body: body(url), loc, name });

  test("what the other fields hold is accepted", async () => {
    await inParallel(SLOTS, async (place) => {
      const isSound = place.takes({ channels: 1, seconds: 1 });
      const url = isSound ? SOUND : place.takes({ size: [1, 1], seconds: 1 }) ? VIDEO : IMAGE;
      assert.ok(await give(place, url, "the good input"));
    });
  });

  test("files that ask for too much", async () => {
    const places = hostile.flatMap((bomb, index) =>
      Array.from({ length: PLACES }, (_, turn) => ({
        bomb,
        place: SLOTS[(index + turn * PLACES) % SLOTS.length]!,
        isInline: (index + turn) % 2 === 0,
      })),
    );
    await inParallel(places, async ({ bomb: { name, type, bytes, refused }, place, isInline }) => {
      const url = isInline ? inline(type, bytes) : await upload(target, type, bytes);
      const accepted = await give(place, url, name);
      assert.ok(!(refused && accepted), `${name} was accepted as ${place.loc.join(".")} of ${place.endpoint}`);
    });
  });

  test("malformed and odd files", { skip: withoutSharedMedia }, async () => {
    const names = ["malformed", "odd"].flatMap((folder) =>
      readdirSync(sharedMedia(folder)).map((name) => `${folder}/${name}`),
    );
    for (const name of Object.keys(WHOLE)) assert.ok(names.includes(name), name);
    await inParallel(names, async (name) => {
      const bytes = await readFile(sharedMedia(name));
      const url = await upload(target, name.endsWith(".png") ? "image/png" : "video/mp4", bytes);
      const held = WHOLE[name];
      for (const place of SLOTS) {
        const what = `${name} as ${place.loc.join(".")} of ${place.endpoint}`;
        const result = await give(place, url, name);
        assert.equal(result !== undefined, held !== undefined && place.takes(held), what);
        if (result && held) place.verify?.(result, held, what);
      }
    });
  });
});
