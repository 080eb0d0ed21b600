/** The platform API (api.fal.ai/v1): which models there are and what the vendor charges for them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Endpoint } from "../endpoints/endpoint.ts";
import { ReshootError } from "../errors.ts";
import type { Services } from "../services.ts";
import { authenticate } from "./auth.ts";
import { errorReply, fromThrown } from "./errors.ts";
import { queueOpenApi } from "./openapi.ts";
import { type Origins, originsOf } from "./origin.ts";
import { registerUsage } from "./usage.ts";
import { registerWebhookDeliveries } from "./webhooks.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;
const MAX_IDS = 50;
/** When this catalog last changed: the vendor's `date` and `updated_at`. */
const CATALOG_DATE = "2026-11-21T00:00:00Z";

type Query = Readonly<Record<string, string | string[] | undefined>>;

/** Routes below `/v1`. */
export function registerPlatform(v1: FastifyInstance, services: Services): void {
  v1.get("/models", async (request, reply) => {
    const query = request.query as Query;
    const { items, ...page } = paginate(filter(listed(services, query), query), query);
    const origins = originsOf(request, services.config);
    const withOpenApi = values(query.expand).includes("openapi-3.0");
    return reply.send({ models: items.map((endpoint) => modelBody(endpoint, origins, withOpenApi)), ...page });
  });

  v1.get("/meta", async (_request, reply) => reply.send({ webhook_ip_ranges: [] }));

  v1.register(async (keyed) => {
    keyed.addHook("onRequest", authenticate(services));
    registerWebhookDeliveries(keyed, services);
    registerUsage(keyed, services);
    keyed.get("/models/pricing", async (request, reply) => {
      const query = request.query as Query;
      const { items, ...page } = paginate(listed(services, query), query);
      const prices = items.map(({ id, price }) => ({
        endpoint_id: id,
        unit_price: price.unitPrice,
        unit: price.unit,
        currency: "USD",
      }));
      return reply.send({ prices, ...page });
    });
    keyed.post("/models/pricing/estimate", async (request: FastifyRequest, reply) =>
      reply.send(estimate(request.body, services)),
    );
  });
}

/** The platform API's own error envelope. */
export function sendPlatformError(reply: FastifyReply, thrown: unknown): FastifyReply {
  const error = fromThrown(thrown);
  const { status, headers } = errorReply(error);
  return reply
    .code(status)
    .headers(headers)
    .send({ error: { type: error.code, message: error.message } });
}

/** The vendor's endpoints: all, or those asked for by id or alias. */
function listed(services: Services, query: Query): Endpoint[] {
  const ids = values(query.endpoint_id);
  if (ids.length > MAX_IDS) throw new ReshootError("bad_request", `endpoint_id takes at most ${MAX_IDS} ids`);
  const all = services.catalog.all.filter(({ vendor }) => vendor === "fal");
  return ids.length === 0 ? all : all.filter(({ id, aliases }) => [id, ...aliases].some((name) => ids.includes(name)));
}

function filter(endpoints: Endpoint[], query: Query): Endpoint[] {
  const words = values(query.q).join(" ").toLowerCase().split(/\s+/);
  const categories = values(query.category);
  const status = values(query.status)[0] ?? "active";
  if (status !== "active" && status !== "deprecated") {
    throw new ReshootError("bad_request", "status must be active or deprecated");
  }
  return endpoints.filter(({ id, title, description, family, category }) => {
    const text = `${id} ${title} ${description} ${family}`.toLowerCase();
    const matches = words.every((word) => text.includes(word));
    return status === "active" && matches && (categories.length === 0 || categories.includes(category));
  });
}

/** The vendor's cursor is the page number in base64. */
function paginate(endpoints: Endpoint[], query: Query) {
  const limit = Number(values(query.limit)[0] ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new ReshootError("bad_request", `limit must be a whole number from 1 to ${MAX_LIMIT}`);
  }
  const cursor = values(query.cursor)[0];
  const page = cursor === undefined ? 1 : Number(Buffer.from(cursor, "base64").toString());
  if (!Number.isInteger(page) || page < 1) throw new ReshootError("bad_request", "cursor is not one of ours");
  const hasMore = page * limit < endpoints.length;
  return {
    items: endpoints.slice((page - 1) * limit, page * limit),
    next_cursor: hasMore ? Buffer.from(String(page + 1)).toString("base64") : null,
    has_more: hasMore,
  };
}

function modelBody(endpoint: Endpoint, origins: Origins, withOpenApi: boolean) {
  const { id, title, category, description, family } = endpoint;
  return {
    endpoint_id: id,
    metadata: {
      display_name: title,
      category,
      description,
      status: "active",
      tags: [],
      updated_at: CATALOG_DATE,
      is_favorited: false,
      thumbnail_url: "",
      model_url: `${origins.run}/${id}`,
      date: CATALOG_DATE,
      highlighted: false,
      pinned: false,
      group: { key: family.toLowerCase().replace(/[^a-z0-9]+/g, "-"), label: family },
    },
    ...(withOpenApi && { openapi: queueOpenApi(endpoint, id, origins) }),
  };
}

/**
 * What calls or units would cost at the vendor's. A call is priced as the endpoint's first example, since nothing is known
 * of past calls.
 */
function estimate(body: unknown, services: Services) {
  const { estimate_type: type, endpoints } = (body ?? {}) as Record<string, unknown>;
  if (type !== "historical_api_price" && type !== "unit_price") {
    throw new ReshootError("bad_request", "estimate_type must be historical_api_price or unit_price");
  }
  if (typeof endpoints !== "object" || endpoints === null || Array.isArray(endpoints)) {
    throw new ReshootError("bad_request", "endpoints must be an object of endpoint ids");
  }
  const field = type === "unit_price" ? "unit_quantity" : "call_quantity";
  const costs = Object.entries(endpoints as Record<string, unknown>).map(([id, entry]) => {
    const endpoint = services.catalog.find(id);
    if (endpoint?.vendor !== "fal") throw new ReshootError("not_found", `Endpoint ${id} not found`);
    const quantity = (entry as Record<string, unknown> | null)?.[field];
    if (typeof quantity !== "number" || !(quantity >= 0) || !Number.isFinite(quantity)) {
      throw new ReshootError("bad_request", `endpoints.${id}.${field} must be a number of at least 0`);
    }
    const units = type === "unit_price" ? 1 : endpoint.price.units(endpoint.examples[0] ?? {}, {});
    return quantity * units * endpoint.price.unitPrice;
  });
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  return { estimate_type: type, total_cost: Math.round(total * 1e6) / 1e6, currency: "USD" };
}

/** A query parameter given once, several times, or with commas. */
function values(parameter: string | string[] | undefined): string[] {
  return [parameter ?? []]
    .flat()
    .flatMap((text) => text.split(","))
    .filter(Boolean);
}
