/**
 * The vendor's proxy protocol (`proxyUrl` of the client, @fal-ai/server-proxy). A request with a usable
 * `x-fal-target-url` never gets here: {@link rewriteFalUrl} has already turned it into a request for its target, so that
 * streams, uploads and disconnects work as without a proxy. What is left is refused as the vendor's proxy refuses it.
 */
import type { FastifyInstance } from "fastify";

/** Routes below `/api/fal`. */
export function registerProxy(api: FastifyInstance): void {
  api.all("/proxy", async (_request, reply) =>
    reply.code(400).type("application/json").send(JSON.stringify("Invalid request")),
  );
}
