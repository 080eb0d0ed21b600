/** Bria's erasing by mask and Wan VACE's inpainting, by the official client against a whole server, on clips made here. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { ApiError, type ValidationError } from "@fal-ai/client";
import { renderSceneFiles } from "../../src/samples/render.ts";
import { decode, ffprobe, psnr, withoutFfmpeg } from "../ffmpeg.ts";
import { startTestServer, type TestServer } from "./server.ts";

const SCENE = { width: 320, height: 180, frames: 30, shake: 1, pan: 20, noise: 1, seed: 7 };

async function ffmpeg(...args: string[]): Promise<void> {
  await promisify(execFile)("ffmpeg", ["-v", "error", "-y", ...args]);
}

/** Ball and shadow white, the rest black. */
const invert = (from: string, to: string): Promise<void> =>
  ffmpeg("-i", from, "-vf", "format=gray,lutyuv=y=if(lt(val\\,192)\\,255\\,0)", "-qp", "0", to);

const loop = (from: string, to: string, seconds: number): Promise<void> =>
  ffmpeg("-stream_loop", "9", "-i", from, "-t", String(seconds), "-qp", "0", to);

const FORMATS = [
  "mp4_h265",
  "mp4_h264",
  "webm_vp9",
  "gif",
  "mov_h264",
  "mov_h265",
  "mov_proresks",
  "mkv_h264",
  "mkv_h265",
  "mkv_vp9",
  "mkv_mpeg4",
];
const ERASE = "bria/video/erase/mask";
const INPAINT = "fal-ai/wan-vace-14b/inpainting";
type Output = { video: { url: string; file_name: string; content_type: string; width?: number; num_frames?: number } };

