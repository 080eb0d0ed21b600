/** What of the history is shown: endpoint, status, time. The address has it, so that a view can be linked to. */
import type { CatalogReply, RequestView } from "../../../src/playground/api.ts";
import { navigate } from "../shared/router.tsx";
import { STATUS_WORDS } from "../shared/status-badge.tsx";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Spans of time by what the address calls them; the last two dates are the visitor's own. */
const TIMES = [
  ["", "Any time"],
  ["hour", "Last hour"],
  ["day", "Last 24 hours"],
  ["week", "Last 7 days"],
  ["month", "Last 30 days"],
  ["between", "Between two days"],
] as const;
const SPANS: Readonly<Record<string, number>> = { hour: HOUR, day: DAY, week: 7 * DAY, month: 30 * DAY };

const STATUSES = Object.entries(STATUS_WORDS) as [RequestView["status"], string][];

/** Whether anything is left out. */
export function isFiltered(query: URLSearchParams): boolean {
  return ["endpoint", "status", "time"].some((name) => query.get(name));
}

/** The filter as the server takes it. Spans end where they are asked for: now. */
export function filterQuery(query: URLSearchParams, now = Date.now()): URLSearchParams {
  const asked = new URLSearchParams();
  for (const name of ["endpoint", "status"]) {
    const value = query.get(name);
    if (value) asked.set(name, value);
  }
  const time = query.get("time") ?? "";
  const span = SPANS[time];
  if (span !== undefined) asked.set("since", String(now - span));
  if (time === "between") {
    const [from, to] = [dayStart(query.get("from")), dayStart(query.get("to"), 1)];
    if (from !== undefined) asked.set("since", String(from));
    if (to !== undefined) asked.set("until", String(to));
  }
  return asked;
}

/** When a day of the visitor's calendar begins. @param later days to go on. */
function dayStart(date: string | null, later = 0): number | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date ?? "") ?? [];
  if (year === undefined) return undefined;
  const time = new Date(Number(year), Number(month) - 1, Number(day) + later).getTime();
  return time >= 0 ? time : undefined;
}

/** The controls. */
export function Filters({ query, catalog }: { readonly query: URLSearchParams; readonly catalog: CatalogReply }) {
  const set = (changes: Readonly<Record<string, string>>): void => {
    const next = new URLSearchParams(query);
    for (const [name, value] of Object.entries(changes)) {
      if (value) next.set(name, value);
      else next.delete(name);
    }
    navigate(next.size > 0 ? `/history?${next}` : "/history", "replace");
  };
  const status = query.get("status") ?? "";
  const time = query.get("time") ?? "";
  const families = [...new Set(catalog.endpoints.map(({ family }) => family))];
  return (
    <search className="filters" aria-label="Filter the history">
      <fieldset className="segmented">
        <legend className="visually-hidden">Status</legend>
        {[["", "All"] as const, ...STATUSES].map(([value, words]) => (
          <label key={value}>
            <input type="radio" name="status" checked={status === value} onChange={() => set({ status: value })} />
            {words}
          </label>
        ))}
      </fieldset>
      <div className="filters-choices">
        <select
          className="input"
          aria-label="Endpoint"
          value={query.get("endpoint") ?? ""}
          onChange={(event) => set({ endpoint: event.target.value })}
        >
          <option value="">Every endpoint</option>
          {families.map((family) => (
            <optgroup key={family} label={family}>
              {catalog.endpoints
                .filter((endpoint) => endpoint.family === family)
                .map(({ id, title }) => (
                  <option key={id} value={id}>
                    {title}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
        <select
          className="input"
          aria-label="Time"
          value={time}
          onChange={(event) => set({ time: event.target.value, from: "", to: "" })}
        >
          {TIMES.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
        {time === "between" &&
          (["from", "to"] as const).map((name) => (
            <label key={name} className="filters-date">
              {name === "from" ? "from" : "to"}
              <input
                type="date"
                className="input"
                value={query.get(name) ?? ""}
                onChange={(event) => set({ [name]: event.target.value })}
              />
            </label>
          ))}
      </div>
    </search>
  );
}
