/** The start of every request of this dialect, queued or direct. */
import type { FastifyRequest } from "fastify";
import type { Endpoint } from "../endpoints/endpoint.ts";
import { ReshootError } from "../errors.ts";
import type { Submitted } from "../requests/store.ts";
import type { Call, Services } from "../services.ts";
import { callerFor } from "./auth.ts";
import type { EndpointPath } from "./endpoint-path.ts";
import { pathNotFound } from "./errors.ts";
import { readHeaders } from "./options.ts";
import { originsOf } from "./origin.ts";

/** Hands a request to the intake; it is durable when this resolves. */
export function submit(
  request: FastifyRequest,
  path: EndpointPath,
  services: Services,
  how: Pick<Call, "webhook" | "maxQueued" | "maxAttempts">,
): Promise<Submitted> {
  return services.intake.submit({
    endpoint: findEndpoint(services, path),
    requestedAs: path.id,
    body: request.body ?? {},
    caller: callerFor(request, path),
    dialect: "fal",
    origin: originsOf(request, services.config).origin,
    ...readHeaders(request),
    ...how,
  });
}

/** The endpoint of the vendor's that an id names. @throws `not_found`, worded for an unknown app or an unknown path. */
export function findEndpoint(services: Services, path: EndpointPath): Endpoint {
  const endpoint = services.catalog.find(path.id);
  if (endpoint?.vendor === "fal") {
    if (endpoint.transport === "request") return endpoint;
    throw new ReshootError("not_found", `${path.id} is a realtime endpoint: connect to it over a WebSocket`);
  }
  const known = services.catalog.all
    .filter(({ vendor }) => vendor === "fal")
    .some(({ id, aliases }) => [id, ...aliases].some((name) => `${name}/`.startsWith(`${path.app}/`)));
  if (known) throw pathNotFound(`/${path.path ?? ""}`);
  throw new ReshootError("not_found", `Application '${path.app}' not found`);
}
