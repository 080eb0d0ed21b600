/** fal's FFmpeg endpoint that puts tracks of media together. */
import type { Issue } from "../errors.ts";
import type { TimelinePiece } from "../operations/timeline.ts";
import { spellings } from "./accept.ts";
import { defineEndpoint } from "./endpoint.ts";
import { MOST_FILES, openEach, tooMany } from "./ffmpeg-lists.ts";
import { ffmpegPriceOf } from "./ffmpeg-price.ts";
import { need } from "./needs.ts";
import { choice, float, list, media, object, text, videoInput } from "./schema.ts";
import { type Static, Type } from "./typebox.ts";

const VIDEO = "https://storage.googleapis.com/falserverless/example_inputs/ffmpeg-video.mp4";
const MOST_TRACKS = 50;

const Keyframe = object("Keyframe", {
  timestamp: float("Milliseconds into the result at which it starts.", { minimum: 0 }),
  duration: float("Milliseconds it lasts.", { exclusiveMinimum: 0 }),
  url: media("media", "The video, audio or picture."),
});
const Track = object("Track", {
  id: text("A name of its own."),
  type: choice(["video", "audio", "image"], "What it holds."),
  keyframes: list(Keyframe, "Its pieces."),
});
const input = videoInput({ tracks: list(Track, "Tracks, lowest first.", { minItems: 1 }) });

/** What a track's pieces are used as. */
const USE = { video: "video", image: "image", audio: "sound" } as const;

function check({ tracks }: Static<typeof input>): readonly Issue[] {
  const issues = [...tooMany(["tracks"], tracks, MOST_TRACKS)];
  const keyframes = tracks.flatMap((track) => track.keyframes);
  if (keyframes.length > MOST_FILES) {
    const msg = `Value error, the tracks should have at most ${MOST_FILES} keyframes in all, not ${keyframes.length}`;
    issues.push({ loc: ["body", "tracks"], msg, type: "value_error" });
  }
  if (!tracks.some(({ type, keyframes: own }) => type !== "audio" && own.length > 0)) {
    const msg = "Value error, at least one video or image track should have a keyframe";
    issues.push({ loc: ["body", "tracks"], msg, type: "value_error" });
  }
  return issues;
}

/** Tracks of videos, pictures and audio as one video. */
export const compose = defineEndpoint({
  id: "fal-ai/ffmpeg-api/compose",
  aliases: [],
  family: "FFmpeg",
  transport: "request",
  vendor: "fal",
  price: ffmpegPriceOf<Static<typeof input>>(({ tracks }) => {
    const ends = tracks.flatMap(({ keyframes }) => keyframes.map(({ timestamp, duration }) => timestamp + duration));
    return ends.reduce((latest, end) => Math.max(latest, end), 0) / 1000;
  }),
  title: "FFmpeg: compose",
  description: "Makes one video of several tracks of videos, pictures and audio.",
  category: "video-to-video",
  input,
  output: Type.Object({ video_url: text("The video."), thumbnail_url: text("A picture of it.") }),
  examples: [{ tracks: [{ id: "1", type: "video", keyframes: [{ timestamp: 0, duration: 3000, url: VIDEO }] }] }],
  accept: spellings(input),
  check,
  needs: () => [need("composeTimeline", "tracks")],
  async run({ tracks, reshoot_output: delivery }, context) {
    const fields = tracks.flatMap(({ type, keyframes }, layer) =>
      keyframes.map((keyframe, index) => ({
        ...{ use: USE[type], layer, start: keyframe.timestamp / 1000, duration: keyframe.duration / 1000 },
        url: keyframe.url,
        loc: ["body", "tracks", layer, "keyframes", index, "url"],
      })),
    );
    const opened = await openEach(context, fields);
    const pieces = fields.map(
      ({ use, layer, start, duration }, index): TimelinePiece => ({
        media: opened[index]!,
        use,
        layer,
        start,
        duration,
      }),
    );
    context.stage("composing", 0, 1);
    const { video, thumbnail } = await context.operations.composeTimeline({ pieces, delivery });
    return { video_url: { $url: video }, thumbnail_url: { $url: thumbnail } };
  },
});
