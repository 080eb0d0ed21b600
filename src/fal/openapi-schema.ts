/** JSON Schema (TypeBox) as OpenAPI 3.0 components: named objects apart, and 3.0's own spellings. */
import type { Endpoint } from "../endpoints/endpoint.ts";

type Schema = { readonly [key: string]: unknown };

/** The components of one endpoint, and references to its input and output. */
export type SchemaComponents = {
  readonly input: object;
  readonly output: object;
  readonly schemas: Readonly<Record<string, Schema>>;
};

/** Every object with a title becomes a component of that name; input and output are `{name}Input` and `{name}Output`. */
export function schemaComponents(endpoint: Endpoint, name: string): SchemaComponents {
  const schemas: Record<string, Schema> = {};
  const input = component({ ...endpoint.input, title: `${name}Input` }, schemas);
  const output = component({ ...endpoint.output, title: `${name}Output` }, schemas);
  const example = endpoint.examples[0];
  if (example) schemas[`${name}Input`] = { ...schemas[`${name}Input`], example };
  return { input, output, schemas };
}

function component(schema: Schema, schemas: Record<string, Schema>): Schema {
  const name = String(schema.title);
  if (!(name in schemas)) {
    // Taken before it is filled, so that a schema may contain itself.
    schemas[name] = {};
    schemas[name] = plain(schema, schemas);
  }
  return { $ref: `#/components/schemas/${name}` };
}

function convert(schema: unknown, schemas: Record<string, Schema>): unknown {
  if (!isSchema(schema)) return schema;
  const named = schema.type === "object" && typeof schema.title === "string";
  return named ? component(schema, schemas) : plain(schema, schemas);
}

function plain(schema: Schema, schemas: Record<string, Schema>): Schema {
  const { properties, items, additionalProperties, exclusiveMinimum, exclusiveMaximum, const: only, ...rest } = schema;
  const converted: Record<string, unknown> = { ...rest };
  for (const key of ["anyOf", "oneOf", "allOf"]) {
    const options = schema[key];
    if (Array.isArray(options)) converted[key] = options.map((option) => convert(option, schemas));
  }
  if (isSchema(properties)) {
    const names = Object.keys(properties);
    converted.properties = Object.fromEntries(names.map((name) => [name, convert(properties[name], schemas)]));
    converted["x-fal-order-properties"] = names;
  }
  if (items !== undefined) converted.items = convert(items, schemas);
  if (additionalProperties !== undefined) converted.additionalProperties = convert(additionalProperties, schemas);
  // OpenAPI 3.0 writes exclusive bounds as a flag beside the bound, and has no const.
  if (exclusiveMinimum !== undefined) Object.assign(converted, { minimum: exclusiveMinimum, exclusiveMinimum: true });
  if (exclusiveMaximum !== undefined) Object.assign(converted, { maximum: exclusiveMaximum, exclusiveMaximum: true });
  if (only !== undefined) converted.enum = [only];
  return converted;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
