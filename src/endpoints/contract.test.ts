import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Endpoint } from "./endpoint.ts";
import { catalog } from "./index.ts";
import { asJson, type JsonSchema } from "./json-schema.ts";
import { parseInput } from "./validate.ts";
import { snapFrames } from "./void.ts";

type Field = {
  type: string;
  required?: boolean;
  default?: unknown;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  valid?: number[];
};
type Fields = Record<string, Field>;
type Contract = { input: Fields; output?: Fields; example?: Record<string, unknown>; types?: Record<string, Fields> };

const { _about, ...contracts } = JSON.parse(readFileSync("test/fixtures/seed-contract.json", "utf8")) as Record<
  string,
  Contract
> & { _about: string };

/** Which endpoint speaks a request or response type; types that stand within others are found by their title. */
const SIBLINGS: Record<string, [endpoint: string, side: "input" | "output"]> = {
  "luma TextToVideoRequest": ["fal-ai/luma-dream-machine", "input"],
  "luma ImageToVideoRequest": ["fal-ai/luma-dream-machine/image-to-video", "input"],
  "luma Ray2TextToVideoRequest": ["fal-ai/luma-dream-machine/ray-2", "input"],
  "luma Ray2ImageToVideoRequest": ["fal-ai/luma-dream-machine/ray-2/image-to-video", "input"],
  "luma ReframeVideoRequest": ["fal-ai/luma-dream-machine/ray-2/reframe", "input"],
  ...Object.fromEntries(
    ["Depth", "Pose", "Inpainting", "Outpainting", "Reframe"].flatMap((task) => [
      [`wan WanVACE${task}Request`, [`fal-ai/wan-vace-14b/${task.toLowerCase()}`, "input"]],
      [`wan WanVACE${task}Response`, [`fal-ai/wan-vace-14b/${task.toLowerCase()}`, "output"]],
    ]),
  ),
  "magi MagiTextToVideoRequest": ["fal-ai/magi", "input"],
  "magi MagiResponse": ["fal-ai/magi", "output"],
  "magi MagiImageToVideoRequest": ["fal-ai/magi/image-to-video", "input"],
  "magi MagiImageToVideoResponse": ["fal-ai/magi/image-to-video", "output"],
  "pixverse LipsyncRequest": ["fal-ai/pixverse/lipsync", "input"],
  "pixverse ExtendRequest": ["fal-ai/pixverse/extend", "input"],
  "pixverse FastExtendRequest": ["fal-ai/pixverse/extend/fast", "input"],
  "pixverse SoundEffectRequest": ["fal-ai/pixverse/sound-effects", "input"],
  "pixverse TextToVideoRequest": ["fal-ai/pixverse/v4.5/text-to-video", "input"],
  "pixverse FastTextToVideoRequest": ["fal-ai/pixverse/v4.5/text-to-video/fast", "input"],
  "pixverse ImageToVideoRequest": ["fal-ai/pixverse/v4.5/image-to-video", "input"],
  "pixverse ImageToVideoRequestV4": ["fal-ai/pixverse/v4/image-to-video", "input"],
  "pixverse FastImageToVideoRequest": ["fal-ai/pixverse/v4.5/image-to-video/fast", "input"],
  "pixverse FastImageToVideoRequestV4": ["fal-ai/pixverse/v4/image-to-video/fast", "input"],
  "pixverse TransitionRequest": ["fal-ai/pixverse/v4.5/transition", "input"],
  "pixverse I2VOutputV4": ["fal-ai/pixverse/v4.5/image-to-video", "output"],
  "pixverse VideoOutputV4": ["fal-ai/pixverse/v4.5/text-to-video", "output"],
  "bria EraseInputModel": ["bria/video/erase/mask", "input"],
  "bria EraseByPromptInputModel": ["bria/video/erase/prompt", "input"],
  "bria EraseByKeyPointsInputModel": ["bria/video/erase/keypoints", "input"],
  "bria bria_video-cpu_InputRemoveBackgroundModel": ["bria/video/background-removal", "input"],
  "bria bria_video-cpu_OutputRemoveBackgroundModel": ["bria/video/background-removal", "output"],
};

