/** Ajv's errors as the issues fal's clients know: pydantic's words, types and contexts. */
import type { ErrorObject } from "ajv";
import type { ErrorCode, Issue, Loc } from "../errors.ts";
import { isRecord, type JsonSchema } from "./json-schema.ts";

const LONGEST_TEXT = 200;
const MOST_ENTRIES = 20;

/** The issues of errors that Ajv reported in verbose mode. */
export function toIssues(errors: readonly ErrorObject[]): Issue[] {
  return errors.filter(isTelling).map(toIssue);
}

/** A value short enough to send back: long texts are cut, deep and long structures thinned out. */
export function brief(value: unknown, depth = 3): unknown {
  if (typeof value === "string") return value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value;
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "…";
  if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map((item) => brief(item, depth - 1));
  const entries = Object.entries(value).slice(0, MOST_ENTRIES);
  return Object.fromEntries(entries.map(([key, item]) => [key.slice(0, LONGEST_TEXT), brief(item, depth - 1)]));
}

/** Leaves out errors that only repeat others: of unions, and of branches of a union that the value does not belong to. */
function isTelling(error: ErrorObject): boolean {
  if (error.keyword === "anyOf") return false;
  if (error.keyword === "type" && schemaOf(error).enum) return false;
  if (!error.schemaPath.includes("/anyOf/")) return true;
  if (isRecord(error.data)) return error.keyword !== "type" && error.keyword !== "enum";
  return !(error.keyword === "type" && error.params.type === "object");
}

function toIssue(error: ErrorObject): Issue {
  const loc = locOf(error);
  const input = brief(error.data);
  const { params } = error;
  const limit = params.limit as number;
  switch (error.keyword) {
    case "required":
      return { loc: [...loc, params.missingProperty as string], msg: "Field required", type: "missing", input };
    case "type":
      return { loc, ...wrongType(schemaOf(error).type, error.data), input };
    case "enum": {
      const expected = spellOptions(params.allowedValues as readonly string[]);
      return { loc, msg: `Input should be ${expected}`, type: "literal_error", ctx: { expected }, input };
    }
    case "minimum":
      return limited(loc, "greater_than_equal", `greater than or equal to ${limit}`, { ge: limit }, input);
    case "maximum":
      return limited(loc, "less_than_equal", `less than or equal to ${limit}`, { le: limit }, input);
    case "exclusiveMinimum":
      return limited(loc, "greater_than", `greater than ${limit}`, { gt: limit }, input);
    case "multipleOf": {
      const factor = params.multipleOf as number;
      return limited(loc, "multiple_of", `a multiple of ${factor}`, { multiple_of: factor }, input);
    }
    case "minItems": {
      const msg = `List should have at least ${limit} item${limit === 1 ? "" : "s"} after validation, not ${(error.data as unknown[]).length}`;
      return { loc, msg, type: "sequence_too_short", ctx: { min_length: limit }, input };
    }
    default:
      return { loc, msg: `Value error, ${error.message ?? "not allowed"}`, type: "value_error", input };
  }
}

function limited(loc: Loc, type: ErrorCode, words: string, ctx: Record<string, unknown>, input: unknown): Issue {
  return { loc, msg: `Input should be ${words}`, type, ctx, input };
}

function wrongType(wanted: JsonSchema["type"], value: unknown): { msg: string; type: ErrorCode } {
  switch (wanted) {
    case "integer":
      if (typeof value === "string") return parsing("int", "integer");
      if (typeof value === "number") {
        const msg = "Input should be a valid integer, got a number with a fractional part";
        return { msg, type: "int_from_float" };
      }
      return { msg: "Input should be a valid integer", type: "int_type" };
    case "number":
      if (typeof value === "string") return parsing("float", "number");
      return { msg: "Input should be a valid number", type: "float_type" };
    case "boolean":
      if (typeof value === "string" || typeof value === "number") {
        return { msg: "Input should be a valid boolean, unable to interpret input", type: "bool_parsing" };
      }
      return { msg: "Input should be a valid boolean", type: "bool_type" };
    case "array":
      return { msg: "Input should be a valid list", type: "list_type" };
    case "object":
      return { msg: "Input should be a valid dictionary", type: "dict_type" };
    default:
      return { msg: "Input should be a valid string", type: "string_type" };
  }
}

function parsing(prefix: "int" | "float", noun: string): { msg: string; type: ErrorCode } {
  const msg = `Input should be a valid ${noun}, unable to parse string as ${noun === "integer" ? "an" : "a"} ${noun}`;
  return { msg, type: `${prefix}_parsing` };
}

/** `'a', 'b' or 'c'`, as pydantic lists them. */
function spellOptions(options: readonly string[]): string {
  const quoted = options.map((option) => `'${option}'`);
  const last = quoted.pop();
  return quoted.length > 0 ? `${quoted.join(", ")} or ${last}` : String(last);
}

function schemaOf(error: ErrorObject): JsonSchema {
  return (error.parentSchema ?? {}) as JsonSchema;
}

/** `/images/0/image_url` as a loc. No field of the catalog has a number for its name. */
function locOf(error: ErrorObject): Loc {
  const steps = error.instancePath.split("/").slice(1);
  return ["body", ...steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step))];
}
