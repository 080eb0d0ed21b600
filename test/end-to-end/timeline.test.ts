/** fal's FFmpeg endpoints through the official client, beside what Debian's ffmpeg makes of the same files. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { decode, ffprobe, psnr, withoutFfmpeg } from "../ffmpeg.ts";
import {
  compareFrames,
  type FfmpegEndpoints,
  type Json,
  SCALER_FLAGS,
  startFfmpegEndpoints,
} from "./ffmpeg-endpoints.ts";
import type { TestServer } from "./server.ts";

const run = promisify(execFile);
describe("the FFmpeg endpoints", { skip: withoutFfmpeg }, () => {
  let server: TestServer;
  let on: FfmpegEndpoints;
  const path = (name: string): string => on.path(name);
  const ffmpeg = (...args: string[]) => on.ffmpeg(...args);
  const call = (endpoint: string, input: object) => on.call(endpoint, input);
  const refused = (endpoint: string, input: object) => on.refused(endpoint, input);
  const fetched = (value: unknown, name: string) => on.fetched(value, name);
  /** By Debian's meter: integrated loudness and true peak. */
  const loudness = async (file: string): Promise<{ integrated: number; peak: number; range: number }> => {
    const { stderr } = await run("ffmpeg", ["-i", file, "-af", "ebur128=peak=true", "-f", "null", "-"]);
    const summary = stderr.slice(stderr.lastIndexOf("Summary:"));
    const value = (pattern: RegExp): number => Number(pattern.exec(summary)?.[1]);
    return {
      integrated: value(/I:\s+(-?[\d.]+) LUFS/),
      peak: value(/Peak:\s+(-?[\d.]+) dBFS/),
      range: value(/LRA:\s+([\d.]+) LU/),
    };
  };

  before(async () => {
    on = await startFfmpegEndpoints("--max-output-seconds=30");
    server = on.server;
    const bt709 = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-pix_fmt", "yuv420p"];
    const video = (source: string, name: string, ...more: string[]) =>
      ffmpeg("-f", "lavfi", "-i", source, ...more, ...bt709, "-c:v", "libx264", "-qp", "12", path(name));
    await video("testsrc2=s=320x180:r=25:d=2", "a.mp4");
    await video("mandelbrot=s=320x180:r=30000/1001", "b.mp4", "-t", "2");
    await video("testsrc=s=160x160:r=10:d=1", "small.mp4");
    await video("testsrc=s=320x180:r=10:d=1", "c.mp4");
    const tone = "sine=f=440:r=48000:d=2";
    await ffmpeg("-i", path("a.mp4"), "-f", "lavfi", "-i", tone, "-c:v", "copy", "-c:a", "aac", path("loud.mp4"));
    await ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=1", "-frames:v", "1", path("picture.png"));
    await ffmpeg("-f", "lavfi", "-i", "sine=f=1000:r=44100:d=6", "-af", "volume=-12dB", path("tone.wav"));
    // Loud and quiet by turns, with peaks that leave no room for one gain.
    const speech = "aevalsrc='(0.03+0.9*gt(mod(t\\,4)\\,3.6))*sin(500*t*(1+mod(t\\,0.3)))*random(0)':s=48000:d=20";
    await ffmpeg("-f", "lavfi", "-i", speech, "-ac", "1", path("dynamic.wav"));
  });
  after(() => server.close());

  const keyframe = async (name: string, timestamp: number, duration: number, type = "video/mp4") => ({
    timestamp,
    duration,
    url: await server.file(path(name), type),
  });

  test("compose is exact to the frame where nothing is scaled", async () => {
    const tracks = [
      { id: "1", type: "video", keyframes: [await keyframe("a.mp4", 0, 2000), await keyframe("b.mp4", 1500, 1000)] },
      { id: "2", type: "video", keyframes: [await keyframe("c.mp4", 400, 800)] },
    ];
    const result = await call("compose", { tracks, reshoot_output: "lossless" });
    const rate = "30000/1001";
    const graph =
      `color=black:s=320x180:r=${rate}:d=2.5,format=yuv420p[base];` +
      `[0:v]fps=${rate}:start_time=0,trim=end_frame=60,setpts=N/(${rate})/TB[a];` +
      `[1:v]setpts=PTS+1.5/TB,fps=${rate}:start_time=0,trim=end_frame=75[b];` +
      `[2:v]setpts=PTS+0.4/TB,fps=${rate}:start_time=0,trim=end_frame=36[c];` +
      "[base][a]overlay=format=yuv420:enable='between(n,0,59)'[x];" +
      "[x][b]overlay=format=yuv420:enable='between(n,45,74)'[y];" +
      "[y][c]overlay=format=yuv420:enable='between(n,12,35)'";
    const inputs = ["a.mp4", "b.mp4", "c.mp4"].flatMap((name) => ["-i", path(name)]);
    await ffmpeg(...inputs, "-filter_complex", graph, "-c:v", "libx264", "-qp", "0", path("reference.mp4"));
    const made = await fetched(result.video_url, "composed.mp4");
    const { frames, lowest } = await compareFrames(made, path("reference.mp4"), 320, 180);
    assert.equal(frames, 75);
    assert.equal(lowest, Number.POSITIVE_INFINITY);
    const thumbnail = await ffprobe(await fetched(result.thumbnail_url, "thumbnail.jpg"));
    assert.deepEqual([thumbnail.video?.codec, thumbnail.video?.width, thumbnail.video?.height], ["mjpeg", 320, 180]);
  });

  test("compose lays pictures over videos and mixes sound; the same input gives the same bytes", async () => {
    const tracks = [
      { id: "1", type: "video", keyframes: [await keyframe("loud.mp4", 0, 2000)] },
      { id: "2", type: "image", keyframes: [await keyframe("picture.png", 500, 500, "image/png")] },
      { id: "3", type: "audio", keyframes: [await keyframe("tone.wav", 1000, 2000, "audio/wav")] },
    ];
    const [one, two] = [await call("compose", { tracks }), await call("compose", { tracks })];
    const [a, b] = [await fetched(one.video_url, "mix-1.mp4"), await fetched(two.video_url, "mix-2.mp4")];
    const probed = await ffprobe(a);
    assert.deepEqual([probed.video?.frames, probed.audio?.channels], [75, 1]);
    assert.ok(Math.abs(probed.audio!.duration - 3) < 0.03);
    assert.deepEqual(await decode(a, "yuv420p"), await decode(b, "yuv420p"));
  });

  test("compose refuses what makes no sense, at its field", async () => {
    const good = await keyframe("a.mp4", 0, 1000);
    const tracks = (...keyframes: object[]) => ({ tracks: [{ id: "1", type: "video", keyframes }] });
    const at = (index: number, name: string) => ["body", "tracks", 0, "keyframes", index, name];
    assert.deepEqual(await refused("compose", tracks(good, { ...good, duration: 0 })), at(1, "duration"));
    assert.deepEqual(await refused("compose", tracks(good, { ...good, timestamp: -1 })), at(1, "timestamp"));
    assert.deepEqual(await refused("compose", tracks(good, { ...good, duration: 31_000 })), at(1, "duration"));
    const silent = { id: "2", type: "audio", keyframes: [good] };
    assert.deepEqual(await refused("compose", { tracks: [silent] }), ["body", "tracks"]);
    const both = { tracks: [...tracks(good).tracks, silent] };
    assert.deepEqual(await refused("compose", both), ["body", "tracks", 1, "keyframes", 0, "url"]);
    const many = Array.from({ length: 51 }, () => silent);
    assert.deepEqual(await refused("compose", { tracks: many }), ["body", "tracks"]);
  });

  test("merge-videos is exact to the frame across sizes and rates", async () => {
    const video_urls = [await server.file(path("a.mp4")), await server.file(path("b.mp4"))];
    const result = await call("merge-videos", { video_urls, reshoot_output: "lossless" });
    const graph = "[0:v]fps=25:start_time=0[a];[1:v]fps=25:start_time=0[b];[a][b]concat=n=2:v=1:a=0";
    const inputs = ["-i", path("a.mp4"), "-i", path("b.mp4")];
    await ffmpeg(...inputs, "-filter_complex", graph, "-c:v", "libx264", "-qp", "0", path("joined.mp4"));
    const made = await fetched(result.video, "merged.mp4");
    const { lowest } = await compareFrames(made, path("joined.mp4"), 320, 180);
    assert.equal(lowest, Number.POSITIVE_INFINITY);
    assert.equal((await ffprobe(made)).audio, undefined);
  });

  test("merge-videos takes a rate, a size and a shape, and keeps the sound where there is one", async () => {
    const video_urls = [await server.file(path("loud.mp4")), await server.file(path("small.mp4"))];
    const size = async (more: object, name: string) => {
      const { video } = await ffprobe(await fetched((await call("merge-videos", { video_urls, ...more })).video, name));
      return [video!.width, video!.height, video!.frames];
    };
    assert.deepEqual(await size({}, "m1.mp4"), [160, 160, 30]);
    assert.deepEqual(await size({ target_fps: 30 }, "m2.mp4"), [160, 160, 90]);
    assert.deepEqual(await size({ resolution: "square" }, "m3.mp4"), [512, 512, 30]);
    assert.deepEqual(await size({ resolution: { width: 640, height: 512 } }, "m4.mp4"), [640, 512, 30]);
    assert.deepEqual(await size({ resolution_aspect_ratio_video_index: 0 }, "m5.mp4"), [160, 90, 30]);
    const { audio } = await ffprobe(path("m1.mp4"));
    // The second has none: the sound ends with the first.
    assert.ok(audio && Math.abs(audio.duration - 2) < 0.05);
    const index = { video_urls, resolution_aspect_ratio_video_index: 2 };
    assert.deepEqual(await refused("merge-videos", index), ["body", "resolution_aspect_ratio_video_index"]);
  });

  test("merge-audios in all its formats", async () => {
    const audio_urls = [await server.file(path("tone.wav"), "audio/wav"), await server.file(path("loud.mp4"))];
    const named = { ulaw: "pcm_mulaw", alaw: "pcm_alaw", pcm: "pcm_s16le" } as Record<string, string>;
    const formats = [
      ...["22050_32", "44100_32", "44100_64", "44100_96", "44100_128", "44100_192"].map((name) => `mp3_${name}`),
      ...[8000, 16000, 22050, 24000, 44100, 48000].map((rate) => `pcm_${rate}`),
      ...["ulaw_8000", "alaw_8000"],
      ...[32, 64, 96, 128, 192].map((rate) => `opus_48000_${rate}`),
    ];
    assert.equal(formats.length, 19);
    for (const output_format of [...formats, undefined]) {
      const { audio } = await call("merge-audios", { audio_urls, ...(output_format && { output_format }) });
      const file = await fetched(audio, `merged-${output_format}`);
      const { stdout } = await run("ffprobe", ["-v", "error", "-of", "json", "-show_streams", "-show_format", file]);
      const { streams, format } = JSON.parse(stdout) as { streams: Json[]; format: { duration: string } };
      const [codec, rate] = (output_format ?? "mp3_48000").split("_") as [string, string];
      assert.equal(streams[0]!.codec_name, named[codec] ?? codec, output_format);
      assert.equal(Number(streams[0]!.sample_rate), Number(rate), output_format);
      assert.ok(Math.abs(Number(format.duration) - 8) < 0.1, `${output_format}: ${format.duration} s`);
    }
  });

  test("extract-frame takes the first, middle and last frame as ffmpeg decodes them", async () => {
    const raw = path("all.rgb");
    await ffmpeg(
      "-i",
      path("a.mp4"),
      "-vf",
      `scale=320:180:${SCALER_FLAGS}`,
      "-f",
      "rawvideo",
      "-pix_fmt",
      "rgb24",
      raw,
    );
    const all = await readFile(raw);
    const size = 320 * 180 * 3;
    // A transport stream can be entered where no picture follows that is whole.
    await ffmpeg("-i", path("a.mp4"), "-c", "copy", path("a.ts"));
    for (const name of ["a.mp4", "a.ts"]) {
      for (const [frame_type, index] of Object.entries({ first: 0, middle: 25, last: 49 })) {
        const what = `${frame_type} of ${name}`;
        const video_url = await server.file(path(name));
        const { images } = await call("extract-frame", { video_url, frame_type });
        const [image] = images as unknown as { url: string; width: number; height: number }[];
        assert.deepEqual([image!.width, image!.height], [320, 180]);
        const picture = await decode(await fetched(image, `${frame_type}.png`), "rgb24");
        const near = psnr(picture, all.subarray(index * size, (index + 1) * size));
        assert.ok(near > 38, `${what}: ${near} dB`);
        // The neighbours are other pictures.
        const other = index === 0 ? 1 : index - 1;
        assert.ok(near > psnr(picture, all.subarray(other * size, (other + 1) * size)) + 3, what);
        const again = await call("extract-frame", { video_url, frame_type });
        const [second] = again.images as unknown as object[];
        const bytes = (found: unknown, file: string) => fetched(found, file).then((local) => readFile(local));
        assert.deepEqual(await bytes(second, "again.png"), await bytes(image, "once.png"), what);
      }
    }
  });

  test("loudnorm reaches its target by an independent meter, by one gain and dynamically", async () => {
    for (const [name, more, type] of [
      ["tone.wav", {}, "Linear"],
      ["tone.wav", { integrated_loudness: -23, dual_mono: true }, "Linear"],
      ["tone.wav", { integrated_loudness: -16, linear: false }, "Dynamic"],
      ["dynamic.wav", { integrated_loudness: -14, true_peak: -2 }, "Dynamic"],
    ] as const) {
      const input = { audio_url: await server.file(path(name), "audio/wav"), print_summary: true, ...more };
      const { audio, summary } = (await call("loudnorm", input)) as never as { audio: unknown; summary: Json };
      const heard = await loudness(await fetched(audio, `normal-${name}`));
      const target = "integrated_loudness" in more ? more.integrated_loudness : -18;
      // Two speakers that play one channel are twice as loud as one.
      const asked = "dual_mono" in more ? target - 3.01 : target;
      assert.ok(Math.abs(heard.integrated - asked) <= 0.3, `${name}: ${heard.integrated} LUFS for ${asked}`);
      assert.ok(heard.peak <= ("true_peak" in more ? more.true_peak : -0.1) + 0.2, `${name}: ${heard.peak} dBTP`);
      assert.equal(summary.normalization_type, type);
      const before = await loudness(path(name));
      if (!("dual_mono" in more)) {
        assert.ok(Math.abs(Number(summary.input_integrated) - before.integrated) < 0.15);
        assert.ok(Math.abs(Number(summary.input_true_peak) - before.peak) < 0.3);
        assert.ok(Math.abs(Number(summary.input_lra) - before.range) < 0.5);
      }
    }
    const audio_url = await server.file(path("tone.wav"), "audio/wav");
    assert.equal((await call("loudnorm", { audio_url })).summary, undefined);
    // Measured values are taken for the truth: 2 LU less is a gain of 2 dB more.
    const measured = { measured_i: -35, measured_tp: -20, measured_lra: 1, measured_thresh: -45, linear: true };
    const moved = await call("loudnorm", { audio_url, integrated_loudness: -33, ...measured });
    const [source, result] = [
      await loudness(path("tone.wav")),
      await loudness(await fetched(moved.audio, "moved.wav")),
    ];
    assert.ok(Math.abs(result.integrated - source.integrated - 2) < 0.15);
    assert.deepEqual(await refused("loudnorm", { audio_url, linear: true }), ["body", "measured_i"]);
  });

  test("waveform gives the heights of a sound", async () => {
    const media_url = await server.file(path("tone.wav"), "audio/wav");
    const result = (await call("waveform", {
      ...{ media_url, points_per_second: 10, precision: 3, smoothing_window: 5 },
    })) as never as { waveform: number[]; duration: number; points: number; precision: number };
    assert.deepEqual([result.duration, result.points, result.precision], [6, 60, 3]);
    // ffmpeg's sine has an eighth of full scale, here 12 dB less.
    for (const point of result.waveform) {
      assert.ok(Math.abs(Math.abs(point) - 0.125 * 10 ** (-12 / 20)) < 0.002, String(point));
      assert.equal(point, Number(point.toFixed(3)));
    }
  });

  test("images-to-video holds each picture for its frames", async () => {
    const url = await server.file(path("picture.png"), "image/png");
    const { video } = await call("images-to-video", { images: [{ url, frames: 7 }, { url }], fps: 12 });
    const probed = await ffprobe(await fetched(video, "images.mp4"));
    assert.deepEqual([probed.video?.frames, probed.video?.width, probed.video?.height], [8, 64, 48]);
    assert.ok(Math.abs(probed.duration - 8 / 12) < 0.01);
    const long = { images: [{ url, frames: 31 * 24 }] };
    assert.deepEqual(await refused("images-to-video", long), ["body", "images", 0, "frames"]);
  });

  test("metadata has every field, and first and last frames when asked", async () => {
    const media_url = await server.file(path("loud.mp4"));
    const { media } = (await call("metadata", { media_url, extract_frames: true })) as never as { media: Json };
    const { start_frame_url, end_frame_url, url, file_size, bitrate, format, audio, duration, ...facts } = media;
    assert.deepEqual(facts, {
      ...{ media_type: "video", content_type: "video/mp4", file_name: "loud.mp4", codec: "h264", container: "mp4" },
      ...{ fps: 25, frame_count: 50, timebase: "1/12800" },
      resolution: { aspect_ratio: "16:9", width: 320, height: 180 },
    });
    assert.ok(Number(file_size) > 1000 && Number(bitrate) > 1000 && Math.abs(Number(duration) - 2) < 0.1);
    assert.equal((format as Json).pixel_format, "yuv420p");
    assert.deepEqual([(audio as Json).codec, (audio as Json).channels, (audio as Json).sample_rate], ["aac", 1, 48000]);
    for (const frame of [start_frame_url, end_frame_url]) {
      assert.equal((await ffprobe(await fetched(frame, "frame.png"))).video?.width, 320);
    }
    assert.equal((await fetch(String(url))).status, 200);
    const sound = await call("metadata", { media_url: await server.file(path("tone.wav"), "audio/wav") });
    const described = sound.media as Json;
    assert.deepEqual([described.media_type, described.channels, described.sample_rate], ["audio", 1, 44100]);
    const picture = { media_url: await server.file(path("picture.png"), "image/png") };
    assert.deepEqual(await refused("metadata", picture), ["body", "media_url"]);
  });
});
