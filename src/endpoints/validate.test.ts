import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Issue, ReshootError } from "../errors.ts";
import { MAX_ITEMS } from "./coerce.ts";
import { catalog } from "./index.ts";
import { parseInput } from "./validate.ts";

const VIDEO = "https://example.com/a.mp4";
const VOID = { video_url: VIDEO, prompt: "" };

const find = (id: string) => catalog.find(id) ?? assert.fail(id);
const parse = (id: string, body: unknown) => parseInput(find(id), body);
const VOID_ID = "fal-ai/void-video-inpainting";

function issuesOf(id: string, body: unknown): readonly Issue[] {
  try {
    parse(id, body);
  } catch (error) {
    assert.ok(error instanceof ReshootError, String(error));
    return error.issues;
  }
  return assert.fail("it was accepted");
}

function onlyIssue(id: string, body: unknown): Issue {
  const issues = issuesOf(id, body);
  assert.equal(issues.length, 1, JSON.stringify(issues));
  return issues[0]!;
}

test("defaults are filled in, in the vendor's order, and null means absent", () => {
  const { input, unknown } = parse(VOID_ID, { ...VOID, seed: null, num_frames: null, mask_prompt: null });
  assert.deepEqual(unknown, []);
  assert.equal(input.num_frames, 85);
  assert.equal(input.enable_safety_checker, true);
  assert.equal(input.reshoot_output, "default");
  assert.equal(input.quad_mask_video_url, "");
  for (const absent of ["seed", "mask_prompt", "enable_pass2_refinement"]) assert.ok(!(absent in input), absent);
});

test("an absent or empty body lacks every required field", () => {
  for (const body of [undefined, null, "", {}]) {
    assert.deepEqual(
      issuesOf(VOID_ID, body).map(({ loc, msg, type }) => ({ loc, msg, type })),
      [
        { loc: ["body", "video_url"], msg: "Field required", type: "missing" },
        { loc: ["body", "prompt"], msg: "Field required", type: "missing" },
      ],
    );
  }
});

test("a body that is no object is a dict_type issue", () => {
  for (const body of [[], "text", 3, true]) {
    const { loc, type } = onlyIssue(VOID_ID, body);
    assert.deepEqual([loc, type], [["body"], "dict_type"]);
  }
});

test("an empty required URL is missing, an empty optional one is absent", () => {
  const issue = onlyIssue(VOID_ID, { ...VOID, video_url: "" });
  assert.deepEqual([issue.loc, issue.type], [["body", "video_url"], "missing"]);
  const { input } = parse("wavespeed-ai/void-video-inpainting/mask", {
    video: VIDEO,
    prompt: "x",
    mask_video: " ",
    mask_prompt: "x",
  });
  assert.ok(!("mask_video" in input));
});

test("every kind of mistake has pydantic's words", () => {
  const cases: [body: Record<string, unknown>, issue: Partial<Issue>][] = [
    [{ prompt: 3 }, { type: "string_type", msg: "Input should be a valid string", input: 3 }],
    [{ mask_prompt: ["a"] }, { type: "string_type", loc: ["body", "mask_prompt"] }],
    [
      { seed: "x" },
      { type: "int_parsing", msg: "Input should be a valid integer, unable to parse string as an integer" },
    ],
    [{ seed: 1.5 }, { type: "int_from_float" }],
    [{ seed: [] }, { type: "int_type", msg: "Input should be a valid integer" }],
    [
      { strength: "x" },
      { type: "float_parsing", msg: "Input should be a valid number, unable to parse string as a number" },
    ],
    [{ strength: {} }, { type: "float_type", msg: "Input should be a valid number" }],
    [{ enable_safety_checker: 2 }, { type: "bool_parsing" }],
    [{ enable_safety_checker: [] }, { type: "bool_type", msg: "Input should be a valid boolean" }],
    [
      { num_inference_steps: 0 },
      { type: "greater_than_equal", ctx: { ge: 1 }, msg: "Input should be greater than or equal to 1" },
    ],
    [{ num_inference_steps: 51 }, { type: "less_than_equal", ctx: { le: 50 }, input: 51 }],
    [{ seed: 1e300 }, { type: "less_than_equal", ctx: { le: Number.MAX_SAFE_INTEGER } }],
    [{ strength: Number.POSITIVE_INFINITY }, { type: "float_type" }],
    [{ video_url: "a.mp4" }, { type: "url_parsing", loc: ["body", "video_url"], input: "a.mp4" }],
    [{ video_url: "file:///etc/passwd" }, { type: "url_parsing" }],
    [{ video_url: 3 }, { type: "string_type" }],
    [
      { reshoot_output: "best" },
      {
        type: "literal_error",
        msg: "Input should be 'default' or 'lossless'",
        ctx: { expected: "'default' or 'lossless'" },
        input: "best",
      },
    ],
  ];
  for (const [body, expected] of cases) {
    const issue = onlyIssue(VOID_ID, { ...VOID, ...body });
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(issue[key as keyof Issue], value, key);
  }
});

