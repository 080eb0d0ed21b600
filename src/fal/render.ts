/** Stored results as the vendor's JSON: files become File objects or URLs for whoever reads them. */
import { buffer } from "node:stream/consumers";
import type { FileStore } from "../files/store.ts";
import type { Json, JsonObject } from "../requests/store.ts";
import { fileUrl, type Origins } from "./origin.ts";

/** What rendering needs. */
export type RenderParts = {
  readonly files: FileStore;
  readonly origins: Origins;
  /** Files as data URIs (`sync_mode`); larger ones keep their URL, since a reply must fit into memory. */
  readonly inline: boolean;
  readonly maxInlineBytes: number;
};

/**
 * Replaces the markers of stored files: `{ "$file": id, content_type, file_name, file_size, … }` becomes
 * `{ url, content_type, file_name, file_size, … }`, and `{ "$url": id, "file_name": name }` becomes a URL string.
 */
export async function renderOutput(output: JsonObject, parts: RenderParts): Promise<JsonObject> {
  return (await render(output, parts)) as JsonObject;
}

async function render(value: Json, parts: RenderParts): Promise<Json> {
  if (typeof value !== "object" || value === null) return value;
  if (isArray(value)) return Promise.all(value.map((item) => render(item, parts)));
  if (typeof value.$file === "string") {
    const { $file, ...facts } = value;
    return { url: await link($file as string, String(value.file_name ?? ""), parts), ...facts };
  }
  if (typeof value.$url === "string") return link(value.$url, String(value.file_name ?? ""), parts);
  const entries = Object.entries(value).map(async ([key, item]) => [key, await render(item, parts)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function link(id: string, fileName: string, parts: RenderParts): Promise<string> {
  const url = fileUrl({ id, fileName }, parts.origins);
  if (!parts.inline) return url;
  const file = await parts.files.get(id);
  if (file?.state !== "ready" || file.size > parts.maxInlineBytes) return url;
  return `data:${file.contentType};base64,${(await buffer(parts.files.read(file))).toString("base64")}`;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
