/** Hostile files on their way into an endpoint, and what may come of it. */
import assert from "node:assert/strict";
import type { Target } from "./server.ts";
import { assertWellFormed } from "./wire.ts";

/** Longer than any hostile file may keep a worker busy. */
const PATIENCE_MS = 60_000;
const AT_ONCE = 3;

/** One call with a hostile file in one of its fields. */
export type Attempt = {
  readonly endpoint: string;
  readonly body: object;
  /** The field that holds the file, as a refusal names it. */
  readonly loc: readonly (string | number)[];
  /** Of the file, for messages. */
  readonly name: string;
  /** Names of fields that a refusal may name instead. */
  readonly also?: readonly string[];
};

/** The result, or undefined where the call was refused. */
export type Outcome = Readonly<Record<string, unknown>> | undefined;

/** A file as a data URI. */
export function inline(type: string, bytes: Uint8Array): string {
  return `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
}

/** Stores a file. @returns its URL. */
export async function upload(target: Target, type: string, bytes: Uint8Array): Promise<string> {
  const reply = await fetch(`${target.origin}/cdn/files/upload`, {
    method: "POST",
    headers: { "content-type": type },
    body: Buffer.from(bytes),
  });
  assert.equal(reply.status, 200);
  return ((await reply.json()) as { access_url: string }).access_url;
}

/** Fails unless every file of the result can be fetched, or the refusal names the field. */
export async function attempt(target: Target, { endpoint, body, loc, name, also = [] }: Attempt): Promise<Outcome> {
  const reply = await fetch(`${target.origin}/run/${endpoint}`, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await reply.text();
  const what = `${name} as ${loc.join(".")} of ${endpoint}`;
  assertWellFormed(reply.status, text, what);
  if (reply.status === 200) {
    const result = JSON.parse(text) as Record<string, unknown>;
    for (const url of urlsOf(result)) {
      const file = await fetch(url);
      assert.equal(file.status, 200, what);
      assert.ok((await file.arrayBuffer()).byteLength > 0, what);
    }
    return result;
  }
  assert.equal(reply.status, 422, `${what}: ${text}`);
  const { detail } = JSON.parse(text) as { detail: { loc: unknown[] }[] };
  if (!also.includes(String(detail[0]!.loc[1]))) assert.deepEqual(detail[0]!.loc, loc, `${what}: ${text}`);
  return undefined;
}

/** A value with `end` in the place that `path` leads to. */
export function replaced(value: unknown, [key, ...rest]: readonly (string | number)[], end: string): unknown {
  if (key === undefined) return end;
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? replaced(item, rest, end) : item));
  const record = value as Record<string, unknown>;
  return { ...record, [key]: replaced(record[key], rest, end) };
}

/** Works on a few items at a time. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
    }),
  );
}

/** Every URL of a result, however deep. */
function urlsOf(value: unknown): string[] {
  if (typeof value === "string") return value.startsWith("http") ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(urlsOf) : [];
}
