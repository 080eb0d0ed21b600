/**
 * Files inside stored JSON. A runner leaves `{ "$file": id, content_type, file_name, file_size, … }` where the vendor gives
 * a File object, and `{ "$url": id, file_name }` where it gives a bare URL; a stored input has the latter. Which URL a
 * reader gets is decided when it reads.
 */
import type { Json, JsonObject } from "../requests/store.ts";

/** A file inside stored JSON. */
export type FileMarker = {
  readonly id: string;
  readonly fileName: string;
  /** What else is said about it, its type and size among it; undefined where only a URL belongs. */
  readonly facts: JsonObject | undefined;
};

/** A copy with every marker replaced. */
export async function replaceMarkers(value: Json, replace: (marker: FileMarker) => Promise<Json>): Promise<Json> {
  if (typeof value !== "object" || value === null) return value;
  if (isArray(value)) return Promise.all(value.map((item) => replaceMarkers(item, replace)));
  const marker = markerOf(value);
  if (marker) return replace(marker);
  const entries = Object.entries(value).map(async ([key, item]) => [key, await replaceMarkers(item, replace)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** All markers, in the order they stand. */
export function markersIn(value: Json): FileMarker[] {
  if (typeof value !== "object" || value === null) return [];
  if (isArray(value)) return value.flatMap(markersIn);
  const marker = markerOf(value);
  return marker ? [marker] : Object.values(value).flatMap(markersIn);
}

function markerOf(value: JsonObject): FileMarker | undefined {
  const fileName = String(value.file_name ?? "");
  if (typeof value.$file === "string") {
    const { $file, ...facts } = value;
    return { id: value.$file, fileName, facts };
  }
  return typeof value.$url === "string" ? { id: value.$url, fileName, facts: undefined } : undefined;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
