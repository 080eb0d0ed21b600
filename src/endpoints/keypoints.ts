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
    // Python lets a comma stand before the closing brace.
    return toKeypoint(JSON.parse(value.replaceAll("'", '"').replace(/,\s*}/, "}")));
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
  const { type: spelled = "positive", ...point } = value as Record<string, unknown>;
  const [x, y] = [coordinate(point.x), coordinate(point.y)];
  const type = typeof spelled === "string" ? spelled.toLowerCase() : spelled;
  const isPoint = Number.isFinite(x) && Number.isFinite(y) && (type === "positive" || type === "negative");
  return isPoint ? { x, y, type } : undefined;
}

/** A number, or one written as text; else NaN. */
function coordinate(value: unknown): number {
  const isWritten = typeof value === "string" && value.trim() !== "";
  return typeof value === "number" || isWritten ? Number(value) : Number.NaN;
}
