/** Ids of requests: UUIDs, which dialects may spell without dashes. */

/** The id of a request in whichever spelling; anything else as it is, which is the id of nothing. */
export function requestIdOf(spelled: string): string {
  const [, a, b, c, d, e] = /^([\da-f]{8})([\da-f]{4})([\da-f]{4})([\da-f]{4})([\da-f]{12})$/i.exec(spelled) ?? [];
  return a ? `${a}-${b}-${c}-${d}-${e}`.toLowerCase() : spelled;
}
