/** Wan-VACE 14B: one model that edits a video by a control (depth, pose), a mask, or a larger canvas. */
import { fieldError, type Issue } from "../errors.ts";
import { spellings } from "./accept.ts";
import { defineEndpoint, type Endpoint, type EndpointContext, type EndpointOutput, type Price } from "./endpoint.ts";
import { given, type Need, need } from "./needs.ts";
import { ASSUMED, tidy } from "./price.ts";
import {
  choice,
  File,
  filled,
  flag,
  float,
  integer,
  list,
  media,
  optional,
  promptedVideoOutput,
  text,
  VideoFile,
  videoInput,
} from "./schema.ts";
import { type Static, type TObject, type TProperties, Type } from "./typebox.ts";
import { type InpaintingInput, inpaint, inpaintingNeeds } from "./wan-vace-inpainting.ts";
import { outpaint, type ReframingInput, reframe, reframingNeeds } from "./wan-vace-reframing.ts";

type Run = (input: Readonly<Record<string, unknown>>, context: EndpointContext) => Promise<EndpointOutput>;

const NEGATIVE_PROMPT =
  "letterboxing, borders, black bars, bright colors, overexposed, static, blurred details, subtitles, style, artwork, painting, picture, still, overall gray, worst quality, low quality, JPEG compression residue, ugly, incomplete, extra fingers, poorly drawn hands, poorly drawn faces, deformed, disfigured, malformed limbs, fused fingers, still picture, cluttered background, three legs, many people in the background, walking backwards";
const PROMPT =
  "The video shows a man riding a horse on a vast grassland. He has long lavender hair and wears a traditional dress of a white top and black pants. The animation style makes him look like he is doing some kind of outdoor activity or performing. The background is a spectacular mountain range and cloud sky, giving a sense of tranquility and vastness. The entire video is shot from a fixed angle, focusing on the rider and his horse.";
const VIDEO = "https://storage.googleapis.com/falserverless/example_inputs/ffmpeg-video.mp4";
const MASK_VIDEO = "https://storage.googleapis.com/falserverless/kontext-blog/trimask_quadmask.mp4";

const TASKS = ["depth", "pose", "inpainting", "outpainting", "reframe"] as const;
type Task = (typeof TASKS)[number];

/** Tasks that operations can be composed into; the others need an engine that serves the whole endpoint. */
const RUNS: Readonly<Partial<Record<Task, Run>>> = {
  inpainting: (input, context) => inpaint(input as InpaintingInput, context),
  outpainting: (input, context) => outpaint(input as ReframingInput, context),
  reframe: (input, context) => reframe(input as ReframingInput, context),
};

const MATCH_FRAMES = "Make as many frames as the input has, whatever num_frames says.";
const MATCH_FPS = "Keep the input's frame rate, whatever frames_per_second says.";

const opening = { negative_prompt: filled(text("What the model should avoid."), NEGATIVE_PROMPT) };
const prompted = { prompt: text("What the result should show.") };
const matching = {
  match_input_num_frames: optional(flag(MATCH_FRAMES)),
  num_frames: filled(integer("Frames to make.", { minimum: 81, maximum: 241 }), 81),
  match_input_frames_per_second: optional(flag(MATCH_FPS)),
  frames_per_second: filled(integer("Frames per second of the result.", { minimum: 5, maximum: 30 }), 16),
};
const sampling = {
  seed: optional(integer("The same seed and input give the same video.")),
  resolution: filled(choice(["480p", "580p", "720p"], "Size of the result."), "720p"),
  aspect_ratio: filled(choice(["auto", "16:9", "1:1", "9:16"], "Shape of the result; auto keeps the input's."), "auto"),
  num_inference_steps: filled(integer("Sampling steps: more is better and slower.", { minimum: 2, maximum: 50 }), 30),
  guidance_scale: filled(float("How strictly the prompt is followed.", { minimum: 1, maximum: 10 }), 5),
};
const source = { video_url: media("video", "Video to start from.") };
const maskVideo = media("video", "Mask video: white is made anew, black is kept.");
const references = { ref_image_urls: optional(list(media("image", "A picture."), "Pictures of what should appear.")) };
const checks = {
  enable_safety_checker: optional(flag("Check the result's content, where a checker is configured.")),
  enable_prompt_expansion: optional(flag("Let a language model enrich the prompt.")),
};
const preprocess = { preprocess: optional(flag("Turn the video into the control; off when it already is one.")) };
const acceleration = {
  acceleration: optional(choice(["none", "regular"], "Trade a little fidelity for speed.")),
};
const interpolator = {
  temporal_downsample_factor: optional(
    integer("Frames skipped between those that are worked on, and interpolated afterwards.", {
      minimum: 0,
      maximum: 5,
    }),
  ),
  interpolator_model: filled(choice(["rife", "film"], "How in-between frames are made."), "film"),
};

