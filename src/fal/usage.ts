/** `GET /models/usage`: what an account used, by day and endpoint (PROTOCOL A15). */
import type { FastifyInstance } from "fastify";
import { ReshootError } from "../errors.ts";
import type { Services } from "../services.ts";
import { keyHolder } from "./auth.ts";

const DAY = 24 * 3600 * 1000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 92;

/** Adds the route to a scope that authenticates. `start` and `end` are ISO 8601; buckets are days of UTC. */
export function registerUsage(scope: FastifyInstance, { store, catalog }: Services): void {
  scope.get("/models/usage", async (request, reply) => {
    const { accountId } = keyHolder(request);
    const query = request.query as Readonly<Record<string, string | string[] | undefined>>;
    const end = readTime(query.end, "end") ?? Date.now();
    const start = readTime(query.start, "start") ?? end - DEFAULT_DAYS * DAY;
    if (start > end || end - start > MAX_DAYS * DAY) {
      throw new ReshootError("bad_request", `end must be after start, by at most ${MAX_DAYS} days`);
    }
    const ids = [query.endpoint_id ?? []].flat().flatMap((text) => text.split(",").filter(Boolean));
    const days: object[] = [];
    for (let day = Math.floor(start / DAY) * DAY; day <= end; day += DAY) {
      const period = { since: Math.max(day, start), until: Math.min(day + DAY - 1, end) };
      const sums = (await store.usage.summary(accountId, period)).filter(
        ({ requestedAs }) => ids.length === 0 || ids.includes(requestedAs),
      );
      const results = sums.map(({ endpoint, requestedAs, units, charge }) => ({
        endpoint_id: requestedAs,
        unit: catalog.find(endpoint)?.price.unit ?? "unit",
        quantity: round(units),
        unit_price: units > 0 ? round(charge / units) : 0,
        cost: round(charge),
        currency: "USD",
      }));
      if (results.length > 0) days.push({ bucket: new Date(day).toISOString(), results });
    }
    return reply.send({ time_series: days, next_cursor: null, has_more: false });
  });
}

function readTime(value: string | string[] | undefined, name: string): number | undefined {
  if (value === undefined || value === "") return undefined;
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isFinite(time) && time >= 0) return time;
  throw new ReshootError("bad_request", `${name} must be a date and time in ISO 8601`);
}

/** Without the noise of floating point. */
function round(amount: number): number {
  return Math.round(amount * 1e6) / 1e6;
}
