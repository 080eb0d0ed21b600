/** Ids of requests: UUIDs, which dialects may spell without dashes. */
import { randomUUID } from "node:crypto";

/**
 * A new id: a UUID of version 7 (RFC 9562 §5.7), so that the ids of one moment lie side by side in the store's index and
 * a group of submits writes few pages to disk. 74 bits are random.
 */
export function newRequestId(now: number): string {
  const time = now.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** The id of a request in whichever spelling; anything else as it is, which is the id of nothing. */
export function requestIdOf(spelled: string): string {
  const [, a, b, c, d, e] = /^([\da-f]{8})([\da-f]{4})([\da-f]{4})([\da-f]{4})([\da-f]{12})$/i.exec(spelled) ?? [];
  return a ? `${a}-${b}-${c}-${d}-${e}`.toLowerCase() : spelled;
}
