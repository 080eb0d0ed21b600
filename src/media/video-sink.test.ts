import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sharedMedia, withoutSharedMedia } from "../../test/shared-media.ts";
import {
  handle,
  hear,
  LIMITS,
  readAll,
  testFolder,
  testFrame,
  writeBeeps,
  writeClip,
  yuv,
} from "./fixture.test.clips.ts";
import type { FrameFormat } from "./frame.ts";
import { BT709 } from "./picture.ts";
import { probe } from "./probe.ts";
import { createVideo } from "./video-sink.ts";

const FOLDER = testFolder();

const LOSSLESS: Record<string, FrameFormat> = {
  "8-bit 4:2:0": yuv(66, 50),
  "8-bit 4:2:0 full range": yuv(64, 48, { fullRange: true }),
  "8-bit 4:2:2": yuv(64, 49, { chromaShiftY: 0 }),
  "8-bit 4:4:4 of odd size": yuv(67, 49, { chromaShiftX: 0, chromaShiftY: 0 }),
  "10-bit 4:2:0": yuv(64, 48, { bitDepth: 10 }),
  "10-bit 4:4:4": yuv(64, 48, { chromaShiftX: 0, chromaShiftY: 0, bitDepth: 10 }),
};

for (const [name, format] of Object.entries(LOSSLESS)) {
  test(`lossless ${name} comes back bit by bit`, async () => {
    const path = join(FOLDER, `${name.replaceAll(/\W/g, "")}.mp4`);
    const facts = await writeClip(path, format, [0, 1, 2, 3, 4, 5, 6], { delivery: "lossless" });
    assert.deepEqual(facts, { frameCount: 7, duration: 7 / 25, fps: 25, width: format.width, height: format.height });
    const { source, frames } = await readAll(handle(path));
    assert.deepEqual(source.format, format);
    assert.equal(frames.length, 7);
    for (const [index, { frame }] of frames.entries()) assert.deepEqual(strip(frame), strip(testFrame(format, index)));
  });
}

test("12 bits become 10, and odd 4:2:0 becomes 4:4:4", async () => {
  const path = join(FOLDER, "odd.mp4");
  await writeClip(path, yuv(33, 17, { bitDepth: 12 }), [0, 1]);
  const { source } = await readAll(handle(path));
  assert.deepEqual(source.format, yuv(33, 17, { bitDepth: 10, chromaShiftX: 0, chromaShiftY: 0 }));
});

test("the same frames give the same bytes", async () => {
  const paths = ["first.mp4", "second.mp4"].map((name) => join(FOLDER, name)) as [string, string];
  const wav = join(FOLDER, "same.wav");
  await writeBeeps(wav, 1, [0.3]);
  const times = Array.from({ length: 40 }, (_, i) => i);
  for (const path of paths) await writeClip(path, yuv(320, 240), times, { audioFrom: handle(wav, "audio_url") });
  assert.ok(readFileSync(paths[0]).equals(readFileSync(paths[1])));
});

test("times, tags and aspect are carried, and uneven times stay uneven", async () => {
  const path = join(FOLDER, "uneven.mp4");
  const times = [3, 4, 9, 10, 30, 31, 32, 40];
  const facts = await writeClip(path, yuv(64, 48), times, { sampleAspect: [4, 3], timeBase: [1, 100] });
  assert.deepEqual([facts.frameCount, facts.duration], [8, 0.41]);
  const { source, frames } = await readAll(handle(path));
  const seconds = frames.map(({ pts }) => (Number(pts) * source.timeBase[0]) / source.timeBase[1]);
  // Time zero is the start of the earliest stream.
  for (const [index, time] of times.entries()) assert.ok(Math.abs(seconds[index]! - (time - 3) / 100) < 1e-4);
  assert.deepEqual(source.sampleAspect, [4, 3]);
  assert.deepEqual(
    [source.color.matrix, source.color.primaries, source.color.transfer],
    [BT709.matrix, BT709.primaries, BT709.transfer],
  );
});

test("the index stands before the pictures", async () => {
  const path = join(FOLDER, "fast.mp4");
  await writeClip(path, yuv(64, 48), [0, 1]);
  const bytes = readFileSync(path).toString("latin1");
  assert.ok(bytes.indexOf("moov") < bytes.indexOf("mdat"));
});

test("sound is kept in step, encoded where it must be and copied where it can be", async () => {
  const wav = join(FOLDER, "beeps.wav");
  await writeBeeps(wav, 3, [0.5, 2]);
  const encoded = join(FOLDER, "encoded.mp4");
  const times = Array.from({ length: 75 }, (_, i) => i);
  await writeClip(encoded, yuv(64, 48), times, { audioFrom: handle(wav) });
  const copied = join(FOLDER, "copied.mp4");
  await writeClip(copied, yuv(64, 48), times, { audioFrom: handle(encoded) });
  for (const path of [encoded, copied]) {
    const { onsets, codec } = await hear(path);
    assert.equal(codec, "aac");
    assert.equal(onsets.length, 2);
    assert.ok(Math.abs(onsets[0]! - 0.5) < 0.002 && Math.abs(onsets[1]! - 2) < 0.002, `${path} ${onsets}`);
  }
});

test("every audio track of a real clip is kept with its channels", { skip: withoutSharedMedia }, async () => {
  const path = join(FOLDER, "tracks.mp4");
  const audioFrom = handle(sharedMedia("odd/audio_only_two_51_tracks.mp4"));
  await writeClip(path, yuv(64, 48), [0, 1, 2], { audioFrom });
  for (const track of [0, 1]) assert.equal((await hear(path, track)).channels, 6);
});

test("a failed or aborted video leaves no file", async () => {
  const path = join(FOLDER, "none.mp4");
  await assert.rejects(writeClip(path, yuv(64, 48), []), /at least one frame/);
  assert.ok(!existsSync(path));
  const options = { format: yuv(64, 48), timeBase: [1, 25], color: BT709, sampleAspect: [1, 1] } as const;
  const sink = await createVideo(path, { ...options, delivery: "default" });
  await sink.write(testFrame(yuv(64, 48), 0), 0n);
  await sink.abort();
  await sink.abort();
  assert.ok(!existsSync(path));
  const broken = createVideo(path, { ...options, delivery: "default", audioFrom: handle("/nowhere"), limits: LIMITS });
  await assert.rejects(broken, { code: "audio_load_error" });
  assert.ok(!existsSync(path));
});

test("what was written is what probe says", async () => {
  const path = join(FOLDER, "probed.mp4");
  await writeClip(path, yuv(64, 48), [0, 1, 2, 3, 4]);
  const { video, audio, duration } = await probe(handle(path), LIMITS);
  assert.equal(audio, undefined);
  assert.deepEqual([duration, video?.fps, video?.frameCount, video?.codec], [0.2, 25, 5, "h264"]);
});

function strip({ planes }: ReturnType<typeof testFrame>): unknown {
  return planes.map(({ data, width, height, stride }) => ({ bytes: Buffer.from(data.buffer), width, height, stride }));
}
