/** Whether two requests ask for the same thing. */
import type { Json } from "./store.ts";

/**
 * A request's input as text that is equal for equal inputs: keys sorted, and own files (`{ "$url": id, file_name }`) by
 * content alone, because a repeated data URI is stored under a new id each time.
 * @param contentOf names a file's content by its id: the hash, or the id itself when there is none.
 */
export function fingerprint(input: Json, contentOf: (fileId: string) => string): string {
  return JSON.stringify(input, (_key, value: unknown) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    if ("$url" in value && typeof value.$url === "string") return ["$url", contentOf(value.$url)];
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
