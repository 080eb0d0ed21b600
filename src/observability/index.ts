/** Logs and metrics. */
export { observeHttp } from "./http.ts";
export { createLog } from "./log.ts";
export type { Metrics } from "./metrics.ts";
export { createPrometheusMetrics, type MetricsSnapshot } from "./prometheus.ts";
export { registerMetrics } from "./scrape.ts";
export { watchFiles } from "./watch-files.ts";
export { watchStore } from "./watch-store.ts";
