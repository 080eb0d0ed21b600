/** A form that one page fills in for another. It lives as long as the page: addresses stay short and say nothing private. */
import { endpointPath, navigate } from "./router.tsx";
import type { Values } from "./schema.ts";

type Handoff = { readonly endpoint: string; readonly values: Values };
let waiting: Handoff | undefined;

/** Opens an endpoint's page with its form filled in, and runs it. */
export function runOnPage(endpoint: string, values: Values): void {
  waiting = { endpoint, values };
  navigate(endpointPath(endpoint));
}

/** What waits for an endpoint's page, once. */
export function takeHandoff(endpoint: string): Values | undefined {
  if (waiting?.endpoint !== endpoint) return undefined;
  const { values } = waiting;
  waiting = undefined;
  return values;
}
