/** Files in media fields of a server's endpoints: accepted with a result, or refused by the field's name. */
import assert from "node:assert/strict";
import type { Target } from "./server.ts";
import { assertWellFormed } from "./wire.ts";

/** Longer than any of these files may keep a worker busy. */
const PATIENCE_MS = 60_000;
const AT_ONCE = 3;

/** A media field of an endpoint, `["masks", 0, "mask_url"]` where it lies deeper. */
export type Field = { readonly endpoint: string; readonly path: readonly (string | number)[] };

/** Bytes as a data URI. */
export const inline = (type: string, bytes: Uint8Array): string =>
  `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;

/** Stores a file with a server. @returns its URL. */
export async function upload({ origin }: Target, type: string, bytes: Uint8Array): Promise<string> {
  const reply = await fetch(`${origin}/cdn/files/upload`, {
    method: "POST",
    headers: { "content-type": type },
    body: Buffer.from(bytes),
  });
  assert.equal(reply.status, 200);
  return ((await reply.json()) as { access_url: string }).access_url;
}

/**
 * Runs an endpoint with `url` in a field of an input that works otherwise.
 * @param also fields that a refusal may name instead.
 * @returns whether the file was accepted. Fails unless the result is a file or the refusal names the field.
 */
export async function attempt(
  target: Target,
  { endpoint, path }: Field,
  good: Readonly<Record<string, unknown>>,
  url: string,
  name: string,
  also: readonly string[] = [],
): Promise<boolean> {
  const reply = await fetch(`${target.origin}/run/${endpoint}`, {
    method: "POST",
    body: JSON.stringify(replaced(good, path, url)),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await reply.text();
  const what = `${name} as ${path.join(".")} of ${endpoint}`;
  assertWellFormed(reply.status, text, what);
  if (reply.status === 200) {
    const made = JSON.parse(text) as Record<"video" | "mask_video" | "mask_image", { url: string } | undefined>;
    const result = await fetch((made.video ?? made.mask_video ?? made.mask_image)!.url);
    assert.equal(result.status, 200, what);
    assert.ok((await result.arrayBuffer()).byteLength > 0, what);
    return true;
  }
  assert.equal(reply.status, 422, `${what}: ${text}`);
  const { detail } = JSON.parse(text) as { detail: { loc: unknown[] }[] };
  const { loc } = detail[0]!;
  if (!also.includes(String(loc[1]))) assert.deepEqual(loc, ["body", ...path], `${what}: ${text}`);
  return false;
}

function replaced(value: unknown, path: readonly (string | number)[], end: string): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return end;
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? replaced(item, rest, end) : item));
  const record = value as Record<string, unknown>;
  return { ...record, [key]: replaced(record[key], rest, end) };
}

/** Works through items, a few at once. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
    }),
  );
}
