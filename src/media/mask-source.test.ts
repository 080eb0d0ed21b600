import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { sharedMedia, withoutSharedMedia } from "../../test/shared-media.ts";
import { handle, LIMITS, testFolder, yuv } from "./fixture.test.clips.ts";
import type { Frame, FrameFormat } from "./frame.ts";
import { savePng } from "./image.ts";
import { type MaskFrame, openMask } from "./mask-source.ts";
import { BT709 } from "./picture.ts";
import { createVideo } from "./video-sink.ts";

const FOLDER = testFolder();
const LEVELS = [0, 63, 127, 255];

/** Four upright bars of the quadmask's levels. */
function bars(format: FrameFormat): Frame {
  const { width, height } = format;
  const limited = (level: number): number => (format.fullRange ? level : 16 + Math.round((level * 219) / 255));
  const data = Uint8Array.from({ length: width * height }, (_, i) =>
    limited(LEVELS[Math.floor(((i % width) * 4) / width)]!),
  );
  const w = width >> 1;
  const chroma = { data: new Uint8Array(w * (height >> 1)).fill(128), width: w, height: height >> 1, stride: w };
  return { planes: [{ data, width, height, stride: width }, chroma, chroma] };
}

async function readMask(
  path: string,
  width: number,
  height: number,
  type = "video/mp4",
): Promise<{ isStill: boolean; masks: MaskFrame[] }> {
  const source = await openMask(handle(path, "mask_url", type), { width, height }, LIMITS);
  const masks: MaskFrame[] = [];
  for await (const mask of source.frames()) masks.push(mask);
  await source.close();
  return { isStill: source.isStill, masks };
}

for (const fullRange of [false, true]) {
  test(`levels of a ${fullRange ? "full" : "limited"} range video arrive within one, at the video's size`, async () => {
    const path = join(FOLDER, `mask-${fullRange}.mp4`);
    const format = yuv(64, 32, { fullRange });
    const sink = await createVideo(path, {
      format,
      timeBase: [1, 10],
      color: BT709,
      sampleAspect: [1, 1],
      delivery: "lossless",
    });
    for (const pts of [0n, 1n, 2n]) await sink.write(bars(format), pts);
    await sink.finish();
    const { isStill, masks } = await readMask(path, 128, 48);
    assert.ok(!isStill);
    assert.deepEqual(
      masks.map(({ pts }) => pts),
      [0, 0.1, 0.2],
    );
    for (const { levels } of masks) {
      assert.equal(levels.length, 128 * 48);
      for (const [i, level] of levels.entries()) {
        const wanted = LEVELS[Math.floor(((i % 128) * 4) / 128)]!;
        assert.ok(Math.abs(level - wanted) <= (fullRange ? 0 : 1), `${level} instead of ${wanted}`);
      }
    }
  });
}

test("a PNG's greys arrive exactly", async () => {
  const path = join(FOLDER, "mask.png");
  await savePng(path, bars(yuv(64, 32, { fullRange: true })), yuv(64, 32, { fullRange: true }));
  const { isStill, masks } = await readMask(path, 64, 32, "image/png");
  assert.ok(isStill);
  assert.equal(masks.length, 1);
  assert.deepEqual(
    [...masks[0]!.levels.subarray(0, 64)],
    Array.from({ length: 64 }, (_, x) => LEVELS[x >> 4]),
  );
});

test("a real quadmask has its four levels and no other", { skip: withoutSharedMedia }, async () => {
  const { masks } = await readMask(sharedMedia("removal/or_pillow_mask_void.mp4"), 960, 540);
  assert.equal(masks.length, 62);
  const seen = new Set(masks.flatMap(({ levels }) => [...new Set(levels)]));
  for (const level of seen)
    assert.ok(
      LEVELS.some((wanted) => Math.abs(wanted - level) <= 1),
      `${level}`,
    );
});

test("what is no mask names the field", { skip: withoutSharedMedia }, async () => {
  const named = (code: string) => (error: { code: string; issues: { loc: unknown }[] }) => {
    assert.deepEqual([error.code, error.issues[0]?.loc], [code, ["body", "mask_url"]]);
    return true;
  };
  await assert.rejects(
    readMask(sharedMedia("malformed/mask_huge_header.png"), 8, 8, "image/png"),
    named("image_too_large"),
  );
  await assert.rejects(readMask(sharedMedia("malformed/zero_bytes.mp4"), 8, 8), named("video_load_error"));
  await assert.rejects(
    readMask(sharedMedia("malformed/text_renamed.mp4"), 8, 8, "image/png"),
    named("unsupported_image_format"),
  );
  await assert.rejects(readMask(sharedMedia("speech/speech1.wav"), 8, 8), named("video_load_error"));
});
