/** This account's requests, as the history and the run panel show them. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { ReshootError } from "../errors.ts";
import { markersIn, replaceMarkers } from "../files/markers.ts";
import { filePath } from "../files/urls.ts";
import { clientGone } from "../http/client-gone.ts";
import { callerOrigin } from "../http/origin.ts";
import { failureOf } from "../requests/failure.ts";
import { requestIdOf } from "../requests/ids.ts";
import type { RequestRecord } from "../requests/store.ts";
import type { Services } from "../services.ts";
import type { RequestsReply, RequestView } from "./api.ts";
import { callerOf } from "./area.ts";
import { sendRequestEvents } from "./events.ts";

const PAGE = 24;
/** Rows looked through for one page when the status is filtered. */
const MOST_LOOKED_AT = 500;

/** Routes below `/playground/api/requests`. */
export function registerRequests(scope: FastifyInstance, services: Services): void {
  const { store, config } = services;

  scope.get("/requests", async (request) => {
    const { endpoint, status, before } = readQuery(request);
    const { accountId } = callerOf(request);
    const found: RequestRecord[] = [];
    for (let offset = 0; found.length <= PAGE && offset < MOST_LOOKED_AT; offset += PAGE + 1) {
      const page = await store.list(accountId, { limit: PAGE + 1, offset, before, endpoint });
      found.push(...page.filter((record) => !status || record.status === status));
      if (page.length <= PAGE) break;
    }
    const origin = callerOrigin(request, config);
    const items = await Promise.all(found.slice(0, PAGE).map((record) => viewOf(record, services, origin)));
    return { items, more: found.length > PAGE } satisfies RequestsReply;
  });

  scope.get<{ Params: { id: string } }>("/requests/:id", async (request) =>
    viewOf(await own(request, services), services, callerOrigin(request, config)),
  );

  scope.get<{ Params: { id: string } }>("/requests/:id/events", async (request, reply) => {
    const record = await own(request, services);
    return sendRequestEvents(reply, record.id, services, clientGone(reply));
  });
}

/** A request of the caller's. @throws `not_found`. */
async function own(request: FastifyRequest<{ Params: { id: string } }>, { store }: Services): Promise<RequestRecord> {
  const record = await store.get(requestIdOf(request.params.id));
  if (record?.accountId === callerOf(request).accountId) return record;
  throw new ReshootError("not_found", "Request not found");
}

/** Describes a request. @param origin under which the caller reaches this server. */
async function viewOf(record: RequestRecord, { catalog }: Services, origin: string): Promise<RequestView> {
  const price = catalog.find(record.endpoint)?.price;
  const failure = failureOf(record);
  const units = record.billableUnits;
  return {
    id: record.id,
    endpoint: record.endpoint,
    requestedAs: record.requestedAs,
    dialect: record.dialect,
    status: record.status,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    engine: record.engine,
    computeSeconds: record.startedAt === null ? null : (record.metrics?.inferenceSeconds ?? null),
    units,
    price: units === null || !price ? null : Math.round(units * price.unitPrice * 1e6) / 1e6,
    input: (await replaceMarkers(record.input, async (file) => `${origin}${filePath(file)}`)) as RequestView["input"],
    files: markersIn(record.output ?? {}).map((file) => ({
      url: `${origin}${filePath(file)}`,
      fileName: file.fileName,
      contentType: String(file.facts?.content_type ?? ""),
      size: typeof file.facts?.file_size === "number" ? file.facts.file_size : null,
    })),
    error: failure
      ? {
          code: failure.code,
          message: failure.message,
          issues: failure.issues.map(({ loc, msg, type }) => ({ loc, msg, type })),
        }
      : null,
  };
}

function readQuery(request: FastifyRequest) {
  const query = request.query as Readonly<Record<string, unknown>>;
  const text = (name: string): string | undefined => {
    const value = query[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const before = text("before");
  if (before !== undefined && !/^\d{1,15}$/.test(before)) {
    throw new ReshootError("bad_request", "before must be milliseconds since 1970");
  }
  return {
    endpoint: text("endpoint"),
    status: text("status"),
    before: before === undefined ? undefined : Number(before),
  };
}
