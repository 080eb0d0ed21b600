/** The playground: the app in `playground/`, served at `/`, and the little JSON that the dialects do not have. */
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { operationsOf } from "../endpoints/docs.ts";
import type { Endpoint } from "../endpoints/endpoint.ts";
import { asJson } from "../endpoints/json-schema.ts";
import { ReshootError } from "../errors.ts";
import { filePath } from "../files/urls.ts";
import { callerOrigin } from "../http/origin.ts";
import type { OperationName } from "../operations/operations.ts";
import type { Router } from "../runner/router.ts";
import type { Services } from "../services.ts";
import type { CatalogReply, EndpointDetail, EndpointSummary } from "./api.ts";
import { callerOf, registerArea } from "./area.ts";
import { checkInput } from "./check.ts";
import { examplesOf, masksOf } from "./examples.ts";
import { registerKeys } from "./keys.ts";
import { registerPages } from "./pages.ts";
import { registerRemote } from "./remote.ts";
import { registerRequests } from "./requests.ts";
import { createSamples, SAMPLES } from "./samples.ts";
import { supportOf } from "./support.ts";
import { registerUsage } from "./usage.ts";

/** What the playground needs besides the services. */
export type PlaygroundParts = {
  readonly router: Router;
  readonly version: string;
  /** The built app. @defaultValue beside this code */
  readonly app?: string;
};

/** Adds the playground to a server. */
export async function registerPlayground(app: FastifyInstance, services: Services, parts: PlaygroundParts) {
  const { catalog, config } = services;
  const { router } = parts;
  const samples = createSamples(services, join(config.data, "samples"));
  const summaries = new Map<Endpoint, EndpointSummary>();
  const summary = (endpoint: Endpoint): EndpointSummary => {
    const known = summaries.get(endpoint) ?? summarise(endpoint, router);
    summaries.set(endpoint, known);
    return known;
  };

  await registerPages(app, parts.app);
  registerArea(app, services, {
    open(scope) {
      scope.get("/catalog", async (): Promise<CatalogReply> => {
        const { uploadBytes, inputSeconds, outputDays, uploadDays, requestDays } = config.limits;
        return {
          version: parts.version,
          keys: config.keys.length > 0,
          charges: config.prices === "vendor",
          engines: router.engines.map(({ name, summary }) => ({ name, summary })),
          limits: { uploadBytes, inputSeconds, outputDays, uploadDays, requestDays },
          endpoints: catalog.all.map(summary),
        };
      });
      scope.get<{ Params: { "*": string } }>("/endpoints/*", async (request): Promise<EndpointDetail> => {
        const endpoint = catalog.find(request.params["*"]);
        if (!endpoint) throw new ReshootError("not_found", "Endpoint not found");
        return {
          ...summary(endpoint),
          input: asJson(endpoint.input),
          output: asJson(endpoint.output),
          examples: examplesOf(endpoint),
          samples: SAMPLES.map(({ name, kind, title }) => ({ name, kind, title })),
        };
      });
    },
    keyed(scope) {
      scope.get("/session", async (request) => {
        const { accountId, key } = callerOf(request);
        return { account: accountId, admin: key === null || key.scope === "ADMIN" };
      });
      scope.post("/check", async (request) => checkInput(request.body, catalog, router));
      scope.post<{ Params: { name: string } }>("/samples/:name", async (request) => {
        const file = await samples.take(request.params.name, callerOf(request));
        return { url: `${callerOrigin(request, config)}${filePath(file)}` };
      });
      registerRemote(scope, services);
      registerRequests(scope, services);
      registerUsage(scope, services);
      registerKeys(scope, services);
    },
  });
}

/** Operations that serve others. */
const HELPING: readonly OperationName[] = ["conform", "muxAudio"];

/** The operation that an endpoint is about: the last of those it always needs, those that only serve it aside. */
function namingOperation(endpoint: Endpoint): OperationName | null {
  const { always } = operationsOf(endpoint);
  return always.findLast((name) => !HELPING.includes(name)) ?? always.at(-1) ?? null;
}

function summarise(endpoint: Endpoint, router: Router): EndpointSummary {
  const { id, aliases, family, title, description, category, transport, vendor } = endpoint;
  const { unitPrice, unit, rule } = endpoint.price;
  return {
    id,
    aliases,
    family,
    title,
    description,
    category,
    transport,
    vendor,
    operation: namingOperation(endpoint),
    price: { unitPrice, unit, rule },
    support: supportOf(endpoint, router),
    masks: masksOf(endpoint),
  };
}
