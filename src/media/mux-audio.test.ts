import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { sharedMedia, withoutSharedMedia } from "../../test/shared-media.ts";
import type { ProducedVideo } from "../operations/operations.ts";
import { handle, hear, LIMITS, readAll, testFolder, writeBeeps, writeClip, yuv } from "./fixture.test.clips.ts";
import { muxAudio } from "./mux-audio.ts";
import { probe } from "./probe.ts";

const FOLDER = testFolder();
const FORMAT = yuv(64, 48);
const VIDEO = join(FOLDER, "video.mp4");
const WAV = join(FOLDER, "sound.wav");
/** A video of one second with sound of its own, as source of either. */
const SOUNDING = join(FOLDER, "sounding.mp4");

let count = 0;
async function mux(video: string, audio: string, startOffset = 0): Promise<ProducedVideo> {
  const folder = join(FOLDER, String(count++));
  mkdirSync(folder);
  const params = { video: handle(video), audio: handle(audio, "audio_url"), startOffset, delivery: "default" } as const;
  const context = { signal: new AbortController().signal, progress: () => {}, log: () => {} };
  return muxAudio(params, folder, LIMITS, context);
}

function near(actual: number | undefined, wanted: number, tolerance: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - wanted) <= tolerance, `${actual} instead of ${wanted}`);
}

before(async () => {
  const times = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
  await writeBeeps(WAV, 4, [0.5, 1.5, 3.5]);
  await writeClip(VIDEO, FORMAT, times(75));
  await writeClip(SOUNDING, FORMAT, times(25), { audioFrom: handle(WAV) });
});

describe("sound is placed to the millisecond", () => {
  // Sound file, offset, what is heard when, end of the last sound.
  const table: readonly (readonly [string, number, readonly number[], number])[] = [
    ["encoded", 0, [0.5, 1.5], 3],
    ["encoded", 1.1, [1.6, 2.6], 3],
    ["encoded", -1, [0.5, 2.5], 3],
    ["copied", 0, [0.5, 1.5], 3],
    ["copied", 1.1, [1.6, 2.6], 3],
    ["copied", -1, [0.5, 2.5], 3],
    ["copied", -3, [0.5], 1],
  ];
  for (const [way, offset, heard, end] of table) {
    test(`${way}, offset ${offset}`, async () => {
      const made = await mux(VIDEO, way === "encoded" ? WAV : SOUNDING, offset);
      assert.deepEqual([made.frameCount, made.duration, made.fps, made.width, made.height], [75, 3, 25, 64, 48]);
      assert.deepEqual([made.video.contentType, made.video.fileName], ["video/mp4", "video.mp4"]);
      const sound = await hear(made.video.path);
      assert.equal(sound.onsets.length, heard.length, `${sound.onsets}`);
      for (const [index, at] of heard.entries()) near(sound.onsets[index], at, 0.002);
      // The decoder hands out the last packet whole; the file's own duration is exact.
      near(sound.end, end, 0.022);
      near((await probe(made.video, LIMITS)).duration, 3, 0.001);
    });
  }
});

test("shorter sound leaves silence and the whole video", async () => {
  const short = join(FOLDER, "short.wav");
  await writeBeeps(short, 0.4, [0.1]);
  const made = await mux(VIDEO, short);
  near((await probe(made.video, LIMITS)).duration, 3, 0.001);
  near((await hear(made.video.path)).end, 0.4, 0.022);
});

test("the pictures are the same bits, and the video's own sound is replaced", async () => {
  const silent = join(FOLDER, "silent.wav");
  await writeBeeps(silent, 1, []);
  const made = await mux(SOUNDING, silent);
  assert.deepEqual((await hear(made.video.path)).onsets, []);
  const [before, after] = [await readAll(handle(SOUNDING)), await readAll(made.video)];
  assert.deepEqual(
    after.frames.map(({ frame }) => frame),
    before.frames.map(({ frame }) => frame),
  );
  assert.deepEqual(after.source.color, before.source.color);
});

