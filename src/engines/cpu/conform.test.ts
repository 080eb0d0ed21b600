import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { canvasSize, timingOf } from "../../endpoints/wan-vace-canvas.ts";
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
} from "../../media/fixture.test.clips.ts";
import type { Frame, FrameFormat } from "../../media/frame.ts";
import { BT709 } from "../../media/picture.ts";
import { createVideo } from "../../media/video-sink.ts";
import type { TaskContext } from "../../media/worker-host.ts";
import type { Operations } from "../../operations/operations.ts";
import { conformTask } from "./conform.ts";

const FOLDER = testFolder();
type Params = Parameters<Operations["conform"]>[0];

async function conform(params: Partial<Params> & Pick<Params, "video">) {
  const logs: string[] = [];
  const context: TaskContext = {
    inFolder: FOLDER,
    outFolder: await mkdtemp(join(FOLDER, "out-")),
    signal: new AbortController().signal,
    progress: () => {},
    log: (level, message) => void logs.push(`${level} ${message}`),
  };
  const result = await conformTask({ keepSound: true, delivery: "lossless", ...params }, LIMITS, context);
  return { result, logs };
}

async function clip(name: string, count: number, options: Parameters<typeof writeClip>[3] = {}, format = yuv(160, 90)) {
  const path = join(FOLDER, name);
  const times = Array.from({ length: count }, (_, n) => n);
  await writeClip(path, format, times, { delivery: "lossless", timeBase: [1, 30], ...options });
  return handle(path);
}

/** A grey film: a white square that moves one pixel a frame. */
async function maskClip(name: string, count: number, width = 160, height = 90): Promise<ReturnType<typeof handle>> {
  const path = join(FOLDER, name);
  const format: FrameFormat = yuv(width, height, { fullRange: true });
  const sink = await createVideo(path, {
    format,
    timeBase: [1, 30],
    color: BT709,
    sampleAspect: [1, 1],
    delivery: "lossless",
    frameDuration: 1n,
  });
  for (let n = 0; n < count; n++) {
    const data = new Uint8Array(width * height);
    for (let y = 30; y < 50; y++) data.fill(255, y * width + 20 + n, y * width + 40 + n);
    const chroma = new Uint8Array((width * height) / 4).fill(128);
    const plane = { data: chroma, width: width / 2, height: height / 2, stride: width / 2 };
    const frame: Frame = { planes: [{ data, width, height, stride: width }, plane, plane] };
    await sink.write(frame, BigInt(n));
  }
  await sink.finish();
  return handle(path, "mask_video_url");
}

const times = ({ source, frames }: Awaited<ReturnType<typeof readAll>>): number[] =>
  frames.map(({ pts }) => (Number(pts) * source.timeBase[0]) / source.timeBase[1]);

test("what is not asked to change stays bit by bit", async () => {
  const video = await clip("same.mp4", 20);
  const { result } = await conform({ video });
  const { source, frames } = await readAll(result.video);
  assert.deepEqual([result.frameCount, result.fps, result.plan], [20, 30, { frames: 20, fps: 30, every: 1 }]);
  assert.deepEqual(source.format, yuv(160, 90));
  for (const [n, { frame }] of frames.entries()) {
    assert.ok(Buffer.from(frame.planes[0].data).equals(Buffer.from(testFrame(yuv(160, 90), n).planes[0].data)));
  }
});

test("a cut keeps uneven times, and the sound up to the end of the pictures", async () => {
  const wav = join(FOLDER, "beeps.wav");
  await writeBeeps(wav, 4, [0.5, 1.5, 2.5]);
  const path = join(FOLDER, "uneven.mp4");
  const uneven = [0, 3, 10, 20, 29, 31, 50, 58, 60, 61, 80];
  await writeClip(path, yuv(64, 48), uneven, { timeBase: [1, 30], audioFrom: handle(wav) });
  const { result } = await conform({ video: handle(path), seconds: 2 });
  const seconds = times(await readAll(result.video));
  assert.equal(seconds.length, 8);
  for (const [n, time] of seconds.entries()) assert.ok(Math.abs(time - uneven[n]! / 30) < 1e-3);
  const { onsets, end } = await hear(result.video.path);
  assert.equal(onsets.length, 2);
  assert.ok(Math.abs(onsets[0]! - 0.5) < 0.005 && Math.abs(onsets[1]! - 1.5) < 0.005, String(onsets));
  assert.ok(Math.abs(end - result.duration) < 0.03 && end < 2.2, `sound ends at ${end}, not ${result.duration}`);
});

test("a clip of five seconds sharp is not cut", async () => {
  const video = await clip("five.mp4", 150, {}, yuv(16, 16));
  assert.equal((await conform({ video, seconds: 5 })).result.frameCount, 150);
  const longer = await clip("longer.mp4", 152, {}, yuv(16, 16));
  assert.equal((await conform({ video: longer, seconds: 5 })).result.frameCount, 150);
});

