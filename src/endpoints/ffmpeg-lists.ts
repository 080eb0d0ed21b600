/** Lists of files, as several FFmpeg endpoints take them. */
import type { Issue, Loc } from "../errors.ts";
import type { MediaHandle } from "../operations/operations.ts";
import type { EndpointContext } from "./endpoint.ts";

/** Files of one request: each is fetched, opened and held. */
export const MOST_FILES = 500;

/** The complaint about a list that is too long. */
export function tooMany(path: Loc, list: readonly unknown[], most = MOST_FILES): readonly Issue[] {
  if (list.length <= most) return [];
  const msg = `List should have at most ${most} items after validation, not ${list.length}`;
  const ctx = { field_type: "List", max_length: most, actual_length: list.length };
  return [{ loc: ["body", ...path], msg, type: "sequence_too_long", ctx }];
}

/** The media of a list of URLs, in order. */
export async function openAll(
  context: EndpointContext,
  path: Loc,
  urls: readonly unknown[],
  within: Loc = [],
): Promise<MediaHandle[]> {
  return openEach(
    context,
    urls.map((url, index) => ({ url, loc: ["body", ...path, index, ...within] })),
  );
}

/** The media of these fields, in order; one that several fields name is fetched once. */
export async function openEach(
  context: EndpointContext,
  fields: readonly { readonly url: unknown; readonly loc: Loc }[],
): Promise<MediaHandle[]> {
  const opened = new Map<string, MediaHandle>();
  const handles: MediaHandle[] = [];
  for (const { url, loc } of fields) {
    const key = JSON.stringify(url);
    const handle = opened.get(key) ?? (await context.open(loc));
    opened.set(key, handle);
    handles.push({ ...handle, loc });
  }
  return handles;
}
