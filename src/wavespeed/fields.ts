/** Fields of the small JSON bodies of this dialect, checked. */
import { fieldError } from "../errors.ts";

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

const MAX_PAGE_SIZE = 100;
/** Pages beyond this are no page anybody turned to. */
const MAX_PAGE = 1_000_000;

/** @throws `dict_type`. */
export function fieldsOf(body: unknown): Fields {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Fields;
  throw fieldError("dict_type", ["body"], "Input should be a valid dictionary");
}

/** A text that must be there. @throws `missing`, `string_type`. */
export function requiredText(fields: Fields, name: string): string {
  const value = optionalText(fields, name);
  if (value === undefined || value === "") throw fieldError("missing", ["body", name], "Field required");
  return value;
}

/** A text that may be left out or null. @throws `string_type`. */
export function optionalText(fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined || typeof value === "string") return value;
  throw fieldError("string_type", ["body", name], "Input should be a valid string");
}

/** A list of texts. @throws `missing`, `list_type`, `string_type`, `sequence_too_long`. */
export function texts(fields: Fields, name: string, most: number): string[] {
  const value = fields[name];
  if (value === undefined || value === null) throw fieldError("missing", ["body", name], "Field required");
  if (!Array.isArray(value)) throw fieldError("list_type", ["body", name], "Input should be a valid list");
  if (value.length > most) {
    throw fieldError("sequence_too_long", ["body", name], `List should have at most ${most} items`);
  }
  return value.map((item, index) => {
    if (typeof item === "string") return item;
    throw fieldError("string_type", ["body", name, index], "Input should be a valid string");
  });
}

/** Milliseconds since the epoch, which the vendor spells as a text. @throws `int_parsing`. */
export function time(fields: Fields, name: string): number | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined || value === "") return undefined;
  const ms = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
  if (Number.isSafeInteger(ms) && (ms as number) >= 0) return ms as number;
  throw fieldError("int_parsing", ["body", name], "Input should be milliseconds since 1970, as a text");
}

/** `page`, from 1, and `page_size`; both are required. @throws `missing`, `int_type`, `less_than_equal`... */
export function page(fields: Fields): { page: number; size: number } {
  return { page: count(fields, "page", MAX_PAGE), size: count(fields, "page_size", MAX_PAGE_SIZE) };
}

/** A number of things, from 1. */
function count(fields: Fields, name: string, most: number): number {
  const value = fields[name];
  const loc = ["body", name];
  if (value === undefined || value === null) throw fieldError("missing", loc, "Field required");
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw fieldError("int_type", loc, "Input should be a valid integer");
  }
  if (value < 1) throw fieldError("greater_than_equal", loc, "Input should be greater than or equal to 1");
  if (value > most) throw fieldError("less_than_equal", loc, `Input should be less than or equal to ${most}`);
  return value;
}