/** Where the catalog knowingly differs from the seeds. */
const EXCEPTIONS = {
  // The seeds give "string" and name the values in prose; MODELS adds the third.
  enums: new Set(["Track.type"]),
  // A wider object with the same fields first.
  titles: { File: ["File", "VideoFile", "Video"] } as Record<string, string[]>,
  // The sample sends "", which DESIGN rules to be `missing`.
  examples: { "fal-ai/wan-vace-14b": { video_url: "" } } as Record<string, Record<string, unknown>>,
  // The sample sends neither mask_video nor mask_prompt; the same text demands one.
  invalid: new Set(["wavespeed-ai/void-video-inpainting/mask"]),
  // seed-contract.json lists video_url before what the seed's own text prints before it.
  order: new Set(["bria EraseByPromptInputModel", "bria EraseByKeyPointsInputModel"]),
};

const groupOf = (id: string) => /luma|wan|magi|pixverse|bria/.exec(id)?.[0] ?? id;

for (const [id, contract] of Object.entries(contracts)) {
  const endpoint = catalog.find(id);

  test(`${id}: every parameter is the seed's`, () => {
    assert.ok(endpoint, "not in the catalog");
    compareObject(contract.input, asJson(endpoint.input), id, { wholeInput: true });
    compareObject(contract.output ?? {}, asJson(endpoint.output), `${id} output`, {});
  });

  test(`${id}: the seed's example is an example and is valid`, () => {
    if (!contract.example) return;
    const example = { ...endpoint?.examples[0], ...EXCEPTIONS.examples[id] };
    assert.deepEqual(example, contract.example);
  });

  for (const [name, fields] of Object.entries(contract.types ?? {})) {
    test(`${id}: ${name} is the seed's`, () => {
      const key = `${groupOf(id)} ${name}`;
      const sibling = SIBLINGS[key];
      if (sibling) {
        const other = catalog.find(sibling[0]);
        assert.ok(other, `${sibling[0]} is not in the catalog`);
        compareObject(fields, asJson(other[sibling[1]]), key, { order: !EXCEPTIONS.order.has(key) });
        return;
      }
      const family = catalog.all.filter((candidate) => candidate.family === endpoint?.family);
      const found = family.flatMap((member) => [...named(member, name)]);
      assert.ok(found.length > 0, `no schema of the family is called ${name}`);
      const matches = found.filter((schema) => Object.keys(fields).every((field) => schema.properties?.[field]));
      assert.ok(matches.length > 0, `no ${name} has all of ${Object.keys(fields)}`);
      compareObject(fields, matches[0]!, name, {});
    });
  }
}

test("every endpoint of a sibling type exists, and every sibling type is in the contract", () => {
  const known = Object.entries(contracts).flatMap(([id, contract]) =>
    Object.keys(contract.types ?? {}).map((name) => `${groupOf(id)} ${name}`),
  );
  for (const key of Object.keys(SIBLINGS)) assert.ok(known.includes(key), key);
});

function compareObject(
  fields: Fields,
  schema: JsonSchema,
  path: string,
  how: { wholeInput?: boolean; order?: boolean },
) {
  const properties = schema.properties ?? {};
  for (const [name, field] of Object.entries(fields)) {
    const property = properties[name];
    assert.ok(property, `${path}.${name} is missing`);
    compareField(field, property, `${path}.${name}`);
    const required = schema.required?.includes(name) ?? false;
    if (field.required) assert.ok(required, `${path}.${name} should be required`);
    else if (how.wholeInput) assert.ok(!required, `${path}.${name} should be optional`);
  }
  if (how.order === false) return;
  const order = Object.keys(properties).filter((name) => Object.hasOwn(fields, name));
  assert.deepEqual(order, Object.keys(fields), `${path}: order`);
  if (!how.wholeInput) return;
  const extra = Object.keys(properties).filter((name) => !Object.hasOwn(fields, name));
  for (const name of extra) assert.ok(!schema.required?.includes(name), `${path}.${name} is ours and required`);
}

