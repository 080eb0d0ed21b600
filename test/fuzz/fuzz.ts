/** Fuzzing on a budget of time: the same cases every time, more of them with more time, others with another seed. */
import fc from "fast-check";

const SECONDS = Number(process.env.RESHOOT_FUZZ_SECONDS ?? 3);
const SEED = Number(process.env.RESHOOT_FUZZ_SEED ?? 1);

/** For a test's `timeout` option, in milliseconds. */
export const FUZZ_TIMEOUT_MS = SECONDS * 1000 + 60_000;

/** Longest that any one answer may take, in milliseconds. */
export const HANG_MS = 5_000;

/** Runs a property until the time is up, `RESHOOT_FUZZ_SECONDS` (3); `RESHOOT_FUZZ_SEED` chooses the cases. */
export async function fuzz<T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => void | Promise<void>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(arbitrary, async (value) => check(value)),
    {
      seed: SEED,
      numRuns: 1e9,
      interruptAfterTimeLimit: SECONDS * 1000,
      markInterruptAsFailure: false,
      endOnFailure: true,
    },
  );
}

/** Any text, often with what parsers stumble over. */
export const nasty: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(..."/\\.%;,:=\"'{}[]()<>&?#@ \t\r\n\0-_+*~^$|aA0\u00e9\u202e\ud800\udc00") }),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "..",
    "%00",
    "%",
    "data:,",
    "data:;base64,",
    "http://",
    "1e999",
    "-0",
    "null",
  ),
  fc
    .tuple(fc.constantFrom("/", " ", "a", "0", "%41", ";a=b", "[", ","), fc.integer({ min: 1, max: 5000 }))
    .map(([unit, count]) => unit.repeat(count)),
);

/** Text that an HTTP client lets through as a header's value. */
export const headerValue: fc.Arbitrary<string> = nasty.map((text) => text.replace(/[^\x20-\x7e\x80-\xff]/g, "").trim());

/** Text without halves of surrogate pairs, as URLs need it. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** A value with some of its parts replaced, removed or added. */
export function mutated(value: unknown): fc.Arbitrary<unknown> {
  const other: fc.Arbitrary<unknown> = fc.oneof(
    nasty,
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.jsonValue({ maxDepth: 3 }),
  );
  if (typeof value !== "object" || value === null) return fc.oneof({ weight: 2, arbitrary: fc.constant(value) }, other);
  if (Array.isArray(value)) return fc.oneof(fc.array(fc.oneof(...value.map(mutated), other), { maxLength: 5 }), other);
  const fields = fc.record(Object.fromEntries(Object.entries(value).map(([key, field]) => [key, mutated(field)])), {
    requiredKeys: [],
  });
  const more = fc.dictionary(nasty, other, { maxKeys: 2 });
  return fc.oneof(
    { weight: 9, arbitrary: fc.tuple(fields, more).map(([known, unknown]) => ({ ...known, ...unknown })) },
    other,
  );
}
