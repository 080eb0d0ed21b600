/**
 * {@link Metrics} as Prometheus counts them. Every label has a bounded set of values: endpoints and engines are those of
 * this server, all others fold to `other`; ids, URLs and whatever a caller writes are never labels.
 */

import type { Metrics } from "./metrics.ts";
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "./prom-client.ts";

/** The measurements of one process at one moment, as plain data that survives a process boundary. */
export type MetricsSnapshot = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** One process's measurements. */
export type PrometheusMetrics = Metrics & {
  snapshot(): Promise<MetricsSnapshot>;
};

/** The known values of open-ended labels. */
export type MetricsLabels = {
  /** Distinguishes the processes of one server. */
  readonly process: "server" | "runner";
  readonly endpoints: readonly string[];
  readonly engines: readonly string[];
};

const OTHER = "other";
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
/** Stage names come from engines; beyond this many distinct ones the rest fold. */
const MOST_STAGES = 24;
/** How often the event loop is asked how late it is, which includes this interval; each look wakes an idle process. */
const EVENT_LOOP_LOOK_MS = 20;

const WAIT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1800];
const RUN_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600];
const STORE_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5];
const HTTP_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];
const GROUP_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** Measurements of this process, its memory, processor time and event loop included. */
export function createPrometheusMetrics({ process, endpoints, engines }: MetricsLabels): PrometheusMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ process });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_LOOK_MS });

  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `reshoot_${name}`, help, labelNames: [...labelNames], registers: [registry] });
  const gauge = (name: string, help: string) => new Gauge({ name: `reshoot_${name}`, help, registers: [registry] });
  const histogram = <L extends string>(name: string, help: string, buckets: number[], labelNames: readonly L[] = []) =>
    new Histogram<L>({ name: `reshoot_${name}`, help, buckets, labelNames: [...labelNames], registers: [registry] });

  const submitted = counter("requests_submitted_total", "Requests accepted", ["endpoint"]);
  const finished = counter("requests_total", "Requests that ended", ["endpoint", "engine", "outcome"]);
  const failures = counter("request_errors_total", "Requests that ended without a result", ["code"]);
  const retried = counter("request_retries_total", "Attempts that failed and are made again", ["endpoint"]);
  const wait = histogram("request_wait_seconds", "From submit to start", WAIT_SECONDS, ["endpoint"]);
  const run = histogram("request_run_seconds", "Work of the last attempt", RUN_SECONDS, ["endpoint"]);
  const stages = histogram("stage_seconds", "Stages of an operation", RUN_SECONDS, ["endpoint", "stage"]);
  const commit = histogram("store_commit_seconds", "One transaction, flushed to disk", STORE_SECONDS);
  const group = histogram("store_commit_writes", "Writes that shared one transaction", GROUP_SIZES);
  const read = histogram("store_read_seconds", "One read of the request database", STORE_SECONDS);
  const http = counter("http_requests_total", "HTTP requests answered", ["method", "route", "status"]);
  const httpSeconds = histogram("http_request_seconds", "From request to end of answer", HTTP_SECONDS, ["route"]);
  const files = counter("files_stored_total", "Files stored", ["origin"]);
  const bytes = counter("files_stored_bytes_total", "Bytes of files stored", ["origin"]);
  const workersLive = gauge("media_workers", "Media workers that live");
  const workersBusy = gauge("media_workers_busy", "Media workers that a job holds");
  const spawned = counter("media_workers_spawned_total", "Media workers started");
  const ended = counter("media_workers_ended_total", "Media workers that ended", ["reason"]);

  const knownEndpoint = among(endpoints);
  const knownEngine = among(engines);
  const knownMethod = among(METHODS);
  const knownStage = atMost(MOST_STAGES);

  return {
    submitted: (endpoint) => submitted.inc({ endpoint: knownEndpoint(endpoint) }),
    started: (endpoint, seconds) => wait.observe({ endpoint: knownEndpoint(endpoint) }, seconds),
    retried: (endpoint) => retried.inc({ endpoint: knownEndpoint(endpoint) }),
    finished({ outcome, code, runSeconds, ...request }) {
      const endpoint = knownEndpoint(request.endpoint);
      finished.inc({ endpoint, engine: knownEngine(request.engine), outcome });
      if (code !== null) failures.inc({ code });
      if (runSeconds !== null) run.observe({ endpoint }, runSeconds);
    },
    stages(endpoint, timings) {
      for (const [stage, seconds] of Object.entries(timings)) {
        if (!Number.isFinite(seconds)) continue;
        stages.observe({ endpoint: knownEndpoint(endpoint), stage: knownStage(stage) }, seconds);
      }
    },
    workers(live, busy) {
      workersLive.set(live);
      workersBusy.set(busy);
    },
    workerSpawned: () => spawned.inc(),
    workerEnded: (reason) => ended.inc({ reason }),
    storeCommit(writes, seconds) {
      group.observe(writes);
      commit.observe(seconds);
    },
    storeRead: (seconds) => read.observe(seconds),
    http({ method, route = "none", status, seconds }) {
      http.inc({ method: knownMethod(method), route, status });
      httpSeconds.observe({ route }, seconds);
    },
    fileStored(origin, size) {
      files.inc({ origin });
      bytes.inc({ origin }, size);
    },
    snapshot: () => registry.getMetricsAsJSON(),
  };
}

/** Several processes' measurements as one page in Prometheus' text format 0.0.4. */
export async function renderMetrics(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  // The label `process` keeps all series apart, so that adding up never adds anything up.
  const apart = snapshots.map((snapshot) => snapshot.map((metric) => ({ ...metric, aggregator: "sum" as const })));
  return AggregatorRegistry.aggregate(apart).metrics();
}

function among(values: readonly string[]): (value: string) => string {
  const known = new Set(values);
  return (value) => (known.has(value) ? value : OTHER);
}

function atMost(count: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.size < count && /^[a-z][a-zA-Z_]{0,30}$/.test(value)) known.add(value);
    return known.has(value) ? value : OTHER;
  };
}
