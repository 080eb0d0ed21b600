/**
 * Bria's key points: strings in Python's dictionary syntax, `{'x': 765, 'y': 344, 'type': 'positive'}`. JSON and plain
 * objects are taken too. Points lie on the first frame, in pixels.
 */

/** A point on the object (`positive`) or beside it (`negative`). */
export type Keypoint = { readonly x: number; readonly y: number; readonly type: "positive" | "negative" };

const LONGEST = 200;

/** @returns undefined when the text is no key point. */
export function parseKeypoint(value: string): Keypoint | undefined {
  if (value.length > LONGEST) return undefined;
  try {
    return toKeypoint(JSON.parse(value.replaceAll("'", '"')));
  } catch {
    return undefined;
  }
}

/** The vendor's spelling of a key point given as an object; anything else is left for validation. */
export function spellKeypoint(value: unknown): unknown {
  const point = toKeypoint(value);
  return point ? `{'x': ${point.x}, 'y': ${point.y}, 'type': '${point.type}'}` : value;
}

function toKeypoint(value: unknown): Keypoint | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { x, y, type = "positive" } = value as Record<string, unknown>;
  const isPoint = Number.isFinite(x) && Number.isFinite(y) && (type === "positive" || type === "negative");
  return isPoint ? { x: x as number, y: y as number, type } : undefined;
}