/** Fields that newer versions of these endpoints take. */
const newer = {
  sampler: optional(choice(["unipc", "dpm++", "euler"], "Sampler; unipc when left out.")),
  shift: optional(float("Noise schedule shift; 5 when left out.", { minimum: 1, maximum: 15 })),
  first_frame_url: optional(media("image", "Picture the result starts with.")),
  last_frame_url: optional(media("image", "Picture the result ends with.")),
  transparency_mode: optional(
    choice(["content_aware", "white", "black"], "What fills the transparent parts of the first and last frame."),
  ),
  num_interpolated_frames: optional(
    integer("Frames interpolated between each two of the result.", { minimum: 0, maximum: 5 }),
  ),
  enable_auto_downsample: optional(flag("Choose the temporal downsampling by the input's length.")),
  auto_downsample_min_fps: optional(
    float("Lowest frame rate that automatic downsampling may choose; 15 when left out.", { minimum: 1, maximum: 60 }),
  ),
  video_quality: optional(choice(["low", "medium", "high", "maximum"], "Quality of the encoding.")),
  video_write_mode: optional(choice(["fast", "balanced", "small"], "Encode quickly, or small.")),
  return_frames_zip: optional(flag("Also give the frames as a ZIP file.")),
  sync_mode: optional(flag("Give the media inline, as data URIs.")),
};
const newerReframe = { trim_borders: optional(flag("Cut black bars off the source first; true when left out.")) };

const RENAMES = {
  num_interpolated_frames: ["temporal_upsample_factor"],
  mask_video_url: ["mask_video"],
  first_frame_url: ["first_image_url"],
  last_frame_url: ["last_image_url", "end_image_url"],
};

const output = Type.Object({
  ...promptedVideoOutput(VideoFile).properties,
  frames_zip: optional(File),
});

/** $0.08 is the price of a second at 720p; the other sizes are the factors. */
const FACTORS: Readonly<Record<string, number>> = { "480p": 0.5, "580p": 0.75, "720p": 1 };
const price: Price = {
  unitPrice: 0.08,
  unit: "second",
  units: (input) => tidy((Number(input.num_frames) / 16) * (FACTORS[String(input.resolution)] ?? 1)),
  rule: `A second is 16 frames of num_frames; 480p counts half, 580p three quarters. ${ASSUMED}`,
};

function taskNeed(task: Task, field: string): Need {
  switch (task) {
    case "depth":
    case "pose":
      return need("restyle", field, `${task} control repaints the whole video`);
    case "inpainting":
      return need("removeObject", field);
    case "outpainting":
    case "reframe":
      return need("reframe", field);
  }
}

/** What a task can do without a model that invents pictures, and what it cannot. */
function needsOf(task: Task, field: string, input: Record<string, unknown>): Need[] {
  return [taskNeed(task, field), ...ownNeeds(task, input), ...interpolationNeeds(input)];
}

function ownNeeds(task: Task, input: Record<string, unknown>): Need[] {
  if (task === "inpainting") return inpaintingNeeds(input);
  return task === "outpainting" || task === "reframe" ? reframingNeeds(input) : [];
}

function interpolationNeeds(input: Record<string, unknown>): Need[] {
  return ["num_interpolated_frames", "temporal_downsample_factor", "enable_auto_downsample"]
    .filter((field) => Number(input[field] ?? 0) > 0)
    .slice(0, 1)
    .map((field) => need("interpolateFrames", field));
}

/** The endpoint of one task. */
function taskEndpoint<P extends TProperties>(
  task: Task,
  description: string,
  properties: P,
  example: Record<string, unknown> = {},
): Endpoint {
  const input: TObject = videoInput({ ...properties, ...newer });
  return defineEndpoint({
    id: `fal-ai/wan-vace-14b/${task}`,
    aliases: [],
    family: "Wan VACE",
    title: `Wan VACE 14B: ${task}`,
    description,
    category: "video-to-video",
    transport: "request",
    vendor: "fal",
    input,
    output,
    examples: [{ prompt: PROMPT, video_url: VIDEO, ...example }],
    price,
    accept: spellings(input, RENAMES),
    needs: (value) => needsOf(task, "video_url", value),
    ...(RUNS[task] && { run: RUNS[task] }),
  });
}

