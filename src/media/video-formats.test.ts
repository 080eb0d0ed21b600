/** Every delivery format, read back by our own reader and by an independent ffprobe. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ffprobe, withoutFfmpeg } from "../../test/ffmpeg.ts";
import { sniffContentType } from "../files/sniff.ts";
import type { VideoFormat } from "../operations/encoding.ts";
import { handle, readAll, testFolder, testFrame, writeBeeps, writeClip, yuv } from "./fixture.test.clips.ts";
import type { FrameFormat } from "./frame.ts";
import { deliveredName, fileKind, requireEncodable, VIDEO_FORMATS } from "./video-formats.ts";

const FOLDER = testFolder();
const FORMATS = Object.keys(VIDEO_FORMATS) as VideoFormat[];
const FRAMES = Array.from({ length: 30 }, (_, index) => index);

/** What ffprobe calls each codec, and the sound that comes with it when the source's is AAC. */
const EXPECTED: Readonly<Record<VideoFormat, { codec: string; audio: string | undefined; container: RegExp }>> = {
  mp4_h264: { codec: "h264", audio: "aac", container: /mp4/ },
  mp4_h265: { codec: "hevc", audio: "aac", container: /mp4/ },
  webm_vp9: { codec: "vp9", audio: "opus", container: /webm/ },
  gif: { codec: "gif", audio: undefined, container: /gif/ },
  mov_h264: { codec: "h264", audio: "aac", container: /mov/ },
  mov_h265: { codec: "hevc", audio: "aac", container: /mov/ },
  mov_proresks: { codec: "prores", audio: "aac", container: /mov/ },
  mkv_h264: { codec: "h264", audio: "aac", container: /matroska/ },
  mkv_h265: { codec: "hevc", audio: "aac", container: /matroska/ },
  mkv_vp9: { codec: "vp9", audio: "aac", container: /matroska/ },
  mkv_mpeg4: { codec: "mpeg4", audio: "aac", container: /matroska/ },
};

const SHAPES: Readonly<Record<string, FrameFormat>> = {
  plain: yuv(320, 180),
  odd: yuv(67, 49),
  "ten bits 4:2:2": yuv(64, 48, { bitDepth: 10, chromaShiftY: 0 }),
  "full range 4:4:4": yuv(66, 50, { chromaShiftX: 0, chromaShiftY: 0, fullRange: true }),
  tiny: yuv(16, 18),
};

for (const format of FORMATS) {
  test(`${format}: file name and media type are the file's own`, async () => {
    const name = deliveredName("my.clip.mov", "-erased", format);
    assert.equal(name, `my.clip-erased${fileKind(format).extension}`);
    const path = join(FOLDER, `named-${name}`);
    await writeClip(path, yuv(64, 48), [0, 1, 2], { encoding: { format } });
    assert.equal(sniffContentType(readFileSync(path).subarray(0, 512)), fileKind(format).contentType);
  });

  test(`${format}: the same frames give the same bytes`, async () => {
    const paths = ["a", "b"].map((name) => join(FOLDER, `${name}-${format}`)) as [string, string];
    for (const path of paths) await writeClip(path, yuv(320, 180), FRAMES, { encoding: { format } });
    assert.ok(readFileSync(paths[0]).equals(readFileSync(paths[1])));
  });

  test(`${format}: one or two frames give the same bytes too, beside sound that begins before them`, async () => {
    const wav = join(FOLDER, "short.wav");
    await writeBeeps(wav, 0.1, [0]);
    const written = async (frames: readonly number[]): Promise<Buffer> => {
      const path = join(FOLDER, `short-${format}${fileKind(format).extension}`);
      await writeClip(path, yuv(320, 180), frames, { encoding: { format }, audioFrom: handle(wav) });
      return readFileSync(path);
    };
    for (const frames of [[0], [0, 1]]) {
      const first = await written(frames);
      for (let again = 0; again < 6; again++) assert.ok(first.equals(await written(frames)), `${frames.length} frames`);
    }
  });

  test(`${format}: lossless is without loss where the codec can`, async () => {
    const path = join(FOLDER, `lossless-${format}${fileKind(format).extension}`);
    const shape = yuv(64, 48);
    await writeClip(path, shape, [0, 1, 2], { delivery: "lossless", encoding: { format } });
    if (!["h264", "h265", "vp9"].includes(VIDEO_FORMATS[format].codec)) return;
    const { frames } = await readAll(handle(path));
    for (const [index, { frame }] of frames.entries()) {
      const same = frame.planes.map((plane, at) =>
        Buffer.from(plane.data).equals(Buffer.from(testFrame(shape, index).planes[at]!.data)),
      );
      assert.deepEqual(same, [true, true, true], `frame ${index}`);
    }
  });
}

