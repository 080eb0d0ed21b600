/** The public URLs of stored files, made and recognised in one place. */

/** Path of a file under an origin: `/cdn/files/{id}/{name}`. The id alone decides; the name is for people and players. */
export function filePath(file: { readonly id: string; readonly fileName: string }): string {
  return `/cdn/files/${file.id}/${encodeURIComponent(file.fileName)}`;
}

/** Hosts under which the vendor serves files; with TLS takeover they are ours, without it they are the vendor's. */
const VENDOR_FILE_HOSTS = new Set(["v3.fal.media", "v3b.fal.media"]);

/**
 * The id in a URL of one of our own files.
 * @returns `certain` when the URL is under one of our origins (a missing file is then an error), `possible` when it is
 *   under the vendor's file host (a missing file is then the vendor's own), undefined for any other URL.
 */
export function fileIdOf(
  url: string,
  ownOrigins: readonly string[],
): { readonly id: string; readonly certain: boolean } | undefined {
  // Most URLs are somebody else's. The parser would take tabs and line breaks out.
  if (!/files|[\t\r\n]/.test(url)) return undefined;
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return undefined;
  }
  const id = /^(?:\/cdn)?\/files\/([A-Za-z0-9_-]{22})(?:\/|$)/.exec(parsed.pathname)?.[1];
  if (!id) return undefined;
  if (ownOrigins.includes(parsed.origin)) return { id, certain: true };
  return VENDOR_FILE_HOSTS.has(parsed.hostname) ? { id, certain: false } : undefined;
}
