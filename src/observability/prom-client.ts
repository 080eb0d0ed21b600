/** prom-client, in whose place the build puts the library itself, in one file: as installed, each process would open 90. */
export { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
