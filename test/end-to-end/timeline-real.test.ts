/** Every parameter of fal's FFmpeg endpoints on real files, and what odd ones become. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { decode, decodeAudio, ffprobe, psnr, withoutFfmpeg } from "../ffmpeg.ts";
import { sharedMedia, withoutSharedMedia } from "../shared-media.ts";
import { type FfmpegEndpoints, type Json, startFfmpegEndpoints } from "./ffmpeg-endpoints.ts";

const CARPHONE = "person/carphone_qcif.mp4";
const HDR = "odd/hdr10_pq_main10.mp4";
const JPEG = "overlays.jpg";
const SPEECH = "speech/speech1.wav";

describe("the FFmpeg endpoints on real files", { skip: withoutFfmpeg || withoutSharedMedia }, () => {
  let on: FfmpegEndpoints;
  const uploads = new Map<string, Promise<string>>();
  /** Stored once, under its own name. */
  const url = (name: string, type = "video/mp4"): Promise<string> => {
    const known =
      uploads.get(name) ?? on.server.file(sharedMedia(name), type).then((f) => on.server.fal.storage.upload(f));
    uploads.set(name, known);
    return known;
  };
  const speech = () => url(SPEECH, "audio/wav");
  const probed = async (value: unknown, name: string) => {
    const { video } = await ffprobe(await on.fetched(value, name));
    return video ?? assert.fail(name);
  };

  before(async () => {
    on = await startFfmpegEndpoints();
  });
  after(() => on.server.close());

  test("merge-videos: target_fps, resolution, resolution_aspect_ratio_video_index", async () => {
    const video_urls = [await url("odd/nom de fichier (1) é.mp4"), await url("odd/rotate-90_fragmented_51audio.mp4")];
    const merged = async (more: object) => {
      const { video, metadata } = await on.call("merge-videos", { video_urls, ...more });
      const { width, height, frames } = await probed(video, "merged.mp4");
      const { fps, num_frames, duration } = metadata as Json;
      assert.equal(num_frames, frames);
      assert.ok(Math.abs(Number(duration) - frames / Number(fps)) < 1e-6);
      assert.ok(Math.abs(Number(duration) - (2 + 1.958)) < 1.01 / Number(fps), `${duration} s`);
      return [width, height, Math.round(Number(fps) * 1000) / 1000];
    };
    // 320x180 at 29.97 and, once upright, 1080x1920 at 24.
    assert.deepEqual(await merged({}), [320, 180, 24]);
    assert.deepEqual(await merged({ target_fps: 12.5 }), [320, 180, 12.5]);
    assert.deepEqual(await merged({ target_fps: 29.97 }), [320, 180, 29.97]);
    assert.deepEqual(await merged({ resolution_aspect_ratio_video_index: 1 }), [100, 180, 24]);
    for (const [resolution, size] of [
      ["square_hd", [1024, 1024]],
      ["square", [512, 512]],
      ["portrait_4_3", [768, 1024]],
      ["portrait_16_9", [576, 1024]],
      ["landscape_4_3", [1024, 768]],
      ["landscape_16_9", [1024, 576]],
      [{ width: 640, height: 514 }, [640, 514]],
    ] as const) {
      assert.deepEqual(await merged({ resolution, target_fps: 2 }), [...size, 2]);
    }
    const size = { width: 511, height: 512 };
    assert.deepEqual(await on.refused("merge-videos", { video_urls, resolution: size }), [
      "body",
      "resolution",
      "width",
    ]);
  });

  test("HDR stays HDR among its like, and is mapped to BT.709 beside other video", async () => {
    const alone = await probed(
      (await on.call("merge-videos", { video_urls: [await url(HDR), await url(HDR)] })).video,
      "hdr.mp4",
    );
    assert.deepEqual([alone.frames, alone.pixelFormat, alone.transfer], [100, "yuv420p10le", "smpte2084"]);

    // The HDR clip was made of the other one, with its white at 100 cd/m2. BT.2408 has white at 203.
    const [bunny, hdr] = [await url("motion/bigbuckbunny_25_audio.mp4"), await url(HDR)];
    const keyframes = [bunny, hdr].map((url, index) => ({ url, timestamp: 120 * index, duration: 120 }));
    const { video_url } = await on.call("compose", { tracks: [{ id: "1", type: "video", keyframes }] });
    const mixed = await probed(video_url, "mixed.mp4");
    assert.deepEqual([mixed.frames, mixed.pixelFormat, mixed.transfer], [6, "yuv420p10le", "bt709"]);
    const planes = await decode(on.path("mixed.mp4"), "gray");
    const size = 1280 * 720;
    const [plain, mapped] = [planes.subarray(0, size), planes.subarray(3 * size, 4 * size)];
    const mean = (part: Uint8Array): number => part.reduce((sum, level) => sum + level, 0) / part.length;
    assert.ok(mean(mapped) > 0.7 * mean(plain) && mean(mapped) < mean(plain), `${mean(mapped)} of ${mean(plain)}`);
    assert.ok(psnr(mapped, plain) > 16, `${psnr(mapped, plain)} dB`);
  });

  test("JPEGs are pictures whatever their name, and no videos", async () => {
    const jpg = await url(JPEG, "image/jpeg");
    assert.match(jpg, /\.jpg$/);
    const { width, height } = await probed(jpg, "overlays.jpg");
    const images = [{ url: jpg, frames: 3 }, { url: jpg }];
    const still = await probed((await on.call("images-to-video", { images, fps: 5 })).video, "still.mp4");
    const even = (side: number): number => side - (side % 2);
    assert.deepEqual([still.frames, still.width, still.height], [4, even(width), even(height)]);
    assert.deepEqual(await on.refused("merge-videos", { video_urls: [jpg] }), ["body", "video_urls", 0]);
    assert.deepEqual(await on.refused("extract-frame", { video_url: jpg }), ["body", "video_url"]);
    assert.deepEqual(await on.refused("metadata", { media_url: jpg }), ["body", "media_url"]);
    // A track of videos shows it for as long as it is asked for.
    const keyframes = [{ url: jpg, timestamp: 0, duration: 200 }];
    const shown = await on.call("compose", { tracks: [{ id: "1", type: "video", keyframes }] });
    assert.equal((await probed(shown.video_url, "shown.mp4")).frames, 6);
  });

  test("compose: tracks of all types, keyframes that overlap and leave gaps", async () => {
    const [bunny, jpg] = [await url("motion/bigbuckbunny_25_audio.mp4"), await url(JPEG, "image/jpeg")];
    const tracks = [
      { id: "a", type: "video", keyframes: [{ url: await url(CARPHONE), timestamp: 200, duration: 400 }] },
      { id: "b", type: "image", keyframes: [{ url: jpg, timestamp: 300, duration: 100 }] },
      {
        id: "c",
        type: "audio",
        keyframes: [
          { url: await speech(), timestamp: 0, duration: 1000 },
          { url: bunny, timestamp: 500, duration: 300 },
        ],
      },
    ];
    const { video_url, thumbnail_url } = await on.call("compose", { tracks });
    const { video, audio, duration } = await ffprobe(await on.fetched(video_url, "composed.mp4"));
    // Its pixels are a little wider than high: 192x144 square ones.
    assert.deepEqual([video?.width, video?.height, video?.frames], [192, 144, 30]);
    assert.ok(audio && Math.abs(duration - 1) < 0.05);
    // Nothing is seen before and after: black. Then the clip, the picture over it, the clip again.
    const frames = await decode(on.path("composed.mp4"), "gray");
    const mean = (frame: number): number => {
      const part = frames.subarray(frame * 192 * 144, (frame + 1) * 192 * 144);
      return part.reduce((sum, level) => sum + level, 0) / part.length;
    };
    for (const black of [0, 5, 18, 29]) assert.ok(mean(black) < 1, `frame ${black}: ${mean(black)}`);
    for (const clip of [6, 8, 12, 17]) assert.ok(mean(clip) > 20, `frame ${clip}: ${mean(clip)}`);
    assert.ok(Math.abs(mean(10) - mean(8)) > 2 && Math.abs(mean(13) - mean(8)) < 2);
    assert.ok(mean(0) < 1 && (await probed(thumbnail_url, "thumbnail.jpg")).width === 192);
  });

  test("extract-frame: frame_type, upright and in the video's own pixels", async () => {
    const name = "odd/rotate-90_fragmented_51audio.mp4";
    const all = await decode(sharedMedia(name), "gray");
    const size = 1080 * 1920;
    // The pictures begin later than the sound: ffmpeg repeats the first until then.
    const before = all.length / size - 45;
    for (const [frame_type, index] of Object.entries({ first: 0, middle: 22, last: 44 })) {
      const { images } = await on.call("extract-frame", { video_url: await url(name), frame_type });
      const [image] = images as unknown as { url: string; width: number; height: number }[];
      assert.deepEqual([image!.width, image!.height], [1080, 1920]);
      const picture = await decode(await on.fetched(image, `${frame_type}.png`), "gray");
      const limited = all.subarray((before + index) * size, (before + index + 1) * size);
      assert.ok(psnr(picture, limited) > 38, `${frame_type}: ${psnr(picture, limited)} dB`);
    }
    const { images } = await on.call("extract-frame", { video_url: await url(CARPHONE) });
    const [first] = images as unknown as { url: string }[];
    const raw = await decode(sharedMedia(CARPHONE), "gray");
    assert.ok(psnr(await decode(await on.fetched(first, "default.png"), "gray"), raw.subarray(0, 176 * 144)) > 38);
  });

  test("loudnorm: every parameter on speech", async () => {
    const audio_url = await speech();
    const summary = async (more: object) =>
      (await on.call("loudnorm", { audio_url, print_summary: true, ...more })).summary as unknown as Record<
        string,
        number
      >;
    const plain = await summary({});
    assert.ok(Math.abs(plain.output_integrated! + 18) <= 0.3 && plain.output_true_peak! <= 0.1, JSON.stringify(plain));
    const { input_integrated: i, input_true_peak: tp, input_lra: lra, input_threshold: thresh } = plain;
    const asked = await summary({ integrated_loudness: -30, true_peak: -3, loudness_range: 20 });
    assert.ok(Math.abs(asked.output_integrated! + 30) <= 0.3 && asked.output_true_peak! <= -2.9, JSON.stringify(asked));
    const given = { measured_i: i, measured_tp: tp, measured_lra: lra, measured_thresh: thresh };
    const linear = await summary({ integrated_loudness: -30, loudness_range: 50, linear: true, ...given });
    assert.equal(String(linear.normalization_type), "Linear");
    assert.ok(Math.abs(linear.output_integrated! + 30) <= 0.1 && Math.abs(linear.output_lra! - lra!) < 0.2);
    const narrow = await summary({ integrated_loudness: -20, loudness_range: 1 });
    assert.equal(String(narrow.normalization_type), "Dynamic");
    assert.ok(narrow.output_lra! < lra!);
    // One attempt, from where the caller wants it.
    const offset = await summary({ integrated_loudness: -25, offset: -3, linear: false });
    assert.ok(offset.output_integrated! < -26, JSON.stringify(offset));
    const dual = await summary({ dual_mono: true });
    assert.ok(Math.abs(dual.input_integrated! - i! - 3.01) < 0.02 && Math.abs(dual.output_integrated! + 18) <= 0.3);
  });

  test("waveform: points_per_second, precision, smoothing_window on speech", async () => {
    const media_url = await speech();
    const raw = await on
      .ffmpeg("-i", sharedMedia(SPEECH), "-f", "f32le", on.path("speech.f32"))
      .then(() => readFile(on.path("speech.f32")));
    const samples = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
    const drawn = async (more: object) =>
      (await on.call("waveform", { media_url, ...more })) as unknown as {
        waveform: number[];
        points: number;
        precision: number;
        duration: number;
      };
    const exact = await drawn({ points_per_second: 20, precision: 6, smoothing_window: 1 });
    assert.deepEqual([exact.points, exact.precision], [192, 6]);
    for (const [index, point] of exact.waveform.entries()) {
      const part = samples.subarray(index * 800, (index + 1) * 800);
      const farthest = part.reduce((most, sample) => (Math.abs(sample) >= Math.abs(most) ? sample : most), 0);
      assert.ok(Math.abs(point - farthest) < 1e-6, `point ${index}: ${point} instead of ${farthest}`);
    }
    const plain = await drawn({});
    assert.deepEqual([plain.points, plain.precision], [Math.round(plain.duration * 4), 2]);
    assert.ok(plain.waveform.every((point) => point === Number(point.toFixed(2)) && Math.abs(point) <= 1));
    const smooth = await drawn({ points_per_second: 20, precision: 6, smoothing_window: 5 });
    const mean = (from: number): number =>
      exact.waveform.slice(from, from + 5).reduce((sum, v) => sum + Math.abs(v), 0) / 5;
    for (let at = 2; at < 190; at++) assert.ok(Math.abs(Math.abs(smooth.waveform[at]!) - mean(at - 2)) < 2e-6);
    assert.deepEqual(await on.refused("waveform", { media_url, smoothing_window: 4 }), ["body", "smoothing_window"]);
  });

  test("merge-audios and merge-audio-video: speech in order, and where it was asked for", async () => {
    const audio_urls = [await speech(), await url("odd/rotate-90_fragmented_51audio.mp4")];
    const { audio } = await on.call("merge-audios", { audio_urls, output_format: "pcm_16000" });
    const merged = await decodeAudio(await on.fetched(audio, "merged.wav"));
    assert.ok(Math.abs(merged.length / 8000 - (9.6 + 2.005)) < 0.05, `${merged.length / 8000} s`);
    const source = await decodeAudio(sharedMedia(SPEECH));
    const product = (one: Float32Array, two: Float32Array): number =>
      source.reduce((sum, _, k) => sum + one[k]! * two[k]!, 0);
    const likeness = product(merged, source) / Math.sqrt(product(merged, merged) * product(source, source));
    assert.ok(likeness > 0.99, `the first file sounds first: ${likeness}`);
    const { video } = await on.call("merge-audio-video", {
      video_url: await url(CARPHONE),
      audio_url: await speech(),
      start_offset: 1.5,
    });
    const laid = await ffprobe(await on.fetched(video, "laid.mp4"));
    assert.equal(laid.video?.frames, 120);
    // Its first packet warms the decoder up: 64 ms before what is heard.
    const { start, duration } = laid.audio ?? assert.fail("no sound");
    assert.ok(Math.abs(start - 1.436) < 0.01 && Math.abs(start + duration - 4.004) < 0.01, `${start} + ${duration} s`);
  });

  test("a picture without a name is read as well", async () => {
    await writeFile(on.path("nameless"), await readFile(sharedMedia(JPEG)));
    const image = await on.server.file(on.path("nameless"), "application/octet-stream");
    const { video } = await on.call("images-to-video", { images: [{ url: image }] });
    assert.equal((await probed(video, "nameless.mp4")).frames, 1);
  });
});
