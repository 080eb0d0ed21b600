/** Programs that send what is on the form, for every client there is. Keys come from the environment, never from the page. */
import type { EndpointDetail } from "../../../src/playground/api.ts";
import type { Values } from "../shared/schema.ts";

/** One program. */
export type Snippet = {
  readonly id: "fal-js" | "fal-python" | "wavespeed-js" | "wavespeed-python" | "curl";
  readonly name: string;
  readonly language: "js" | "python" | "sh";
  /** What it takes to run it, in a sentence. */
  readonly setup: string;
  readonly code: string;
};

type Parts = { readonly id: string; readonly input: Values; readonly origin: string; readonly keys: boolean };

/** All programs for an endpoint; those of the fal clients only where fal has the endpoint. */
export function snippets(endpoint: EndpointDetail, input: Values, origin: string, keys: boolean): readonly Snippet[] {
  const parts: Parts = { id: endpoint.id, input, origin, keys };
  const model = { ...parts, id: endpoint.vendor === "wavespeed" ? endpoint.id : `reshoot/${endpoint.id}` };
  const wavespeed = [wavespeedJs(model), wavespeedPython(model)];
  return endpoint.vendor === "fal"
    ? [falJs(parts), falPython(parts), ...wavespeed, curl(parts, "fal")]
    : [...wavespeed, curl(parts, "wavespeed")];
}

function falJs({ id, input, origin, keys }: Parts): Snippet {
  return {
    id: "fal-js",
    name: "@fal-ai/client",
    language: "js",
    setup: "npm install @fal-ai/client reshoot",
    code: `import { fal } from "@fal-ai/client";
import { connect } from "reshoot/client";

fal.config(connect(${JSON.stringify(origin)}${keys ? ", { key: process.env.RESHOOT_KEY }" : ""}));

const { data } = await fal.subscribe(${JSON.stringify(id)}, {
  input: ${indented(jsLiteral(input), 2)},
  logs: true,
  onQueueUpdate: (update) => console.error(update.status),
});
console.log(JSON.stringify(data, null, 2));
`,
  };
}

function falPython({ id, input, origin, keys }: Parts): Snippet {
  return {
    id: "fal-python",
    name: "fal_client",
    language: "python",
    setup:
      `pip install fal-client. Its hosts are fixed: start the server with --tls-port 7861 and this program with ` +
      `HTTPS_PROXY=${origin} SSL_CERT_FILE=.reshoot/tls/ca.pem FAL_KEY=${keys ? "id:secret" : "any"}`,
    code: `import json

import fal_client

result = fal_client.subscribe(
    ${JSON.stringify(id)},
    arguments=${indented(pythonLiteral(input), 4)},
)
print(json.dumps(result, indent=2))
`,
  };
}

function wavespeedJs({ id, input, origin, keys }: Parts): Snippet {
  return {
    id: "wavespeed-js",
    name: "wavespeed, JS",
    language: "js",
    setup: "npm install wavespeed",
    code: `import { Client } from "wavespeed";

const client = new Client(${keys ? "process.env.RESHOOT_KEY" : '"any"'}, { baseUrl: ${JSON.stringify(origin)} });

const { outputs } = await client.run(${JSON.stringify(id)}, ${indented(jsLiteral(input), 0)});
console.log(JSON.stringify(outputs, null, 2));
`,
  };
}

function wavespeedPython({ id, input, origin, keys }: Parts): Snippet {
  return {
    id: "wavespeed-python",
    name: "wavespeed, Python",
    language: "python",
    setup: "pip install wavespeed",
    code: `import json
${keys ? "import os\n" : ""}
import wavespeed

wavespeed.config.api.base_url = ${JSON.stringify(origin)}
wavespeed.config.api.api_key = ${keys ? 'os.environ["RESHOOT_KEY"]' : '"any"'}

result = wavespeed.run(${JSON.stringify(id)}, ${indented(pythonLiteral(input), 0)})
print(json.dumps(result["outputs"], indent=2))
`,
  };
}

/** One request held open until the result is there. */
function curl({ id, input, origin, keys }: Parts, vendor: "fal" | "wavespeed"): Snippet {
  const url = vendor === "fal" ? `${origin}/run/${id}` : `${origin}/api/v3/${id}`;
  const body = vendor === "fal" ? input : { ...input, enable_sync_mode: true };
  const scheme = vendor === "fal" ? "Key" : "Bearer";
  const auth = keys ? ` \\\n  -H "Authorization: ${scheme} $RESHOOT_KEY"` : "";
  const json = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  return {
    id: "curl",
    name: "curl",
    language: "sh",
    setup: "Waits for the result; long jobs are better queued with a client.",
    code: `curl -sS ${shellQuote(url)}${auth} \\\n  -H "Content-Type: application/json" \\\n  -d '${json}'\n`,
  };
}

function shellQuote(text: string): string {
  return /^[\w:/.[\]-]+$/.test(text) && !text.includes("[") ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** JSON with names bare where JavaScript allows it. */
function jsLiteral(value: unknown): string {
  const json = JSON.stringify(value, null, 2);
  // Only names at a line's start: what stands inside a text is behind its quote.
  return json
    .replace(/^(\s*)"([A-Za-z_$][\w$]*)":/gm, "$1$2:")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}

function pythonLiteral(value: unknown, depth = 0): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return pythonText(value);
  if (typeof value !== "object") return String(value);
  const pad = "    ".repeat(depth + 1);
  const end = `\n${"    ".repeat(depth)}`;
  const items = Array.isArray(value)
    ? value.map((item) => `${pad}${pythonLiteral(item, depth + 1)},`)
    : Object.entries(value).map(([key, item]) => `${pad}${pythonText(key)}: ${pythonLiteral(item, depth + 1)},`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return items.length === 0 ? `${open}${close}` : `${open}\n${items.join("\n")}${end}${close}`;
}

/** JSON's escapes are Python's too, but for characters beyond 16 bits, which JSON leaves as they are. */
function pythonText(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\x7f");
}

function indented(text: string, spaces: number): string {
  return text.replaceAll("\n", `\n${" ".repeat(spaces)}`);
}
