/** The queue: submit, status, result, cancel. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ReshootError } from "../errors.ts";
import { cancel } from "../requests/cancel.ts";
import { requestIdOf } from "../requests/ids.ts";
import type { RequestRecord } from "../requests/store.ts";
import type { Services } from "../services.ts";
import { callerFor } from "./auth.ts";
import { type EndpointPath, parseEndpointId, parseQueuePath, type QueuePath } from "./endpoint-path.ts";
import { pathNotFound } from "./errors.ts";
import { readQueueOptions } from "./options.ts";
import { originsOf } from "./origin.ts";
import { sendResult } from "./result.ts";
import { requestUrls, statusBody } from "./status.ts";
import { sendStatusStream } from "./status-stream.ts";
import { submit } from "./submit.ts";

/** Routes of the queue's host. */
export function registerQueue(queue: FastifyInstance, services: Services): void {
  queue.all("/*", async (request, reply) => {
    const path = (request.params as { "*": string })["*"];
    const parsed = parseQueuePath(path);
    if (!parsed) throw pathNotFound(`/${path}`);
    if (!METHODS[parsed.kind === "endpoint" ? "submit" : parsed.action].includes(request.method)) {
      throw new ReshootError("method_not_allowed", "Method Not Allowed");
    }
    return parsed.kind === "endpoint"
      ? enqueue(request, reply, parsed.endpoint, services)
      : follow(request, reply, parsed, services);
  });
}

/** Hand-written clients cancel with POST or DELETE. */
const METHODS = {
  submit: ["POST"],
  result: ["GET", "HEAD"],
  status: ["GET", "HEAD"],
  "status/stream": ["GET"],
  cancel: ["PUT", "POST", "DELETE"],
} as const satisfies Record<string, readonly string[]> as Record<string, readonly string[]>;

async function enqueue(
  request: FastifyRequest,
  reply: FastifyReply,
  endpoint: EndpointPath,
  services: Services,
): Promise<FastifyReply> {
  const { record, position } = await submit(request, endpoint, services, readQueueOptions(request));
  return reply.header("x-fal-request-id", record.id).send({
    status: "IN_QUEUE",
    request_id: record.id,
    gateway_request_id: record.id,
    ...requestUrls(record, originsOf(request, services.config)),
    queue_position: position,
  });
}

async function follow(
  request: FastifyRequest,
  reply: FastifyReply,
  path: QueuePath & { kind: "request" },
  services: Services,
): Promise<FastifyReply> {
  const record = await findRequest(request, path, services);
  if (!record) return reply.code(404).send({ status: "NOT_FOUND", detail: "Request not found" });
  reply.header("x-fal-request-id", record.id);
  const origins = originsOf(request, services.config);
  switch (path.action) {
    case "result":
      return sendResult(reply, record, services, origins);
    case "status/stream":
      return sendStatusStream(reply, record, wantsLogs(request), services, origins);
    case "cancel":
      return sendCancel(reply, record, services);
    case "status": {
      const logs = wantsLogs(request) ? await services.store.logs(record.id) : [];
      const body = await statusBody(record, logs, services, origins);
      return reply.code(body.status === "COMPLETED" ? 200 : 202).send(body);
    }
  }
}

async function sendCancel(reply: FastifyReply, record: RequestRecord, services: Services): Promise<FastifyReply> {
  switch (await cancel(services, record.id)) {
    case "cancelled":
      return reply.code(202).send({ status: "CANCELLATION_REQUESTED" });
    case "already_finished":
      return reply.code(400).send({ status: "ALREADY_COMPLETED" });
    case "not_found":
      return reply.code(404).send({ status: "NOT_FOUND", detail: "Request not found" });
  }
}

/** A request of the caller's own, asked for under the app (or the full id) it was submitted to. */
async function findRequest(
  request: FastifyRequest,
  path: QueuePath & { kind: "request" },
  services: Services,
): Promise<RequestRecord | undefined> {
  const record = await services.store.get(requestIdOf(path.requestId));
  const submitted = record && parseEndpointId(record.requestedAs);
  if (!submitted) return undefined;
  if (path.endpoint.id !== submitted.app && path.endpoint.id !== submitted.id) return undefined;
  return record.accountId === callerFor(request, submitted).accountId ? record : undefined;
}

/** `logs` comes as 0 and 1 or as true and false. */
function wantsLogs(request: FastifyRequest): boolean {
  const { logs } = request.query as { logs?: unknown };
  return logs === "1" || logs === "true";
}
