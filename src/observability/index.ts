/** Logs and metrics. */
export { observeHttp } from "./http.ts";
export { createAccessLog, createLog, logDestination } from "./log.ts";
export type { Metrics } from "./metrics.ts";
export { createPrometheusMetrics, type MetricsSnapshot } from "./prometheus.ts";
export { registerMetrics } from "./scrape.ts";
export { watchFiles } from "./watch-files.ts";
export { watchStore } from "./watch-store.ts";
