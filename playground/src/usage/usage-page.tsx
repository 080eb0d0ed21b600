/** What this account used: over time and by endpoint, as a chart and as tables. */
import { useEffect } from "react";
import type { CatalogReply, UsageReply } from "../../../src/playground/api.ts";
import { json, loadCatalog } from "../shared/api.ts";
import { dollars, seconds } from "../shared/format.ts";
import { Link, navigate, useQuery } from "../shared/router.tsx";
import { useAsync } from "../shared/use-async.ts";
import { type Axis, Chart, type Series } from "./chart.tsx";
import { SPAN_WORDS, type Span, type SpanName, spanOf } from "./periods.ts";
import "./usage.css";

type Point = UsageReply["points"][number];
type Measure = {
  readonly words: string;
  readonly of: (point: Point) => number;
  readonly format: (value: number) => string;
  readonly axis: Axis;
};

/** Endpoints with a colour of their own; the rest share one. */
const COLOURS = 5;

/** The page. */
export default function UsagePage() {
  const { value: catalog, error } = useAsync("catalog", loadCatalog);
  const query = useQuery();
  const asked = query.get("span");
  const span = SPAN_WORDS.find(([name]) => name === asked)?.[0] ?? "month";
  useEffect(() => {
    document.title = "Usage · Reshoot";
  }, []);
  if (error) throw error;
  const set = (name: string, value: string): void => {
    const next = new URLSearchParams(query);
    next.set(name, value);
    navigate(`/usage?${next}`, "replace");
  };
  return (
    <>
      <header className="usage-head">
        <h1>Usage and cost</h1>
        <p>{catalog ? introduction(catalog) : " "}</p>
      </header>
      <fieldset className="segmented usage-spans">
        <legend className="visually-hidden">Time</legend>
        {SPAN_WORDS.map(([name, words]) => (
          <label key={name}>
            <input type="radio" name="span" checked={span === name} onChange={() => set("span", name)} />
            {words}
          </label>
        ))}
      </fieldset>
      {catalog ? <Usage catalog={catalog} spanName={span} query={query} set={set} /> : <Skeleton />}
    </>
  );
}

function Usage({
  catalog,
  spanName,
  query,
  set,
}: {
  readonly catalog: CatalogReply;
  readonly spanName: SpanName;
  readonly query: URLSearchParams;
  readonly set: (name: string, value: string) => void;
}) {
  const { value, error } = useAsync(`usage ${spanName}`, async () => {
    const span = spanOf(spanName);
    return { span, ...(await json<UsageReply>(`/playground/api/usage?edges=${span.edges.join(",")}`)) };
  });
  if (error) {
    return (
      <p className="notice danger" role="alert">
        {error.message}
      </p>
    );
  }
  if (!value) return <Skeleton />;
  const { points, span } = value;
  const measures = measuresOf(catalog);
  const chosen = measures[query.get("measure") as keyof typeof measures] ? (query.get("measure") as string) : "cost";
  const measure = measures[chosen as keyof typeof measures];
  const asTable = query.get("as") === "table";
  const titleOf = (id: string): string => catalog.endpoints.find((endpoint) => endpoint.id === id)?.title ?? id;
  const series = seriesOf(points, span, measure, titleOf);

  return (
    <>
      <Totals points={points} catalog={catalog} />
      <section className="panel usage-panel" aria-label={`${measure.words} over time`}>
        <div className="usage-tools">
          <fieldset className="segmented">
            <legend className="visually-hidden">What is shown</legend>
            {Object.entries(measures).map(([name, { words }]) => (
              <label key={name}>
                <input type="radio" name="measure" checked={chosen === name} onChange={() => set("measure", name)} />
                {words}
              </label>
            ))}
          </fieldset>
          <div className="segmented">
            {(["chart", "table"] as const).map((name) => (
              <button
                key={name}
                type="button"
                aria-pressed={(name === "table") === asTable}
                onClick={() => set("as", name)}
              >
                {name === "chart" ? "Chart" : "Table"}
              </button>
            ))}
          </div>
        </div>
        {points.length === 0 ? (
          <p className="usage-nothing">Nothing ended in this time.</p>
        ) : asTable ? (
          <OverTime span={span} series={series} format={measure.format} caption={`${measure.words} over time`} />
        ) : (
          <Chart
            label={`${measure.words} over ${SPAN_WORDS.find(([name]) => name === spanName)![1]}, stacked by endpoint; the table has the figures`}
            series={series}
            labels={span.labels}
            names={span.names}
            axis={measure.axis}
            format={measure.format}
          />
        )}
      </section>
      {points.length > 0 && <ByEndpoint points={points} catalog={catalog} titleOf={titleOf} />}
    </>
  );
}

