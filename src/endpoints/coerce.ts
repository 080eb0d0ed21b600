/**
 * Brings a request body to the shape of its schema before it is judged: only known fields are copied, nulls of optional
 * fields are dropped, defaults are filled in, and values are converted as pydantic's lax mode does. What cannot be
 * converted is left for validation to complain about.
 */
import { type Issue, invalidInput, type Loc } from "../errors.ts";
import { brief } from "./issues.ts";
import { asJson, branchFor, isRecord, type JsonSchema } from "./json-schema.ts";
import { MEDIA } from "./schema.ts";

/** List items of one body that are looked at, all lists together: keeps judging a hostile body quick. */
export const MAX_ITEMS = 5000;
const MAX_UNKNOWN = 50;

/** What is found on the way. */
export type Findings = {
  /** Media fields that hold no URL, and integers too large to be exact. */
  readonly issues: Issue[];
  /** Fields the schema does not know, as dotted paths; the first fifty. */
  readonly unknown: string[];
  /** List items seen so far. */
  items: number;
};

const DROP = Symbol("drop");

/** @throws ReshootError `sequence_too_long` beyond {@link MAX_ITEMS}. */
export function coerce(schema: JsonSchema, value: unknown, loc: Loc, findings: Findings): unknown {
  const branch = branchFor(asJson(schema as never), value);
  if (isRecord(value) && branch.properties) return coerceObject(branch, value, loc, findings);
  if (Array.isArray(value) && branch.items) return coerceList(branch.items, value, loc, findings);
  if (branch[MEDIA] && typeof value === "string") return coerceUrl(value, loc, findings);
  const scalar = coerceScalar(branch, value);
  if (branch.type === "integer") checkExact(scalar, loc, findings);
  return scalar;
}

function coerceObject(schema: JsonSchema, value: Record<string, unknown>, loc: Loc, findings: Findings) {
  const properties = schema.properties!;
  for (const key of Object.keys(value)) {
    if (findings.unknown.length >= MAX_UNKNOWN) break;
    if (!Object.hasOwn(properties, key)) findings.unknown.push([...loc.slice(1), key.slice(0, 100)].join("."));
  }
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(properties)) {
    const property = properties[key]!;
    const coerced = coerceProperty(schema, key, property, value, loc, findings);
    if (coerced !== DROP) result[key] = coerced;
    else if (property.default !== undefined) result[key] = ownDefault(property.default);
  }
  return result;
}

/** Endpoints may change what they are given. */
function ownDefault(value: unknown): unknown {
  return typeof value === "object" ? structuredClone(value) : value;
}

function coerceProperty(
  schema: JsonSchema,
  key: string,
  property: JsonSchema,
  parent: Record<string, unknown>,
  loc: Loc,
  findings: Findings,
): unknown {
  if (!Object.hasOwn(parent, key) || parent[key] === undefined) return DROP;
  const value = parent[key];
  if (value === null) return schema.required?.includes(key) ? null : DROP;
  // An empty URL is no URL: clients send "" for a field that was not filled in.
  if (property[MEDIA] && typeof value === "string" && value.trim() === "") return DROP;
  return coerce(property, value, [...loc, key], findings);
}

function coerceList(items: JsonSchema, value: readonly unknown[], loc: Loc, findings: Findings): unknown[] {
  findings.items += value.length;
  if (findings.items > MAX_ITEMS) {
    const msg = `Lists should have at most ${MAX_ITEMS} items in all`;
    throw invalidInput([{ loc, msg, type: "sequence_too_long", ctx: { max_length: MAX_ITEMS } }]);
  }
  return value.map((item, index) => coerce(items, item, [...loc, index], findings));
}

function coerceUrl(value: string, loc: Loc, findings: Findings): string {
  const url = value.trim();
  if (!isMediaUrl(url)) {
    const msg = "Input should be a valid URL: http, https or data";
    findings.issues.push({ loc, msg, type: "url_parsing", input: brief(value) });
  }
  return url;
}

function isMediaUrl(url: string): boolean {
  if (/^data:/i.test(url)) return url.slice(0, 1024).includes(",");
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}

/** JSON's large integers are rounded on the way in: refused rather than changed. */
function checkExact(value: unknown, loc: Loc, findings: Findings): void {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return;
  const limit = Math.sign(value as number) * Number.MAX_SAFE_INTEGER;
  const [type, words, ctx] =
    limit > 0
      ? (["less_than_equal", "less", { le: limit }] as const)
      : (["greater_than_equal", "greater", { ge: limit }] as const);
  findings.issues.push({ loc, msg: `Input should be ${words} than or equal to ${limit}`, type, ctx, input: value });
}

const TRUE = new Set(["true", "1", "yes", "on", "t", "y"]);
const FALSE = new Set(["false", "0", "no", "off", "f", "n"]);
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

function coerceScalar(schema: JsonSchema, value: unknown): unknown {
  switch (schema.type) {
    case "integer":
    case "number":
      return coerceNumber(value);
    case "boolean":
      return coerceBoolean(value);
    case "string":
      return schema.enum && typeof value === "number" ? String(value) : value;
    default:
      return value;
  }
}

function coerceNumber(value: unknown): unknown {
  if (typeof value === "boolean") return Number(value);
  if (typeof value !== "string" || value.length > 100 || !NUMBER.test(value)) return value;
  const number = Number(value);
  return Number.isFinite(number) ? number : value;
}

function coerceBoolean(value: unknown): unknown {
  if (value === 0 || value === 1) return value === 1;
  if (typeof value !== "string") return value;
  const word = value.toLowerCase();
  return TRUE.has(word) ? true : FALSE.has(word) ? false : value;
}
