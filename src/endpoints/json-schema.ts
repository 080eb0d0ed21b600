/** The part of JSON Schema that endpoint schemas use, as plain data. */
import type { TSchema } from "typebox";
import type { MediaKind } from "./endpoint.ts";
import { EXTENSION, MEDIA } from "./schema.ts";

/** A schema, read as data. */
export type JsonSchema = {
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly [MEDIA]?: MediaKind;
  readonly [EXTENSION]?: boolean;
};

/** A TypeBox schema as the data it is. */
export function asJson(schema: TSchema): JsonSchema {
  return schema as JsonSchema;
}

/** Of a union, the branch a value belongs to by its kind: the object's for objects, else the other's. */
export function branchFor(schema: JsonSchema, value: unknown): JsonSchema {
  if (!schema.anyOf) return schema;
  const wantsObject = isRecord(value);
  return schema.anyOf.find((branch) => (branch.type === "object") === wantsObject) ?? schema.anyOf[0]!;
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