describe("as an independent ffprobe reads them", { skip: withoutFfmpeg }, () => {
  for (const format of FORMATS) {
    for (const [name, shape] of Object.entries(SHAPES)) {
      test(`${format}, ${name}: size, frames, times, sound`, async () => {
        const wav = join(FOLDER, "beeps.wav");
        await writeBeeps(wav, 1.2, [0.5]);
        const aac = join(FOLDER, `sound-${format}.mp4`);
        await writeClip(aac, yuv(64, 48), FRAMES, { audioFrom: handle(wav) });
        const path = join(FOLDER, `${name.replaceAll(/\W/g, "")}-${format}${fileKind(format).extension}`);
        const facts = await writeClip(path, shape, FRAMES, { encoding: { format }, audioFrom: handle(aac) });
        assert.deepEqual([facts.frameCount, facts.fps, facts.duration], [30, 25, 1.2]);
        const probed = await ffprobe(path);
        const { codec, audio, container } = EXPECTED[format];
        assert.match(probed.format, container);
        assert.deepEqual(
          [probed.video?.codec, probed.video?.width, probed.video?.height, probed.video?.frames, probed.audio?.codec],
          [codec, shape.width, shape.height, 30, audio],
        );
        const times = probed.video!.times;
        for (const [index, time] of times.entries())
          assert.ok(Math.abs(time - times[0]! - index / 25) < 0.0021, `frame ${index} at ${time}`);
        if (format !== "gif") assert.ok(Math.abs(probed.video!.start - probed.audio!.start) < 0.03);
      });
    }
  }

  test("every format at its default quality looks like the source", async () => {
    const shape = yuv(320, 180);
    for (const format of FORMATS) {
      const path = join(FOLDER, `look-${format}${fileKind(format).extension}`);
      await writeClip(path, shape, FRAMES, { encoding: { format } });
      const { frames } = await readAll(handle(path, "video_url", fileKind(format).contentType));
      const got = frames[12]!.frame.planes[0].data;
      const want = testFrame(shape, 12).planes[0].data;
      let sum = 0;
      const scale = format === "mov_proresks" ? 4 : 1;
      for (let i = 0; i < want.length; i++) sum += (got[i]! / scale - want[i]!) ** 2;
      const psnr = 10 * Math.log10(255 ** 2 / (sum / want.length));
      assert.ok(psnr > (format === "gif" ? 24 : 35), `${format}: ${psnr.toFixed(1)} dB`);
    }
  });

  test("a GIF of 60 frames/s keeps its length and drops what would be shown too briefly", async () => {
    const path = join(FOLDER, "quick.gif");
    const times = Array.from({ length: 60 }, (_, index) => index);
    const facts = await writeClip(path, yuv(64, 48), times, { encoding: { format: "gif" }, timeBase: [1, 60] });
    const probed = await ffprobe(path);
    assert.equal(probed.video?.frames, facts.frameCount);
    assert.ok(facts.frameCount >= 30 && facts.frameCount < 60, `${facts.frameCount} frames`);
    assert.ok(Math.abs(probed.video!.times.at(-1)! - 0.98) < 0.021, `ends at ${probed.video!.times.at(-1)}`);
  });

  test("a clock too fine for MPEG-4 is rounded, colour tags stay", async () => {
    const path = join(FOLDER, "fine.mkv");
    const times = Array.from({ length: 12 }, (_, index) => index * 3003);
    const encoding = { format: "mkv_mpeg4" } as const;
    await writeClip(path, yuv(64, 48), times, { encoding, timeBase: [1, 90000], frameDuration: 3003n });
    const { video } = await ffprobe(path);
    assert.equal(video?.frames, 12);
    assert.ok(Math.abs(video!.times.at(-1)! - (11 * 1001) / 30000) < 0.001);
    assert.equal(video?.transfer, "bt709");
  });
});

test("quality and effort change the size as they say", async () => {
  const size = async (format: VideoFormat, encoding: object): Promise<number> => {
    const path = join(FOLDER, "size");
    await writeClip(path, yuv(320, 180), FRAMES, { encoding: { format, ...encoding } });
    return readFileSync(path).length;
  };
  for (const format of ["mp4_h264", "mp4_h265", "webm_vp9", "mkv_mpeg4"] as const) {
    const sizes: number[] = [];
    for (const quality of ["low", "medium", "high", "maximum"] as const) sizes.push(await size(format, { quality }));
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => a - b),
      `${format}: ${sizes}`,
    );
    assert.equal(await size(format, {}), sizes[2], "high is the default");
  }
});

test("pictures a codec cannot hold are refused by name", () => {
  const media = handle("/job/clip.mp4");
  requireEncodable(media, { width: 16, height: 16 }, "mp4_h265");
  requireEncodable(media, { width: 2, height: 2 });
  assert.throws(() => requireEncodable(media, { width: 320, height: 8 }, "mp4_h265"), {
    code: "unsupported_video_format",
    message: /320x8 .* mp4_h265/,
  });
  assert.throws(() => requireEncodable(media, { width: 9000, height: 64 }, "mkv_mpeg4"), /8184/);
});
