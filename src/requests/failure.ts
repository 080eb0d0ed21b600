/** How a request ended, where it ended badly. */
import { deserializeError, ReshootError } from "../errors.ts";
import type { RequestRecord } from "./store.ts";

/** Why a request ended without a result; undefined when it succeeded or is open. */
export function failureOf(record: RequestRecord): ReshootError | undefined {
  if (record.status === "cancelled") return new ReshootError("client_cancelled", "Request was cancelled");
  if (record.status !== "failed") return undefined;
  return record.error
    ? deserializeError(record.error)
    : new ReshootError("internal_error", "The request failed without saying why");
}
