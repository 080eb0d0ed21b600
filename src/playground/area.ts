/** The playground's own JSON as a Fastify scope: same origin only, keys as everywhere, errors as fields. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ReshootError, toReshootError } from "../errors.ts";
import { parseJsonBodies } from "../http/body.ts";
import { keyCaller, LOCAL_CALLER } from "../http/key.ts";
import type { Caller, Services } from "../services.ts";

/** An input with all its texts; media are uploaded, not sent along. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

const callers = new WeakMap<FastifyRequest, Caller>();

/** Who a request of a keyed scope is from. */
export function callerOf(request: FastifyRequest): Caller {
  const caller = callers.get(request);
  if (!caller) throw new TypeError("this route has no authentication hook");
  return caller;
}

/** Opens the area: `open` routes need no key. */
export function registerArea(
  app: FastifyInstance,
  services: Services,
  routes: { readonly open: (scope: FastifyInstance) => void; readonly keyed: (scope: FastifyInstance) => void },
): void {
  app.register(
    async (scope) => {
      parseJsonBodies(scope, MAX_BODY_BYTES);
      scope.addHook("onRequest", async (request, reply) => {
        reply.header("cache-control", "no-store").header("x-content-type-options", "nosniff");
        const site = request.headers["sec-fetch-site"];
        if (site === "cross-site" || site === "same-site") {
          throw new ReshootError("forbidden", "The playground's data are for pages of this origin only");
        }
      });
      scope.setErrorHandler((error, request, reply) => sendError(error, request, reply));
      scope.setNotFoundHandler((request, reply) =>
        sendError(new ReshootError("not_found", "Path not found"), request, reply),
      );
      scope.register(async (open) => routes.open(open));
      scope.register(async (keyed) => {
        keyed.addHook("onRequest", async (request) => {
          callers.set(request, await identify(request, services));
        });
        routes.keyed(keyed);
      });
    },
    { prefix: "/playground/api" },
  );
}

async function identify(request: FastifyRequest, services: Services): Promise<Caller> {
  if (services.config.keys.length === 0) return LOCAL_CALLER;
  const credentials = /^(?:key|bearer) +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const caller = credentials === undefined ? undefined : await keyCaller(credentials, services);
  if (caller) return caller;
  throw new ReshootError("unauthorized", credentials === undefined ? "A key is required" : "This key is not valid");
}

function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = thrown instanceof Error && "statusCode" in thrown ? Number(thrown.statusCode) : 0;
  const error =
    status >= 400 && status < 500 ? new ReshootError("bad_request", (thrown as Error).message) : toReshootError(thrown);
  if (error.status >= 500) request.log.error({ err: thrown }, "a request of the playground failed");
  if (!request.raw.complete) request.raw.resume();
  const { code, message, issues } = error;
  return reply
    .code(error.status)
    .send({ code, message, issues: issues.map(({ loc, msg, type }) => ({ loc, msg, type })) });
}
