/** `GET /metrics`: all measurements of the server and its runner for Prometheus. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { ReshootError } from "../errors.ts";
import type { RequestStore } from "../requests/store.ts";
import { Gauge, Registry } from "./prom-client.ts";
import { type MetricsSnapshot, type PrometheusMetrics, renderMetrics } from "./prometheus.ts";

/** What the page is made of. */
export type ScrapeParts = {
  readonly metrics: PrometheusMetrics;
  readonly store: Pick<RequestStore, "depth">;
  /** The runner's measurements; undefined while it does not answer. */
  readonly runner: () => Promise<MetricsSnapshot | undefined>;
  /** `admin`: may read them. `known`: has credentials that do not suffice. */
  readonly access: (request: FastifyRequest) => Promise<"admin" | "known" | "unknown">;
};

/** Adds the route. Without keys the server's guard keeps it to this machine; with keys it takes an ADMIN key. */
export function registerMetrics(app: FastifyInstance, { metrics, store, runner, access }: ScrapeParts): void {
  const gauges = new Registry();
  const registers = [gauges];
  const up = new Gauge({ name: "reshoot_runner_up", help: "Whether the runner answers", registers });
  const labelNames = ["lane", "state"] as const;
  const queue = new Gauge({ name: "reshoot_queue_depth", help: "Requests that wait or run", labelNames, registers });

  app.get("/metrics", async (request, reply) => {
    const rights = await access(request);
    if (rights === "unknown") throw new ReshootError("unauthorized", "Metrics are for holders of an ADMIN key");
    if (rights === "known") throw new ReshootError("forbidden", "Metrics are for holders of an ADMIN key");
    const [own, theirs, depth] = await Promise.all([metrics.snapshot(), runner(), store.depth()]);
    up.set(theirs ? 1 : 0);
    queue.reset();
    for (const { lane, status, count } of depth) queue.set({ lane, state: status }, count);
    const page = await renderMetrics([own, theirs ?? [], await gauges.getMetricsAsJSON()]);
    return reply.header("content-type", "text/plain; version=0.0.4; charset=utf-8").send(page);
  });
}
