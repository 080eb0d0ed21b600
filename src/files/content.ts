/** Content types of stored files, and the headers under which anybody's bytes are served from our own origin. */
import type { FileRecord } from "../requests/store.ts";
import { sanitizeFileName } from "./file-name.ts";
import { sniffContentType } from "./sniff.ts";

const UNKNOWN = "application/octet-stream";

/** `type/subtype` with simple parameters (RFC 9110 §8.3.1). */
const MEDIA_TYPE = /^([\w!#$&^.+-]+\/[\w!#$&^.+-]+)(\s*;\s*[\w-]+=("[\x20-\x21\x23-\x7e]*"|[\w!#$&^.+:/-]+))*$/;

/** Types that a page of ours could be made to run or apply: they would get around a policy that trusts our origin. */
const ACTIVE = /^[^;]*(script|css|wasm)/;

/** Longest time that a cache may keep a file, in seconds. */
const YEAR = 365 * 24 * 3600;

const EXTENSIONS: Readonly<Record<string, string>> = {
  "video/mp4": ".mp4",
  "video/quicktime": ".mov",
  "video/webm": ".webm",
  "video/x-matroska": ".mkv",
  "video/x-msvideo": ".avi",
  "image/gif": ".gif",
  "image/png": ".png",
  "image/jpeg": ".jpg",
  "image/webp": ".webp",
  "image/avif": ".avif",
  "image/svg+xml": ".svg",
  "audio/wav": ".wav",
  "audio/x-wav": ".wav",
  "audio/mpeg": ".mp3",
  "audio/mp4": ".m4a",
  "audio/aac": ".aac",
  "audio/ogg": ".ogg",
  "audio/flac": ".flac",
  "application/json": ".json",
  "application/zip": ".zip",
  "text/plain": ".txt",
};

/** A declared media type if it is one, without its spelling differences; else `application/octet-stream`. */
export function normalizeContentType(declared: string | undefined): string {
  const type = declared?.trim() ?? "";
  if (type.length > 200) return UNKNOWN;
  const essence = MEDIA_TYPE.exec(type)?.[1];
  return essence ? essence.toLowerCase() + type.slice(essence.length) : UNKNOWN;
}

/** The type to store a file under: the first that says something, else what its bytes show. */
export function storedContentType(declared: readonly (string | undefined)[], head: Uint8Array): string {
  const types = declared.map(normalizeContentType);
  return types.find((type) => type !== UNKNOWN) ?? sniffContentType(head) ?? UNKNOWN;
}

/** The type to serve a file under: the stored one, but scripts and styles as plain bytes. */
export function servedContentType(record: Pick<FileRecord, "contentType">): string {
  const type = normalizeContentType(record.contentType);
  return ACTIVE.test(type) ? UNKNOWN : type;
}

/** A name for a file that came without one: `input.mp4`. */
export function nameFor(contentType: string, stem = "file"): string {
  const essence = normalizeContentType(contentType).split(";")[0]!.trim();
  return stem + (EXTENSIONS[essence] ?? "");
}

/**
 * Response headers of a download besides its length and range. Whatever the bytes are, a browser shows them only as
 * picture, video or sound, runs nothing in them, and lets pages of other origins embed them.
 * @param now milliseconds since the epoch; caches forget a file when it expires.
 */
export function contentHeaders(record: FileRecord, now: number = Date.now()): Record<string, string> {
  const type = servedContentType(record);
  const inline = /^(image|video|audio)\//.test(type) && !/^image\/svg/.test(type);
  return {
    "content-type": type,
    "content-disposition": contentDisposition(inline ? "inline" : "attachment", record.fileName),
    "content-security-policy": "sandbox",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
    "accept-ranges": "bytes",
    etag: `"${record.sha256}"`,
    "cache-control": cacheControl(record, now),
  };
}

/** RFC 6266 with the extended notation of RFC 8187 (formerly 5987) beside an ASCII fallback. */
function contentDisposition(kind: "inline" | "attachment", fileName: string): string {
  const name = sanitizeFileName(fileName) || "file";
  const ascii = name.replace(/[^\x20-\x7e]/g, "_").replace(/["\\%]/g, "_");
  if (ascii === name) return `${kind}; filename="${name}"`;
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

function cacheControl(record: FileRecord, now: number): string {
  if (record.access.default !== "allow" || record.access.rules.length > 0) return "private, no-store";
  const left = record.expiresAt === null ? YEAR : Math.floor((record.expiresAt - now) / 1000);
  return `public, max-age=${Math.max(0, Math.min(YEAR, left))}, immutable`;
}
