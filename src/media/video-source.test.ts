import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { withoutFfmpeg } from "../../test/ffmpeg.ts";
import { sharedMedia, withoutSharedMedia } from "../../test/shared-media.ts";
import type { ErrorCode } from "../errors.ts";
import { handle, LIMITS, readAll, testFolder, writeBeeps, writeClip, yuv } from "./fixture.test.clips.ts";
import { probe } from "./probe.ts";
import { openVideo } from "./video-source.ts";

const FOLDER = testFolder();

/** Size as displayed, pictures that decode (`ffprobe -count_frames`), depth, chroma shifts, rotation. */
const ODD: Record<string, readonly [number, number, number, number, string, number]> = {
  "alpha_vp9_60fps.webm": [1280, 720, 541, 8, "1,1", 0],
  "hdr10_pq_main10.mp4": [960, 540, 50, 10, "1,1", 0],
  "newtonscradle.gif": [200, 150, 36, 8, "1,1", 0],
  "nom de fichier (1) é.mp4": [320, 180, 60, 8, "1,1", 0],
  "odd_dims_yuv444.mp4": [853, 481, 60, 8, "0,0", 0],
  "oneframe.mp4": [1280, 720, 1, 8, "1,1", 0],
  "prores422.mov": [640, 360, 24, 10, "1,0", 0],
  "rotate-90_fragmented_51audio.mp4": [1080, 1920, 45, 8, "1,1", 90],
  "sar_2x1.mp4": [640, 360, 150, 8, "1,1", 0],
  "vfr_juggle.mp4": [640, 360, 76, 8, "1,1", 0],
};

for (const [name, [width, height, count, depth, shifts, rotation]] of Object.entries(ODD)) {
  test(`${name} is read whole and upright`, { skip: withoutSharedMedia }, async () => {
    const media = handle(sharedMedia(`odd/${name}`));
    const info = await probe(media, LIMITS);
    assert.deepEqual([info.video?.width, info.video?.height, info.video?.rotation], [width, height, rotation]);
    const source = await openVideo(media, LIMITS);
    const { format } = source;
    const seen = [format.width, format.height, format.bitDepth, `${format.chromaShiftX},${format.chromaShiftY}`];
    assert.deepEqual(seen, [width, height, depth, shifts]);
    assert.equal(source.hasAlpha, /alpha|gif/.test(name));
    let frames = 0;
    let last: bigint | undefined;
    for await (const { frame, pts } of source.frames()) {
      frames++;
      assert.ok(last === undefined || pts > last, `${pts} after ${last}`);
      last = pts;
      assert.equal(frame.planes[0].data.length, width * height);
      // The rest of the longest clip differs in nothing.
      if (frames === 60 && count > 200) break;
    }
    assert.equal(frames, Math.min(count, count > 200 ? 60 : count));
    await source.close();
  });
}

test("audio alone is probed, and is no video", { skip: withoutSharedMedia }, async () => {
  const media = handle(sharedMedia("odd/audio_only_two_51_tracks.mp4"));
  const info = await probe(media, LIMITS);
  assert.deepEqual([info.video, info.audio?.channels, info.audio?.sampleRate], [undefined, 6, 48000]);
  await assert.rejects(openVideo(media, LIMITS), { code: "video_load_error", message: /no video stream/ });
});

const MALFORMED: Record<string, ErrorCode> = {
  "hls_playlist_renamed.mp4": "unsupported_video_format",
  "huge_declared_dims.mp4": "image_too_large",
  "mask_huge_header.png": "image_too_large",
  "moov_missing.mp4": "unsupported_video_format",
  "text_renamed.mp4": "unsupported_video_format",
  "truncated_half.mp4": "unsupported_video_format",
  "zero_bytes.mp4": "video_load_error",
};

for (const [name, code] of Object.entries(MALFORMED)) {
  test(`${name} is refused as ${code}, naming the field`, { skip: withoutSharedMedia }, async () => {
    const media = handle(sharedMedia(`malformed/${name}`));
    const issue = { code, issues: [{ loc: ["body", "video_url"], type: code }] };
    for (const use of [probe, openVideo]) {
      await assert.rejects(use(media, LIMITS), (error: { code: string; issues: { loc: unknown; type: string }[] }) => {
        assert.deepEqual({ code: error.code, issues: error.issues.map(({ loc, type }) => ({ loc, type })) }, issue);
        return true;
      });
    }
  });
}

