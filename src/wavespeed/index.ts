/** The WaveSpeedAI dialect: the vendor's API below `/api/v3` and `/api/v2` (PROTOCOL part B). */
import type { FastifyInstance } from "fastify";
import { leaveBodies, parseJsonBodies } from "../http/body.ts";
import type { Services } from "../services.ts";
import { registerAccount } from "./account.ts";
import { registerArea } from "./area.ts";
import { registerFormUpload, registerTickets, registerTicketUploads } from "./media.ts";
import { registerModels } from "./models.ts";
import { registerPredictions } from "./predictions.ts";
import { registerSubmit } from "./submit.ts";

export { createWavespeedWebhooks } from "./webhooks.ts";

/** As the vendor's. */
const SYNC_WAIT_MS = 120_000;

/**
 * Adds the dialect to a server. Files are downloaded through the file host of the fal dialect, `/cdn/files/…`.
 * @param options.syncWaitMs how long sync mode waits, for tests.
 */
export function registerWavespeed(
  app: FastifyInstance,
  services: Services,
  options: { readonly syncWaitMs?: number } = {},
): void {
  registerArea(app, "/api/v3", services, {
    open(scope) {
      leaveBodies(scope);
      registerTicketUploads(scope, services);
    },
    keyed(scope) {
      scope.register(async (raw) => {
        leaveBodies(raw);
        for (const path of ["/media/upload/binary", "/upload"]) registerFormUpload(raw, path, services);
      });
      scope.register(async (json) => {
        parseJsonBodies(json, services.config.limits.bodyBytes);
        registerPredictions(json, services);
        registerTickets(json, services);
        registerModels(json, services);
        registerAccount(json, services);
        registerSubmit(json, services, options.syncWaitMs ?? SYNC_WAIT_MS);
      });
    },
  });
  registerArea(app, "/api/v2", services, {
    keyed(scope) {
      leaveBodies(scope);
      registerFormUpload(scope, "/media/upload/binary", services);
    },
  });
}
