/** Stored results as the vendor's JSON: files become File objects or URLs for whoever reads them. */
import { buffer } from "node:stream/consumers";
import { type FileMarker, replaceMarkers } from "../files/markers.ts";
import type { FileStore } from "../files/store.ts";
import type { JsonObject } from "../requests/store.ts";
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
  const rendered = await replaceMarkers(output, async (marker) => {
    const url = await link(marker, parts);
    return marker.facts ? { url, ...marker.facts } : url;
  });
  return rendered as JsonObject;
}

async function link(marker: FileMarker, parts: RenderParts): Promise<string> {
  const url = fileUrl(marker, parts.origins);
  if (!parts.inline) return url;
  const file = await parts.files.get(marker.id);
  if (file?.state !== "ready" || file.size > parts.maxInlineBytes) return url;
  return `data:${file.contentType};base64,${(await buffer(parts.files.read(file))).toString("base64")}`;
}
