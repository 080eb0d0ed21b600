/** Other spellings of parameters, so that code written for another vendor or version of an endpoint works too. */
import { MEDIA } from "./schema.ts";
import type { TObject } from "./typebox.ts";

type Raw = Record<string, unknown>;

/**
 * Makes an endpoint's `accept`. Media fields are known without being told, in both directions: `video_url` is also found
 * as `video`, `video` as `video_url`, `video_urls` as `videos`. A field the caller sends under its right name wins.
 * @param others more names of a field, best first: `{ end_image_url: ["last_image_url"] }`.
 */
export function spellings(input: TObject, others: Readonly<Record<string, readonly string[]>> = {}) {
  const names = Object.entries(input.properties).flatMap(([name, schema]): [string, string[]][] => {
    const alternatives = [...(others[name] ?? []), ...mediaSpellings(name, schema)];
    const free = alternatives.filter((other) => !Object.hasOwn(input.properties, other));
    return free.length > 0 ? [[name, free]] : [];
  });
  return (raw: Raw): Raw => {
    let result = raw;
    for (const [name, alternatives] of names) {
      if (!isAbsent(result, name)) continue;
      const found = alternatives.find((other) => !isAbsent(result, other));
      if (found === undefined) continue;
      if (result === raw) result = { ...raw };
      result[name] = result[found];
      delete result[found];
    }
    return result;
  };
}

/** Replaces one spelling of a field's value by another: `{ style: { clay: "day" } }`. */
export function values(field: string, table: Readonly<Record<string, unknown>>) {
  return (raw: Raw): Raw => {
    const value = Object.hasOwn(raw, field) ? raw[field] : undefined;
    return typeof value === "string" && Object.hasOwn(table, value) ? { ...raw, [field]: table[value] } : raw;
  };
}

/** One after the other. */
export function chain(...steps: readonly ((raw: Raw) => Raw)[]) {
  return (raw: Raw): Raw => steps.reduce((value, step) => step(value), raw);
}

function mediaSpellings(name: string, schema: object): string[] {
  const field = schema as { [MEDIA]?: string; items?: { [MEDIA]?: string } };
  if (field[MEDIA]) return name.endsWith("_url") ? [name.slice(0, -"_url".length)] : [`${name}_url`];
  if (field.items?.[MEDIA]) return name.endsWith("_urls") ? [`${name.slice(0, -"_urls".length)}s`] : [];
  return [];
}

function isAbsent(raw: Raw, name: string): boolean {
  return !Object.hasOwn(raw, name) || raw[name] === null || raw[name] === undefined || raw[name] === "";
}
