/** `…/status/stream`: one event for each change, with only the log lines that are new, up to COMPLETED. */
import type { FastifyReply } from "fastify";
import { clientGone } from "../http/client-gone.ts";
import type { RequestRecord } from "../requests/store.ts";
import { isFinished, wakes } from "../requests/wait.ts";
import type { Services } from "../services.ts";
import type { Origins } from "./origin.ts";
import { sendEvents, sseEvent } from "./sse.ts";
import { statusBody } from "./status.ts";

/** Streams the status of a request. */
export function sendStatusStream(
  reply: FastifyReply,
  record: RequestRecord,
  withLogs: boolean,
  services: Services,
  origins: Origins,
): FastifyReply {
  reply.header("x-fal-request-id", record.id);
  return sendEvents(reply, statusEvents(record.id, withLogs, services, origins, clientGone(reply)));
}

async function* statusEvents(
  id: string,
  withLogs: boolean,
  services: Services,
  origins: Origins,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  let seen = 0;
  let shown = "";
  for await (const { look } of wakes(services.events, id, signal)) {
    if (!look) continue;
    const record = await services.store.get(id);
    if (!record) return;
    // Read after the record: a finished request's logs are then complete.
    const logs = withLogs && record.status !== "queued" ? await services.store.logs(id, seen) : [];
    seen = logs.at(-1)?.seq ?? seen;
    const body = await statusBody(record, logs, services, origins);
    const state = `${body.status} ${body.queue_position ?? ""}`;
    if (state !== shown || logs.length > 0) yield sseEvent(body);
    shown = state;
    if (isFinished(record)) return;
  }
}
