/** Examples that run without a network: the catalog's own, with samples in the place of the vendors' media. */
import type { Endpoint } from "../endpoints/endpoint.ts";
import { asJson } from "../endpoints/json-schema.ts";
import { MEDIA } from "../endpoints/schema.ts";
import { mediaFields, replaceAt } from "../endpoints/validate.ts";
import type { Loc } from "../errors.ts";
import type { EndpointDetail, MaskLevels } from "./api.ts";
import type { SampleName } from "./samples.ts";

/** Stands before a sample's name where an input wants a URL. */
const SCHEME = "sample:";

/** The endpoint's examples with samples for media. */
export function examplesOf(endpoint: Endpoint): EndpointDetail["examples"] {
  const masks = masksOf(endpoint);
  return endpoint.examples.map((example, index) => {
    let input: Readonly<Record<string, unknown>> = example;
    const seen: Partial<Record<string, number>> = {};
    for (const { loc, kind } of mediaFields(endpoint, example)) {
      const nth = seen[kind] ?? 0;
      seen[kind] = nth + 1;
      input = replaceAt(input, loc, `${SCHEME}${sampleFor(loc, kind, masks[String(loc[1])], nth)}`);
    }
    return { title: index === 0 ? "Example" : `Example ${index + 1}`, input };
  });
}

/** Which fields take masks, and how their levels are read: their descriptions say so. */
export function masksOf(endpoint: Endpoint): Readonly<Record<string, MaskLevels>> {
  const fields = Object.entries(asJson(endpoint.input).properties ?? {});
  const masks = fields.filter(([name, schema]) => schema[MEDIA] && /mask/.test(name));
  return Object.fromEntries(
    masks.map(([name]) => [name, endpoint.family === "VOID" ? ("quad" as const) : ("white" as const)]),
  );
}

function sampleFor(loc: Loc, kind: string, mask: MaskLevels | undefined, nth: number): SampleName {
  const name = loc.join(".");
  if (kind === "audio") return nth % 2 === 0 ? "melody.wav" : "bass.wav";
  if (kind === "image") {
    if (mask) return "mask.png";
    return /last|end/.test(name) || nth % 2 === 1 ? "last.png" : "first.png";
  }
  if (mask) return mask === "quad" ? "ball-quadmask.mp4" : "ball-mask.mp4";
  return "ball.mp4";
}