test("mistakes are all reported, in the order of the fields", () => {
  const issues = issuesOf(VOID_ID, { strength: 7, num_frames: "many", video_url: "nowhere" });
  assert.deepEqual(
    issues.map((issue) => issue.loc[1]),
    ["video_url", "prompt", "strength", "num_frames"],
  );
});

test("locs walk into lists", () => {
  const ltx = "fal-ai/ltx-video-13b-distilled/multiconditioning";
  const images = [{ image_url: VIDEO }, { start_frame_num: 4 }];
  assert.deepEqual(
    issuesOf(ltx, { prompt: "x", images }).map(({ loc, type }) => [loc, type]),
    [
      [["body", "images", 1, "image_url"], "missing"],
      [["body", "images", 1, "start_frame_num"], "multiple_of"],
    ],
  );
  const { loc, type } = onlyIssue("fal-ai/wan-vace-14b", {
    prompt: "x",
    video_url: VIDEO,
    ref_image_urls: [VIDEO, ""],
  });
  assert.deepEqual([loc, type], [["body", "ref_image_urls", 1], "url_parsing"]);
});

test("lists have their limits", () => {
  const merge = "fal-ai/ffmpeg-api/merge-videos";
  const short = onlyIssue(merge, { video_urls: [] });
  assert.deepEqual([short.type, short.ctx], ["sequence_too_short", { min_length: 1 }]);
  const long = onlyIssue(merge, { video_urls: Array(MAX_ITEMS + 1).fill(VIDEO) });
  assert.deepEqual([long.type, long.ctx], ["sequence_too_long", { max_length: MAX_ITEMS }]);
  assert.equal(onlyIssue(merge, { video_urls: VIDEO }).type, "list_type");
});

test("a union complains about the branch that was meant", () => {
  const merge = "fal-ai/ffmpeg-api/merge-videos";
  const body = { video_urls: [VIDEO] };
  assert.equal(onlyIssue(merge, { ...body, resolution: "huge" }).type, "literal_error");
  const size = onlyIssue(merge, { ...body, resolution: { width: 1, height: 600 } });
  assert.deepEqual([size.loc, size.type], [["body", "resolution", "width"], "greater_than_equal"]);
  assert.deepEqual(parse(merge, { ...body, resolution: { width: "640" } }).input.resolution, {
    width: 640,
    height: 512,
  });
});

test("values are converted as pydantic's lax mode does", () => {
  const { input } = parse(VOID_ID, {
    ...VOID,
    seed: "7",
    num_frames: "85.0",
    num_inference_steps: 30.0,
    strength: "0.5",
    enable_safety_checker: "False",
    enable_pass2_refinement: 1,
  });
  assert.deepEqual([input.seed, input.num_frames, input.num_inference_steps, input.strength], [7, 85, 30, 0.5]);
  assert.deepEqual([input.enable_safety_checker, input.enable_pass2_refinement], [false, true]);
  assert.equal(parse("fal-ai/magi", { prompt: "", num_inference_steps: 16 }).input.num_inference_steps, "16");
  assert.equal(parse("fal-ai/pixverse/v4.5/text-to-video", { prompt: "x", duration: 8 }).input.duration, "8");
});

test("hostile bodies are judged quickly", () => {
  const tracks = Array.from({ length: 1000 }, () => ({ keyframes: Array(1000).fill({ timestamp: -1, url: "x" }) }));
  const fields = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`field${index}`, index]));
  const started = performance.now();
  assert.equal(onlyIssue("fal-ai/ffmpeg-api/compose", { tracks }).type, "sequence_too_long");
  assert.equal(
    onlyIssue("bria/video/erase/keypoints", { keypoints: Array(1e6).fill({ x: 1, y: 1 }) }).type,
    "sequence_too_long",
  );
  assert.equal(onlyIssue(VOID_ID, fields).type, "value_error");
  assert.ok(performance.now() - started < 5000);
});