describe("erasing and inpainting", { skip: withoutFfmpeg }, () => {
  let server: TestServer;
  let clip: { source: string; mask: string; truth: string };
  /** The scene's masks are VOID's: white is kept. */
  let mask: string;
  before(async () => {
    server = await startTestServer();
    clip = await renderSceneFiles(SCENE, server.folder);
    mask = join(server.folder, "white.mp4");
    await invert(clip.mask, mask);
  });
  after(() => server.close());

  const run = async (endpoint: string, input: Record<string, unknown>): Promise<Output> => {
    const { data } = await server.fal.subscribe(endpoint, {
      input: { video_url: await server.file(clip.source), mask_video_url: await server.file(mask), ...input },
    });
    return data as Output;
  };
  const refused = async (endpoint: string, input: Record<string, unknown>): Promise<ValidationError> => {
    const failure = await run(endpoint, input).then(
      () => assert.fail("it was accepted"),
      (error: unknown) => error,
    );
    assert.ok(failure instanceof ApiError && failure.status === 422, String(failure));
    return failure as ValidationError;
  };

  for (const format of FORMATS) {
    test(`${format}: what is erased gives way to the background`, async () => {
      const { video } = await run(ERASE, { output_container_and_codec: format });
      const extension = format.split("_")[0]!;
      assert.ok(video.file_name.endsWith(`.${extension}`), video.file_name);
      const path = await server.download(video.url, `erased-${format}.${extension}`);
      const probed = await ffprobe(path);
      assert.deepEqual([probed.video?.width, probed.video?.height, probed.video?.frames], [320, 180, SCENE.frames]);
      const [got, truth, source, marks] = await Promise.all(
        [path, clip.truth, clip.source, mask].map((file) => decode(file, "gray")),
      );
      const inHole = (index: number): boolean => marks![index]! > 128;
      const [after, before] = [psnr(got!, truth!, inHole), psnr(source!, truth!, inHole)];
      assert.ok(after > before + 6, `${before.toFixed(1)} dB became ${after.toFixed(1)}`);
    });
  }

  test("a longer clip is cut to five seconds, or refused", async () => {
    const long = join(server.folder, "long.mp4");
    await loop(clip.source, long, 5.5);
    const longMask = join(server.folder, "long-mask.mp4");
    await loop(mask, longMask, 5.5);
    const input = { video_url: await server.file(long), mask_video_url: await server.file(longMask) };
    const { video } = await run(ERASE, input);
    const probed = await ffprobe(await server.download(video.url, "cut.mp4"));
    assert.equal(probed.video?.frames, 150);
    const failure = await refused(ERASE, { ...input, mask_video_url: await server.file(mask), auto_trim: false });
    assert.equal(failure.getFieldErrors("video_url")[0]?.type, "video_duration_too_long");
    const other = await refused(ERASE, { mask_video_url: input.mask_video_url, auto_trim: false });
    assert.equal(other.getFieldErrors("mask_video_url")[0]?.type, "video_duration_too_long");
    assert.match(other.getFieldErrors("mask_video_url")[0]!.msg, /^The mask is longer/);
    const both = await refused(ERASE, { ...input, auto_trim: false });
    assert.match(both.getFieldErrors("video_url")[0]!.msg, /^The video is longer/);
  });

  test("a mask that marks nothing is refused", async () => {
    const black = join(server.folder, "black.mp4");
    await ffmpeg("-f", "lavfi", "-i", "color=black:s=320x180:r=30:d=1", black);
    const failure = await refused(ERASE, { mask_video_url: await server.file(black) });
    assert.match(failure.getFieldErrors("mask_video_url")[0]!.msg, /marks nothing/);
  });

  test("inpainting has the size, rate and number of frames that were asked for", async () => {
    for (const [input, size, frames, fps] of [
      [{ resolution: "480p" }, [832, 480], 81, 16],
      [
        { resolution: "480p", aspect_ratio: "9:16", match_input_num_frames: true, frames_per_second: 10 },
        [480, 832],
        SCENE.frames,
        10,
      ],
    ] as const) {
      const { video } = await run(INPAINT, { prompt: "a house", ...input });
      const probed = await ffprobe(await server.download(video.url, "inpainted.mp4"));
      assert.deepEqual([probed.video?.width, probed.video?.height], size);
      assert.equal(probed.video?.frames, frames);
      assert.equal(video.num_frames, frames);
      const times = probed.video!.times;
      for (const [n, time] of times.entries()) assert.ok(Math.abs(time - times[0]! - n / fps) < 0.002);
    }
  });

  test("a picture takes the place of what is masked, and the frames come as an archive", async () => {
    const red = join(server.folder, "red.png");
    await ffmpeg("-f", "lavfi", "-i", "color=red:s=48x48:d=1", "-frames:v", "1", red);
    const result = await run(INPAINT, {
      prompt: "a red square",
      resolution: "480p",
      match_input_num_frames: true,
      ref_image_urls: [await server.file(red, "image/png")],
      return_frames_zip: true,
    });
    const path = await server.download(result.video.url, "placed.mp4");
    const [rgb, marks] = await Promise.all([decode(path, "rgb24"), decode(mask, "gray")]);
    const [width, height, frame] = [832, 480, 20];
    // The middle of what the mask marks, on the larger picture.
    let [sumX, sumY, count] = [0, 0, 0];
    for (let i = 0; i < 320 * 180; i++) {
      if (marks[frame * 320 * 180 + i]! < 128) continue;
      sumX += i % 320;
      sumY += Math.floor(i / 320);
      count++;
    }
    const [x, y] = [Math.round((sumX / count) * 2.6), Math.round((sumY / count) * 2.667)];
    const at = (frame * width * height + y * width + x) * 3;
    assert.ok(
      rgb[at]! > rgb[at + 1]! + 80 && rgb[at]! > rgb[at + 2]! + 80,
      `${rgb.subarray(at, at + 3)} at ${x}, ${y}`,
    );
    const { frames_zip } = result as Output & { frames_zip: { url: string; content_type: string } };
    assert.equal(frames_zip.content_type, "application/zip");
    const zip = Buffer.from(await (await fetch(frames_zip.url)).arrayBuffer());
    assert.equal(zip.readUInt16LE(zip.length - 12), SCENE.frames);
  });

  test("what is wrong with a picture or a mask is told at its field", async () => {
    const text = await server.file(clip.source, "image/png");
    const picture = await refused(INPAINT, { prompt: "", ref_image_urls: [text, text] });
    assert.equal(picture.getFieldErrors("ref_image_urls").length, 1);
    const sound = join(server.folder, "sound.wav");
    await ffmpeg("-f", "lavfi", "-i", "sine=d=0.2", sound);
    const none = await refused(INPAINT, { prompt: "", ref_image_urls: [await server.file(sound, "audio/wav")] });
    const detail = none.body.detail[0]!;
    assert.deepEqual([detail.loc, detail.type], [["body", "ref_image_urls", 0], "image_load_error"]);
    const black = join(server.folder, "nothing.png");
    await ffmpeg("-f", "lavfi", "-i", "color=black:s=320x180:d=1", "-frames:v", "1", black);
    const nothing = await refused(INPAINT, {
      prompt: "",
      mask_image_url: await server.file(black, "image/png"),
      ref_image_urls: [await server.file(black, "image/png")],
      resolution: "480p",
      match_input_num_frames: true,
    });
    assert.match(nothing.getFieldErrors("mask_image_url")[0]!.msg, /marks nothing/);
  });

  test("what has no classical meaning is refused at its field", async () => {
    const picture = await server.file(clip.source, "image/png");
    for (const field of ["first_frame_url", "last_frame_url"]) {
      const failure = await refused(INPAINT, { prompt: "", [field]: picture });
      assert.equal(failure.getFieldErrors(field)[0]?.type, "feature_not_supported");
    }
  });
});
