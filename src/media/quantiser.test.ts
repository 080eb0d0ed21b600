import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  AV_VIDEO_ENC_PARAMS_H264,
  AV_VIDEO_ENC_PARAMS_MPEG2,
  AV_VIDEO_ENC_PARAMS_NONE,
  AV_VIDEO_ENC_PARAMS_VP9,
} from "node-av/constants";
import { handle, readAll, testFolder, writeClip, yuv } from "./fixture.test.clips.ts";
import { readQuantiser } from "./quantiser.ts";

/** An AVVideoEncParams with blocks of `[width, height, difference]`. */
function parameters(type: number, quantiser: number, blocks: readonly (readonly [number, number, number])[]): Buffer {
  const data = Buffer.alloc(64 + 20 * blocks.length);
  data.writeUInt32LE(blocks.length, 0);
  data.writeBigUInt64LE(64n, 8);
  data.writeBigUInt64LE(20n, 16);
  data.writeInt32LE(type, 24);
  data.writeInt32LE(quantiser, 28);
  for (const [i, [width, height, difference]] of blocks.entries()) {
    for (const [k, value] of [0, 0, width, height, difference].entries()) data.writeInt32LE(value, 64 + 20 * i + 4 * k);
  }
  return data;
}

test("a picture's quantiser is its blocks' mean by area, on H.264's scale", () => {
  const blocks = [
    [16, 16, 4],
    [32, 16, -2],
  ] as const;
  assert.equal(readQuantiser(parameters(AV_VIDEO_ENC_PARAMS_H264, 30, blocks)), 30);
  assert.equal(readQuantiser(parameters(AV_VIDEO_ENC_PARAMS_H264, 30, [])), 30);
  assert.equal(readQuantiser(parameters(AV_VIDEO_ENC_PARAMS_MPEG2, 0, [[16, 16, 16]])), 28);
  const vp9 = [0, 128, 255].map((index) => readQuantiser(parameters(AV_VIDEO_ENC_PARAMS_VP9, index, []))!);
  assert.ok(vp9[0]! < 18 && vp9[1]! > 28 && vp9[1]! < 34 && vp9[2]! > 45);
});

test("what is not whole, or of an unknown kind, says nothing", () => {
  const whole = parameters(AV_VIDEO_ENC_PARAMS_H264, 30, [[16, 16, 0]]);
  assert.equal(readQuantiser(whole.subarray(0, 40)), undefined);
  assert.equal(readQuantiser(whole.subarray(0, 70)), undefined);
  whole.writeUInt32LE(2 ** 32 - 1, 0);
  assert.equal(readQuantiser(whole), undefined);
  assert.equal(readQuantiser(parameters(AV_VIDEO_ENC_PARAMS_NONE, 30, [])), undefined);
});

test("frames of H.264 come with their quantiser", async () => {
  const path = join(testFolder(), "clip.mp4");
  await writeClip(path, yuv(64, 48), [0, 1, 2, 3]);
  const { frames } = await readAll(handle(path));
  assert.equal(frames.length, 4);
  for (const { quantiser } of frames)
    assert.ok(quantiser !== undefined && quantiser > 0 && quantiser < 52, `${quantiser}`);
});
