/** The fal.ai dialect: every host of the vendor's as a path prefix of this server (PROTOCOL part A). */
import type { FastifyInstance } from "fastify";
import type { Services } from "../services.ts";
import { registerArea } from "./area.ts";
import { authenticate } from "./auth.ts";
import { registerDownloads } from "./cdn.ts";
import { registerOpenApi } from "./openapi.ts";
import { registerPlatform, sendPlatformError } from "./platform.ts";
import { registerProxy } from "./proxy.ts";
import { registerQueue } from "./queue.ts";
import { registerRun } from "./run.ts";
import { registerStorage } from "./storage.ts";
import { registerRealtimeToken, registerTokens } from "./tokens.ts";
import { registerSignedUploads, registerTokenUploads } from "./uploads.ts";
import { webhookJwks } from "./webhook-keys.ts";

export { accountOf } from "./auth.ts";
export { sendError } from "./errors.ts";
export { rewriteFalUrl } from "./origin.ts";
export { createFalWebhooks } from "./webhooks.ts";

/**
 * Adds the dialect to a server. The server must pass {@link rewriteFalUrl} as Fastify's `rewriteUrl` for vendor Host
 * headers and the proxy route to work, set the router's `ignoreTrailingSlash`, and refuse foreign Hosts and Origins itself.
 */
export function registerFal(app: FastifyInstance, services: Services): void {
  const json = { auth: "required", bodies: "json" } as const;
  const open = { auth: "none", bodies: "json" } as const;
  const jwks = (scope: FastifyInstance, path: string): void => {
    scope.get(path, async (_request, reply) =>
      reply.header("cache-control", "public, max-age=3600").send(await webhookJwks(services.secret)),
    );
  };

  registerArea(app, { ...json, prefix: "/run", routes: (scope) => registerRun(scope, services) }, services);
  registerArea(app, { ...json, prefix: "/queue", routes: (scope) => registerQueue(scope, services) }, services);
  registerArea(
    app,
    {
      ...open,
      prefix: "/rest",
      routes(scope) {
        jwks(scope, "/.well-known/jwks.json");
        scope.register(async (keyed) => {
          keyed.addHook("onRequest", authenticate(services));
          registerTokens(keyed, services);
          registerStorage(keyed, services);
        });
      },
    },
    services,
  );
  registerArea(
    app,
    {
      prefix: "/cdn",
      auth: "none",
      bodies: "raw",
      routes(scope) {
        registerDownloads(scope, services);
        scope.register((signed) => registerSignedUploads(signed, services));
        scope.register((token) => registerTokenUploads(token, services));
      },
    },
    services,
  );
  registerArea(
    app,
    { ...open, prefix: "/v1", sendError: sendPlatformError, routes: (scope) => registerPlatform(scope, services) },
    services,
  );
  registerArea(
    app,
    {
      ...open,
      prefix: "/api/fal",
      routes(scope) {
        registerProxy(scope);
        scope.register(async (keyed) => {
          keyed.addHook("onRequest", authenticate(services));
          registerRealtimeToken(keyed, services);
        });
      },
    },
    services,
  );
  registerArea(app, { ...open, prefix: "/api/openapi", routes: (scope) => registerOpenApi(scope, services) }, services);
  registerArea(app, { ...open, prefix: "/.well-known", routes: (scope) => jwks(scope, "/jwks.json") }, services);
}
