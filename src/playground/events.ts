/** The life of one request as lines of JSON, progress included: what the vendors' status streams leave out. */
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { isFinished, wakes } from "../requests/wait.ts";
import type { Services } from "../services.ts";
import type { RequestEvent } from "./api.ts";

/** Answers with an event for every change, up to the one that says how it ended. */
export function sendRequestEvents(
  reply: FastifyReply,
  id: string,
  services: Services,
  signal: AbortSignal,
): FastifyReply {
  return reply
    .headers({
      "content-type": "application/x-ndjson",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    })
    .send(Readable.from(lines(id, services, signal)));
}

async function* lines(id: string, { events, store }: Services, signal: AbortSignal): AsyncGenerator<string> {
  let seen = 0;
  for await (const { look, progress } of wakes(events, id, signal)) {
    const moved = progress && { progress: progress.fraction, stage: progress.stage };
    if (!look) {
      yield line({ status: "running", ...moved, logs: [] });
      continue;
    }
    const record = await store.get(id);
    if (!record) return;
    // Read after the record: a finished request's logs are then complete.
    const logs = await store.logs(id, seen);
    seen = logs.at(-1)?.seq ?? seen;
    yield line({
      status: record.status,
      ...(record.status === "queued" && { position: await store.position(id) }),
      ...moved,
      logs: logs.map(({ at, level, message }) => ({ at, level, message })),
    });
    if (isFinished(record)) return;
  }
}

function line(event: RequestEvent): string {
  return `${JSON.stringify(event)}\n`;
}
