/** What a price by length or size depends on, measured once the work is done. */
import type { Endpoint, EndpointContext, PriceFacts } from "../endpoints/endpoint.ts";
import { asJson } from "../endpoints/json-schema.ts";
import { given } from "../endpoints/needs.ts";
import { MEDIA } from "../endpoints/schema.ts";

/** Units that are counted in the media; all others follow from the input's own values. */
const MEASURED: ReadonlySet<string> = new Set(["second", "megapixel"]);

/**
 * The facts of the first video or audio of the input that was given. None when nothing needs them, or when it cannot be
 * measured: work that is done is not lost over its price.
 */
export async function priceFacts(
  endpoint: Endpoint,
  input: Readonly<Record<string, unknown>>,
  context: EndpointContext,
): Promise<PriceFacts> {
  if (!MEASURED.has(endpoint.price.unit)) return {};
  const fields = Object.entries(asJson(endpoint.input).properties ?? {});
  const main = fields.find(([name, schema]) => schema[MEDIA] && schema[MEDIA] !== "image" && given(input[name]));
  if (!main) return {};
  try {
    return { media: await context.operations.probe({ media: await context.open(main[0]) }) };
  } catch {
    return {};
  }
}
