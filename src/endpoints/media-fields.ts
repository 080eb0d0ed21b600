/** Where an input's media are, as its schema says, and how to put something else in their place. */
import type { Loc } from "../errors.ts";
import type { Endpoint, MediaKind } from "./endpoint.ts";
import { asJson, branchFor, isRecord, type JsonSchema } from "./json-schema.ts";
import { MEDIA } from "./schema.ts";

/** A URL in an input. */
export type MediaField = { readonly loc: Loc; readonly kind: MediaKind; readonly value: string };

/** All URLs of a validated input in the schema's order, nested ones included; empty ones and references are left out. */
export function mediaFields(endpoint: Endpoint, input: Readonly<Record<string, unknown>>): readonly MediaField[] {
  const found: MediaField[] = [];
  collect(asJson(endpoint.input), input, ["body"], found);
  return found;
}

function collect(schema: JsonSchema, value: unknown, loc: Loc, found: MediaField[]): void {
  const branch = branchFor(schema, value);
  const kind = branch[MEDIA];
  if (kind) {
    if (typeof value === "string" && value !== "") found.push({ loc, kind, value });
  } else if (Array.isArray(value)) {
    if (branch.items) for (const [index, item] of value.entries()) collect(branch.items, item, [...loc, index], found);
  } else if (isRecord(value)) {
    const { properties = {} } = branch;
    for (const name of Object.keys(properties)) {
      if (Object.hasOwn(value, name)) collect(properties[name]!, value[name], [...loc, name], found);
    }
  }
}

/**
 * A copy of an input with another value at `loc`; everything beside the path is shared.
 * @throws RangeError when the input has nothing there.
 */
export function replaceAt(input: Readonly<Record<string, unknown>>, loc: Loc, value: unknown): Record<string, unknown> {
  return replace(input, loc.slice(1), value) as Record<string, unknown>;
}

function replace(target: unknown, path: Loc, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof target !== "object" || target === null || !Object.hasOwn(target, step)) {
    throw new RangeError(`nothing to replace at ${String(step)}`);
  }
  const replaced = replace((target as Record<string | number, unknown>)[step], rest, value);
  if (Array.isArray(target)) return target.with(Number(step), replaced);
  return { ...target, [step]: replaced };
}
