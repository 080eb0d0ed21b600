/** This account's requests, as the history and the run panel show them. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { ReshootError } from "../errors.ts";
import { clientGone } from "../http/client-gone.ts";
import { callerOrigin } from "../http/origin.ts";
import { requestIdOf } from "../requests/ids.ts";
import { isRemoved, removeRequests } from "../requests/remove.ts";
import type { RequestRecord, RequestStatus } from "../requests/store.ts";
import type { Services } from "../services.ts";
import type { RequestsReply } from "./api.ts";
import { callerOf } from "./area.ts";
import { sendRequestEvents } from "./events.ts";
import { itemOf, viewOf } from "./request-views.ts";

const PAGE = 24;
const STATUSES: readonly RequestStatus[] = ["queued", "running", "succeeded", "failed", "cancelled"];

/** Routes below `/playground/api/requests`. */
export function registerRequests(scope: FastifyInstance, services: Services): void {
  const { store, config } = services;

  scope.get("/requests", async (request): Promise<RequestsReply> => {
    const { cursor, ...filter } = readQuery(request);
    const caller = callerOf(request);
    const found = await store.list(caller.accountId, {
      ...filter,
      ...(cursor && { before: cursor.createdAt + 1, offset: cursor.seen }),
      limit: PAGE + 1,
    });
    const page = found.slice(0, PAGE);
    const items = await Promise.all(
      page.map((record) => itemOf(record, services, caller, callerOrigin(request, config))),
    );
    return { items, cursor: found.length > PAGE ? cursorAfter(page, cursor) : null };
  });

  scope.get<{ Params: { id: string } }>("/requests/:id", async (request) =>
    viewOf(await own(request, services), services, callerOrigin(request, config)),
  );

  scope.get<{ Params: { id: string } }>("/requests/:id/events", async (request, reply) => {
    const record = await own(request, services);
    return sendRequestEvents(reply, record.id, services, clientGone(reply));
  });

  scope.delete<{ Params: { id: string } }>("/requests/:id", async (request) => {
    const { id, accountId } = await own(request, services);
    await removeRequests(services, accountId, [id]);
    return { deleted: id };
  });
}

/** A request of the caller's. @throws `not_found`. */
async function own(request: FastifyRequest<{ Params: { id: string } }>, { store }: Services): Promise<RequestRecord> {
  const record = await store.get(requestIdOf(request.params.id));
  if (record?.accountId === callerOf(request).accountId && !isRemoved(record)) return record;
  throw new ReshootError("not_found", "Request not found");
}

/** The place behind a request: its time, and how many of that very time have been shown. */
type Cursor = { readonly createdAt: number; readonly seen: number };

function cursorAfter(page: readonly RequestRecord[], before: Cursor | undefined): string {
  const { createdAt } = page.at(-1)!;
  const same = page.filter((record) => record.createdAt === createdAt).length;
  return `${createdAt}.${same + (before?.createdAt === createdAt ? before.seen : 0)}`;
}

function readQuery(request: FastifyRequest) {
  const query = request.query as Readonly<Record<string, unknown>>;
  const text = (name: string): string | undefined => {
    const value = query[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const time = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (/^\d{1,15}$/.test(value)) return Number(value);
    throw new ReshootError("bad_request", `${name} must be milliseconds since 1970`);
  };
  const named = text("status");
  const status = STATUSES.find((one) => one === named);
  if (named !== undefined && !status) throw new ReshootError("bad_request", `status must be ${STATUSES.join(", ")}`);
  const mark = text("cursor");
  const [, createdAt, seen] = /^(\d{1,15})\.(\d{1,6})$/.exec(mark ?? "") ?? [];
  if (mark !== undefined && createdAt === undefined) throw new ReshootError("bad_request", "cursor is not one");
  return {
    endpoint: text("endpoint"),
    status,
    since: time("since"),
    before: time("until"),
    cursor: createdAt === undefined ? undefined : { createdAt: Number(createdAt), seen: Number(seen) },
  };
}
