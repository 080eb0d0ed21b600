/** Endpoint schemas as the form reads them. */
import type { JsonSchema } from "../../../src/endpoints/json-schema.ts";
import type { Loc } from "../../../src/errors.ts";

export type { JsonSchema };

/** Any JSON value of a form. */
export type Value = unknown;
/** A form's values by field; what is not set is not sent. */
export type Values = Readonly<Record<string, Value>>;
/** Where a value stands, without the leading `body`. */
export type Path = readonly (string | number)[];

/** The kind of media a field takes; undefined for other fields. */
export function mediaKind(schema: JsonSchema): "video" | "image" | "audio" | "media" | undefined {
  return schema["x-reshoot-media"];
}

/** Whether there is a media field in it, at any depth. */
export function holdsMedia(schema: JsonSchema): boolean {
  if (mediaKind(schema)) return true;
  if (schema.items) return holdsMedia(schema.items);
  return [...Object.values(schema.properties ?? {}), ...(schema.anyOf ?? [])].some(holdsMedia);
}

/** The text a path is known by: `images.0.url`. */
export function pathKey(path: Path): string {
  return path.join(".");
}

/** The path of an error's loc: without `body`. */
export function locPath(loc: Loc): Path {
  return loc[0] === "body" ? loc.slice(1) : loc;
}

/** The value at a path; undefined where there is none. */
export function valueAt(values: Values, path: Path): Value {
  return path.reduce<Value>(
    (value, step) => (value as Record<string | number, Value> | null | undefined)?.[step],
    values,
  );
}

/** A copy with another value at a path; undefined takes a field out. */
export function withValueAt(values: Values, path: Path, value: Value): Values {
  const [step, ...rest] = path;
  if (step === undefined) return values;
  const before = valueAt(values, [step]);
  const after = rest.length === 0 ? value : placeIn(before, rest, value);
  const { [step]: _, ...others } = values;
  return after === undefined ? others : { ...values, [step]: after };
}

function placeIn(target: Value, path: Path, value: Value): Value {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === "number") {
    const list = Array.isArray(target) ? [...target] : [];
    list[step] = placeIn(list[step], rest, value);
    return list;
  }
  const object = typeof target === "object" && target !== null ? (target as Values) : {};
  return withValueAt(
    object,
    [step, ...rest],
    rest.length === 0 ? value : placeIn(valueAt(object, [step]), rest, value),
  );
}

/** All media URLs of an input with their fields, in the schema's order. */
export function mediaIn(
  schema: JsonSchema,
  value: Value,
  path: Path = [],
): { path: Path; kind: string; url: string }[] {
  const kind = mediaKind(schema);
  if (kind) return typeof value === "string" && value !== "" ? [{ path, kind, url: value }] : [];
  if (Array.isArray(value) && schema.items) {
    const { items } = schema;
    return value.flatMap((item, index) => mediaIn(items, item, [...path, index]));
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    mediaIn(property, (value as Values)[name], [...path, name]),
  );
}