test("playlists, scripts and lists of files are refused under any name", async () => {
  const texts: Record<string, string> = {
    "list.m3u8": "#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n",
    "list.ffconcat": "ffconcat version 1.0\nfile /etc/hostname\n",
    "manifest.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "title.srt": "1\n00:00:00,000 --> 00:00:02,000\nhello\n",
    "list%d.txt": "hello",
  };
  for (const [name, text] of Object.entries(texts)) {
    const path = join(FOLDER, name);
    writeFileSync(path, text);
    await assert.rejects(probe(handle(path), LIMITS), { code: "unsupported_video_format" }, name);
  }
});

test("a folder and a missing file are load errors", async () => {
  for (const path of [FOLDER, join(FOLDER, "nothing")]) {
    await assert.rejects(probe(handle(path), LIMITS), { code: "video_load_error" });
  }
});

test("limits on pixels and duration name what is allowed", async () => {
  const path = join(FOLDER, "limits.mp4");
  await writeClip(path, yuv(64, 48), [0, 1, 100], { timeBase: [1, 25] });
  await assert.rejects(
    openVideo(handle(path), { ...LIMITS, inputPixels: 1000 }),
    (error: Error & { issues: unknown }) => {
      const ctx = { max_pixels: 1000, provided_width: 64, provided_height: 48 };
      assert.deepEqual((error.issues as { ctx: unknown }[])[0]?.ctx, ctx);
      return true;
    },
  );
  await assert.rejects(probe(handle(path), { ...LIMITS, inputSeconds: 2 }), { code: "video_duration_too_long" });
  const wav = join(FOLDER, "long.wav");
  await writeBeeps(wav, 3, []);
  const audio = handle(wav, "audio_url", "audio/wav");
  await assert.rejects(probe(audio, { ...LIMITS, inputSeconds: 2 }), { code: "audio_duration_too_long" });
});

test("containers that tell their streams only as packets come are read like others", {
  skip: withoutFfmpeg,
}, async () => {
  const wav = join(FOLDER, "told-late.wav");
  await writeBeeps(wav, 1, [0.2]);
  const mp4 = join(FOLDER, "told-late.mp4");
  const times = Array.from({ length: 25 }, (_, time) => time);
  await writeClip(mp4, yuv(64, 48), times, { delivery: "lossless", audioFrom: handle(wav) });
  const { frames: expected } = await readAll(handle(mp4));
  for (const kind of ["flv", "ts"]) {
    const path = join(FOLDER, `told-late.${kind}`);
    await promisify(execFile)("ffmpeg", ["-v", "error", "-i", mp4, "-c:v", "copy", "-c:a", "aac", path]);
    const { source, frames } = await readAll(handle(path));
    assert.deepEqual([source.info.video?.width, source.info.audio?.channels], [64, 1], kind);
    const samples = (all: typeof frames) => all.map(({ frame }) => Buffer.from(frame.planes[0].data));
    assert.deepEqual(samples(frames), samples(expected), kind);
  }
});

test("damage costs the damaged pictures only", async () => {
  const path = join(FOLDER, "whole.mp4");
  await writeClip(
    path,
    yuv(320, 240),
    Array.from({ length: 30 }, (_, i) => i),
  );
  const bytes = readFileSync(path);
  const flipped = join(FOLDER, "flipped.mp4");
  for (let at = Math.floor(bytes.length / 2); at < bytes.length - 100; at += 997) bytes[at]! ^= 0x55;
  writeFileSync(flipped, bytes);
  const damaged = await readAll(handle(flipped));
  assert.ok(damaged.frames.length >= 25, `${damaged.frames.length} of 30`);
  truncateSync(path, Math.floor(bytes.length * 0.6));
  const cut = await readAll(handle(path));
  assert.ok(cut.frames.length >= 3 && cut.frames.length < 30, `${cut.frames.length} of 30`);
});
