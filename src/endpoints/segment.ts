/** Reshoot's own endpoint: finds an object from clicks, boxes, masks or words and follows it through the clip. */
import type { Issue, Loc } from "../errors.ts";
import type { Prompt, SegmentationTarget } from "../operations/segmentation.ts";
import { spellings } from "./accept.ts";
import { defineEndpoint, type EndpointContext, type EndpointOutput } from "./endpoint.ts";
import { given, need } from "./needs.ts";
import { choice, File, filled, flag, float, Image, integer, list, media, object, optional, text } from "./schema.ts";
import { type Static, Type } from "./typebox.ts";

const MOST_PROMPTS = 1000;

const frame = () => filled(integer("Index of the frame, from 0.", { minimum: 0 }), 0);
const time = () => optional(float("Seconds from the start, in the place of frame.", { minimum: 0 }));
const affected = () =>
  filled(flag("Whether this marks what the object affects, its shadow or reflection: 127 in a quadmask."), false);
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
        time: time(),
        affected: affected(),
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
        time: time(),
        affected: affected(),
      }),
      "Boxes around the object.",
    ),
  ),
  masks: optional(
    list(
      object("SegmentMask", {
        mask_url: media("image", "Picture: white on the object, black elsewhere."),
        frame: frame(),
        time: time(),
        affected: affected(),
      }),
      "Whole masks of single frames: what they say is taken as it is.",
    ),
  ),
  frame_index: optional(
    integer("Find the object on this frame only, and answer with mask_image instead of mask_video.", { minimum: 0 }),
  ),
  frame_time: optional(float("Like frame_index, by the seconds from the start of the video.", { minimum: 0 })),
  mask_format: filled(
    choice(
      ["white_object", "black_object", "quadmask"],
      "White on black; black on white; or as VOID takes it: 0 the object, 127 what it affects, 63 both, 255 what is kept.",
    ),
    "white_object",
  ),
  mask_runs: filled(
    flag("Answer with mask_runs as well: every frame's mask and time as text, for programs that draw it."),
    false,
  ),
});

type Input = Static<typeof segmentInput>;

const segmentOutput = Type.Object({
  mask_video: optional(File),
  mask_image: optional(Image),
  mask_runs: optional(File),
  found: list(text("A name."), "What was found, in words; empty for marks."),
  frames_with_object: optional(integer("Frames of mask_video in which the object is seen.")),
  timings: object("Timings", {}, "Seconds that each stage took."),
});

const MARKS = ["points", "boxes", "masks"] as const;

function check(input: Input): readonly Issue[] {
  const marks = MARKS.flatMap((field) => (input[field] ?? []).map((mark, i) => ({ mark, loc: ["body", field, i] })));
  const ofObject = marks.filter(({ mark }) => !mark.affected).length;
  const words = given(input.prompt);
  if (ofObject === 0 && !words) {
    return [{ loc: ["body", "prompt"], msg: "One of prompt, points, boxes and masks is required", type: "missing" }];
  }
  if (ofObject > 0 && words) {
    return [{ loc: ["body", "prompt"], msg: "Either a prompt or marks, not both", type: "value_error" }];
  }
  if (marks.length > MOST_PROMPTS) {
    return [{ loc: ["body", "points"], msg: `At most ${MOST_PROMPTS} marks are taken`, type: "sequence_too_long" }];
  }
  const effect = marks.find(({ mark }) => mark.affected);
  if (effect && (input.mask_format !== "quadmask" || isOneFrame(input))) {
    const msg = "What the object affects is told apart in the video of a quadmask only: set mask_format to quadmask";
    return [{ loc: [...effect.loc, "affected"], msg, type: "value_error" }];
  }
  if (input.mask_runs && isOneFrame(input)) {
    return [{ loc: ["body", "mask_runs"], msg: "One frame is answered as mask_image", type: "value_error" }];
  }
  return [];
}

function isOneFrame({ frame_index, frame_time }: Pick<Input, "frame_index" | "frame_time">): boolean {
  return frame_index !== undefined || frame_time !== undefined;
}

type Marks = { readonly own: readonly Prompt[]; readonly affected: readonly Prompt[] };

/** All marks: the object's own, and those of what it affects. */
async function marksOf(input: Input, context: EndpointContext): Promise<Marks> {
  const all: (Prompt & { readonly affected: boolean })[] = [];
  const loc = (field: string, index: number): Loc => ["body", field, index];
  for (const [i, point] of (input.points ?? []).entries()) {
    all.push({ kind: "click", ...point, loc: loc("points", i) });
  }
  for (const [i, box] of (input.boxes ?? []).entries()) all.push({ kind: "box", ...box, loc: loc("boxes", i) });
  for (const [i, { mask_url: _, ...mask }] of (input.masks ?? []).entries()) {
    const own = loc("masks", i);
    const media = await context.open([...own, "mask_url"]);
    all.push({ kind: "mask", media, polarity: "white-removes", ...mask, loc: own });
  }
  return { own: all.filter((mark) => !mark.affected), affected: all.filter((mark) => mark.affected) };
}

async function run(input: Input, context: EndpointContext): Promise<EndpointOutput> {
  context.stage("finding the object", 0, 1);
  const video = await context.open("video_url");
  const { own, affected } = await marksOf(input, context);
  const target: SegmentationTarget = given(input.prompt)
    ? { kind: "words", text: input.prompt ?? "", loc: ["body", "prompt"] }
    : { kind: "prompts", prompts: own };
  const polarity = input.mask_format === "white_object" ? "white-removes" : "void";
  if (isOneFrame(input)) {
    const { frame_index: frame = 0, frame_time: time } = input;
    const frameLoc = ["body", time === undefined ? "frame_index" : "frame_time"];
    const params = { video, target, frame, frameLoc, ...(time !== undefined && { time }), polarity } as const;
    const { mask, width, height, found, timings } = await context.operations.segmentFrame(params);
    return { mask_image: { $file: mask, width, height }, found, timings };
  }
  const { mask, runs, framesWithObject, found, timings } = await context.operations.segment({
    video,
    target,
    polarity,
    ...(affected.length > 0 && { affected }),
    ...(input.mask_runs && { withRuns: true }),
  });
  const files = { mask_video: { $file: mask }, mask_runs: runs && { $file: runs } };
  return { ...files, found, frames_with_object: framesWithObject, timings };
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
    need(isOneFrame(input) ? "segmentFrame" : "segment", given(input.prompt) ? "prompt" : "video_url"),
  ],
  run,
});