test("length, rate and size are exactly what was asked for", async () => {
  const video = await clip("source.mp4", 90);
  const cases = [
    { num_frames: 81, frames_per_second: 16 },
    { num_frames: 100, frames_per_second: 30 },
    { num_frames: 81, frames_per_second: 5, match_input_frames_per_second: true },
    { num_frames: 81, frames_per_second: 5, match_input_num_frames: true },
    { num_frames: 81, frames_per_second: 5, match_input_num_frames: true, match_input_frames_per_second: true },
  ];
  const expected = [
    [81, 16],
    [100, 30],
    [81, 30],
    [90, 5],
    [90, 30],
  ];
  for (const [index, input] of cases.entries()) {
    const size = canvasSize("480p", "auto", { width: 160, height: 90, sampleAspect: [1, 1] });
    const { result } = await conform({ video, timing: timingOf(input), size: { width: 64, height: 48 } });
    const [frames, fps] = expected[index]!;
    const read = await readAll(result.video);
    assert.deepEqual([result.frameCount, result.fps, read.frames.length], [frames, fps, frames], `case ${index}`);
    assert.deepEqual([read.source.format.width, read.source.format.height], [64, 48]);
    assert.deepEqual(size, { width: 832, height: 480 });
    const seconds = times(read);
    for (const [n, time] of seconds.entries()) assert.ok(Math.abs(time - n / fps!) < 1e-3, `frame ${n} at ${time}`);
  }
});

test("frames left out for interpolation reach the end, at their own times", async () => {
  const video = await clip("thin.mp4", 90);
  const timing = timingOf({ num_frames: 81, frames_per_second: 30, temporal_downsample_factor: 2 });
  const { result } = await conform({ video, timing });
  assert.deepEqual(result.plan, { frames: 81, fps: 30, every: 3 });
  assert.equal(result.frameCount, 28);
  const seconds = times(await readAll(result.video));
  for (const [n, time] of seconds.entries()) assert.ok(Math.abs(time - n / 10) < 1e-3);
});

test("a canvas of another shape is filled from the middle, with square pixels", async () => {
  const format = yuv(160, 90);
  const video = await clip("wide.mp4", 3, { sampleAspect: [2, 1] }, format);
  const { result } = await conform({ video, size: { width: 64, height: 64 } });
  const { source, frames } = await readAll(result.video);
  assert.deepEqual(source.sampleAspect, [1, 1]);
  // 160 pixels twice as wide as high show 90 of them in a square: 44 or 46 columns about the middle.
  const luma = frames[0]!.frame.planes[0].data;
  const from = testFrame(format, 0).planes[0].data;
  const mean = (data: ArrayLike<number>, width: number, x0: number, x1: number, height: number): number => {
    let sum = 0;
    for (let y = 0; y < height; y++) for (let x = x0; x < x1; x++) sum += data[y * width + x]!;
    return sum / ((x1 - x0) * height);
  };
  assert.ok(Math.abs(mean(luma, 64, 0, 64, 64) - mean(from, 160, 58, 102, 90)) < 4);
});

test("a mask is cut, retimed and resized with its video", async () => {
  const video = await clip("masked.mp4", 90);
  const mask = await maskClip("mask.mp4", 90);
  const timing = timingOf({ num_frames: 81, frames_per_second: 15 });
  const size = { width: 80, height: 48 };
  const { result } = await conform({ video, mask: { media: mask, polarity: "white-removes" }, timing, size });
  assert.deepEqual(result.mask?.loc, ["body", "mask_video_url"]);
  const { source, frames } = await readAll(result.mask!);
  assert.equal(frames.length, result.frameCount);
  assert.deepEqual([source.format.width, source.format.height], [80, 48]);
  for (const [n, { frame }] of frames.entries()) {
    const shown = Math.min(89, n * 2);
    const { data } = frame.planes[0];
    const marked = Array.from(data.entries()).filter(([, level]) => level > 127);
    assert.ok(marked.every(([, level]) => level === 255));
    const columns = marked.map(([at]) => at % 80);
    // The source is cropped to 150x90 and halved: columns (20 + shown - 5) / 2 and on.
    assert.ok(Math.abs(Math.min(...columns) - (15 + shown) * (80 / 150)) <= 1.01, `frame ${n}`);
    assert.ok(Math.abs(Math.max(...columns) - (34 + shown) * (80 / 150)) <= 1.01, `frame ${n}`);
  }
});

test("a mask of four levels keeps its meaning", async () => {
  const video = await clip("void.mp4", 5);
  const mask = await clip("levels.mp4", 5, { delivery: "lossless" }, yuv(160, 90, { fullRange: true }));
  const { result } = await conform({ video, mask: { media: mask, polarity: "void" } });
  const { frames } = await readAll(result.mask!);
  const given = testFrame(yuv(160, 90), 0).planes[0].data;
  const got = frames[0]!.frame.planes[0].data;
  for (const [at, level] of given.entries()) {
    assert.equal(got[at], level <= 95 ? 0 : level <= 191 ? 127 : 255);
  }
});

test("a source that is too short is held, and the caller is told", async () => {
  const video = await clip("short.mp4", 10);
  const { result, logs } = await conform({ video, timing: { frames: 81, fps: 16, every: 1 } });
  assert.equal(result.frameCount, 81);
  assert.match(logs.join("\n"), /WARN The video is too short .* the last 7\d of 81/);
});

test("sound stays only where the pictures run at the source's speed", async () => {
  const wav = join(FOLDER, "speed.wav");
  await writeBeeps(wav, 3, [0.5]);
  const video = await clip("sound.mp4", 90, { audioFrom: handle(wav) });
  const real = await conform({ video, timing: { frames: 81, fps: 16, every: 1 } });
  const { onsets } = await hear(real.result.video.path);
  assert.ok(Math.abs(onsets[0]! - 0.5) < 0.005);
  const stretched = await conform({ video, timing: { frames: "input", fps: 10, every: 1 } });
  await assert.rejects(hear(stretched.result.video.path), /no audio/);
  const dropped = await conform({ video, keepSound: false });
  await assert.rejects(hear(dropped.result.video.path), /no audio/);
});
