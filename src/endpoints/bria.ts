/** Bria: background removal, live and in files, and erasing objects. */
import Type, { type Static } from "typebox";
import type { Issue } from "../errors.ts";
import { chain, spellings, values } from "./accept.ts";
import { eraseByKeypoints, eraseByMask, eraseByPrompt } from "./bria-erase.ts";
import { MAX_ITEMS } from "./coerce.ts";
import { defineEndpoint, type Endpoint } from "./endpoint.ts";
import { parseKeypoint, spellKeypoint } from "./keypoints.ts";
import { need } from "./needs.ts";
import { perSecond } from "./price.ts";
import {
  choice,
  extension,
  File,
  filled,
  flag,
  integer,
  list,
  media,
  nullable,
  optional,
  text,
  Video,
  videoInput,
} from "./schema.ts";

const VIDEO = "https://storage.googleapis.com/falserverless/example_inputs/ffmpeg-video.mp4";
const MASK = "https://storage.googleapis.com/falserverless/kontext-blog/trimask_quadmask.mp4";

const COLORS = ["Black", "White", "Gray", "Red", "Green", "Blue", "Yellow", "Cyan", "Magenta", "Orange"] as const;

const preserveAudio = filled(flag("Keep the video's sound."), true);

const removalInput = videoInput({
  output_container_and_codec: filled(
    choice(
      [
        "mp4_h265",
        "mp4_h264",
        "webm_vp9",
        "mov_h265",
        "mov_proresks",
        "mkv_h265",
        "mkv_h264",
        "mkv_vp9",
        "avi_h264",
        "gif",
      ],
      "Container and codec of the result. Transparency needs webm_vp9, mov_proresks, mkv_vp9 or gif.",
    ),
    "webm_vp9",
  ),
  preserve_audio: preserveAudio,
  video_url: media("video", "Video whose background is removed."),
  background_color: filled(choice(["Transparent", ...COLORS], "What replaces the background."), "Black"),
});

const realtimeInput = Type.Object({
  blur_strength: filled(integer("How strongly a blurred background is blurred.", { minimum: 0, maximum: 100 }), 50),
  background_color: filled(choice(COLORS, "Colour of a plain background."), "Black"),
  background_type: filled(choice(["color", "image", "blur"], "What replaces the background."), "color"),
  image_url: filled(media("image", "A frame to work on. Live frames come over the connection instead."), ""),
  background_image_url: nullable(media("image", "Picture for an image background.")),
});

const erasing = {
  output_container_and_codec: filled(
    choice(
      [
        "mp4_h265",
        "mp4_h264",
        "webm_vp9",
        "gif",
        "mov_h264",
        "mov_h265",
        "mov_proresks",
        "mkv_h264",
        "mkv_h265",
        "mkv_vp9",
        "mkv_mpeg4",
      ],
      "Container and codec of the result.",
    ),
    "mp4_h264",
  ),
  auto_trim: filled(flag("Cut the video to its first 5 seconds; otherwise a longer one is an error."), true),
  preserve_audio: preserveAudio,
};
const toErase = { video_url: media("video", "Video to erase from; up to 5 seconds.") };

const eraseMaskInput = videoInput({
  ...erasing,
  ...toErase,
  mask_video_url: media("video", "Mask video of up to 5 seconds: white is erased, black is kept."),
});
const erasePromptInput = videoInput({ ...erasing, prompt: text("What to erase."), ...toErase });
const eraseKeypointsInput = videoInput({
  ...erasing,
  keypoints: list(
    text("A point on the first frame: {'x': 100, 'y': 100, 'type': 'positive'}."),
    "Points on what is erased (positive) and on what is kept (negative).",
    { minItems: 1 },
  ),
  ...toErase,
});

