/** Odd files through the working endpoints: right size, orientation, frame count, duration, sync. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { ApiError, ValidationError } from "@fal-ai/client";
import { decodeAudio, ffprobe, withoutFfmpeg } from "../ffmpeg.ts";
import { greyPng } from "../png.ts";
import { sharedMedia, withoutSharedMedia } from "../shared-media.ts";
import { startTestServer, type TestServer } from "./server.ts";

type Expected = {
  /** As displayed. */
  readonly size: readonly [number, number];
  readonly frames: number;
  readonly seconds: number;
  readonly sampleAspect?: string;
  readonly pixelFormat?: string;
  readonly type?: string;
};

/** As ffprobe 5.1 and the clips' own description have them. */
const VIDEOS: Readonly<Record<string, Expected>> = {
  "hdr10_pq_main10.mp4": { size: [960, 540], frames: 50, seconds: 2, pixelFormat: "yuv420p10le" },
  "newtonscradle.gif": { size: [200, 150], frames: 36, seconds: 0.82, type: "image/gif" },
  "nom de fichier (1) é.mp4": { size: [320, 180], frames: 60, seconds: 2 },
  "odd_dims_yuv444.mp4": { size: [853, 481], frames: 60, seconds: 2, pixelFormat: "yuv444p" },
  "oneframe.mp4": { size: [1280, 720], frames: 1, seconds: 0.04 },
  "prores422.mov": { size: [640, 360], frames: 24, seconds: 1, type: "video/quicktime" },
  "rotate-90_fragmented_51audio.mp4": { size: [1080, 1920], frames: 45, seconds: 1.875 },
  "sar_2x1.mp4": { size: [640, 360], frames: 150, seconds: 5, sampleAspect: "2:1" },
  "vfr_juggle.mp4": { size: [640, 360], frames: 76, seconds: 4 },
  "alpha_vp9_60fps.webm": { size: [1280, 720], frames: 541, seconds: 9.02, type: "video/webm" },
};
/** Clips of more frames are cut to a beginning before their pictures are worked on. */
const WHOLE_FRAMES = 76;
const BEGINNING = 48;
/** Files are read for upscaling as they are for removal: few frames show what becomes of them. */
const UPSCALED_FRAMES = 6;
const LONGEST_INTERPOLATED = 150;

