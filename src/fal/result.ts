/** What a finished request answers: the model's own status and body. */
import type { FastifyReply } from "fastify";
import { failureOf } from "../requests/failure.ts";
import type { JsonObject, RequestRecord } from "../requests/store.ts";
import type { Services } from "../services.ts";
import { sendError } from "./errors.ts";
import type { Origins } from "./origin.ts";
import { renderOutput } from "./render.ts";

/** Sends the result of a request, or its failure, or 400 while it is still open. */
export async function sendResult(
  reply: FastifyReply,
  record: RequestRecord,
  services: Services,
  origins: Origins,
): Promise<FastifyReply> {
  reply.headers(resultHeaders(record));
  const failure = failureOf(record);
  if (failure) return sendError(reply, failure);
  if (record.status !== "succeeded") return reply.code(400).send({ detail: "Request is still in progress" });
  return reply.send(await resultBody(record, services, origins));
}

/** The bare model output of a request that succeeded. */
export function resultBody(record: RequestRecord, services: Services, origins: Origins): Promise<JsonObject> {
  return renderOutput(record.output ?? {}, {
    files: services.files,
    origins,
    inline: record.input.sync_mode === true,
    maxInlineBytes: services.config.limits.bodyBytes,
  });
}

/** Headers that go with everything about one request. */
export function resultHeaders(record: RequestRecord): Record<string, string> {
  return {
    "x-fal-request-id": record.id,
    ...(record.billableUnits !== null && { "x-fal-billable-units": String(record.billableUnits) }),
    ...(record.engine !== null && { "x-reshoot-engine": record.engine }),
  };
}
