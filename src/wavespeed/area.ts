/** A path prefix of the vendor's host as a Fastify scope: CORS, authentication, error shapes. */
import cors from "@fastify/cors";
import type { FastifyInstance, FastifyReply } from "fastify";
import { ReshootError } from "../errors.ts";
import type { Services } from "../services.ts";
import { authenticate } from "./auth.ts";
import { pathNotFound, sendError } from "./errors.ts";

/** Opens an area of the dialect; how bodies are read is left to the routes. */
export function registerArea(
  app: FastifyInstance,
  prefix: string,
  services: Services,
  routes: { readonly open?: (scope: FastifyInstance) => void; readonly keyed: (scope: FastifyInstance) => void },
): void {
  app.register(
    async (scope) => {
      // First of the hooks: a preflight carries no credentials, and a refusal must be readable too.
      await scope.register(cors, {
        origin: "*",
        methods: ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"],
        exposedHeaders: ["x-reshoot-engine"],
        maxAge: 86_400,
        strictPreflight: false,
      });
      scope.setErrorHandler((error, request, reply) => {
        if (!(error instanceof ReshootError) && !isClientError(error)) {
          request.log.error({ err: error, route: request.routeOptions.url }, "a WaveSpeed request failed unexpectedly");
        }
        // What is left of a refused upload must be read, or the next request of this client would wait for it for ever.
        if (!request.raw.complete) request.raw.resume();
        return sendError(reply, error);
      });
      scope.setNotFoundHandler((request) => {
        throw pathNotFound(request.url.replace(/\?.*$/s, ""));
      });
      if (routes.open) scope.register(async (open) => routes.open?.(open));
      scope.register(async (keyed) => {
        keyed.addHook("onRequest", authenticate(services));
        routes.keyed(keyed);
      });
    },
    { prefix },
  );
}

/** Sends the envelope of every answer that is no failure. */
export function sendData(reply: FastifyReply, data: unknown): FastifyReply {
  return reply.send({ code: 200, message: "success", data });
}

function isClientError(error: unknown): boolean {
  return error instanceof Error && "statusCode" in error && (error.statusCode as number) < 500;
}
