/** Reshoot's own endpoint: finds an object from clicks, boxes, masks or words and follows it through the clip. */
import Type, { type Static } from "typebox";
import type { Issue, Loc } from "../errors.ts";
import type { Prompt, SegmentationTarget } from "../operations/segmentation.ts";
import { spellings } from "./accept.ts";
import { defineEndpoint, type EndpointContext, type EndpointOutput } from "./endpoint.ts";
import { given, need } from "./needs.ts";
import { choice, File, filled, flag, float, Image, integer, list, media, object, optional, text } from "./schema.ts";

const MOST_PROMPTS = 1000;

const frame = () => filled(integer("Index of the frame, from 0.", { minimum: 0 }), 0);
const pixel = (description: string) => float(description);

const segmentInput = Type.Object({
  video_url: media("video", "Video with the object."),
  prompt: optional(text('What to find, in words: "the man on the left, the red car". Not together with marks.')),
  points: optional(
    list(
      object("SegmentPoint", {
        x: pixel("Pixels from the left."),
        y: pixel("Pixels from the top."),
        frame: frame(),
        positive: filled(flag("Whether the point is on the object (true) or beside it."), true),
      }),
      "Clicks on the object and beside it.",
    ),
  ),
  boxes: optional(
    list(
      object("SegmentBox", {
        x: pixel("Left edge in pixels."),
        y: pixel("Top edge in pixels."),
        width: float("Width in pixels.", { exclusiveMinimum: 0 }),
        height: float("Height in pixels.", { exclusiveMinimum: 0 }),
        frame: frame(),
      }),
      "Boxes around the object.",
    ),
  ),
  masks: optional(
    list(
      object("SegmentMask", {
        mask_url: media("image", "Picture: white on the object, black elsewhere."),
        frame: frame(),
      }),
      "Whole masks of single frames: what they say is taken as it is.",
    ),
  ),
  frame_index: optional(
    integer("Find the object on this frame only, and answer with mask_image instead of mask_video.", { minimum: 0 }),
  ),
  mask_format: filled(
    choice(
      ["white_object", "black_object", "quadmask"],
      "White on black; black on white; or as VOID takes it: 0 the object, 255 what is kept.",
    ),
    "white_object",
  ),
});

type Input = Static<typeof segmentInput>;

const segmentOutput = Type.Object({
  mask_video: optional(File),
  mask_image: optional(Image),
  found: list(text("A name."), "What was found, in words; empty for marks."),
  frames_with_object: optional(integer("Frames of mask_video in which the object is seen.")),
  timings: object("Timings", {}, "Seconds that each stage took."),
});

function check(input: Input): readonly Issue[] {
  const marks = (input.points?.length ?? 0) + (input.boxes?.length ?? 0) + (input.masks?.length ?? 0);
  const words = given(input.prompt);
  if (marks === 0 && !words) {
    return [{ loc: ["body", "prompt"], msg: "One of prompt, points, boxes and masks is required", type: "missing" }];
  }
  if (marks > 0 && words) {
    return [{ loc: ["body", "prompt"], msg: "Either a prompt or marks, not both", type: "value_error" }];
  }
  if (marks > MOST_PROMPTS) {
    return [{ loc: ["body", "points"], msg: `At most ${MOST_PROMPTS} marks are taken`, type: "sequence_too_long" }];
  }
  return [];
}

async function targetOf(input: Input, context: EndpointContext): Promise<SegmentationTarget> {
  const loc = (field: string, index: number): Loc => ["body", field, index];
  if (given(input.prompt)) return { kind: "words", text: input.prompt ?? "", loc: ["body", "prompt"] };
  const clicks = (input.points ?? []).map((point, i): Prompt => ({ kind: "click", ...point, loc: loc("points", i) }));
  const boxes = (input.boxes ?? []).map((box, i): Prompt => ({ kind: "box", ...box, loc: loc("boxes", i) }));
  const masks: Prompt[] = [];
  for (const [i, mask] of (input.masks ?? []).entries()) {
    const own = loc("masks", i);
    const picture = await context.open([...own, "mask_url"]);
    masks.push({ kind: "mask", media: picture, polarity: "white-removes", frame: mask.frame, loc: own });
  }
  return { kind: "prompts", prompts: [...clicks, ...boxes, ...masks] };
}

async function run(input: Input, context: EndpointContext): Promise<EndpointOutput> {
  context.stage("finding the object", 0, 1);
  const video = await context.open("video_url");
  const target = await targetOf(input, context);
  const polarity = input.mask_format === "white_object" ? "white-removes" : "void";
  if (input.frame_index !== undefined) {
    const params = { video, target, frame: input.frame_index, polarity } as const;
    const { mask, width, height, found, timings } = await context.operations.segmentFrame(params);
    return { mask_image: { $file: mask, width, height }, found, timings };
  }
  const { mask, framesWithObject, found, timings } = await context.operations.segment({ video, target, polarity });
  return { mask_video: { $file: mask }, found, frames_with_object: framesWithObject, timings };
}

/** Finding and following an object. */
export const segmentVideo = defineEndpoint({
  id: "reshoot/segment-video",
  aliases: [],
  family: "Reshoot",
  title: "Segment a video",
  description: "Finds an object from clicks, boxes, masks or words, follows it through the clip, and returns its mask.",
  category: "video-to-video",
  transport: "request",
  vendor: "fal",
  input: segmentInput,
  output: segmentOutput,
  examples: [
    {
      video_url: "https://storage.googleapis.com/falserverless/example_inputs/ffmpeg-video.mp4",
      points: [{ x: 320, y: 180, frame: 0, positive: true }],
    },
    {
      video_url: "https://storage.googleapis.com/falserverless/example_inputs/ffmpeg-video.mp4",
      prompt: "the person on the left",
      mask_format: "quadmask",
    },
  ],
  price: { unitPrice: 0, unit: "video", units: () => 1, rule: "Free: Reshoot's own endpoint." },
  accept: spellings(segmentInput),
  check,
  needs: (input) => [
    need(input.frame_index === undefined ? "segment" : "segmentFrame", given(input.prompt) ? "prompt" : "video_url"),
  ],
  run,
});
