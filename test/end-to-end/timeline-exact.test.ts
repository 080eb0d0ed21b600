/** What the FFmpeg endpoints make of pictures that need not, or must, be changed: sample by sample. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { ffprobe, withoutFfmpeg } from "../ffmpeg.ts";
import {
  CHROMA_ON_THE_LEFT,
  compareFrames,
  type FfmpegEndpoints,
  SCALER_FLAGS,
  startFfmpegEndpoints,
} from "./ffmpeg-endpoints.ts";

const run = promisify(execFile);
const EXACT = Number.POSITIVE_INFINITY;

describe("the FFmpeg endpoints, exactly", { skip: withoutFfmpeg }, () => {
  let on: FfmpegEndpoints;
  const path = (name: string): string => on.path(name);
  const file = (name: string, type = "video/mp4") => on.server.file(on.path(name), type);
  /** The bytes of a file's coded pictures, in order. */
  const coded = async (name: string): Promise<Buffer> => {
    const args = ["-v", "error", "-i", path(name), "-map", "0:v", "-c", "copy", "-f", "data", "-"];
    return (await run("ffmpeg", args, { encoding: "buffer", maxBuffer: 2 ** 26 })).stdout;
  };

  before(async () => {
    on = await startFfmpegEndpoints();
    const bt709 = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-pix_fmt", "yuv420p"];
    const video = (source: string, name: string, ...more: string[]) =>
      on.ffmpeg("-f", "lavfi", "-i", source, ...bt709, "-c:v", "libx264", "-crf", "20", ...more, path(name));
    await video("testsrc2=s=320x180:r=25:d=2", "a.mp4");
    await video("mandelbrot=s=320x180:r=25", "b.mp4", "-t", "1");
    await video("mandelbrot=s=320x180:r=25", "open.mp4", "-t", "1", "-x264-params", "keyint=250:bframes=0");
    await video("testsrc=s=160x160:r=25:d=1", "small.mp4");
    await video("mandelbrot=s=500x300:r=25", "large.mp4", "-t", "1");
    const tone = "sine=f=440:r=48000:d=1";
    await on.ffmpeg("-i", path("b.mp4"), "-f", "lavfi", "-i", tone, "-c:v", "copy", "-c:a", "aac", path("loud.mp4"));
    await on.ffmpeg("-i", path("b.mp4"), "-frames:v", "1", path("still.png"));
  });
  after(() => on.server.close());

  test("merge-videos copies pictures that all are coded alike, and their sound beside them", async () => {
    const video_urls = [await file("a.mp4"), await file("loud.mp4"), await file("b.mp4")];
    const { video, metadata } = await on.call("merge-videos", { video_urls });
    const made = await on.fetched(video, "copied.mp4");
    const sources = await Promise.all(["a.mp4", "loud.mp4", "b.mp4"].map(coded));
    assert.deepEqual(await coded("copied.mp4"), Buffer.concat(sources));
    assert.deepEqual(metadata, {
      ...{ width: 320, height: 180, fps: 25, duration: 4, num_frames: 100, num_videos: 3 },
    } as never);
    const probed = await ffprobe(made);
    for (const [k, time] of probed.video!.times.entries()) assert.ok(Math.abs(time - k / 25) < 1e-4, `${k}: ${time}`);
    // The sound plays with the second video, and is silent before.
    const { start, duration } = probed.audio ?? assert.fail("no sound");
    assert.ok(Math.abs(start - 2) < 0.03 && Math.abs(start + duration - 3) < 0.03, `${start} + ${duration} s`);

    const inputs = ["a.mp4", "loud.mp4", "b.mp4"].flatMap((name) => ["-i", path(name)]);
    const graph = "[0:v][1:v][2:v]concat=n=3:v=1:a=0";
    await on.ffmpeg(...inputs, "-filter_complex", graph, "-c:v", "libx264", "-qp", "0", path("reference.mp4"));
    assert.deepEqual(await compareFrames(made, path("reference.mp4"), 320, 180), { frames: 100, lowest: EXACT });
  });

  test("merge-videos does not copy what would not be the same", async () => {
    for (const [names, more] of [
      [["a.mp4", "b.mp4"], { target_fps: 24 }],
      [["a.mp4", "open.mp4"], {}],
      [["a.mp4", "small.mp4"], {}],
    ] as const) {
      const video_urls = await Promise.all(names.map((name) => file(name)));
      const { video } = await on.call("merge-videos", { video_urls, ...more });
      await on.fetched(video, "anew.mp4");
      const [head, source] = [await coded("anew.mp4"), await coded("a.mp4")];
      assert.notDeepEqual(head.subarray(0, source.length), source, names.join());
    }
  });

  test("a scaled layer is what Debian's scaler makes of it", async () => {
    for (const [name, size, at] of [
      ["small.mp4", "180:180", "70:0"],
      ["large.mp4", "300:180", "10:0"],
    ] as const) {
      const keyframe = async (name: string) => ({ timestamp: 0, duration: 1000, url: await file(name) });
      const tracks = [
        { id: "1", type: "video", keyframes: [await keyframe("a.mp4")] },
        { id: "2", type: "video", keyframes: [await keyframe(name)] },
      ];
      const { video_url } = await on.call("compose", { tracks, reshoot_output: "lossless" });
      const graph =
        `[1:v]scale=${size}:${SCALER_FLAGS}:${CHROMA_ON_THE_LEFT}[b];` +
        `[0:v]trim=end_frame=25[a];[a][b]overlay=${at}:format=yuv420`;
      const inputs = ["-i", path("a.mp4"), "-i", path(name)];
      await on.ffmpeg(...inputs, "-filter_complex", graph, "-c:v", "libx264", "-qp", "0", path("layers.mp4"));
      const made = await on.fetched(video_url, "scaled.mp4");
      assert.deepEqual(await compareFrames(made, path("layers.mp4"), 320, 180), { frames: 25, lowest: EXACT }, name);
    }
  });

  test("the same input gives the same bytes", async () => {
    const keyframes = [{ timestamp: 0, duration: 1000, url: await file("loud.mp4") }];
    const tracks = [
      { id: "1", type: "video", keyframes: [{ timestamp: 0, duration: 1000, url: await file("small.mp4") }] },
      { id: "2", type: "audio", keyframes: [{ ...keyframes[0], timestamp: 200 }] },
    ];
    const audio_url = await file("loud.mp4");
    for (const [endpoint, input, key] of [
      ["compose", { tracks }, "video_url"],
      ["merge-videos", { video_urls: [await file("a.mp4"), await file("small.mp4"), audio_url] }, "video"],
      ["merge-videos", { video_urls: [await file("a.mp4"), audio_url] }, "video"],
      ["merge-audios", { audio_urls: [audio_url, audio_url], output_format: "opus_48000_64" }, "audio"],
      ["merge-audios", { audio_urls: [audio_url, audio_url] }, "audio"],
      ["merge-audio-video", { video_url: await file("a.mp4"), audio_url, start_offset: 0.25 }, "video"],
      ["loudnorm", { audio_url, linear: false }, "audio"],
      ["images-to-video", { images: [{ url: await file("still.png", "image/png"), frames: 5 }] }, "video"],
    ] as const) {
      const bytes = async (name: string) => readFile(await on.fetched((await on.call(endpoint, input))[key], name));
      assert.deepEqual(await bytes("first"), await bytes("second"), endpoint);
    }
  });

  test("lists cost what all their files are long, and results what they are long", async () => {
    const url = async (name: string): Promise<string> => on.server.fal.storage.upload(await file(name));
    const [a, b, small] = [await url("a.mp4"), await url("b.mp4"), await url("small.mp4")];
    const tone = await url("loud.mp4");
    const keyframe = { timestamp: 500, duration: 1000, url: a };
    for (const [endpoint, input, seconds] of [
      ["merge-videos", { video_urls: [a, b, a] }, 5],
      ["merge-audios", { audio_urls: [tone, tone, tone] }, 3],
      ["compose", { tracks: [{ id: "1", type: "video", keyframes: [keyframe] }] }, 1.5],
      ["merge-audio-video", { video_url: a, audio_url: tone }, 2],
      ["extract-frame", { video_url: small }, 1],
    ] as const) {
      const reply = await fetch(`${on.server.origin}/run/fal-ai/ffmpeg-api/${endpoint}`, {
        method: "POST",
        body: JSON.stringify(input),
      });
      assert.equal(reply.status, 200, await reply.clone().text());
      assert.equal(Number(reply.headers.get("x-fal-billable-units")), seconds, endpoint);
    }
  });
});
