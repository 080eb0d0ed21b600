/** The metadata endpoint beside Debian's ffprobe, field by field, on every real file. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { withoutFfmpeg } from "../ffmpeg.ts";
import { sharedMedia, withoutSharedMedia } from "../shared-media.ts";
import { type FfmpegEndpoints, startFfmpegEndpoints } from "./ffmpeg-endpoints.ts";

const run = promisify(execFile);
const FOLDERS = ["motion", "odd", "person", "removal", "speech"];
const TYPES: Readonly<Record<string, string>> = {
  mp4: "video/mp4",
  mov: "video/quicktime",
  webm: "video/webm",
  gif: "image/gif",
  wav: "audio/wav",
  mp3: "audio/mpeg",
};
/** ffprobe's names of whole families of containers, by the ending that tells one of them. */
const CONTAINERS: Readonly<Record<string, string>> = { mp4: "mp4", mov: "mov", webm: "webm", gif: "gif" };
/** Seconds: of time stamps in a container's own clock. */
const SAME_TIME = 0.002;

type Stream = Readonly<Record<string, string>> & { readonly side_data_list?: readonly { rotation?: number }[] };
type Probe = { readonly format: Readonly<Record<string, string>>; readonly streams: readonly Stream[] };

async function probe(path: string): Promise<Probe> {
  const args = ["-v", "error", "-of", "json", "-show_format", "-show_streams", "-count_packets", path];
  return JSON.parse((await run("ffprobe", args)).stdout) as Probe;
}

/** Bits of all packets of the pictures. */
async function pictureBits(path: string): Promise<number> {
  const args = ["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=size", "-of", "csv=p=0", path];
  const { stdout } = await run("ffprobe", args, { maxBuffer: 2 ** 26 });
  return stdout.split("\n").reduce((sum, line) => sum + Number.parseInt(line || "0", 10) * 8, 0);
}

const fraction = (text = "0/1"): number => Number(text.split("/")[0]) / Number(text.split("/")[1]);

/** A level as people write it, from the number in the stream. */
function level(codec: string, stored: number): number {
  return codec === "h264" ? stored / 10 : codec === "hevc" ? stored / 30 : Math.max(0, stored);
}

describe("metadata", { skip: withoutFfmpeg || withoutSharedMedia }, () => {
  let on: FfmpegEndpoints;
  before(async () => {
    on = await startFfmpegEndpoints();
  });
  after(() => on.server.close());

  const names = withoutSharedMedia
    ? []
    : FOLDERS.flatMap((folder) =>
        readdirSync(sharedMedia(folder))
          .filter((name) => TYPES[name.split(".").at(-1)!])
          .map((name) => `${folder}/${name}`),
      );
  for (const name of names) {
    test(name, async () => {
      const path = sharedMedia(name);
      const ending = name.split(".").at(-1)!;
      const media_url = await on.server.file(path, TYPES[ending]);
      const { media } = (await on.call("metadata", { media_url })) as never as { media: Record<string, never> };
      const { format, streams } = await probe(path);
      const video = streams.find(({ codec_type }) => codec_type === "video");
      const audio = streams.find(({ codec_type }) => codec_type === "audio");
      const { url, file_name, duration, bitrate, ...rest } = media;
      assert.equal((await fetch(String(url), { method: "HEAD" })).status, 200);
      // The client uploads by name; what no URL can hold is replaced.
      assert.ok(String(file_name).endsWith(`.${ending}`) && basename(path).length >= String(file_name).length - 40);
      // ffprobe 5.1 gives a whole MP4 the length in its header, which is rounded and may be wrong: its streams tell better.
      const lengths = streams.flatMap((stream) => (stream.duration ? [Number(stream.duration)] : []));
      // It counts what an MP3's encoder has added on both sides; the file was made of 19.84 s.
      const whole = ending === "mp3" ? 19.84 : lengths.length > 0 ? Math.max(...lengths) : Number(format.duration);
      const { size: file_size } = await stat(path);
      assert.ok(Math.abs(Number(duration) - whole) < SAME_TIME, `${duration} s, not ${whole}`);
      const overall = (file_size * 8) / whole;
      assert.ok(Math.abs(Number(bitrate) / overall - 1) < SAME_TIME, `${bitrate} bits/s, not ${overall}`);

      const common = {
        media_type: video ? "video" : "audio",
        content_type: TYPES[ending],
        file_size,
        container: CONTAINERS[ending] ?? format.format_name,
      };
      if (!video) {
        const { codec_name: codec, channels, sample_rate } = audio!;
        assert.deepEqual(rest, { ...common, codec, channels, sample_rate: Number(sample_rate) });
        return;
      }
      const turned = (video.side_data_list ?? []).some(({ rotation = 0 }) => Math.abs(rotation) === 90);
      const stored = [Number(video.width), Number(video.height)];
      const [width, height] = turned ? stored.toReversed() : stored;
      const shape = video.display_aspect_ratio?.split(":") ?? [];
      const { format: coded, audio: sound, resolution, ...facts } = rest as Record<string, Record<string, never>>;
      assert.deepEqual(facts, {
        ...common,
        codec: video.codec_name,
        // Of a GIF ffprobe 5.1 says 45, a guess from its first pictures: 36 of them take 0.82 s.
        fps: Math.round(ending === "gif" ? 36 / 0.82 : fraction(video.avg_frame_rate)),
        frame_count: Number(video.nb_read_packets),
        timebase: video.time_base,
      });
      const [w, h] = String(resolution!.aspect_ratio).split(":").map(Number);
      const ratio = shape.length === 2 ? Number(shape[0]) / Number(shape[1]) : stored[0]! / stored[1]!;
      assert.deepEqual([resolution!.width, resolution!.height], [width, height]);
      // ffprobe reduces to the nearest fraction of small numbers.
      assert.ok(Math.abs(w! / h! - (turned ? 1 / ratio : ratio)) < 1e-3, `${w}:${h}`);

      const { bitrate: pictures, ...described } = coded!;
      assert.deepEqual(described, {
        container: common.container,
        video_codec: video.codec_name,
        profile: (video.profile ?? "unknown").toLowerCase(),
        level: level(video.codec_name!, Number(video.level)),
        pixel_format: video.pix_fmt,
      });
      const seconds = Number(video.duration ?? format.duration);
      const expected = video.bit_rate ? Number(video.bit_rate) : (await pictureBits(path)) / seconds;
      assert.ok(Math.abs(Number(pictures) - expected) <= 1 + expected * 1e-4, `${pictures} bits/s, not ${expected}`);
      assert.deepEqual(
        sound,
        audio && {
          codec: audio.codec_name,
          channels: audio.channels,
          sample_rate: Number(audio.sample_rate),
          bitrate: Number(audio.bit_rate ?? 0),
        },
      );
    });
  }
});