test("unknown fields are dropped and listed", () => {
  const { input, unknown } = parse(VOID_ID, { ...VOID, colour: "red" });
  assert.ok(!("colour" in input));
  assert.deepEqual(unknown, ["colour"]);
  const nested = parse("fal-ai/amt-interpolation/frame-interpolation", {
    frames: [{ url: VIDEO, x: 1 }, { url: VIDEO }],
  });
  assert.deepEqual(nested.unknown, ["frames.0.x"]);
});

test("long values are not sent back", () => {
  const uri = `data:text/plain;base64${"A".repeat(100_000)}`;
  const issue = onlyIssue(VOID_ID, { ...VOID, video_url: uri });
  assert.ok(JSON.stringify(issue).length < 500);
  assert.ok(JSON.stringify(issuesOf(VOID_ID, { prompt: "x".repeat(1e6) })).length < 2000);
});

test("data URIs of any length are accepted", () => {
  const uri = `data:video/mp4;base64,${"A".repeat(5_000_000)}`;
  assert.equal(parse(VOID_ID, { ...VOID, video_url: uri }).input.video_url, uri);
});

test("keys that pollute prototypes, and deep bodies, are harmless", () => {
  const body = JSON.parse(
    `{"video_url":"${VIDEO}","prompt":"x","__proto__":{"seed":1},"constructor":{"prototype":{"a":1}}}`,
  );
  const { input, unknown } = parse(VOID_ID, body);
  assert.deepEqual(unknown, ["__proto__", "constructor"]);
  assert.equal(input.seed, undefined);
  assert.equal(({} as Record<string, unknown>).a, undefined);
  const deep = JSON.parse(`${"[".repeat(5000)}${"]".repeat(5000)}`);
  assert.equal(onlyIssue(VOID_ID, { ...VOID, prompt: deep }).type, "string_type");
  assert.equal(parse(VOID_ID, { ...VOID, deep }).unknown[0], "deep");
});

test("rules over several fields", () => {
  const lipsync = onlyIssue("fal-ai/pixverse/lipsync", { video_url: VIDEO });
  assert.match(lipsync.msg, /audio_url.*text/);
  assert.equal(lipsync.type, "missing");
  const extend = { video_url: VIDEO, prompt: "x", resolution: "1080p", duration: "8" };
  assert.deepEqual(onlyIssue("fal-ai/pixverse/extend", extend).loc, ["body", "duration"]);
  const vace = onlyIssue("fal-ai/wan-vace-14b", { prompt: "x", video_url: VIDEO, task: "inpainting" });
  assert.deepEqual(vace.loc, ["body", "mask_video_url"]);
  const reframe = { video_url: VIDEO, aspect_ratio: "1:1", x_start: 5, x_end: 5 };
  assert.deepEqual(onlyIssue("fal-ai/luma-dream-machine/ray-2/reframe", reframe).ctx, { gt: 5 });
  assert.equal(issuesOf("fal-ai/ffmpeg-api/loudnorm", { audio_url: VIDEO, linear: true }).length, 4);
  const even = { media_url: VIDEO, smoothing_window: 4 };
  assert.equal(onlyIssue("fal-ai/ffmpeg-api/waveform", even).type, "value_error");
  assert.equal(onlyIssue("fal-ai/luma-dream-machine/ray-2/image-to-video", { prompt: "x" }).type, "missing");
});

test("whatever JSON comes, the answer is an input or a ReshootError, and the body stays as it was", () => {
  const names = [...new Set(catalog.all.flatMap((endpoint) => Object.keys(endpoint.input.properties)))];
  const key = fc.oneof(fc.constantFrom(...names, "video", "keypoints", "__proto__", "style"), fc.string());
  const value = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(VIDEO, "", "16", 16, null));
  const body = fc.oneof(fc.dictionary(key, value, { maxKeys: 12 }), fc.jsonValue());
  fc.assert(
    fc.property(fc.constantFrom(...catalog.all.map(({ id }) => id)), body, (id, json) => {
      const endpoint = find(id);
      const before = JSON.stringify(json);
      try {
        const { input } = parseInput(endpoint, json);
        endpoint.needs(input);
        assert.ok(Number.isFinite(endpoint.price.units(input, {})));
      } catch (error) {
        if (!(error instanceof ReshootError)) throw error;
        assert.ok(error.issues.length > 0);
      }
      assert.equal(JSON.stringify(json), before);
    }),
    { numRuns: 1500 },
  );
});
