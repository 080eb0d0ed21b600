/** What a price by length or size depends on, measured once the work is done. */
import type { Endpoint, EndpointContext, PriceFacts } from "../endpoints/endpoint.ts";
import { asJson, type JsonSchema } from "../endpoints/json-schema.ts";
import { given } from "../endpoints/needs.ts";
import { MEDIA } from "../endpoints/schema.ts";

/** Units that are counted in the media; all others follow from the input's own values. */
const MEASURED: ReadonlySet<string> = new Set(["second", "megapixel"]);

/**
 * The facts of the first video or audio of the input that was given, or the length of all files of a list of them. None when
 * nothing needs them, or when they cannot be measured: work that is done is not lost over its price.
 */
export async function priceFacts(
  endpoint: Endpoint,
  input: Readonly<Record<string, unknown>>,
  context: EndpointContext,
): Promise<PriceFacts> {
  if (!MEASURED.has(endpoint.price.unit)) return {};
  const fields = Object.entries(asJson(endpoint.input).properties ?? {});
  const isTimed = (schema: JsonSchema | undefined): boolean => Boolean(schema?.[MEDIA]) && schema?.[MEDIA] !== "image";
  const main = fields.find(([name, schema]) => isTimed(schema) && given(input[name]));
  const list = fields.find(([name, schema]) => isTimed(schema.items) && Array.isArray(input[name]));
  try {
    if (main) return { media: await context.operations.probe({ media: await context.open(main[0]) }) };
    return list ? { seconds: await secondsOfAll(list[0], input[list[0]] as readonly unknown[], context) } : {};
  } catch {
    return {};
  }
}

/** A file that is named more than once is measured once and counted each time. */
async function secondsOfAll(field: string, urls: readonly unknown[], context: EndpointContext): Promise<number> {
  const known = new Map<string, number>();
  let sum = 0;
  for (const [index, url] of urls.entries()) {
    const key = JSON.stringify(url);
    let seconds = known.get(key);
    if (seconds === undefined) {
      const media = await context.open(["body", field, index]);
      const { video, duration } = await context.operations.probe({ media });
      seconds = video?.duration ?? duration;
      known.set(key, seconds);
    }
    sum += seconds;
  }
  return sum;
}
