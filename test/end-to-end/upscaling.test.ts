/** The upscaler through the official client: every scale, its limits, and better than Lanczos on real clips. */
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
const LOSSLESS = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast"];

describe("upscaling", { skip: withoutFfmpeg }, () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  const ffmpeg = (...args: string[]) => run("ffmpeg", ["-v", "error", "-y", "-threads", "1", ...args]);
  const enlarge = async (path: string, more: object): Promise<string> => {
    const input = { video_url: await server.file(path), ...more };
    const { data } = await server.fal.subscribe("fal-ai/video-upscaler", { input: input as never });
    return server.download((data as { video: { url: string } }).video.url, "upscaled.mp4");
  };
  const pattern = async (name: string, size: string, format: string): Promise<string> => {
    const path = join(server.folder, `${name}.mp4`);
    await ffmpeg(
      "-f",
      "lavfi",
      "-i",
      `testsrc2=s=${size}:r=10:d=0.4`,
      "-s",
      size,
      "-pix_fmt",
      format,
      ...LOSSLESS,
      path,
    );
    return path;
  };

  for (const [scale, width, height] of [
    [undefined, 192, 128],
    [1, 96, 64],
    [1.01, 96, 64],
    [1.37, 132, 88],
    [3, 288, 192],
    [4, 384, 256],
    [8, 768, 512],
  ] as const) {
    test(`a scale of ${scale ?? "nothing in particular"} makes 96x64 ${width}x${height}`, async () => {
      const path = await enlarge(await pattern("even", "96x64", "yuv420p"), scale === undefined ? {} : { scale });
      const { video } = await ffprobe(path);
      assert.deepEqual([video?.width, video?.height, video?.frames], [width, height, 4]);
    });
  }

  for (const [format, size, expected] of [
    ["yuv420p10le", "98x62", [147, 93]],
    ["yuv422p", "98x62", [148, 93]],
    ["yuv444p", "97x63", [146, 95]],
    ["yuv420p", "16x16", [24, 24]],
  ] as const) {
    test(`${format} of ${size} stays ${format}`, async () => {
      const { video } = await ffprobe(await enlarge(await pattern("odd", size, format), { scale: 1.5 }));
      const even = format.startsWith("yuv420p") ? expected.map((side) => 2 * Math.round(side / 2)) : expected;
      assert.deepEqual([video?.width, video?.height, video?.pixelFormat], [...even, format]);
    });
  }

  test("a scale of 1 without loss gives the very same samples", async () => {
    const source = await pattern("same", "96x64", "yuv420p");
    const result = await enlarge(source, { scale: 1, reshoot_output: "lossless" });
    assert.deepEqual(await decode(result, "yuv420p"), await decode(source, "yuv420p"));
  });

  test("a result that would be too large is refused at its field", async () => {
    const source = await pattern("large", "1280x720", "yuv420p");
    const failure = await enlarge(source, { scale: 8 }).then(
      () => assert.fail("it was accepted"),
      (error: unknown) => error,
    );
    assert.ok(failure instanceof ApiError && failure.status === 422);
    assert.ok(failure instanceof ValidationError);
    const [issue] = failure.getFieldErrors("video_url");
    assert.equal(issue?.type, "image_too_large");
  });

  for (const [name, floor] of [
    ["pan60", 1],
    ["juggle_24", 0.2],
  ] as const) {
    test(`${name}: at least ${floor} dB above Lanczos`, { skip: withoutSharedMedia }, async () => {
      const clip = sharedMedia(`motion/${name}.mp4`);
      const [truth, small, lanczos] = ["truth", "small", "lanczos"].map((part) => join(server.folder, `${part}.mp4`));
      await ffmpeg("-i", clip, "-frames:v", "6", ...LOSSLESS, truth!);
      await ffmpeg("-i", truth!, "-vf", "scale=iw/2:ih/2:flags=area", ...LOSSLESS, small!);
      await ffmpeg("-i", small!, "-vf", "scale=iw*2:ih*2:flags=lanczos", ...LOSSLESS, lanczos!);
      const result = await enlarge(small!, { scale: 2, reshoot_output: "lossless" });
      const [real, own, rival] = await Promise.all([truth!, result, lanczos!].map((path) => decode(path, "gray")));
      const gain = psnr(own!, real!, () => true) - psnr(rival!, real!, () => true);
      assert.ok(gain >= floor, `${gain.toFixed(2)} dB`);
    });
  }
});
