/** `/api/openapi/queue/openapi.json?endpoint_id=…`: OpenAPI 3.0.4 of one endpoint's queue, as the vendor publishes it. */
import type { FastifyInstance } from "fastify";
import type { Endpoint } from "../endpoints/endpoint.ts";
import { fieldError, ReshootError } from "../errors.ts";
import type { Services } from "../services.ts";
import { schemaComponents } from "./openapi-schema.ts";
import { type Origins, originsOf } from "./origin.ts";

/** Routes below `/api/openapi`. */
export function registerOpenApi(api: FastifyInstance, services: Services): void {
  api.get<{ Querystring: { endpoint_id?: string } }>("/queue/openapi.json", async (request, reply) => {
    const id = request.query.endpoint_id;
    if (!id) throw fieldError("missing", ["query", "endpoint_id"], "Field required");
    const endpoint = services.catalog.find(id);
    if (endpoint?.vendor !== "fal") throw new ReshootError("not_found", `Application '${id}' not found`);
    return reply.send(queueOpenApi(endpoint, id, originsOf(request, services.config)));
  });
}

/**
 * The document of one endpoint.
 * @param id the endpoint's id, or the alias under which it was asked for.
 */
export function queueOpenApi(endpoint: Endpoint, id: string, origins: Origins): object {
  const name = pascalCase(id);
  const { input, output, schemas } = schemaComponents(endpoint, name);
  return {
    openapi: "3.0.4",
    info: {
      title: `Queue OpenAPI for ${id}`,
      version: "1.0.0",
      description: endpoint.description,
      "x-fal-metadata": {
        endpointId: id,
        category: endpoint.category,
        thumbnailUrl: "",
        playgroundUrl: `${origins.origin}/models/${id}`,
        documentationUrl: `${origins.origin}/models/${id}/api`,
      },
    },
    components: {
      securitySchemes: {
        apiKeyAuth: {
          type: "apiKey",
          in: "header",
          name: "Authorization",
          description: "Fal Key",
        },
      },
      schemas: { QueueStatus: QUEUE_STATUS, ...schemas },
    },
    paths: endpoint.transport === "realtime" ? realtimePaths(id, input, output) : queuePaths(id, input, output),
    servers: [{ url: origins.queue }],
    security: [{ apiKeyAuth: [] }],
  };
}

function queuePaths(id: string, input: object, output: object): object {
  const request = `/${id}/requests/{request_id}`;
  const logs = { name: "logs", in: "query", required: false, schema: { type: "number" }, description: "1 for logs." };
  return {
    [`${request}/status`]: {
      get: { parameters: [REQUEST_ID, logs], responses: answer("The request status.", reference("QueueStatus")) },
    },
    [`${request}/cancel`]: {
      put: {
        parameters: [REQUEST_ID],
        responses: answer("The request was cancelled.", {
          type: "object",
          properties: { success: { type: "boolean", description: "Whether the request was cancelled successfully." } },
        }),
      },
    },
    [`/${id}`]: {
      post: { requestBody: body(input), responses: answer("The request status.", reference("QueueStatus")) },
    },
    [request]: { get: { parameters: [REQUEST_ID], responses: answer("Result of the request.", output) } },
  };
}

/** A WebSocket endpoint has one path: messages in, messages out. */
function realtimePaths(id: string, input: object, output: object): object {
  return {
    [`/${id}`]: {
      post: { "x-fal-protocol": "realtime", requestBody: body(input), responses: answer("A message.", output) },
    },
  };
}

function body(schema: object): object {
  return { required: true, content: { "application/json": { schema } } };
}

function answer(description: string, schema: object): object {
  return { "200": { description, content: { "application/json": { schema } } } };
}

function reference(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

/** `fal-ai/void-video-inpainting` is `VoidVideoInpainting`. */
function pascalCase(id: string): string {
  const words = id
    .split("/")
    .slice(1)
    .join("-")
    .split(/[^a-zA-Z0-9]+/);
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

const REQUEST_ID = {
  name: "request_id",
  in: "path",
  required: true,
  schema: { type: "string", description: "Request ID" },
};

const QUEUE_STATUS = {
  type: "object",
  properties: {
    status: { type: "string", enum: ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"] },
    request_id: { type: "string", description: "The request id." },
    response_url: { type: "string", description: "The response url." },
    status_url: { type: "string", description: "The status url." },
    cancel_url: { type: "string", description: "The cancel url." },
    logs: { type: "object", description: "The logs.", additionalProperties: true },
    metrics: { type: "object", description: "The metrics.", additionalProperties: true },
    queue_position: { type: "integer", description: "The queue position." },
  },
  required: ["status", "request_id"],
};
