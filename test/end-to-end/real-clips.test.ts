/** Object removal on real clips with exact ground truth, through the official client. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { decode, ffprobe, psnr, withoutFfmpeg } from "../ffmpeg.ts";
import { sharedMedia, withoutSharedMedia } from "../shared-media.ts";
import { startTestServer, type TestServer } from "./server.ts";

/** Decibels inside the mask that each clip must reach. */
const FLOORS = { static: 38, handheld: 33 } as const;

describe("removal on real clips", { skip: withoutSharedMedia || withoutFfmpeg }, () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  for (const [name, floor] of Object.entries(FLOORS)) {
    test(`or_gt_${name} reaches ${floor} dB inside the mask and changes nothing far from it`, async () => {
      const clip = (part: string): string => sharedMedia(`removal/or_gt_${name}${part}.mp4`);
      const { data } = await server.fal.subscribe("fal-ai/void-video-inpainting", {
        input: {
          video_url: await server.file(clip("")),
          quad_mask_video_url: await server.file(clip("_mask_void")),
          prompt: "",
          reshoot_output: "lossless",
        } as never,
      });
      const path = await server.download((data as { video: { url: string } }).video.url, `${name}.mp4`);
      const [source, result, truth, mask] = await Promise.all(
        [clip(""), path, clip("_gt"), clip("_mask")].map((file) => decode(file, "gray")),
      );
      assert.equal(result!.length, source!.length);
      const inside = psnr(result!, truth!, (index) => mask![index]! >= 128);
      assert.ok(inside >= floor, `${inside.toFixed(2)} dB`);
      const far = distanceMap(mask!, 640, 360, 24);
      assert.equal(
        psnr(result!, source!, (index) => far[index] === 1),
        Number.POSITIVE_INFINITY,
      );
      const { video } = await ffprobe(path);
      assert.deepEqual([video?.width, video?.height, video?.frames], [640, 360, 60]);
    });
  }
});

/** 1 where no masked pixel of the frame is within `radius` pixels, horizontally and vertically. */
function distanceMap(mask: Uint8Array, width: number, height: number, radius: number): Uint8Array {
  const far = new Uint8Array(mask.length).fill(1);
  const frame = width * height;
  for (let start = 0; start < mask.length; start += frame) {
    let [left, right, top, bottom] = [width, -1, height, -1];
    for (let at = 0; at < frame; at++) {
      if (mask[start + at]! < 128) continue;
      const x = at % width;
      const y = (at - x) / width;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
    for (let y = Math.max(0, top - radius); y <= Math.min(height - 1, bottom + radius); y++) {
      far.fill(
        0,
        start + y * width + Math.max(0, left - radius),
        start + y * width + Math.min(width, right + radius + 1),
      );
    }
  }
  return far;
}
