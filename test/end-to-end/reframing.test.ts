/** Reframing and outpainting by the official client against a whole server, on clips made here and on odd ones. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { ApiError, type ValidationError } from "@fal-ai/client";
import { renderSceneFiles } from "../../src/samples/render.ts";
import { decode, ffprobe, psnr, withoutFfmpeg } from "../ffmpeg.ts";
import { sharedMedia, withoutSharedMedia } from "../shared-media.ts";
import { startTestServer, type TestServer } from "./server.ts";

const SCENE = { width: 320, height: 180, frames: 12, shake: 0, pan: 120, noise: 1, seed: 7 };
const VACE = "fal-ai/wan-vace-14b";
const LUMA = "fal-ai/luma-dream-machine/ray-2/reframe";
type Output = {
  video: { url: string; width?: number; height?: number; num_frames?: number; fps?: number };
  seed?: number;
  prompt?: string;
};

async function ffmpeg(...args: string[]): Promise<void> {
  await promisify(execFile)("ffmpeg", ["-v", "error", "-y", ...args]);
}

describe("reframing and outpainting", { skip: withoutFfmpeg }, () => {
  let server: TestServer;
  /** The scene without its ball, 320x180, 30 frames/s, with a tone. */
  let clip: string;
  before(async () => {
    server = await startTestServer();
    const { truth } = await renderSceneFiles(SCENE, server.folder);
    clip = join(server.folder, "clip.mp4");
    await ffmpeg("-i", truth, "-f", "lavfi", "-i", "sine=d=0.4", "-shortest", "-c:v", "copy", clip);
  });
  after(() => server.close());

  const run = async (endpoint: string, input: Record<string, unknown>, path = clip, type?: string): Promise<Output> => {
    const { data } = await server.fal.subscribe(endpoint, {
      input: { video_url: await server.file(path, type), ...input },
    });
    return data as Output;
  };
  const result = async (output: Output, name: string) => {
    const path = await server.download(output.video.url, name);
    return { path, ...(await ffprobe(path)) };
  };
  const refused = async (endpoint: string, input: Record<string, unknown>): Promise<ValidationError> => {
    const failure = await run(endpoint, input).then(
      () => assert.fail("it was accepted"),
      (error: unknown) => error,
    );
    assert.ok(failure instanceof ApiError && failure.status === 422, String(failure));
    return failure as ValidationError;
  };

  const rows: [string, Record<string, unknown>, size: [number, number], frames: number, fps: number][] = [
    [`${VACE}/reframe`, { resolution: "480p", aspect_ratio: "9:16" }, [480, 832], 12, 30],
    [
      `${VACE}/reframe`,
      { resolution: "480p", aspect_ratio: "1:1", temporal_downsample_factor: 2, num_interpolated_frames: 1 },
      [624, 624],
      23,
      60,
    ],
    [`${VACE}/reframe`, { resolution: "480p", zoom_factor: 0.3, match_input_num_frames: false }, [832, 480], 81, 30],
    [
      `${VACE}/outpainting`,
      { prompt: "a street", resolution: "480p", expand_left: true, expand_right: true, match_input_num_frames: true },
      [1024, 384],
      12,
      16,
    ],
    [
      VACE,
      { prompt: "", task: "reframe", resolution: "480p", num_frames: 81, frames_per_second: 5 },
      [832, 480],
      81,
      5,
    ],
    [VACE, { prompt: "", task: "outpainting", resolution: "480p", match_input_num_frames: true }, [832, 480], 12, 16],
  ];
  for (const [endpoint, input, size, frames, fps] of rows) {
    test(`${endpoint} ${JSON.stringify(input)}`, async () => {
      const output = await run(endpoint, { seed: 5, ...input });
      const { video } = await result(output, "made.mp4");
      assert.deepEqual([video?.width, video?.height], size);
      assert.equal(video?.frames, frames);
      for (const [n, time] of video!.times.entries()) assert.ok(Math.abs(time - n / fps) < 0.002, `${n}: ${time}`);
      const { video: told } = output;
      assert.deepEqual([told.width, told.height, told.num_frames], [...size, frames]);
      assert.ok(Math.abs(told.fps! - fps) < 0.01);
      assert.equal(output.seed, 5);
    });
  }

  test("Luma: the source where the coordinates say, with its sound, and what the pan shows beside it", async () => {
    // The scene's own picture, cut to its middle, and the same room given back.
    const cut = join(server.folder, "cut.mp4");
    await ffmpeg("-i", clip, "-vf", "crop=180:180:70:0", "-qp", "0", "-c:a", "copy", cut);
    const edges = { x_start: 280, x_end: 1000, y_start: 0, y_end: 720 };
    const output = await run(LUMA, { aspect_ratio: "16:9", ...edges, reshoot_output: "lossless" }, cut);
    const made = await result(output, "luma.mp4");
    assert.deepEqual([made.video?.width, made.video?.height, made.video?.frames], [1280, 720, 12]);
    assert.ok(made.audio && Math.abs(made.audio.duration - 0.4) < 0.1);
    assert.deepEqual(Object.keys(output), ["video"]);
    const small = join(server.folder, "small.mp4");
    await ffmpeg("-i", made.path, "-vf", "scale=320:180:flags=area", "-qp", "0", small);
    const [own, truth] = await Promise.all([decode(small, "gray"), decode(clip, "gray")]);
    const inside = (i: number): boolean => i % 320 >= 76 && i % 320 < 244;
    assert.ok(psnr(own!, truth!, inside) > 34, `inside ${psnr(own!, truth!, inside)}`);
    // In the first frame everything up to 100 pixels on the right is seen later.
    const later = (i: number): boolean => i < 320 * 180 && i % 320 >= 256 && i % 320 < 312;
    assert.ok(psnr(own!, truth!, later) > 26, `beside ${psnr(own!, truth!, later)}`);
  });

  test("black bars are cut off and painted over", async () => {
    const boxed = join(server.folder, "boxed.mp4");
    await ffmpeg("-i", clip, "-vf", "pad=320:240:0:30:black", "-qp", "0", boxed);
    const brightest = async (trim: boolean): Promise<number> => {
      const input = { resolution: "480p", trim_borders: trim, reshoot_output: "lossless" };
      const { path } = await result(await run(`${VACE}/reframe`, input, boxed), "trimmed.mp4");
      const luma = await decode(path, "gray");
      return Math.max(...luma.subarray(10 * 736, 12 * 736));
    };
    assert.ok((await brightest(false)) < 24);
    assert.ok((await brightest(true)) > 50);
  });

  test("the same input gives the same bytes", async () => {
    const input = { resolution: "480p", aspect_ratio: "9:16", zoom_factor: 0.5 };
    const [one, two] = await Promise.all(
      ["one.mp4", "two.mp4"].map(async (name) => {
        const { path } = await result(await run(`${VACE}/reframe`, input), name);
        return decode(path, "yuv420p");
      }),
    );
    assert.ok(one!.equals(two!));
  });

  test("what has no classical meaning, or no sense, is refused at its field", async () => {
    const picture = await server.file(clip, "image/png");
    for (const [endpoint, field, input] of [
      [`${VACE}/reframe`, "first_frame_url", {}],
      [`${VACE}/outpainting`, "last_frame_url", { prompt: "" }],
      [LUMA, "image_url", { aspect_ratio: "1:1" }],
    ] as const) {
      const failure = await refused(endpoint, { ...input, [field]: picture });
      assert.equal(failure.getFieldErrors(field)[0]?.type, "feature_not_supported");
    }
    const outside = await refused(LUMA, { aspect_ratio: "1:1", x_start: 1000 });
    assert.equal(outside.getFieldErrors("x_start")[0]?.type, "less_than_equal");
  });

  describe("odd clips", { skip: withoutSharedMedia }, () => {
    const clips: Readonly<Record<string, { frames: number; size: [number, number]; pixels?: string; type?: string }>> =
      {
        "hdr10_pq_main10.mp4": { frames: 50, size: [832, 480], pixels: "yuv420p10le" },
        "newtonscradle.gif": { frames: 36, size: [736, 544], type: "image/gif" },
        "nom de fichier (1) é.mp4": { frames: 60, size: [832, 480] },
        "odd_dims_yuv444.mp4": { frames: 60, size: [832, 480], pixels: "yuv444p" },
        "oneframe.mp4": { frames: 1, size: [832, 480] },
        "prores422.mov": { frames: 24, size: [832, 480], pixels: "yuv422p10le", type: "video/quicktime" },
        "rotate-90_fragmented_51audio.mp4": { frames: 45, size: [480, 832] },
        "sar_2x1.mp4": { frames: 150, size: [1184, 336] },
        "vfr_juggle.mp4": { frames: 76, size: [832, 480] },
      };
    for (const [name, { frames, size, pixels = "yuv420p", type }] of Object.entries(clips)) {
      test(name, async () => {
        const source = sharedMedia(`odd/${name}`);
        const output = await run(`${VACE}/reframe`, { resolution: "480p", trim_borders: false }, source, type);
        const [before, { video }] = [await ffprobe(source), await result(output, "odd.mp4")];
        assert.deepEqual([video?.width, video?.height, video?.sampleAspect], [...size, "1:1"]);
        assert.deepEqual([video?.frames, video?.pixelFormat], [frames, pixels]);
        const end = before.video!.times.at(-1)! - before.video!.times[0]!;
        assert.ok(Math.abs(video!.times.at(-1)! - video!.times[0]! - end) < 0.05);
      });
    }
  });
});
