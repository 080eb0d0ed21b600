/** One of the vendor's hosts as a Fastify scope: CORS, request id, authentication, bodies, error shapes. */
import { randomUUID } from "node:crypto";
import cors from "@fastify/cors";
import type { FastifyInstance, FastifyReply } from "fastify";
import { ReshootError } from "../errors.ts";
import { leaveBodies, parseJsonBodies } from "../http/body.ts";
import type { Services } from "../services.ts";
import { authenticate } from "./auth.ts";
import { pathNotFound, sendError } from "./errors.ts";

/** One host of the vendor's. */
export type Area = {
  /** Path prefix, for example `/queue`. */
  readonly prefix: string;
  /** Whether every request must say who it is from; `none` leaves it to the routes. */
  readonly auth: "required" | "none";
  /** `json`: parsed whatever the content type. `raw`: left to the handler. */
  readonly bodies: "json" | "raw";
  readonly routes: (scope: FastifyInstance) => void;
  /** How failures look. @defaultValue the bodies of the model and queue hosts */
  readonly sendError?: (reply: FastifyReply, thrown: unknown) => FastifyReply;
};

/** Headers a browser's script may read. */
const EXPOSED = [
  "x-fal-request-id",
  "x-fal-request-timeout-type",
  "x-fal-error-type",
  "x-fal-retryable",
  "x-fal-billable-units",
  "x-reshoot-engine",
  "etag",
  "content-length",
  "content-range",
  "accept-ranges",
  "content-disposition",
];

/** Opens an area of the dialect on the server. */
export function registerArea(app: FastifyInstance, area: Area, services: Services): void {
  app.register(
    async (scope) => {
      // First of the hooks: a preflight carries no credentials, and a refusal must be readable too.
      await scope.register(cors, {
        origin: "*",
        methods: ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"],
        exposedHeaders: EXPOSED.join(", "),
        maxAge: 86_400,
        strictPreflight: false,
      });
      scope.addHook("onRequest", (_request, reply, done) => {
        reply.header("x-fal-request-id", randomUUID());
        done();
      });
      if (area.auth === "required") scope.addHook("onRequest", authenticate(services));
      if (area.bodies === "json") parseJsonBodies(scope, services.config.limits.bodyBytes);
      else leaveBodies(scope);
      scope.setErrorHandler((error, request, reply) => {
        if (!(error instanceof ReshootError) && !isClientError(error)) {
          request.log.error({ err: error }, "a fal request failed unexpectedly");
        }
        // What is left of a refused upload must be read, or the next request on the connection would wait for it for ever.
        if (!request.raw.complete) request.raw.resume();
        return (area.sendError ?? sendError)(reply, error);
      });
      scope.setNotFoundHandler((request) => {
        throw pathNotFound(request.url.replace(/\?.*$/s, ""));
      });
      area.routes(scope);
    },
    { prefix: area.prefix },
  );
}

function isClientError(error: unknown): boolean {
  return error instanceof Error && "statusCode" in error && (error.statusCode as number) < 500;
}
