/** Spans of time and the steps they are shown in, by the visitor's own clock and calendar. */

/** Names of spans, as the address has them. */
export type SpanName = "day" | "week" | "month" | "year";

/** A span that ends now. */
export type Span = {
  /** Where steps begin, and where the last one ends: milliseconds, ascending. */
  readonly edges: readonly number[];
  /** Of each step, short, for the axis. */
  readonly labels: readonly string[];
  /** Of each step, in full. */
  readonly names: readonly string[];
};

const SPANS = {
  day: { words: "24 hours", steps: 24, step: "hour" },
  week: { words: "7 days", steps: 7, step: "day" },
  month: { words: "30 days", steps: 30, step: "day" },
  year: { words: "12 months", steps: 12, step: "month" },
} as const;

/** Every span with its words, shortest first. */
export const SPAN_WORDS: readonly (readonly [SpanName, string])[] = (Object.keys(SPANS) as SpanName[]).map((name) => [
  name,
  SPANS[name].words,
]);

/** The steps of a span; the last one is under way. */
export function spanOf(name: SpanName, now = new Date()): Span {
  const { steps, step } = SPANS[name];
  const [year, month, date, hour] = [now.getFullYear(), now.getMonth(), now.getDate(), now.getHours()];
  // Calendar arithmetic: a day may have 23 hours. Hours are counted, not named: one may come twice.
  const thisHour = new Date(year, month, date, hour).getTime();
  const edge = (ago: number): number =>
    step === "hour"
      ? thisHour - ago * 3_600_000
      : step === "day"
        ? new Date(year, month, date - ago).getTime()
        : new Date(year, month - ago, 1).getTime();
  const edges = Array.from({ length: steps + 1 }, (_, index) => edge(steps - 1 - index));
  const format = (options: Intl.DateTimeFormatOptions) => edges.slice(0, -1).map(formatter(options));
  if (step === "hour") {
    return {
      edges,
      labels: format({ hour: "2-digit", minute: "2-digit" }),
      names: format({ weekday: "long", hour: "2-digit", minute: "2-digit" }),
    };
  }
  if (step === "month") {
    return { edges, labels: format({ month: "short" }), names: format({ month: "long", year: "numeric" }) };
  }
  return {
    edges,
    labels: format({ day: "numeric", month: "short" }),
    names: format({ weekday: "long", day: "numeric", month: "long" }),
  };
}

function formatter(options: Intl.DateTimeFormatOptions): (time: number) => string {
  const format = new Intl.DateTimeFormat("en-GB", options);
  return (time) => format.format(time);
}
