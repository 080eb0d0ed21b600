/** How a request stands, in a word. */
import type { RequestView } from "../../../src/playground/api.ts";
import "./status-badge.css";

/** Words for each status. */
export const STATUS_WORDS: Readonly<Record<RequestView["status"], string>> = {
  queued: "Waiting",
  running: "Running",
  succeeded: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** A mark whose shape says it, too: ring, half, full, cross, dash. */
export function StatusBadge({ status }: { readonly status: RequestView["status"] }) {
  return <span className={`status ${status}`}>{STATUS_WORDS[status]}</span>;
}