const anyTaskInput = videoInput({
  ...prompted,
  ...opening,
  ...matching,
  task: filled(choice(TASKS, "What to do."), "depth"),
  ...sampling,
  ...source,
  mask_video_url: optional(maskVideo),
  mask_image_url: optional(media("image", "Mask for every frame, used instead of the mask video.")),
  ...references,
  ...checks,
  ...preprocess,
  ...acceleration,
  ...interpolator,
  ...newer,
});

function checkAnyTask(input: Static<typeof anyTaskInput>): readonly Issue[] {
  if (input.task !== "inpainting" || given(input.mask_video_url) || given(input.mask_image_url)) return [];
  const msg = "Field required: the task inpainting needs mask_video_url or mask_image_url";
  return [{ loc: ["body", "mask_video_url"], msg, type: "missing" }];
}

const anyTask = defineEndpoint({
  id: "fal-ai/wan-vace-14b",
  aliases: [],
  family: "Wan VACE",
  title: "Wan VACE 14B",
  description: "Edits a video by one of five tasks: depth or pose control, inpainting, outpainting, reframing.",
  category: "video-to-video",
  transport: "request",
  vendor: "fal",
  input: anyTaskInput,
  output,
  examples: [
    {
      prompt: PROMPT,
      negative_prompt: NEGATIVE_PROMPT,
      match_input_num_frames: false,
      num_frames: 81,
      match_input_frames_per_second: false,
      frames_per_second: 16,
      task: "depth",
      resolution: "720p",
      aspect_ratio: "auto",
      num_inference_steps: 30,
      guidance_scale: 5,
      video_url: VIDEO,
      enable_safety_checker: true,
      enable_prompt_expansion: false,
      preprocess: false,
      acceleration: "none",
    },
    { prompt: PROMPT, video_url: VIDEO, task: "inpainting", mask_video_url: MASK_VIDEO },
  ],
  price,
  accept: spellings(anyTaskInput, RENAMES),
  check: checkAnyTask,
  needs: (input) => needsOf(input.task, "task", input),
  run: (input, context) => {
    const run = RUNS[input.task];
    if (!run) throw fieldError("feature_not_supported", ["body", "task"], `The task ${input.task} is not offered here`);
    return run(input, context);
  },
});

const side = (name: string) => optional(flag(`Add room ${name}.`));

/** What depth and pose, which follow a control picture of the source, both take. */
const controlled = {
  ...prompted,
  ...opening,
  ...matching,
  ...sampling,
  ...source,
  ...checks,
  ...preprocess,
  ...acceleration,
};

/** Wan-VACE with any task, then one endpoint per task. */
export const wanVace: readonly Endpoint[] = [
  anyTask,
  taskEndpoint("depth", "Repaints a video and keeps its depth, so that the shapes stay where they were.", controlled),
  taskEndpoint("pose", "Repaints a video and keeps the poses of the people in it.", controlled),
  taskEndpoint(
    "inpainting",
    "Replaces the masked part of a video by what the prompt says.",
    {
      ...prompted,
      ...opening,
      ...matching,
      ...sampling,
      ...source,
      mask_video_url: maskVideo,
      ...references,
      ...checks,
      ...acceleration,
      mask_image_url: optional(media("image", "Mask for every frame, used instead of the mask video.")),
    },
    { mask_video_url: MASK_VIDEO },
  ),
  taskEndpoint(
    "outpainting",
    "Enlarges a video's canvas and paints what was outside the picture.",
    {
      ...prompted,
      ...opening,
      ...matching,
      ...sampling,
      ...source,
      ...checks,
      ...acceleration,
      expand_left: side("on the left"),
      expand_right: side("on the right"),
      expand_top: side("above"),
      expand_bottom: side("below"),
      expand_ratio: filled(
        float("Room per chosen side, as a part of the source's size; 0.25 is a quarter.", { minimum: 0, maximum: 1 }),
        0.25,
      ),
    },
    { expand_left: true, expand_right: true },
  ),
  taskEndpoint(
    "reframe",
    "Brings a video into another shape by cropping or painting what is missing.",
    {
      prompt: filled(text("What the result should show."), ""),
      ...opening,
      ...matching,
      match_input_num_frames: filled(flag(MATCH_FRAMES), true),
      match_input_frames_per_second: filled(flag(MATCH_FPS), true),
      ...sampling,
      ...source,
      ...checks,
      ...acceleration,
      zoom_factor: optional(
        float("Enlarges the source on the canvas and crops its edges; 0 does not.", { minimum: 0 }),
      ),
      ...interpolator,
      ...newerReframe,
    },
    { aspect_ratio: "9:16" },
  ),
];
