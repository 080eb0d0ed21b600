/** Predictions by id, listed, and deleted (PROTOCOL B3, B6). */
import type { FastifyInstance } from "fastify";
import { ReshootError } from "../errors.ts";
import { callerOrigin } from "../http/origin.ts";
import { requestIdOf } from "../requests/ids.ts";
import { isRemoved, removeRequests } from "../requests/remove.ts";
import type { Services } from "../services.ts";
import { sendData } from "./area.ts";
import { callerOf } from "./auth.ts";
import { fieldsOf, page, texts } from "./fields.ts";
import { predictionOf } from "./prediction.ts";

const LISTED_MS = 7 * 24 * 3600 * 1000;
const MAX_DELETED = 100;

/** Adds the routes below `/api/v3/predictions`. They know what was submitted through other dialects, too. */
export function registerPredictions(scope: FastifyInstance, services: Services): void {
  const { store } = services;

  for (const path of ["/predictions/:id", "/predictions/:id/result"]) {
    scope.get<{ Params: { id: string } }>(path, async (request, reply) => {
      const record = await store.get(requestIdOf(request.params.id));
      if (record?.accountId !== callerOf(request).accountId || isRemoved(record)) {
        throw new ReshootError("not_found", "Prediction not found");
      }
      if (record.engine !== null) reply.header("x-reshoot-engine", record.engine);
      return sendData(reply, await predictionOf(record, services, callerOrigin(request, services.config)));
    });
  }

  scope.post("/predictions", async (request, reply) => {
    const { page: number, size } = page(fieldsOf(request.body));
    const records = await store.list(callerOf(request).accountId, {
      limit: size,
      offset: (number - 1) * size,
      since: Date.now() - LISTED_MS,
    });
    const origin = callerOrigin(request, services.config);
    const items = await Promise.all(records.map((record) => predictionOf(record, services, origin)));
    return sendData(reply, { page: number, items });
  });

  scope.post("/predictions/delete", async (request, reply) => {
    const ids = texts(fieldsOf(request.body), "ids", MAX_DELETED).map(requestIdOf);
    return sendData(reply, { deleted_count: await removeRequests(services, callerOf(request).accountId, ids) });
  });
}