describe("odd media", { skip: withoutSharedMedia || withoutFfmpeg }, () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  for (const [name, expected] of Object.entries(VIDEOS)) {
    const source = sharedMedia(`odd/${name}`);
    const [width, height] = expected.size;
    const isLong = expected.frames > WHOLE_FRAMES;
    /** The first frames, coded as they are. */
    const beginning = async (frames: number): Promise<{ path: string; frames: number }> => {
      if (expected.frames <= frames) return { path: source, frames: expected.frames };
      const path = join(server.folder, `beginning-${name}`);
      const cut = ["-frames:v", String(frames), "-c", "copy"];
      await promisify(execFile)("ffmpeg", ["-v", "error", "-y", "-i", source, ...cut, path]);
      return { path, frames };
    };

    test(`${name}: removal`, async () => {
      const { path: given, frames } = await beginning(isLong ? BEGINNING : WHOLE_FRAMES);
      const mask = join(server.folder, "mask.png");
      await writeFile(
        mask,
        greyPng(64, 64, (x, y) => (x > 40 && x < 52 && y > 40 && y < 52 ? 0 : 255)),
      );
      const { data } = await server.fal.subscribe("fal-ai/void-video-inpainting", {
        input: {
          video_url: await server.file(given, expected.type),
          quad_mask_video_url: await server.file(mask, "image/png"),
          prompt: "",
        },
      });
      const path = await server.download((data as { video: { url: string } }).video.url, "removed.mp4");
      const [before, result] = await Promise.all([ffprobe(given), ffprobe(path)]);
      const { video } = result;
      assert.deepEqual([video?.width, video?.height, video?.frames], [width, height, frames]);
      assert.equal(video?.rotation, 0);
      if (expected.sampleAspect) assert.equal(video?.sampleAspect, expected.sampleAspect);
      if (expected.pixelFormat) assert.equal(video?.pixelFormat, expected.pixelFormat);
      sameTimes(before.video!.times, video!.times);
      assert.equal(result.audio?.channels, before.audio?.channels);
      if (before.audio) assert.ok(Math.abs(result.audio!.duration - before.audio.duration) < 0.1);
    });

    test(`${name}: one and a half times as large`, async () => {
      const { path: given, frames } = await beginning(UPSCALED_FRAMES);
      const { data } = await server.fal.subscribe("fal-ai/video-upscaler", {
        input: { video_url: await server.file(given, expected.type), scale: 1.5 },
      });
      const path = await server.download((data as { video: { url: string } }).video.url, "upscaled.mp4");
      const [before, result] = await Promise.all([ffprobe(given), ffprobe(path)]);
      const { video } = result;
      // Only the clip of odd size has chroma of full resolution: there sizes need not be even.
      const multiple = expected.pixelFormat === "yuv444p" ? 1 : 2;
      const size = [width, height].map((side) => multiple * Math.round((side * 1.5) / multiple));
      assert.deepEqual([video?.width, video?.height, video?.frames], [...size, frames]);
      assert.equal(video?.rotation, 0);
      if (expected.sampleAspect) assert.equal(video?.sampleAspect, expected.sampleAspect);
      if (expected.pixelFormat) assert.equal(video?.pixelFormat, expected.pixelFormat);
      sameTimes(before.video!.times, video!.times);
      assert.equal(result.audio?.channels, before.audio?.channels);
      if (before.audio) assert.ok(Math.abs(result.audio!.duration - before.audio.duration) < 0.1);
    });

    if (expected.frames <= LONGEST_INTERPOLATED)
      test(`${name}: a frame between every two`, async () => {
        const before = await ffprobe(source);
        const fps = Math.round(
          (2 * (expected.frames - 1)) / (before.video!.times.at(-1)! - before.video!.times[0]! || 1),
        );
        const { data } = await server.fal.subscribe("fal-ai/amt-interpolation", {
          input: {
            video_url: await server.file(source, expected.type),
            recursive_interpolation_passes: 1,
            output_fps: Math.min(240, Math.max(1, fps)),
            reshoot_effort: "draft",
          } as never,
        });
        const path = await server.download((data as { video: { url: string } }).video.url, "interpolated.mp4");
        const { video, audio } = await ffprobe(path);
        assert.deepEqual([video?.width, video?.height, video?.frames], [width, height, 2 * expected.frames - 1]);
        assert.equal(video?.rotation, 0);
        if (expected.sampleAspect) assert.equal(video?.sampleAspect, expected.sampleAspect);
        if (expected.pixelFormat) assert.equal(video?.pixelFormat, expected.pixelFormat);
        if (before.audio) assert.ok(Math.abs(audio!.duration - before.audio.duration) < 0.1);
      });

    test(`${name}: new sound`, async () => {
      const { data } = await server.fal.subscribe("fal-ai/ffmpeg-api/merge-audio-video", {
        input: {
          video_url: await server.file(source, expected.type),
          audio_url: await server.file(sharedMedia("speech/speech1.wav"), "audio/wav"),
        },
      });
      const { video: file } = data as { video: { url: string; file_name: string } };
      const path = await server.download(file.url, file.file_name.replace(/[^\w.]/g, "_"));
      const [before, result] = await Promise.all([ffprobe(source), ffprobe(path)]);
      const { video, audio } = result;
      const stored = [video!.width, video!.height].sort().join();
      assert.equal(stored, [width, height].sort().join());
      assert.equal(video?.frames, expected.frames);
      sameTimes(before.video!.times, video!.times);
      assert.equal(audio?.channels, 1);
      // The sound is 9.6 s long: it ends with the video, give or take one audio frame.
      const end = Math.min(9.6, expected.seconds);
      const heard = (await decodeAudio(path)).length / 8000;
      assert.ok(Math.abs(heard - end) < 0.1, `${heard} s of sound for ${end} s`);
      assert.ok(Math.abs(audio!.start - video!.start) < 0.05);
    });
  }

  test("a file without pictures is refused at its field, by every endpoint", async () => {
    const sound = await server.file(sharedMedia("odd/audio_only_two_51_tracks.mp4"));
    for (const [endpoint, more] of [
      ["fal-ai/void-video-inpainting", { prompt: "", quad_mask_video_url: sound }],
      ["fal-ai/ffmpeg-api/merge-audio-video", { audio_url: sound }],
      ["fal-ai/video-upscaler", {}],
      ["fal-ai/amt-interpolation", {}],
    ] as const) {
      const failure = await server.fal.subscribe(endpoint, { input: { video_url: sound, ...more } as never }).then(
        () => assert.fail("it was accepted"),
        (error: unknown) => error,
      );
      assert.ok(failure instanceof ApiError);
      assert.equal(failure.status, 422);
      assert.ok(failure instanceof ValidationError && failure.getFieldErrors("video_url").length === 1);
    }
  });
});

/** Frames are shown at the times of the source, counted from the first. */
function sameTimes(source: readonly number[], result: readonly number[]): void {
  assert.equal(result.length, source.length);
  const off = source.map((time, index) => Math.abs(time - source[0]! - (result[index]! - result[0]!)));
  assert.ok(Math.max(...off) < 0.012, `frames are off by up to ${Math.max(...off)} s`);
}
