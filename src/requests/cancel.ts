/** Cancelling with everybody told who needs to know. */
import type { RequestEvents } from "./events.ts";
import type { RequestStore } from "./store.ts";

/** Stops a request: at once when it waits, else by telling whoever works on it. */
export async function cancel(
  services: { readonly events: RequestEvents; readonly store: Pick<RequestStore, "cancel"> },
  id: string,
): Promise<"cancelled" | "already_finished" | "not_found"> {
  const outcome = await services.store.cancel(id);
  if (outcome === "cancelled") services.events.publish({ type: "changed", id });
  if (outcome === "requested") services.events.publish({ type: "cancel", id });
  return outcome === "requested" ? "cancelled" : outcome;
}
