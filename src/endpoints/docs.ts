/** docs/compatibility.md, derived from the catalog. */
import type { OperationName } from "../operations/operations.ts";
import type { Catalog } from "./catalog.ts";
import type { Endpoint } from "./endpoint.ts";
import { asJson } from "./json-schema.ts";
import { MEDIA } from "./schema.ts";
import { parseInput } from "./validate.ts";

/** What an endpoint needs: with its examples, and with variations of them only. */
export type OperationUse = { readonly always: readonly OperationName[]; readonly sometimes: readonly OperationName[] };

/** What the CPU engine of this version offers. */
export const CPU_OPERATIONS: readonly OperationName[] = [
  "removeObject",
  "conform",
  "muxAudio",
  "probe",
  "composeTimeline",
  "mergeVideos",
  "mergeAudios",
  "extractFrame",
  "normalizeLoudness",
  "drawWaveform",
  "imagesToVideo",
  "upscale",
  "interpolateFrames",
  "reframe",
  "placePicture",
  "zipFrames",
  "segment",
  "segmentFrame",
];

const HEADER = `# Compatibility

Every endpoint this server knows, what it needs, and whether the CPU engine of this version serves it. Endpoints that the
CPU engine does not serve are validated and priced all the same, and answered with \`feature_not_supported\` unless
another engine serves them. This file is made from the catalog: \`node scripts/compatibility.mjs\`.
`;

/**
 * The document.
 * @param offered operations the CPU engine offers.
 */
export function renderCompatibility(catalog: Catalog, offered: readonly OperationName[]): string {
  const families = [...new Set(catalog.all.map((endpoint) => endpoint.family))];
  const sections = families.map((family) => {
    const members = catalog.all.filter((endpoint) => endpoint.family === family);
    const rows = members.map((endpoint) => renderRow(endpoint, offered));
    const head = ["| endpoint | category | operations | CPU engine | price |", "|---|---|---|---|---|"];
    return [`## ${family}\n`, ...head, ...rows].join("\n");
  });
  return `${[HEADER, ...sections].join("\n")}\n`.replaceAll("\n## ", "\n\n## ").replaceAll("\n\n\n", "\n\n");
}

/** Tries an endpoint's examples, each without one of its fields, and each with every other option of its enums. */
export function operationsOf(endpoint: Endpoint): OperationUse {
  const always = new Set(
    endpoint.examples.map((example) => needsOf(endpoint, example)).find((needs) => needs.length > 0),
  );
  const sometimes = new Set(variations(endpoint).flatMap((input) => needsOf(endpoint, input)));
  return { always: [...always], sometimes: [...sometimes].filter((name) => !always.has(name)) };
}

function renderRow(endpoint: Endpoint, offered: readonly OperationName[]): string {
  const { always, sometimes } = operationsOf(endpoint);
  const ids = [endpoint.id, ...endpoint.aliases].map((id) => `\`${id}\``);
  const operations = [...always.map((name) => `\`${name}\``), ...sometimes.map((name) => `(\`${name}\`)`)];
  const { unitPrice, unit, rule } = endpoint.price;
  const price = `$${unitPrice} a ${unit}. ${rule}`;
  const cells = [ids.join("<br>"), endpoint.category, operations.join(", "), served(endpoint, offered), price];
  return `| ${cells.join(" | ")} |`;
}

function served(endpoint: Endpoint, offered: readonly OperationName[]): string {
  const { always, sometimes } = operationsOf(endpoint);
  const lacks = (name: OperationName) => !offered.includes(name);
  if (!endpoint.run || always.some(lacks)) return "no";
  const missing = sometimes.filter(lacks);
  return missing.length === 0 ? "yes" : `yes, without ${missing.map((name) => `\`${name}\``).join(", ")}`;
}

function variations(endpoint: Endpoint): Record<string, unknown>[] {
  const properties = Object.entries(asJson(endpoint.input).properties ?? {});
  return endpoint.examples.flatMap((example) => {
    const shorter = Object.keys(example).map((name) => without(example, name));
    const other = properties.flatMap(([name, property]) => {
      const options: readonly unknown[] = property.enum ?? (property.type === "boolean" ? [true] : []);
      const words = property.type === "string" && !property.enum && !property[MEDIA] ? ["words"] : [];
      return [...options, ...words, ...(property.maximum === undefined ? [] : [property.maximum])].map((value) => ({
        ...example,
        [name]: value,
      }));
    });
    return [example, ...shorter, ...other];
  });
}

function without(example: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(example).filter(([key]) => key !== name));
}

/** The needs of an input; none when it is not valid. */
function needsOf(endpoint: Endpoint, body: Readonly<Record<string, unknown>>): OperationName[] {
  try {
    return endpoint.needs(parseInput(endpoint, body).input).map(({ operation }) => operation);
  } catch {
    return [];
  }
}
