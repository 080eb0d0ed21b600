/** Bodies of the calls that make and change keys. */
import { isRecord } from "../endpoints/json-schema.ts";
import { fieldError } from "../errors.ts";
import type { KeyChangeCall, NewKeyCall } from "./api.ts";

const LONGEST_NAME = 80;
const MOST_DOLLARS = 1e9;
const MOST_AT_ONCE = 1000;

type Fields = Readonly<Record<string, unknown>>;

/** @throws an error at the first field that is wrong. */
export function readNewKey(body: unknown): NewKeyCall {
  const fields = fieldsOf(body);
  return {
    name: readName(fields),
    scope: oneOf(fields, "scope", ["API", "ADMIN"]),
    account: oneOf(fields, "account", ["new", "own"]),
    budget: readLimit(fields, "budget", { least: 0, most: MOST_DOLLARS, whole: false }),
    concurrency: readLimit(fields, "concurrency", { least: 1, most: MOST_AT_ONCE, whole: true }),
  };
}

/** @throws an error at the first field that is wrong. */
export function readKeyChanges(body: unknown): KeyChangeCall {
  const fields = fieldsOf(body);
  return {
    ...("name" in fields && { name: readName(fields) }),
    ...("budget" in fields && {
      budget: readLimit(fields, "budget", { least: 0, most: MOST_DOLLARS, whole: false }),
    }),
    ...("concurrency" in fields && {
      concurrency: readLimit(fields, "concurrency", { least: 1, most: MOST_AT_ONCE, whole: true }),
    }),
  };
}

function fieldsOf(body: unknown): Fields {
  if (isRecord(body)) return body;
  throw fieldError("dict_type", ["body"], "Input should be a valid dictionary");
}

function readName({ name }: Fields): string {
  const loc = ["body", "name"];
  if (typeof name !== "string") throw fieldError("string_type", loc, "A name is a text");
  // Control and format characters could make one name look like another.
  const shown = name.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ").trim();
  if (shown === "") throw fieldError("string_too_short", loc, "Give the key a name, to know it by");
  if (shown.length > LONGEST_NAME) {
    throw fieldError("string_too_long", loc, `A name has at most ${LONGEST_NAME} characters`);
  }
  return shown;
}

/** The first is meant where nothing is said. */
function oneOf<T extends string>(fields: Fields, name: string, values: readonly [T, ...T[]]): T {
  const value = fields[name] ?? values[0];
  const found = values.find((one) => one === value);
  if (found !== undefined) return found;
  throw fieldError("literal_error", ["body", name], `Input should be ${values.join(" or ")}`);
}

/** Null and nothing: no limit. */
function readLimit(
  fields: Fields,
  name: string,
  { least, most, whole }: { readonly least: number; readonly most: number; readonly whole: boolean },
): number | null {
  const value = fields[name] ?? null;
  if (value === null) return null;
  const loc = ["body", name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw fieldError("float_type", loc, "This is a number");
  if (whole && !Number.isInteger(value)) throw fieldError("int_type", loc, "This is a whole number");
  if (value < least) throw fieldError("greater_than_equal", loc, `This is ${least} or more`);
  if (value > most) throw fieldError("less_than_equal", loc, `This is ${most} or less`);
  return value;
}
