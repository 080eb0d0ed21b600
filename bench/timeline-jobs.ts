/** The requests that `bench/timeline.ts` measures, each with ffmpeg's command lines for the same work. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { sharedMedia } from "../test/shared-media.ts";

const run = promisify(execFile);

/** One request and its twin. */
export type Job = {
  readonly name: string;
  /** Behind `fal-ai/ffmpeg-api/`. */
  readonly endpoint: string;
  /** @param url of an uploaded clip, by its name or absolute path. */
  input(url: (name: string) => Promise<string>): Promise<object>;
  /** ffmpeg's arguments, one list for each time it is called. */
  readonly commands: readonly (readonly string[])[];
  /** Makes files that the job needs. */
  prepare?(): Promise<unknown>;
};

/** As the product encodes by default. */
const X264 = ["-c:v", "libx264", "-preset", "faster", "-crf", "16", "-pix_fmt", "yuv420p", "-movflags", "+faststart"];
const SCALER = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact";

/** All jobs. @param folder for what ffmpeg writes. */
export function timelineJobs(folder: string): readonly Job[] {
  const inputs = (...names: readonly string[]): string[] => names.flatMap((name) => ["-i", sharedMedia(name)]);
  const out = (name: string): string => join(folder, name);
  const [bunny, head, tennis, lime, cups] = [
    "motion/bigbuckbunny_25_audio.mp4",
    "removal/or_gt_largehead.mp4",
    "removal/or_tennis.mp4",
    "removal/or_lime.mp4",
    "motion/cups_29_97_audio.mp4",
  ];
  const [speech, mp3, minute] = ["speech/speech1.wav", "speech/speech2.mp3", "speech/speech_60s.wav"];
  const pictures = [0, 1, 2, 3].map((index) => out(`picture-${index}.png`));
  const keyframe = (url: string, timestamp: number, duration: number) => ({ url, timestamp, duration });
  const target = "I=-18:TP=-0.1:LRA=7";
  return [
    {
      name: "compose: 720p video, a 360p one over it, speech",
      endpoint: "compose",
      input: async (url) => ({
        tracks: [
          { id: "1", type: "video", keyframes: [keyframe(await url(bunny), 0, 4000)] },
          { id: "2", type: "video", keyframes: [keyframe(await url(head), 1000, 2000)] },
          { id: "3", type: "audio", keyframes: [keyframe(await url(speech), 0, 4000)] },
        ],
      }),
      commands: [
        [
          ...inputs(bunny, head, speech),
          "-filter_complex",
          "[0:v]fps=30000/1001,trim=end=4[a];" +
            `[1:v]trim=end=2,setpts=PTS+1/TB,fps=30000/1001:start_time=0,scale=1280:720:${SCALER}[b];` +
            "[a][b]overlay=enable='between(t,1,2.99)'[v];" +
            "[0:a]atrim=end=4[x];[2:a]atrim=end=4[y];[x][y]amix=normalize=0[s]",
          ...["-map", "[v]", "-map", "[s]", ...X264, "-c:a", "aac", out("compose.mp4")],
        ],
      ],
    },
    {
      name: "merge-videos: 854x480 and 1280x720, coded anew",
      endpoint: "merge-videos",
      input: async (url) => ({ video_urls: [await url(tennis), await url(lime)] }),
      commands: [
        [
          ...inputs(tennis, lime),
          "-filter_complex",
          `[0:v]fps=12[a];[1:v]scale=854:480:${SCALER},setsar=1[b];[a][b]concat`,
          ...[...X264, out("merged.mp4")],
        ],
      ],
    },
    {
      name: "merge-videos: a clip twice, copied",
      endpoint: "merge-videos",
      input: async (url) => ({ video_urls: [await url(tennis), await url(tennis)] }),
      commands: [
        [...["-stream_loop", "1", ...inputs(tennis), "-c", "copy", "-movflags", "+faststart"], out("copied.mp4")],
      ],
    },
    {
      name: "merge-audios: 20 s MP3 and 60 s WAV into MP3",
      endpoint: "merge-audios",
      input: async (url) => ({ audio_urls: [await url(mp3), await url(minute)], output_format: "mp3_44100_128" }),
      commands: [
        [
          ...inputs(mp3, minute),
          "-filter_complex",
          "[1:a]aresample=44100[b];[0:a][b]concat=n=2:v=0:a=1",
          ...["-b:a", "128k", out("merged.mp3")],
        ],
      ],
    },
    {
      name: "extract-frame: the middle of 300 frames of 720p",
      endpoint: "extract-frame",
      input: async (url) => ({ video_url: await url(cups), frame_type: "middle" }),
      commands: [["-ss", "5.005", ...inputs(cups), "-frames:v", "1", out("middle.png")]],
    },
    {
      name: "loudnorm: 60 s, two passes",
      endpoint: "loudnorm",
      input: async (url) => ({ audio_url: await url(minute) }),
      commands: [
        [...inputs(minute), "-af", `loudnorm=${target}:print_format=json`, "-f", "null", "-"],
        [...inputs(minute), "-af", `loudnorm=${target}`, "-ar", "16000", out("normal.wav")],
      ],
    },
    {
      name: "waveform: 60 s",
      endpoint: "waveform",
      input: async (url) => ({ media_url: await url(minute) }),
      commands: [
        [
          ...inputs(minute),
          "-af",
          "asetnsamples=n=4000,astats=metadata=1:reset=1,ametadata=print:key=lavfi.astats.Overall.Peak_level:file=-",
          ...["-f", "null", "-"],
        ],
      ],
    },
    {
      name: "images-to-video: 4 pictures of 720p, 24 frames each",
      endpoint: "images-to-video",
      prepare: () =>
        Promise.all(
          pictures.map((picture, index) => {
            const from = ["-ss", String(index * 2), ...inputs(cups)];
            return run("ffmpeg", ["-v", "error", "-y", ...from, "-frames:v", "1", picture]);
          }),
        ),
      input: async (url) => ({
        images: await Promise.all(pictures.map(async (picture) => ({ url: await url(picture), frames: 24 }))),
        fps: 24,
      }),
      commands: [
        [
          ...pictures.flatMap((picture) => ["-loop", "1", "-framerate", "24", "-t", "1", "-i", picture]),
          ...["-filter_complex", "concat=n=4", ...X264, out("images.mp4")],
        ],
      ],
    },
    {
      name: "merge-audio-video: 720p copied, speech coded",
      endpoint: "merge-audio-video",
      input: async (url) => ({ video_url: await url(bunny), audio_url: await url(speech) }),
      commands: [
        [
          ...[...inputs(bunny, speech), "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-t", "5.28"],
          ...["-movflags", "+faststart", out("laid.mp4")],
        ],
      ],
    },
  ];
}