function Totals({ points, catalog }: { readonly points: readonly Point[]; readonly catalog: CatalogReply }) {
  const [succeeded, failed] = [sum(points, "succeeded"), sum(points, "failed")];
  const facts = [
    ["Requests", String(succeeded + failed)],
    ["Without a result", failed === 0 ? "None" : `${failed}, ${Math.round((100 * failed) / (succeeded + failed))} %`],
    ["Compute time", seconds(sum(points, "computeSeconds"))],
    ["At the vendors' prices", dollars(sum(points, "price"))],
    ["Charged here", catalog.charges || sum(points, "charge") > 0 ? dollars(sum(points, "charge")) : "Nothing"],
  ] as const;
  return (
    <dl className="totals">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function OverTime({
  span,
  series,
  format,
  caption,
}: {
  readonly span: Span;
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly caption: string;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <section className="tablewrap" aria-label={caption} tabIndex={0}>
      <table>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map(({ name }) => (
              <th key={name} scope="col" className="figure">
                {name}
              </th>
            ))}
            <th scope="col" className="figure">
              All
            </th>
          </tr>
        </thead>
        <tbody>
          {span.names.map((name, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an hour may come twice.
            <tr key={index}>
              <th scope="row">{name}</th>
              {series.map(({ name, values }) => (
                <td key={name} className={values[index] === 0 ? "figure none" : "figure"}>
                  {format(values[index]!)}
                </td>
              ))}
              <td className="figure">{format(series.reduce((total, { values }) => total + values[index]!, 0))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ByEndpoint({
  points,
  catalog,
  titleOf,
}: {
  readonly points: readonly Point[];
  readonly catalog: CatalogReply;
  readonly titleOf: (id: string) => string;
}) {
  const rows = [...new Set(points.map(({ endpoint }) => endpoint))]
    .map((endpoint) => ({ endpoint, points: points.filter((point) => point.endpoint === endpoint) }))
    .sort((a, b) => sum(b.points, "price") - sum(a.points, "price") || a.endpoint.localeCompare(b.endpoint));
  return (
    <section className="panel usage-panel" aria-label="By endpoint">
      <div className="panel-head">
        <h2>By endpoint</h2>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
      <section className="tablewrap" aria-label="Table by endpoint" tabIndex={0}>
        <table>
          <caption className="visually-hidden">By endpoint</caption>
          <thead>
            <tr>
              <th scope="col">Endpoint</th>
              <th scope="col" className="figure">
                Done
              </th>
              <th scope="col" className="figure">
                Without a result
              </th>
              <th scope="col" className="figure">
                Compute time
              </th>
              <th scope="col" className="figure">
                Vendor's price
              </th>
              {catalog.charges && (
                <th scope="col" className="figure">
                  Charged
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ endpoint, points: own }) => (
              <tr key={endpoint}>
                <th scope="row">
                  <Link href={`/history?endpoint=${encodeURIComponent(endpoint)}`}>{titleOf(endpoint)}</Link>
                  <code>{endpoint}</code>
                </th>
                <td className="figure">{sum(own, "succeeded")}</td>
                <td className="figure">{sum(own, "failed")}</td>
                <td className="figure">{seconds(sum(own, "computeSeconds"))}</td>
                <td className="figure">{dollars(sum(own, "price"))}</td>
                {catalog.charges && <td className="figure">{dollars(sum(own, "charge"))}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function measuresOf({ charges }: CatalogReply) {
  return {
    cost: {
      words: charges ? "Cost" : "Vendor's price",
      of: ({ price, charge }) => (charges ? charge : price),
      format: dollars,
      axis: { unit: () => 1, format: dollars },
    },
    requests: {
      words: "Requests",
      of: ({ succeeded, failed }) => succeeded + failed,
      format: count,
      axis: { unit: () => 1, format: count, least: 1 },
    },
    compute: { words: "Compute time", of: ({ computeSeconds }) => computeSeconds, format: seconds, axis: TIME_AXIS },
  } satisfies Record<string, Measure>;
}

/** The endpoints with most of it, the most first, and the others together. */
function seriesOf(
  points: readonly Point[],
  { labels }: Span,
  { of }: Measure,
  titleOf: (id: string) => string,
): readonly Series[] {
  const totals = new Map<string, number>();
  for (const point of points) totals.set(point.endpoint, (totals.get(point.endpoint) ?? 0) + of(point));
  const ids = [...totals].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([id]) => id);
  const named = ids.length > COLOURS + 1 ? ids.slice(0, COLOURS) : ids;
  const series = (name: string, wanted: (endpoint: string) => boolean): Series => {
    const values = labels.map(() => 0);
    for (const point of points) if (wanted(point.endpoint)) values[point.period]! += of(point);
    return { name, values };
  };
  const others = ids.length - named.length;
  return [
    ...named.map((id) => series(titleOf(id), (endpoint) => endpoint === id)),
    ...(others > 0 ? [series(`${others} others`, (endpoint) => !named.includes(endpoint))] : []),
  ];
}

function sum(points: readonly Point[], name: "succeeded" | "failed" | "computeSeconds" | "price" | "charge"): number {
  return points.reduce((total, point) => total + point[name], 0);
}

/** Round steps of minutes are no round steps of seconds. */
const TIME_AXIS: Axis = {
  unit: (most) => (most >= 7200 ? 3600 : most >= 120 ? 60 : 1),
  format: (value) =>
    value >= 3600
      ? `${count(value / 3600)} h`
      : value >= 60 && value % 6 === 0
        ? `${count(value / 60)} min`
        : `${count(value)} s`,
};

function count(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function introduction({ charges }: CatalogReply): string {
  return charges
    ? "What this account's requests took and were charged, by the time they ended. Failures cost nothing."
    : "What this account's requests took, and what the vendors would have charged for them. Here they are free.";
}

function Skeleton() {
  return (
    <div aria-hidden="true" className="usage-skeleton">
      <div className="skeleton" />
      <div className="skeleton" />
    </div>
  );
}
