/** Which models there are: the vendor's own under their ids, every other endpoint as `reshoot/{endpoint}`; and prices. */
import type { FastifyInstance } from "fastify";
import type { Endpoint } from "../endpoints/endpoint.ts";
import { asJson } from "../endpoints/json-schema.ts";
import { parseInput } from "../endpoints/validate.ts";
import { ReshootError } from "../errors.ts";
import type { RequestRecord } from "../requests/store.ts";
import type { Services } from "../services.ts";
import { sendData } from "./area.ts";
import { type Fields, fieldsOf, requiredText } from "./fields.ts";

const PREFIX = "reshoot/";
/** Stands in for texts and URLs that are not filled in yet; no price depends on which they are. */
const PLACEHOLDER = "https://example.com/";

/** An endpoint, and its id or alias in the caller's spelling. */
export type Model = { readonly endpoint: Endpoint; readonly requestedAs: string };

/** The endpoint behind a model id. @throws `not_found`. */
export function findModel(id: string, { catalog }: Pick<Services, "catalog">): Model {
  const own = catalog.find(id);
  const requestedAs = own?.vendor === "wavespeed" ? id : id.startsWith(PREFIX) ? id.slice(PREFIX.length) : undefined;
  const endpoint = requestedAs === undefined ? undefined : catalog.find(requestedAs);
  if (requestedAs === undefined || !endpoint) throw new ReshootError("not_found", `Model ${id} not found`);
  if (endpoint.transport !== "request") {
    throw new ReshootError("not_found", `${id} is a realtime model: connect to it over a WebSocket`);
  }
  return { endpoint, requestedAs };
}

/** A request's model id in this dialect, whichever dialect it came through. */
export function modelName(
  { endpoint, requestedAs }: Pick<RequestRecord, "endpoint" | "requestedAs">,
  { catalog }: Pick<Services, "catalog">,
): string {
  return catalog.find(endpoint)?.vendor === "wavespeed" ? requestedAs : `${PREFIX}${requestedAs}`;
}

/** What the vendor charges for a request, in dollars. */
export function dollars({ price }: Endpoint, input: Fields): number {
  return Math.round(price.units(input, {}) * price.unitPrice * 1e6) / 1e6;
}

/** Adds `GET /models`, and both spellings of the price before submit. */
export function registerModels(scope: FastifyInstance, services: Services): void {
  const models = services.catalog.all.filter(({ transport }) => transport === "request");

  scope.get("/models", async (_request, reply) => sendData(reply, models.map(modelBody)));
  scope.post("/model/price", async (request, reply) => {
    const { id, price } = priceOf(request.body, services);
    const body = { model_id: id, price, discounted_price: price, currency: "USD" };
    return sendData(reply, body);
  });
  scope.post("/model/pricing", async (request, reply) => {
    const { id, price } = priceOf(request.body, services);
    return sendData(reply, { model_id: id, unit_price: price, currency: "USD" });
  });
}

function modelBody(endpoint: Endpoint): object {
  const name = endpoint.vendor === "wavespeed" ? endpoint.id : `${PREFIX}${endpoint.id}`;
  const { properties = {}, required = [] } = asJson(endpoint.input);
  const schema = { type: "object", properties, required, "x-order-properties": Object.keys(properties) };
  return {
    model_id: name,
    name: endpoint.title,
    description: endpoint.description,
    type: endpoint.category,
    base_price: cheapest(endpoint),
    api_schema: { api_schemas: [{ type: "model_run", api_path: `/api/v3/${name}`, request_schema: schema }] },
  };
}

function cheapest(endpoint: Endpoint): number {
  return Math.min(...endpoint.examples.map((example) => dollars(endpoint, example)));
}

/**
 * A price is asked for while the inputs are still being filled in: required ones may be missing, but what is there must
 * be valid.
 */
function priceOf(body: unknown, services: Services): { id: string; price: number } {
  const fields = fieldsOf(body);
  const id = requiredText(fields, "model_id");
  const { endpoint } = findModel(id, services);
  const inputs = fieldsOf(fields.inputs ?? fields.input ?? {});
  return { id, price: dollars(endpoint, pricedInput(endpoint, inputs)) };
}

function pricedInput(endpoint: Endpoint, inputs: Fields, roundsLeft = 3): Fields {
  try {
    return parseInput(endpoint, inputs).input;
  } catch (error) {
    const missing = error instanceof ReshootError ? error.issues.filter(({ type }) => type === "missing") : [];
    if (missing.length === 0 || roundsLeft === 0) throw error;
    const fields = missing.map(({ loc }) => [String(loc[1]), PLACEHOLDER] as const);
    return pricedInput(endpoint, { ...inputs, ...Object.fromEntries(fields) }, roundsLeft - 1);
  }
}