function checkKeypoints(input: Static<typeof eraseKeypointsInput>): readonly Issue[] {
  const points = input.keypoints.map(parseKeypoint);
  if (points.every((point) => point?.type === "negative")) {
    const msg = "Value error, at least one key point should be positive: a point on what is erased";
    return [{ loc: ["body", "keypoints"], msg, type: "value_error" }];
  }
  return input.keypoints.flatMap((point, index): Issue[] => {
    if (parseKeypoint(point)) return [];
    const msg = "Value error, a key point should look like {'x': 100, 'y': 100, 'type': 'positive'}";
    return [{ loc: ["body", "keypoints", index], msg, type: "value_error", input: point.slice(0, 200) }];
  });
}

/** Points as objects become the vendor's strings. */
function acceptKeypoints(raw: Record<string, unknown>): Record<string, unknown> {
  const { keypoints } = raw;
  if (!Array.isArray(keypoints) || keypoints.length > MAX_ITEMS) return raw;
  return { ...raw, keypoints: keypoints.map(spellKeypoint) };
}

const common = { aliases: [], family: "Bria", category: "video-to-video", vendor: "fal" } as const;
const queued = { ...common, transport: "request", price: perSecond(0.14, "Per second of the input video.") } as const;
const eraseOutput = Type.Object({ video: Video });
const foundOutput = Type.Object({
  video: Video,
  mask_video: optional(extension(File, "The mask that was made and used: white is what was erased.")),
});

/** All Bria endpoints. */
export const bria: readonly Endpoint[] = [
  defineEndpoint({
    ...queued,
    id: "bria/video/background-removal",
    title: "Bria: background removal",
    description: "Replaces a video's background by transparency or a colour.",
    input: removalInput,
    output: Type.Object({ video: Video, request_id: text("The vendor's own id of the job.") }),
    examples: [{ video_url: VIDEO, background_color: "Black", output_container_and_codec: "webm_vp9" }],
    accept: spellings(removalInput),
    needs: () => [need("matte", "video_url")],
  }),
  defineEndpoint({
    ...common,
    transport: "realtime",
    id: "bria/video/background-removal/realtime",
    title: "Bria: live background removal",
    description: "Replaces the background of a live picture by a colour, a picture or a blur.",
    input: realtimeInput,
    output: Type.Object({}),
    examples: [{ blur_strength: 50, background_color: "Black", background_type: "color" }],
    price: perSecond(0.0042, "Per second of an open connection."),
    accept: chain(spellings(realtimeInput), values("background_image_url", { null: null, "": null })),
    needs: () => [need("matte", "image_url")],
  }),
  defineEndpoint({
    ...queued,
    id: "bria/video/erase/mask",
    title: "Bria: erase by mask",
    description: "Erases what a mask marks, up to 5 seconds of video.",
    input: eraseMaskInput,
    output: eraseOutput,
    examples: [{ video_url: VIDEO, mask_video_url: MASK }],
    accept: spellings(eraseMaskInput),
    needs: () => [need("removeObject", "mask_video_url"), need("conform", "video_url")],
    run: eraseByMask,
  }),
  defineEndpoint({
    ...queued,
    id: "bria/video/erase/prompt",
    title: "Bria: erase by prompt",
    description: "Erases what a few words name, up to 5 seconds of video.",
    input: erasePromptInput,
    output: foundOutput,
    examples: [{ video_url: VIDEO, prompt: "the person on the left" }],
    accept: spellings(erasePromptInput),
    needs: () => [need("segment", "prompt"), need("removeObject", "video_url"), need("conform", "video_url")],
    run: eraseByPrompt,
  }),
  defineEndpoint({
    ...queued,
    id: "bria/video/erase/keypoints",
    title: "Bria: erase by key points",
    description: "Erases what is clicked on, up to 5 seconds of video.",
    input: eraseKeypointsInput,
    output: foundOutput,
    examples: [{ video_url: VIDEO, keypoints: ["{'x': 765, 'y': 344, 'type': 'positive'}"] }],
    accept: chain(spellings(eraseKeypointsInput), acceptKeypoints),
    check: checkKeypoints,
    needs: () => [need("segment", "keypoints"), need("removeObject", "video_url"), need("conform", "video_url")],
    run: eraseByKeypoints,
  }),
];
