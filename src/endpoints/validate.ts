/** From a request body to a validated input, with every mistake reported at once in the words fal's clients know. */
import { Ajv, type ValidateFunction } from "ajv";
import { type Issue, invalidInput, type Loc } from "../errors.ts";
import { coerce, type Findings } from "./coerce.ts";
import type { Endpoint } from "./endpoint.ts";
import { brief, toIssues } from "./issues.ts";
import { asJson, isRecord } from "./json-schema.ts";
import type { TSchema } from "./typebox.ts";

export { type MediaField, mediaFields, replaceAt } from "./media-fields.ts";

const MOST_ISSUES = 100;
/** No vendor's request has more than a few dozen; a body with more is not one. */
const MOST_FIELDS = 1000;

const ajv = new Ajv({ allErrors: true, verbose: true, strict: false, strictNumbers: true });
const compiled = new WeakMap<TSchema, ValidateFunction>();

/** A validated input, and the names of fields nobody knows, which were dropped. */
export type ParsedInput = { readonly input: Record<string, unknown>; readonly unknown: readonly string[] };

/**
 * Validates a request body. The body is not changed; an absent or empty one counts as `{}`.
 * @throws ReshootError with every issue, of the first issue's code.
 */
export function parseInput(endpoint: Endpoint, body: unknown): ParsedInput {
  const raw = body === undefined || body === null || body === "" ? {} : body;
  if (!isRecord(raw)) {
    const msg = "Input should be a valid dictionary";
    throw invalidInput([{ loc: ["body"], msg, type: "dict_type", input: brief(raw) }]);
  }
  if (Object.keys(raw).length > MOST_FIELDS) {
    const msg = `Value error, the body should have at most ${MOST_FIELDS} fields`;
    throw invalidInput([{ loc: ["body"], msg, type: "value_error" }]);
  }
  const findings: Findings = { issues: [], unknown: [], items: 0 };
  const accepted = endpoint.accept ? endpoint.accept(raw) : raw;
  const input = coerce(asJson(endpoint.input), accepted, ["body"], findings) as Record<string, unknown>;
  const issues = [...findings.issues, ...schemaIssues(endpoint.input, input)];
  if (issues.length === 0) issues.push(...(endpoint.check?.(input) ?? []));
  if (issues.length > 0) throw invalidInput(inFieldOrder(endpoint, issues).slice(0, MOST_ISSUES));
  return { input, unknown: findings.unknown };
}

function schemaIssues(schema: TSchema, input: unknown): Issue[] {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  return validate(input) ? [] : toIssues(validate.errors ?? []);
}

/** Issues in the order of the endpoint's fields, whoever found them. */
function inFieldOrder(endpoint: Endpoint, issues: readonly Issue[]): Issue[] {
  const order = Object.keys(endpoint.input.properties);
  const rank = (loc: Loc) => order.indexOf(String(loc[1]));
  return [...issues].sort((a, b) => rank(a.loc) - rank(b.loc));
}
