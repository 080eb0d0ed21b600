/** Direct runs: one request held open until the model answers. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ReshootError } from "../errors.ts";
import { clientGone } from "../http/client-gone.ts";
import { cancel } from "../requests/cancel.ts";
import { finished } from "../requests/wait.ts";
import type { Services } from "../services.ts";
import { type EndpointPath, parseQueuePath } from "./endpoint-path.ts";
import { pathNotFound } from "./errors.ts";
import { originsOf } from "./origin.ts";
import { sendResult } from "./result.ts";
import { sendStream } from "./streaming.ts";
import { submit } from "./submit.ts";

/** Never tried again behind the caller's back, and nobody to deliver a webhook for. */
const DIRECT = { webhook: null, maxAttempts: 1 } as const;

/** Routes of the run host. */
export function registerRun(run: FastifyInstance, services: Services): void {
  run.all("/*", async (request, reply) => {
    const path = (request.params as { "*": string })["*"];
    const parsed = parseQueuePath(path);
    if (parsed?.kind !== "endpoint") throw pathNotFound(`/${path}`);
    if (request.method !== "POST") throw new ReshootError("method_not_allowed", "Method Not Allowed");
    const streamed = streamOf(parsed.endpoint, services);
    return streamed
      ? sendStream(request, reply, services, await submit(request, streamed, services, DIRECT))
      : sendRun(request, reply, parsed.endpoint, services);
  });
}

async function sendRun(
  request: FastifyRequest,
  reply: FastifyReply,
  endpoint: EndpointPath,
  services: Services,
): Promise<FastifyReply> {
  const gone = clientGone(reply);
  const { record, created } = await submit(request, endpoint, services, DIRECT);
  const done = await finished(services, record.id, gone);
  if (done) return sendResult(reply, done, services, originsOf(request, services.config));
  if (!gone.aborted) throw new ReshootError("not_found", "The request was deleted while it was waited for");
  // Somebody else may wait for a request that an idempotency key found.
  if (created) await cancel(services, record.id);
  throw new ReshootError("client_disconnected", "The client closed the connection");
}

/** The endpoint behind `{id}/stream`; undefined for a plain run. */
function streamOf(path: EndpointPath, services: Services): EndpointPath | undefined {
  if (!/(^|\/)stream$/.test(path.path ?? "") || services.catalog.find(path.id)) return undefined;
  const parsed = parseQueuePath(path.id.replace(/\/stream$/, ""));
  return parsed?.kind === "endpoint" ? parsed.endpoint : undefined;
}
