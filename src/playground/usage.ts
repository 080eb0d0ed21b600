/** What this account used, over time. */
import type { FastifyInstance } from "fastify";
import { ReshootError } from "../errors.ts";
import type { Services } from "../services.ts";
import type { UsageReply } from "./api.ts";
import { callerOf } from "./area.ts";

/** A year of days. */
const MOST_EDGES = 367;

/** Adds the route. The caller says where periods begin: its days are not the server's. */
export function registerUsage(scope: FastifyInstance, { store }: Services): void {
  scope.get("/usage", async (request): Promise<UsageReply> => {
    const edges = readEdges((request.query as Readonly<Record<string, unknown>>).edges);
    const periods = edges.slice(1).map((until, index) => ({ since: edges[index]!, until }));
    return { points: await store.usage.series(callerOf(request).accountId, periods) };
  });
}

function readEdges(text: unknown): readonly number[] {
  const edges = typeof text === "string" && /^\d{1,15}(,\d{1,15})+$/.test(text) ? text.split(",").map(Number) : [];
  const ascending = edges.every((edge, index) => index === 0 || edge > edges[index - 1]!);
  if (edges.length >= 2 && edges.length <= MOST_EDGES && ascending) return edges;
  throw new ReshootError("bad_request", `edges must be 2 to ${MOST_EDGES} ascending times in milliseconds since 1970`);
}