function compareField(field: Field, schema: JsonSchema, path: string) {
  const simple = { string: "string", integer: "integer", float: "number", boolean: "boolean", list: "array" };
  const item = /^list<(.*)>$/.exec(field.type)?.[1];
  if (item) {
    assert.equal(schema.type, "array", path);
    compareField({ type: item }, schema.items!, `${path}[]`);
  } else if (/enum$/i.test(field.type)) {
    assert.equal(schema.type, "string", path);
    assert.ok(schema.enum, `${path} should be an enum`);
    if (field.enum) assert.deepEqual(schema.enum, field.enum, path);
  } else if (field.type in simple) {
    assert.equal(schema.type, simple[field.type as keyof typeof simple], path);
    if (!EXCEPTIONS.enums.has(path)) assert.equal(schema.enum, undefined, path);
  } else {
    assert.equal(schema.type, "object", path);
    if (field.type !== "object") {
      assert.ok(
        (EXCEPTIONS.titles[field.type] ?? [field.type]).includes(schema.title!),
        `${path} is a ${schema.title}`,
      );
    }
  }
  assert.deepEqual(schema.default, field.default, `${path}: default`);
  if (field.minimum !== undefined) assert.equal(schema.minimum, field.minimum, `${path}: minimum`);
  if (field.maximum !== undefined) assert.equal(schema.maximum, field.maximum, `${path}: maximum`);
  for (const value of field.valid ?? []) {
    assert.ok(value >= schema.minimum! && value <= schema.maximum!, `${path}: ${value}`);
    assert.equal(snapFrames(value), value);
  }
}

/** All schemas of that title inside an endpoint's schemas. */
function* named(endpoint: Endpoint, title: string): Generator<JsonSchema> {
  yield* within(asJson(endpoint.input), title);
  yield* within(asJson(endpoint.output), title);
}

function* within(schema: JsonSchema, title: string): Generator<JsonSchema> {
  if (schema.title && (EXCEPTIONS.titles[title] ?? [title]).includes(schema.title)) yield schema;
  const inner = [...Object.values(schema.properties ?? {}), ...(schema.anyOf ?? []), schema.items];
  for (const child of inner) if (child) yield* within(child, title);
}

for (const endpoint of catalog.all) {
  test(`${endpoint.id}: its examples are valid, described and priced`, () => {
    assert.ok(endpoint.examples.length > 0);
    for (const example of endpoint.examples.slice(EXCEPTIONS.invalid.has(endpoint.id) ? 1 : 0)) {
      const { input, unknown } = parseInput(endpoint, example);
      assert.deepEqual(unknown, []);
      assert.ok(endpoint.needs(input).length > 0);
      const units = endpoint.price.units(input, {});
      assert.ok(Number.isFinite(units) && units > 0, `${units} units`);
    }
    const undescribed = [...fieldsWithout(asJson(endpoint.input), ""), ...fieldsWithout(asJson(endpoint.output), "")];
    assert.deepEqual(undescribed, []);
  });

  test(`${endpoint.id}: offers lossless output exactly where it makes a video`, () => {
    const makesVideo = ["video", "video_url"].some((name) => name in endpoint.output.properties);
    assert.equal("reshoot_output" in endpoint.input.properties, makesVideo);
  });
}

/** Fields without a description; File-like objects describe their own fields. */
function fieldsWithout(schema: JsonSchema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const inner = fieldsWithout(property.items ?? property, `${path}.${name}`);
    return property.description || property.title ? inner : [`${path}.${name}`, ...inner];
  });
}
