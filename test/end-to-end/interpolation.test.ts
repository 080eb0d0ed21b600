/** Interpolation through the official client: counts, rates, sound, cuts, and better than ffmpeg's on a real clip. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { ApiError, ValidationError } from "@fal-ai/client";
import { decode, ffprobe, psnr, withoutFfmpeg } from "../ffmpeg.ts";
import { sharedMedia, withoutSharedMedia } from "../shared-media.ts";
import { startTestServer, type TestServer } from "./server.ts";

const run = promisify(execFile);
const AMT = "fal-ai/amt-interpolation";
const LOSSLESS = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast"];

describe("interpolation", { skip: withoutFfmpeg }, () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  const ffmpeg = (...args: string[]) => run("ffmpeg", ["-v", "error", "-y", "-threads", "1", ...args]);
  const interpolated = async (endpoint: string, input: object): Promise<string> => {
    const { data } = await server.fal.subscribe(endpoint, { input: input as never });
    return server.download((data as { video: { url: string } }).video.url, "interpolated.mp4");
  };
  const clip = async (name: string, frames: number, rate: number, ...more: string[]): Promise<string> => {
    const path = join(server.folder, `${name}.mp4`);
    const picture = ["-f", "lavfi", "-i", `testsrc2=s=96x64:r=${rate}`];
    await ffmpeg(...picture, ...more, "-frames:v", String(frames), "-pix_fmt", "yuv420p", ...LOSSLESS, path);
    return path;
  };
  const refusal = async (endpoint: string, input: object): Promise<ValidationError> => {
    const failure = await interpolated(endpoint, input).then(
      () => assert.fail("it was accepted"),
      (error: unknown) => error,
    );
    assert.ok(
      failure instanceof ApiError && failure.status === 422 && failure instanceof ValidationError,
      `${failure}`,
    );
    return failure;
  };

  for (const [passes, fps, frames] of [
    [undefined, undefined, 13],
    [1, 24, 7],
    [3, 60, 25],
    [8, 240, 769],
  ] as const) {
    test(`${passes ?? "default"} passes over 4 frames at ${fps ?? "default"} fps give ${frames}`, async () => {
      const path = await interpolated(AMT, {
        video_url: await server.file(await clip("four", 4, 10)),
        ...(passes && { recursive_interpolation_passes: passes }),
        ...(fps && { output_fps: fps }),
        reshoot_effort: "draft",
      });
      const { video, audio } = await ffprobe(path);
      assert.deepEqual([video?.width, video?.height, video?.frames], [96, 64, frames]);
      assert.ok(Math.abs(video!.times.at(-1)! - (frames - 1) / (fps ?? 24)) < 1e-3, String(video!.times.at(-1)));
      assert.equal(audio, undefined);
    });
  }

  test("a single frame stays one", async () => {
    const { video } = await ffprobe(
      await interpolated(AMT, { video_url: await server.file(await clip("one", 1, 10)) }),
    );
    assert.equal(video?.frames, 1);
  });

  test("sound stays where the speed does, and only there", async () => {
    const sound = ["-f", "lavfi", "-i", "sine=f=440:d=2", "-c:a", "aac", "-shortest"];
    const source = await clip("loud", 20, 10, ...sound);
    const url = await server.file(source);
    const own = (await ffprobe(source)).audio!.duration;
    const same = await ffprobe(await interpolated(AMT, { video_url: url, output_fps: 40 }));
    assert.equal(same.video?.frames, 77);
    assert.ok(Math.abs(same.audio!.duration - own) < 0.05, `${same.audio?.duration} of ${own}`);
    const other = await ffprobe(await interpolated(AMT, { video_url: url, output_fps: 30 }));
    assert.deepEqual([other.video?.frames, other.audio], [77, undefined]);
  });

  test("pictures are led through, those of another shape too", async () => {
    const urls: File[] = [];
    for (const [i, size] of ["96x64", "96x64", "64x64"].entries()) {
      const path = join(server.folder, `${i}.png`);
      await ffmpeg("-f", "lavfi", "-i", `testsrc2=s=${size}:r=10`, "-ss", `${i / 10}`, "-frames:v", "1", path);
      urls.push(await server.file(path, "image/png"));
    }
    const frames = urls.map((url) => ({ url }));
    const { video } = await ffprobe(await interpolated(`${AMT}/frame-interpolation`, { frames }));
    assert.deepEqual([video?.width, video?.height, video?.frames], [96, 64, 33]);
    const [, second] = frames;
    const failure = await refusal(`${AMT}/frame-interpolation`, {
      frames: [second, { url: "data:image/png;base64,AAAA" }],
    });
    assert.deepEqual(failure.body.detail[0]!.loc, ["body", "frames", 1, "url"]);
    assert.ok((await refusal(`${AMT}/frame-interpolation`, { frames: [second] })).getFieldErrors("frames").length > 0);
  });

  test("a result that would be too long is refused before it is made", async () => {
    const video_url = await server.file(await clip("long", 50, 10));
    const failure = await refusal(AMT, { video_url, output_fps: 1, recursive_interpolation_passes: 8 });
    assert.equal(failure.getFieldErrors("video_url")[0]?.type, "video_duration_too_long");
  });

  test("no new frame shows both sides of a cut", async () => {
    const path = join(server.folder, "cut.mp4");
    const scenes = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=10:d=0.4", "-f", "lavfi", "-i", "mandelbrot=s=96x64:r=10"];
    const join2 = "[1]trim=end_frame=4,setpts=PTS-STARTPTS[b];[0][b]concat,format=yuv420p";
    await ffmpeg(...scenes, "-filter_complex", join2, ...LOSSLESS, path);
    const input = { video_url: await server.file(path), recursive_interpolation_passes: 1, reshoot_output: "lossless" };
    const result = await decode(await interpolated(AMT, input), "yuv420p");
    const bytes = 96 * 64 * 1.5;
    const frame = (index: number): Buffer => result.subarray(index * bytes, (index + 1) * bytes);
    assert.ok(result.length % (2 * bytes) === bytes);
    assert.ok([6, 8].some((neighbour) => frame(7).equals(frame(neighbour))));
    assert.ok(![4, 6].some((neighbour) => frame(5).equals(frame(neighbour))));
  });

  test("VACE's frames in between", async () => {
    const source = await clip("vace", 12, 4, "-f", "lavfi", "-i", "sine=f=440:d=3", "-c:a", "aac", "-shortest");
    const mask = join(server.folder, "mask.png");
    await ffmpeg("-f", "lavfi", "-i", "color=black:s=96x64,drawbox=10:10:20:20:white:fill", "-frames:v", "1", mask);
    const { data } = await server.fal.subscribe("fal-ai/wan-vace-14b/inpainting", {
      input: {
        prompt: "",
        video_url: await server.file(source),
        mask_image_url: await server.file(mask, "image/png"),
        mask_video_url: await server.file(source),
        match_input_num_frames: true,
        match_input_frames_per_second: true,
        resolution: "480p",
        temporal_downsample_factor: 3,
        num_interpolated_frames: 1,
        interpolator_model: "rife",
      } as never,
    });
    const { video } = data as { video: { url: string; num_frames: number; fps: number } };
    assert.deepEqual([video.num_frames, Math.round(video.fps)], [23, 8]);
    const result = await ffprobe(await server.download(video.url, "vace.mp4"));
    const own = (await ffprobe(source)).audio!.duration;
    assert.equal(result.video?.frames, 23);
    assert.ok(Math.abs(result.audio!.duration - own) < 0.1, `${result.audio?.duration} of ${own}`);
  });

  test("pan60, every second frame left out and made anew", { skip: withoutSharedMedia }, async () => {
    const [truth, half] = ["truth", "half"].map((part) => join(server.folder, `${part}.mp4`));
    await ffmpeg("-i", sharedMedia("motion/pan60.mp4"), "-frames:v", "13", ...LOSSLESS, truth!);
    await ffmpeg("-i", truth!, "-vf", "select=not(mod(n\\,2))", "-vsync", "0", ...LOSSLESS, half!);
    const input = {
      video_url: await server.file(half!),
      recursive_interpolation_passes: 1,
      reshoot_output: "lossless",
    };
    const [real, own] = await Promise.all([truth!, await interpolated(AMT, input)].map((path) => decode(path, "gray")));
    assert.equal(own!.length, real!.length);
    const quality = psnr(own!, real!, (index) => Math.floor(index / (640 * 360)) % 2 === 1);
    assert.ok(quality > 36, `${quality.toFixed(2)} dB`);
  });
});