test("six channels stay six", async () => {
  const surround = join(FOLDER, "surround.wav");
  await writeBeeps(surround, 1, [0.2], 6);
  assert.equal((await hear((await mux(VIDEO, surround)).video.path)).channels, 6);
});

test("an offset beyond the video's end leaves the video alone", async () => {
  const made = await mux(VIDEO, WAV, 10);
  assert.equal(made.frameCount, 75);
  assert.equal((await readAll(made.video)).frames.length, 75);
});

test("what has no picture or no sound names its field", async () => {
  const loc = (field: string) => (error: { issues: { loc: unknown }[] }) => {
    assert.deepEqual(error.issues[0]?.loc, ["body", field]);
    return true;
  };
  await assert.rejects(mux(WAV, WAV), loc("video_url"));
  await assert.rejects(mux(VIDEO, VIDEO), loc("audio_url"));
});

test("an abort stops the work", async () => {
  const context = { signal: AbortSignal.abort(new Error("stop")), progress: () => {}, log: () => {} };
  const params = { video: handle(VIDEO), audio: handle(WAV), startOffset: 0, delivery: "default" } as const;
  await assert.rejects(muxAudio(params, FOLDER, LIMITS, context), /stop/);
});

describe("real clips", { skip: withoutSharedMedia }, () => {
  const SPEECH = sharedMedia("speech/speech2.mp3");
  // Source, container, codecs, frames (ffprobe -count_frames), size as displayed.
  const table: readonly (readonly [string, string, string, string, number, number, number])[] = [
    ["odd/alpha_vp9_60fps.webm", "matroska,webm", "vp9", "opus", 541, 1280, 720],
    ["odd/newtonscradle.gif", "mov,mp4,m4a,3gp,3g2,mj2", "h264", "mp3", 36, 200, 150],
    ["odd/prores422.mov", "mov,mp4,m4a,3gp,3g2,mj2", "prores", "mp3", 24, 640, 360],
    ["odd/rotate-90_fragmented_51audio.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "h264", "mp3", 45, 1080, 1920],
    ["odd/vfr_juggle.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "h264", "mp3", 76, 640, 360],
    ["odd/sar_2x1.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "h264", "mp3", 150, 640, 360],
    ["odd/hdr10_pq_main10.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "hevc", "mp3", 50, 960, 540],
  ];
  for (const [name, container, codec, audioCodec, frames, width, height] of table) {
    test(name, async () => {
      const source = handle(sharedMedia(name));
      const made = await mux(source.path, SPEECH);
      assert.deepEqual([made.frameCount, made.width, made.height], [frames, width, height]);
      const [before, after] = [await probe(source, LIMITS), await probe(made.video, LIMITS)];
      assert.equal(after.container, container);
      assert.deepEqual([after.video?.codec, after.audio?.codec], [codec, audioCodec]);
      assert.equal(after.video?.rotation, before.video?.rotation);
      assert.deepEqual(after.video?.sampleAspect, before.video?.sampleAspect);
      near(after.duration, made.duration, 0.03);
    });
  }

  test("uneven timing is kept", async () => {
    const source = handle(sharedMedia("odd/vfr_juggle.mp4"));
    const made = await mux(source.path, SPEECH);
    const seconds = ({ source: { timeBase }, frames }: Awaited<ReturnType<typeof readAll>>): number[] =>
      frames.map(({ pts }) => (Number(pts) * timeBase[0]) / timeBase[1]);
    const [before, after] = [seconds(await readAll(source)), seconds(await readAll(made.video))];
    for (const [index, time] of before.entries()) near(after[index], time - before[0]!, 1e-4);
  });

  test("alpha survives", async () => {
    const made = await mux(sharedMedia("odd/alpha_vp9_60fps.webm"), SPEECH);
    const { hasAlpha } = (await readAll(made.video, { ...LIMITS, inputSeconds: 60 })).source;
    assert.ok(hasAlpha);
  });
});
