/** A request's status in the vendor's words: IN_QUEUE, IN_PROGRESS, COMPLETED. Failures are COMPLETED with an error. */

import { failureOf } from "../requests/failure.ts";
import type { LogLine, RequestRecord } from "../requests/store.ts";
import type { Services } from "../services.ts";
import { parseEndpointId } from "./endpoint-path.ts";
import type { Origins } from "./origin.ts";

/** The body of a status reply. */
export type StatusBody = {
  readonly status: "IN_QUEUE" | "IN_PROGRESS" | "COMPLETED";
  readonly request_id: string;
} & Readonly<Record<string, unknown>>;

/**
 * Describes a request. `logs` is always there once work began: clients map over it, and parsers insist on the key.
 * @param logs the lines to show: all of them when polling, only new ones in a stream.
 */
export async function statusBody(
  record: RequestRecord,
  logs: readonly LogLine[],
  services: Services,
  origins: Origins,
): Promise<StatusBody> {
  const base = { request_id: record.id, ...requestUrls(record, origins) };
  if (record.status === "queued") {
    return { status: "IN_QUEUE", queue_position: await services.store.position(record.id), ...base };
  }
  if (record.status === "running") return { status: "IN_PROGRESS", logs: logs.map(logBody), ...base };
  const failure = failureOf(record);
  return {
    status: "COMPLETED",
    logs: logs.map(logBody),
    metrics: record.metrics && record.startedAt !== null ? { inference_time: record.metrics.inferenceSeconds } : {},
    ...(failure && { error: failure.message, error_type: failure.code }),
    ...base,
  };
}

/** Where to follow a request: always under owner and alias only. */
export function requestUrls(record: RequestRecord, origins: Origins) {
  const app = parseEndpointId(record.requestedAs)?.app ?? record.requestedAs;
  const url = `${origins.queue}/${app}/requests/${record.id}`;
  return { response_url: url, status_url: `${url}/status`, cancel_url: `${url}/cancel` };
}

function logBody(line: LogLine) {
  return { message: line.message, level: line.level, source: "USER", timestamp: new Date(line.at).toISOString() };
}
