/** What the server and its runner process say to each other. */
import type { Config } from "../config.ts";
import type { MetricsSnapshot } from "../observability/prometheus.ts";
import type { RequestEvent } from "../requests/events.ts";

/** From the server to its runner. */
export type ServerMessage =
  /** Start the engines. */
  | { readonly type: "config"; readonly config: Config; readonly logLevel: string }
  /** The store is there: work. */
  | { readonly type: "begin" }
  | { readonly type: "event"; readonly event: RequestEvent }
  /** Asks for the runner's measurements. */
  | { readonly type: "measure" }
  | { readonly type: "stop" };

/** From the runner to its server. */
export type RunnerMessage =
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly message: string }
  | { readonly type: "measured"; readonly metrics: MetricsSnapshot }
  | { readonly type: "event"; readonly event: RequestEvent };
